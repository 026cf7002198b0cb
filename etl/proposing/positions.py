"""Which columns say where, in what form, and in which coordinate systems they may be."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from etl.coercion.made import degrees, pair
from etl.coercion.numbers import as_text
from etl.coercion.positions import Floats
from etl.coercion.references import DEGREES, METRES_FROM, Candidate, candidates, plausible
from etl.coercion.shapes import representative
from etl.proposing.guess import DOUBTFUL, LIKELY, SURE, Guess
from etl.proposing.words import normal
from geo_core.errors import DataQuality
from layers.spec import How

# Names of axes that do not say which of the two they are.
AXES = frozenset(
    {
        "x",
        "y",
        "coord x",
        "coord y",
        "point x",
        "point y",
        "geo x",
        "geo y",
        "gps x",
        "gps y",
        "координата x",
        "координата y",
    }
)
MOSTLY = 0.9
_WKT = re.compile(r"^\s*(?:SRID=\d+;)?\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON)\s*[ZM]*\s*\(", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Where:
    """What was found out about positions.

    Parameters
    ----------
    crs : proposed. references : every coordinate system that fits, the likeliest first.
    fault : what is wrong with the coordinates as a whole, None = nothing.
    """

    crs: str = DEGREES
    references: tuple[Candidate, ...] = ()
    fault: DataQuality | None = None


def find_positions(guess: Guess) -> Where:
    """Take the columns that say where; see :class:`Where`."""
    numeric = {c: v for c in guess.free() if (v := guess.numbers(c)) is not None}
    pairs = _by_name(guess, numeric)
    if not pairs:
        for found in (_as_wkt, _in_one_column, _as_sexagesimal):
            where = found(guess)
            if where is not None:
                return where
        pairs = _by_place(guess, numeric)
    if not pairs:
        return Where()
    pairs.sort(key=lambda p: -p[0] - _inside(guess, numeric[p[1]], numeric[p[2]]))
    score, x, y = pairs[0]
    return _judged(guess, x, y, numeric[x], numeric[y], score)


def _by_name(guess: Guess, numeric: dict[str, Floats]) -> list[tuple[float, str, str]]:
    lon, lat = guess.named("@lon"), guess.named("@lat")
    return [(a * b, x, y) for a, x, _ in lon for b, y, _ in lat if x in numeric and y in numeric and x != y]


def _by_place(guess: Guess, numeric: dict[str, Floats]) -> list[tuple[float, str, str]]:
    """Nobody called them so: two columns that lie in the territory together."""
    if guess.territory is None or guess.layer.geometry != "Point":
        return []
    no_lon, no_lat = {c for _, c, _ in guess.named("@lat")}, {c for _, c, _ in guess.named("@lon")}
    return [
        (DOUBTFUL, x, y)
        for x in numeric
        for y in numeric
        if x != y and x not in no_lon and y not in no_lat and _inside(guess, numeric[x], numeric[y]) > MOSTLY
    ]


def _inside(guess: Guess, x: Floats, y: Floats) -> float:
    known = np.isfinite(x) & np.isfinite(y)
    if guess.territory is None or not known.any():
        return 0.0
    return float(guess.territory.covers(x[known], y[known]).mean())


def _judged(guess: Guess, x: str, y: str, east: Floats, north: Floats, score: float) -> Where:
    """Take both columns, turned where only their values say so, with every coordinate system they may be in."""
    known = np.isfinite(east) & np.isfinite(north)
    may_turn = {normal(x), normal(y)} <= AXES or score <= DOUBTFUL
    in_metres = bool(known.any()) and max(np.median(np.abs(east[known])), np.median(np.abs(north[known]))) > METRES_FROM
    found = candidates(east, north, guess.territory) if guess.territory is not None else ()
    fitting = tuple(c for c in found if may_turn or not c.turned)
    if not fitting:
        sure = SURE if guess.territory is None else DOUBTFUL
        guess.take("@lon", x, score * sure, "by-name")
        guess.take("@lat", y, score * sure, "by-name")
        return _nothing_fits(
            x, y, int(known.sum()), in_metres=in_metres, turned=bool(found), known=guess.territory is not None
        )
    best = fitting[0]
    if best.turned:
        # geodesists call the northing x: such names say nothing about which is which
        x, y = y, x
    by_values = best.turned or best.crs != DEGREES or score <= DOUBTFUL
    for target, column in (("@lon", x), ("@lat", y)):
        guess.take(
            target, column, min(score, DOUBTFUL if best.turned else 1.0) * SURE, "by-values" if by_values else "by-name"
        )
    if best.turned:
        guess.doubt("@lon", "axes-turned", lon=x, lat=y)
    elif score <= DOUBTFUL:
        guess.doubt("@lon", "by-values-only", column=f"{x}, {y}")
    _reference(guess, fitting)
    return Where(crs=best.crs, references=fitting)


def _nothing_fits(x: str, y: str, rows: int, *, in_metres: bool, turned: bool, known: bool) -> Where:
    if not rows or not known:
        return Where()
    if turned and not in_metres:
        # what a header says is not turned round in silence
        return Where(fault=DataQuality("coordinates-swapped", rows=rows, share=1.0, lon=x, lat=y))
    if in_metres:
        return Where(fault=DataQuality("coordinates-in-metres", rows=rows, share=1.0, guess=None))
    return Where()


def _as_wkt(guess: Guess) -> Where | None:
    for column in guess.free():
        texts = guess.texts(column)[:200]
        if not texts or np.mean([bool(_WKT.match(t)) for t in texts]) < MOSTLY:
            continue
        named = any(c == column for _, c, _ in guess.named("@wkt"))
        guess.take("@wkt", column, SURE if named else LIKELY, "by-values")
        return reference_of(guess, shapely.from_wkt(np.asarray(texts, dtype=object), on_invalid="ignore"))
    return None


def reference_of(guess: Guess, shapes: NDArray[np.object_]) -> Where:
    """In what coordinate systems geometries may be that state none."""
    there = shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
    if guess.territory is None or not len(there):
        return Where()
    x, y = representative(there)
    found = tuple(c for c in candidates(x, y, guess.territory) if not c.turned)
    if not found:
        if np.median(np.abs(x)) <= METRES_FROM:
            return Where()
        return Where(fault=DataQuality("coordinates-in-metres", rows=len(x), share=1.0, guess=None))
    _reference(guess, found)
    return Where(crs=found[0].crs, references=found)


def _reference(guess: Guess, found: tuple[Candidate, ...]) -> None:
    """Say how sure the first of the coordinate systems is."""
    best, rivals = found[0], plausible(found)
    if best.inside_share < 0.5:
        guess.doubt("@crs", "only-near", crs=best.crs, name=best.name)
    elif len(rivals) > 1:
        guess.doubt("@crs", "several-references", blocks=True, found=[c.crs for c in rivals], best=best.crs)
    else:
        guess.confidence["@crs"], guess.reasons["@crs"] = round(SURE * best.inside_share, 2), "by-values"


def _in_one_column(guess: Guess) -> Where | None:
    """Both coordinates in one text."""
    for column in guess.free():
        texts = guess.texts(column)[:200]
        both = [pair(t) for t in texts]
        halves = np.array([b for b in both if b is not None], dtype=np.float64).reshape(-1, 2)
        if not texts or len(halves) < MOSTLY * len(texts):
            continue
        named = any(c == column for _, c, _ in guess.named("@pair"))
        found = candidates(halves[:, 0], halves[:, 1], guess.territory) if guess.territory is not None else ()
        if not named and not found:
            continue
        as_wkt = bool(_WKT.match(texts[0]))
        # said "lat, lon" nearly everywhere, and lon lat in well-known text
        turned = found[0].turned if found else not as_wkt
        first, second = How.FIRST_OF_PAIR, How.SECOND_OF_PAIR
        lon = guess.make("@lon", second if turned else first, column)
        lat = guess.make("@lat", first if turned else second, column)
        confidence = SURE if named and found else LIKELY
        guess.take("@lon", lon, confidence, "by-values")
        guess.take("@lat", lat, confidence, "by-values")
        if not found:
            guess.doubt("@lon", "pair-order", column=column)
        else:
            _reference(guess, found)
        return Where(crs=found[0].crs if found else DEGREES, references=tuple(c for c in found if c.turned == turned))
    return None


def _as_sexagesimal(guess: Guess) -> Where | None:
    """Longitude and latitude in degrees, minutes and seconds."""
    found: dict[str, str] = {}
    for target in ("@lon", "@lat"):
        for _, column, _ in guess.named(target):
            texts = guess.texts(column)[:200]
            if texts and np.mean([degrees(t) is not None for t in texts]) >= MOSTLY:
                found[target] = column
                break
    if len(found) != 2:
        return None
    names = {target: guess.make(target, How.DEGREES, column) for target, column in found.items()}
    for target, name in names.items():
        guess.take(target, name, SURE, "by-name")
    values = [
        np.array([np.nan if t is None else degrees(t) for t in as_text(guess.sample[c]).to_pylist()], dtype=np.float64)
        for c in (found["@lon"], found["@lat"])
    ]
    if guess.territory is not None and _inside(guess, values[1], values[0]) > 0.5 > _inside(
        guess, values[0], values[1]
    ):
        fault = DataQuality("coordinates-swapped", rows=len(values[0]), share=1.0, lon=found["@lon"], lat=found["@lat"])
        return Where(fault=fault)
    return Where()


def positions_of(sample: dict[str, pa.Array], lon: str, lat: str) -> tuple[Floats, Floats]:
    """x, y of a sample as numbers, NaN = none: what the candidates are shown for."""
    from etl.coercion.numbers import as_reals

    return as_reals(sample[lon])[0], as_reals(sample[lat])[0]
