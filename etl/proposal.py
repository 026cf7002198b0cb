"""A first guess of how an unknown file becomes rows of a layer, for a human to look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from etl.coercion.references import DEGREES, Candidate
from etl.coercion.territory import Territory
from etl.proposing.fields import find_fields
from etl.proposing.guess import Doubt, Guess
from etl.proposing.positions import Where, find_positions, reference_of
from etl.proposing.times import find_times
from geo_core.errors import DataQuality
from layers.spec import Field, Layer, SourceMapping, TimeSource

UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class ProposedMapping:
    """A mapping to be looked at.

    Parameters
    ----------
    mapping : ready to be used or changed.
    confidence : target (field name, or ``@lon``, ``@lat``, ``@wkt``, ``@crs``, ``@id``, ``@time``, ``@date``, ``@clock``, ``@hour``,
        ``@month``, ``@end``) → 0–1.
    reasons : target → ``by-signature``, ``by-saved``, ``by-name``, ``by-label``, ``by-latin``, ``by-short``, ``by-part``, ``by-values``.
    unmapped : columns of the source nobody asked for.
    unfilled : required fields nothing was found for: the mapping cannot be used before they are given.
    doubts : what has to be confirmed.
    references : every coordinate system the positions may be in, the likeliest first; empty = not asked.
    fault : what is wrong with the coordinates as a whole.
    """

    mapping: SourceMapping
    confidence: Mapping[str, float]
    reasons: Mapping[str, str]
    unmapped: tuple[str, ...]
    unfilled: tuple[str, ...]
    doubts: tuple[Doubt, ...] = ()
    references: tuple[Candidate, ...] = field(default=(), repr=False)
    fault: DataQuality | None = None


def propose(
    layer: Layer,
    header: Sequence[str],
    sample: Mapping[str, pa.Array],
    *,
    has_geometry: bool = False,
    format: str = "",  # noqa: A002 - the word of the source
    labels: Mapping[str, Iterable[str]] | None = None,
    territory: BaseGeometry | None = None,
    shapes: NDArray[np.object_] | None = None,
    stated_crs: str | None = None,
    saved: Iterable[SourceMapping] = (),
    strict: bool = True,
) -> ProposedMapping:
    """Guess a mapping: a saved one or a known source by its signature, else each column by its name and its values.

    Parameters
    ----------
    header, sample, has_geometry, format : of :func:`etl.readers.open_source` (``source.sample().columns``).
    labels : field name → its titles in the languages of the product: our own exports are recognised in all of them.
    territory : in EPSG:4326; tells longitude from latitude and names the coordinate systems that fit.
    shapes, stated_crs : geometries of the sample and the coordinate system the file states for them; where it states none, it is
        looked for like that of columns.
    saved : mappings kept for the workspace; they come before the layer's own sources.
    strict : raise what is wrong with the coordinates as a whole; else it is told in ``fault``.

    Raises
    ------
    DataQuality : ``coordinates-swapped``, ``coordinates-in-metres``: the columns are named one way and filled another.
    """
    known = _by_signature(saved, header, format, "by-saved") or _by_signature(
        layer.sources, header, format, "by-signature"
    )
    if known is not None:
        return known
    guess = Guess(layer, header, sample, labels or {}, Territory(territory) if territory is not None else None)
    where = Where()
    if not has_geometry and layer.has_place:
        where = find_positions(guess)
    elif shapes is not None and stated_crs is None:
        where = reference_of(guess, shapes)
    if where.fault is not None and strict:
        raise where.fault
    time = find_times(guess) if layer.is_event else None
    guess.by_id()
    units = find_fields(guess)
    took = guess.took
    unsaid = [f.name for f in layer.fields if f.required and f.name not in took and _may_be_unknown(f)]
    guess.doubts += [Doubt(target=name, code="taken-as-unknown", params={"field": name}) for name in unsaid]
    direct = set(took.values())
    mapping = SourceMapping(
        id=f"proposed-{layer.id}",
        columns={f.name: took[f.name] for f in layer.fields if f.name in took},
        constants=dict.fromkeys(unsaid, UNKNOWN),
        lon=took.get("@lon"),
        lat=took.get("@lat"),
        wkt=took.get("@wkt"),
        crs=where.crs if has_geometry or took.get("@lon") or took.get("@wkt") else DEGREES,
        made={name: rule for name, rule in guess.made.items() if name in direct},
        source_id=took.get("@id"),
        time=time,
        units=units,
        where=None,
    )
    used = guess.used
    return ProposedMapping(
        mapping=mapping,
        confidence=guess.confidence,
        reasons=guess.reasons,
        unmapped=tuple(h for h in header if h not in used),
        unfilled=tuple(f.name for f in layer.fields if f.required and f.name not in took and f.name not in unsaid),
        doubts=tuple(guess.doubts),
        references=where.references,
        fault=where.fault,
    )


def _may_be_unknown(field: Field) -> bool:
    """Whether the field has a code that says nobody knows: a lamp whose state no column tells is a lamp all the same."""
    return field.codes is not None and UNKNOWN in field.codes.good


def _by_signature(
    sources: Iterable[SourceMapping], header: Sequence[str], kind: str, reason: str
) -> ProposedMapping | None:
    if kind == "osm-pbf":
        fitting = [s for s in sources if s.where]
    else:
        there = {h.strip().casefold() for h in header}
        fitting = [s for s in sources if s.signature and {c.casefold() for c in s.signature} <= there]
    if not fitting:
        return None
    best = max(fitting, key=lambda s: len(s.signature))
    time = best.time or TimeSource()
    used = {*best.columns.values(), best.lon, best.lat, best.wkt, best.source_id, *best.struck_off}
    used |= {time.local, time.date, time.clock, time.hour, time.epoch_ms, time.month, time.end}
    used |= {column for rule in best.made.values() for column in rule.of}
    keys = {u.casefold() for u in used if u}
    places = (("@lon", best.lon), ("@lat", best.lat), ("@wkt", best.wkt), ("@id", best.source_id))
    targets = [*best.columns, *(t for t, c in places if c)]
    return ProposedMapping(
        mapping=best,
        confidence=dict.fromkeys(targets, 1.0),
        reasons=dict.fromkeys(targets, reason),
        unmapped=tuple(h for h in header if h.strip().casefold() not in keys),
        unfilled=(),
    )
