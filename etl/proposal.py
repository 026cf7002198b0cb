"""A first guess of how an unknown file becomes rows of a layer, for a human to look at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from shapely.geometry.base import BaseGeometry

from etl.coercion.numbers import as_reals, as_text
from etl.coercion.positions import Floats, guess_crs
from etl.coercion.stamps import Precision, read_clock, read_stamps
from etl.coercion.territory import Territory
from etl.coercion.words import Vocabulary
from geo_core.errors import DataQuality
from layers.spec import Field, FieldType, Layer, SourceMapping, TimeSource

# Header words in English, Russian and Kazakh, as our own exports, KPSSU, OSM and city registers write them.
WORDS: dict[str, tuple[str, ...]] = {
    "@lon": ("lon", "lng", "long", "longitude", "долгота", "бойлық", "x", "easting", "xgcswgs84", "coord x", "point x"),
    "@lat": ("lat", "latitude", "широта", "ендік", "y", "northing", "ygcswgs84", "coord y", "point y"),
    "@id": ("id", "uid", "objectid", "fid", "globalid", "номер", "код записи", "ид", "нөмірі"),
    "@time": ("datetime", "date time", "timestamp", "occurred", "occurred local", "дата и время", "дата время", "дата совершения",
              "күні мен уақыты", "dat sover", "date start"),
    "@end": ("date end", "end", "occurred to", "occurred local to", "окончание", "дата окончания", "аяқталуы"),
    "@date": ("date", "day", "дата", "күні", "дата дтп", "rta date"),
    "@clock": ("time", "clock", "время", "уақыты", "сағаты", "время суток", "time 24hr"),
    "@month": ("month", "месяц", "ай", "период", "айы"),
    "category": ("category", "crime type", "kind", "вид", "вид преступления", "вид дтп", "тип", "түрі", "санаты", "категория", "offense type"),
    "kind": ("kind", "type", "category", "вид", "тип", "түрі", "категория"),
    "severity": ("severity", "тяжесть", "степень тяжести", "ауырлығы", "hard code"),
    "killed": ("killed", "deaths", "fatalities", "погибло", "погибшие", "қаза тапқандар", "қаза тапты"),
    "injured": ("injured", "ранено", "раненые", "пострадавшие", "жараланғандар", "жараланды"),
    "article": ("article", "статья", "бап", "бабы"),
    "name": ("name", "title", "название", "наименование", "атауы"),
    "name_ru": ("name ru", "название", "наименование", "наименование на русском"),
    "name_kk": ("name kk", "name kz", "атауы", "наименование на казахском"),
    "status": ("status", "state", "состояние", "статус", "жай күйі", "күйі"),
    "height_m": ("height", "высота", "высота установки", "биіктігі"),
    "azimuth_deg": ("azimuth", "direction", "bearing", "азимут", "направление", "бағыты"),
    "levels": ("levels", "floors", "этажность", "этажи", "қабаттар", "building levels"),
    "population": ("population", "население", "численность населения", "халық саны"),
    "power_w": ("power", "wattage", "мощность", "қуаты"),
    "owner": ("owner", "operator", "владелец", "балансодержатель", "иесі"),
}  # fmt: skip
# Names of axes that do not say which of the two they are.
AXES = frozenset({"x", "y", "coord x", "coord y", "point x", "point y"})
SURE, LIKELY, DOUBTFUL = 0.95, 0.7, 0.4


@dataclass(frozen=True, kw_only=True)
class ProposedMapping:
    """A mapping to be looked at.

    Parameters
    ----------
    mapping : ready to be used or changed.
    confidence : target (field name, or ``@lon``, ``@lat``, ``@id``, ``@time``, ``@date``, ``@clock``, ``@month``, ``@end``) → 0–1.
    reasons : target → ``by-signature``, ``by-name``, ``by-label``, ``by-values``.
    unmapped : columns of the source nobody asked for.
    unfilled : required fields nothing was found for: the mapping cannot be used before they are given.
    """

    mapping: SourceMapping
    confidence: Mapping[str, float]
    reasons: Mapping[str, str]
    unmapped: tuple[str, ...]
    unfilled: tuple[str, ...]


def normal(header: str) -> str:
    """A header as lower-case words: ``Time (24hr)`` → ``time 24hr``, ``dateStart`` → ``date start``."""
    spaced = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", " ", header)
    return " ".join(re.findall(r"\w+", spaced.replace("_", " ").casefold()))


def propose(
    layer: Layer,
    header: Sequence[str],
    sample: Mapping[str, pa.Array],
    *,
    has_geometry: bool = False,
    format: str = "",  # noqa: A002 - the word of the source
    labels: Mapping[str, Iterable[str]] | None = None,
    territory: BaseGeometry | None = None,
) -> ProposedMapping:
    """Guess a mapping: a known source by its signature, else each column by its name and its values.

    Parameters
    ----------
    header, sample, has_geometry, format : of :func:`etl.readers.open_source` (``source.sample().columns``).
    labels : field name → its titles in the languages of the product: our own exports are recognised in all of them.
    territory : in EPSG:4326; tells longitude from latitude and names the CRS of metres.

    Raises
    ------
    DataQuality : ``coordinates-swapped``, ``coordinates-in-metres``: the columns are named one way and filled another.
    """
    known = _by_signature(layer, header, format)
    if known is not None:
        return known
    guess = _Guess(layer, header, sample, labels or {}, Territory(territory) if territory is not None else None)
    crs = guess.positions() if not has_geometry else "EPSG:4326"
    if layer.is_event:
        guess.times()
    guess.by_name("@id")
    for field in layer.fields:
        guess.field(field)
    took = guess.took
    mapping = SourceMapping(
        id=f"proposed-{layer.id}",
        columns={f.name: took[f.name] for f in layer.fields if f.name in took},
        lon=took.get("@lon"),
        lat=took.get("@lat"),
        crs=crs,
        source_id=took.get("@id"),
        time=guess.time_source(),
        where=None,
    )
    return ProposedMapping(
        mapping=mapping,
        confidence=guess.confidence,
        reasons=guess.reasons,
        unmapped=tuple(h for h in header if h not in took.values()),
        unfilled=tuple(f.name for f in layer.fields if f.required and f.name not in took),
    )


def _by_signature(layer: Layer, header: Sequence[str], format: str) -> ProposedMapping | None:  # noqa: A002
    if format == "osm-pbf":
        fitting = [s for s in layer.sources if s.where]
    else:
        there = {h.strip().casefold() for h in header}
        fitting = [s for s in layer.sources if s.signature and {c.casefold() for c in s.signature} <= there]
    if not fitting:
        return None
    best = max(fitting, key=lambda s: len(s.signature))
    time = best.time or TimeSource()
    used = {*best.columns.values(), best.lon, best.lat, best.source_id}
    used |= {time.local, time.date, time.clock, time.epoch_ms, time.month, time.end}
    keys = {u.casefold() for u in used if u}
    targets = [*best.columns, *(t for t, c in (("@lon", best.lon), ("@lat", best.lat), ("@id", best.source_id)) if c)]
    return ProposedMapping(
        mapping=best,
        confidence=dict.fromkeys(targets, 1.0),
        reasons=dict.fromkeys(targets, "by-signature"),
        unmapped=tuple(h for h in header if h.strip().casefold() not in keys),
        unfilled=(),
    )


class _Guess:
    """Columns given to targets one after another; a column serves one target only."""

    def __init__(
        self,
        layer: Layer,
        header: Sequence[str],
        sample: Mapping[str, pa.Array],
        labels: Mapping[str, Iterable[str]],
        territory: Territory | None,
    ) -> None:
        self.layer, self.header, self.sample, self.territory = layer, header, sample, territory
        self.labels = {name: {normal(t) for t in titles} for name, titles in labels.items()}
        self.took: dict[str, str] = {}
        self.confidence: dict[str, float] = {}
        self.reasons: dict[str, str] = {}
        self._epoch_ms: str | None = None

    def take(self, target: str, column: str, confidence: float, reason: str) -> None:
        self.took[target], self.confidence[target], self.reasons[target] = column, round(confidence, 2), reason

    def free(self) -> list[str]:
        return [h for h in self.header if h not in self.took.values() and h in self.sample]

    def named(self, target: str) -> list[tuple[float, str, str]]:
        """(likeness, column, reason) of free columns that are called like the target, best first."""
        own = {normal(target.lstrip("@"))} | ({normal(w) for w in WORDS.get(target, ())})
        found = []
        for column in self.free():
            words = normal(column)
            if words in own or words in self.labels.get(target, ()):
                found.append((1.0, column, "by-label" if words not in own else "by-name"))
            elif any(len(w) > 3 and re.search(rf"\b{re.escape(w)}\b", words) for w in own):
                found.append((LIKELY, column, "by-name"))
        return sorted(found, key=lambda f: -f[0])

    def by_name(self, target: str) -> None:
        for likeness, column, reason in self.named(target):
            texts = as_text(self.sample[column])
            if target != "@id" or len(texts.unique()) >= 0.95 * max(len(texts), 1):
                self.take(target, column, likeness * SURE, reason)
                return

    def numbers(self, column: str) -> Floats | None:
        values, unreadable = as_reals(self.sample[column])
        known = ~np.isnan(values)
        return values if known.any() and unreadable.sum() <= 0.05 * len(values) and not unreadable.all() else None

    def positions(self) -> str:
        """Take the coordinate columns; returns the CRS they seem to be in.

        Raises
        ------
        DataQuality : ``coordinates-swapped`` when columns called longitude and latitude hold each other's values: what a header says
            is not turned round in silence; ``coordinates-in-metres`` when metres lie in the territory in no CRS we know.
        """
        numeric = {c: v for c in self.free() if (v := self.numbers(c)) is not None}
        lon_named, lat_named = self.named("@lon"), self.named("@lat")
        pairs = [
            (a * b, x, y) for a, x, _ in lon_named for b, y, _ in lat_named if x in numeric and y in numeric and x != y
        ]
        if not pairs and self.territory is not None:
            # nobody called them so: two columns that lie in the territory together
            no_lon, no_lat = {c for _, c, _ in lat_named}, {c for _, c, _ in lon_named}
            pairs = [
                (DOUBTFUL, x, y)
                for x in numeric
                for y in numeric
                if x != y and x not in no_lon and y not in no_lat and self._inside(numeric[x], numeric[y]) > 0.9
            ]
        if not pairs:
            return "EPSG:4326"
        pairs.sort(key=lambda p: -p[0] - self._inside(numeric[p[1]], numeric[p[2]]))
        score, x, y = pairs[0]
        sample = np.column_stack([numeric[x], numeric[y]])
        sample = sample[np.isfinite(sample).all(axis=1)]
        crs, turned = self._reference(sample)
        reason = "by-name" if score > DOUBTFUL and crs == "EPSG:4326" else "by-values"
        if turned:
            # geodesists call the northing x: such names say nothing about which is which
            if not {normal(x), normal(y)} <= AXES:
                raise DataQuality("coordinates-swapped", rows=len(sample), share=1.0, lon=x, lat=y)
            x, y, score, reason = y, x, min(score, DOUBTFUL), "by-values"
        self.take("@lon", x, score * SURE, reason)
        self.take("@lat", y, score * SURE, reason)
        return crs

    def _reference(self, sample: Floats) -> tuple[str, bool]:
        """CRS of coordinates, and whether the first column is the latitude or northing."""
        if not len(sample):
            return "EPSG:4326", False
        if np.median(np.abs(sample)) > 1000:
            for turned in (False, True):
                guessed = guess_crs(sample[:, ::-1] if turned else sample, self.territory)
                if guessed is not None:
                    return guessed, turned
            raise DataQuality("coordinates-in-metres", rows=len(sample), share=1.0, guess=None)
        as_named, other = self._inside(*sample.T), self._inside(*sample[:, ::-1].T)
        return "EPSG:4326", other > 0.5 > as_named

    def _inside(self, x: Floats, y: Floats) -> float:
        known = np.isfinite(x) & np.isfinite(y)
        if self.territory is None or not known.any():
            return 0.0
        return float(self.territory.covers(x[known], y[known]).mean())

    def times(self) -> None:
        """Take the columns that say when."""
        kinds = {c: self._time_kind(c) for c in self.free()}
        for target, wanted in (
            ("@time", {"time", "epoch"}),
            ("@end", {"time"}),
            ("@date", {"date", "time", "epoch"}),
            ("@clock", {"clock"}),
            ("@month", {"month"}),
        ):
            if target == "@date" and "@time" in self.took:
                continue
            if target == "@month" and {"@time", "@date"} & set(self.took):
                continue
            for likeness, column, reason in self.named(target):
                if kinds[column] in wanted:
                    self.take(target, column, likeness * SURE, reason)
                    break
        if not {"@time", "@date", "@month"} & set(self.took):
            for kind, target in (("time", "@time"), ("date", "@date"), ("month", "@month"), ("epoch", "@time")):
                alike = [c for c in self.free() if kinds.get(c) == kind]
                if len(alike) == 1:
                    self.take(target, alike[0], DOUBTFUL, "by-values")
                    break
        for target in ("@time", "@date"):
            if target in self.took and kinds.get(self.took[target]) == "epoch":
                self._epoch_ms = self.took[target]

    def _time_kind(self, column: str) -> str | None:
        """Kind of time: time | date | month | epoch | clock | None by what most values are."""
        values = self.sample[column]
        present = len(values) - as_text(values).null_count
        if not present:
            return None
        numbers = self.numbers(column)
        if numbers is not None:
            known = np.abs(numbers[np.isfinite(numbers)])
            if ((known > 5e8) & (known < 5e9)).mean() > 0.9 or ((known > 5e11) & (known < 5e12)).mean() > 0.9:
                return "epoch"
        stamps = read_stamps(values)
        if stamps.known.sum() > 0.9 * present and numbers is None:
            level = Precision(int(np.median(stamps.precision[stamps.known])))
            return {Precision.MINUTE: "time", Precision.DAY: "date", Precision.MONTH: "month"}.get(level)
        _, known_clock, _ = read_clock(values)
        return "clock" if known_clock.sum() > 0.9 * present else None

    def time_source(self) -> TimeSource | None:
        took = self.took
        if self._epoch_ms is not None:
            return TimeSource(epoch_ms=self._epoch_ms)
        if not {"@time", "@date", "@month"} & set(took):
            return None
        return TimeSource(
            local=took.get("@time"),
            date=took.get("@date"),
            clock=took.get("@clock") if "@date" in took else None,
            month=took.get("@month"),
            end=took.get("@end") if "@time" in took else None,
        )

    def field(self, field: Field) -> None:
        for likeness, column, reason in self.named(field.name):
            fit = self._fit(field, column)
            if fit > 0.5:
                self.take(field.name, column, likeness * fit * SURE, reason)
                return
        if field.codes is None:
            return
        for column in self.free():
            if self._fit(field, column) > 0.95 and as_text(self.sample[column]).null_count < len(self.sample[column]):
                self.take(field.name, column, LIKELY, "by-values")
                return

    def _fit(self, field: Field, column: str) -> float:
        """Share of the present values that the field could hold; a closed list that is not ours still may be translated."""
        values = self.sample[column]
        present = len(values) - as_text(values).null_count
        if not present:
            return 0.6
        if field.type in {FieldType.INTEGER, FieldType.REAL}:
            numbers, _ = as_reals(values, name=field.name)
            low, high = (
                field.minimum if field.minimum is not None else -np.inf,
                field.maximum if field.maximum is not None else np.inf,
            )
            return float(((numbers >= low) & (numbers <= high)).sum() / present)
        if field.type is FieldType.DATE:
            return float(read_stamps(values).known.sum() / present)
        if field.codes is not None or field.type is FieldType.BOOLEAN:
            vocabulary = Vocabulary.of(field.codes) if field.codes is not None else Vocabulary.of_booleans()
            _, unseen, _ = vocabulary.translate(values)
            seen = 1.0 - float(unseen.sum()) / present
            return max(seen, 0.55) if field.required else seen
        return 1.0
