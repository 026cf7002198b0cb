"""From a file to clean typed batches and rejected rows with all their reasons; no database."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from etl.coercion.numbers import as_reals, as_text
from etl.coercion.positions import Floats, PositionTotals, check_crs, check_positions
from etl.coercion.shapes import check_shapes, points_of, representative
from etl.coercion.territory import Territory
from etl.coercion.times import TimeReader
from etl.coercion.zones import zone_named
from etl.context import ImportContext
from etl.doubts import Doubts
from etl.findings import Findings
from etl.guarded import GuardedSource, guarded
from etl.identifiers import without_identifiers
from etl.identity import KeyTable, content_ids, hash_column, hash_rows
from etl.kato.settlements import SettlementReader
from etl.making import with_made
from etl.quality import FieldReader
from etl.readers import Limits, RawChunk, Source, open_source
from etl.readers.source import OSM_FORMATS, resolve
from etl.records import EventTimes, ReadReport, RecordBatch, RejectedRow, SourceRows, Tally
from geo_core.errors import DataQuality, InvalidInput
from layers.spec import Layer, LayerKind, SourceMapping, TimeSource

DEFAULT_CRS = "EPSG:4326"


def read_batches(
    path: Path | str, *, layer: Layer, mapping: SourceMapping, context: ImportContext, limits: Limits | None = None
) -> Reading:
    """Read a file as rows of ``layer``.

    Returns an iterator of :class:`~etl.records.RecordBatch`; when it is exhausted ``.report`` is the
    :class:`~etl.records.ReadReport`. Faults of the file as a whole may only be certain at its end and are then raised there, so
    nothing may be made visible before the iterator is exhausted.

    Raises
    ------
    InvalidInput : ``missing-columns``, ``wrong-delimiter``, ``unknown-crs``, ``no-position-columns``, …
    DataQuality : ``no-rows``, ``truncated-file``, ``coordinates-swapped``, ``coordinates-in-metres``, ``far-outside-workspace``, …
    LimitExceeded : ``too-many-rows``, ``geojson-too-large``, ``zip-bomb``, …
    """
    return Reading(Path(path), layer, mapping, context, limits or Limits())


class Reading(Iterator[RecordBatch]):
    """The reading of one file; see :func:`read_batches`."""

    def __init__(
        self, path: Path, layer: Layer, mapping: SourceMapping, context: ImportContext, limits: Limits
    ) -> None:
        self.layer, self.mapping, self.context = layer, mapping, context
        self.source: Source = open_source(path, layer=layer, mapping=mapping, limits=limits)
        try:
            self.source = with_made(self.source, mapping)
            self.source, mapping = guarded(self.source, mapping, layer)
            self.mapping = mapping
            self.columns, absent = _columns(self.source, layer, mapping)
            self.crs = _crs(self.source, mapping, by_columns=mapping.lon in self.columns)
        except BaseException:
            self.source.close()
            raise
        self.warnings = Tally()
        for name in absent:
            self.warnings.add("column-absent", 1, column=name)
        found = {f: self.columns[c] for f, c in mapping.columns.items() if c in self.columns}
        self._fields = FieldReader(
            layer, mapping, found, decimal=self.source.decimal, zone=zone_named(self.context.zone)
        )
        self._settlements = SettlementReader(mapping.settlements, self.columns, context.kato)
        self._times = self._time_reader()
        self._territory = Territory(context.territory) if context.territory is not None else None
        self._totals = PositionTotals()
        self.doubts = Doubts(layer, mapping, context, crs=self.crs)
        self._keys, self._contents = KeyTable(), KeyTable()
        self._reasons: Counter[str] = Counter()
        self._read = self._accepted = self._rejected = self._struck_off = 0
        self._flagged: Counter[str] = Counter()
        self._period: tuple[date, date] | None = None
        self._report: ReadReport | None = None
        self._digest: Future[str] | None = None
        self._path = path
        self._batches = self._walk()

    def __next__(self) -> RecordBatch:
        return next(self._batches)

    def close(self) -> None:
        """Stop reading before the end."""
        self._batches.close()
        self.source.close()

    @property
    def progress(self) -> float:
        """Share of the file read so far, 0–1; stays 0 for formats that cannot tell (OSM)."""
        return self.source.progress

    def judge_so_far(self) -> None:
        """Refuse the file if the positions of the rows read so far are wrong as a whole.

        Raises
        ------
        DataQuality : ``coordinates-swapped``, ``coordinates-in-metres``, ``far-outside-workspace``.
        """
        self._totals.judge(self._territory)

    @property
    def sha256(self) -> str:
        """SHA-256 of the file as hexadecimal digits; waits until it is known."""
        return self._digest.result() if self._digest is not None else _sha256(self._path)

    @property
    def report(self) -> ReadReport:
        """What became of every row; only after the last batch.

        Raises
        ------
        InvalidInput : ``reading-unfinished``.
        """
        if self._report is None:
            raise InvalidInput("reading-unfinished")
        return self._report

    def _time_reader(self) -> TimeReader | None:
        if not self.layer.is_event:
            return None
        time = self.mapping.time or TimeSource()

        def actual(column: str | None) -> str | None:
            return self.columns.get(column or "")

        source = replace(
            time,
            local=actual(time.local),
            date=actual(time.date),
            clock=actual(time.clock),
            hour=actual(time.hour),
            epoch_ms=actual(time.epoch_ms),
            month=actual(time.month),
            end=actual(time.end),
        )
        return TimeReader(source, zone_named(self.context.zone), self.context.now, self.context.minimum_year)

    def _walk(self) -> Generator[RecordBatch, None, None]:
        wanted = list(dict.fromkeys(self.columns.values()))
        with self.source, ThreadPoolExecutor(1) as beside:
            digest = self._digest = beside.submit(_sha256, self._path)
            for chunk in self.source.chunks(wanted):
                yield self._check(chunk)
            merged = self.source.merged if isinstance(self.source, GuardedSource) else 0
            self._read += merged
            if self._read == 0:
                # an extract of a place where nobody mapped a lamp is whole all the same
                code = "osm-has-none" if self.source.format in OSM_FORMATS else "no-rows"
                raise DataQuality(code, name=self._path.name)
            self.warnings.merge(self.source.warnings)  # some are known only at the end
            self._totals.judge(self._territory)
            self.doubts.conclude(self.warnings)
            self._report = ReadReport(
                format=self.source.format,
                read=self._read,
                accepted=self._accepted,
                rejected=self._rejected,
                reasons=dict(self._reasons),
                warnings=self.warnings,
                sha256=digest.result(),
                size_bytes=self._path.stat().st_size,
                period=self._period,
                struck_off=self._struck_off,
                merged=merged,
                flagged=dict(self._flagged),
            )

    def _check(self, chunk: RawChunk) -> RecordBatch:
        rows = len(chunk)
        findings = Findings(rows)
        for flag, mask in chunk.flags.items():
            findings.flag(flag, mask)
        columns = self._fields.read(chunk.columns, rows, findings)
        columns |= self._settlements.read(chunk.columns, rows, findings, self.warnings)
        lon, lat, shapes = self._positions(chunk, findings)
        times = self._times.read(chunk.columns, rows, findings) if self._times is not None else None
        self.doubts.note(columns, lon, lat, times, findings)
        hashed = {**columns, **(times.columns() if times is not None else {})}
        hashes = hash_rows(hashed, lon, lat, shapes)
        faulty = findings.rejected.copy()
        ids = self._ids(chunk, hashes, findings)
        # what the register struck off is no fault; a second row of the same key is
        struck = self._struck(chunk) & (faulty | ~findings.rejected)
        self.doubts.compare(columns, lon, lat, times, findings.rejected | struck, findings)
        keep = ~findings.rejected & ~struck
        mask = pa.array(keep)
        everything = bool(keep.all())

        def kept(column: pa.Array) -> pa.Array:
            return column if everything else column.filter(mask)

        if times is not None and not everything:
            times = times.take(keep)
        if not everything:
            lon, lat = lon[keep], lat[keep]
        batch = RecordBatch(
            columns={name: kept(column) for name, column in columns.items()},
            lon=lon,
            lat=lat,
            geometry=shapes[keep] if shapes is not None else None,
            source_id=kept(ids),
            row_hash=hashes[keep].view(np.int64),
            row_number=chunk.row_number[keep],
            flags=findings.flags.take(keep),
            times=times,
            dark=self._dark(lon, lat, times),
            node_ids=kept(chunk.node_ids) if chunk.node_ids is not None else None,
            rejected=(*map(_nameless, chunk.rejected), *self._rejected_rows(chunk, findings, struck)),
            source=SourceRows(chunk.columns, np.flatnonzero(keep)),
            struck_off=ids.filter(pa.array(struck)) if struck.any() else None,
        )
        self.doubts.count(batch.lon, batch.lat)
        self._count(batch, findings)
        return batch

    def _dark(self, lon: Floats, lat: Floats, times: EventTimes | None) -> pa.BooleanArray | None:
        if times is None or self.context.dark is None:
            return None
        return self.context.dark(lon, lat, times.occurred_from, times.occurred_to)

    def _positions(self, chunk: RawChunk, findings: Findings) -> tuple[Floats, Floats, NDArray[np.object_] | None]:
        shapes = chunk.geometry
        by_columns = self.mapping.lon is not None and self.mapping.lon in self.columns
        if not self.layer.has_place or (shapes is None and not by_columns and self.layer.position_optional):
            nowhere = np.full(len(chunk), np.nan)
            if self.layer.has_place:
                findings.flag("no-position", np.ones(len(chunk), dtype=np.bool_))
            return nowhere, nowhere.copy(), None
        if self.layer.geometry != "Point":
            if shapes is None:
                raise InvalidInput("no-geometry", layer=self.layer.id, expected=self.layer.geometry)
            shapes = check_shapes(shapes, self.layer.geometry, self.crs, findings, clipped=chunk.clipped)
            lon, lat = check_positions(*representative(shapes), DEFAULT_CRS, findings, self._totals, self._territory)
            return lon, lat, shapes
        rows = len(chunk)
        none = np.zeros(rows, dtype=np.bool_)
        if by_columns or shapes is None:
            x, no_x = self._coordinate(chunk, self.mapping.lon, findings)
            y, no_y = self._coordinate(chunk, self.mapping.lat, findings)
            half = (np.isnan(x) != np.isnan(y)) & ~no_x & ~no_y
            findings.reject("incomplete-position", half)
            explained = no_x | no_y | half
        else:
            x, y = points_of(shapes, findings, from_shapes=self.layer.kind is LayerKind.PLACE)
            explained = ~shapely.is_missing(shapes)
        missing = (np.isnan(x) | np.isnan(y)) & ~explained
        if self.layer.keeps_unplaced:
            findings.flag("no-position", missing)
        else:
            findings.reject("missing-position", missing if rows else none)
        lon, lat = check_positions(x, y, self.crs, findings, self._totals, self._territory)
        return lon, lat, None

    def _coordinate(self, chunk: RawChunk, name: str | None, findings: Findings) -> tuple[Floats, NDArray[np.bool_]]:
        column = chunk.columns[self.columns[name or ""]]
        values, unreadable = as_reals(column, decimal=self.source.decimal)
        findings.reject("unreadable-number", unreadable, values=column, field=name)
        return values, unreadable

    def _ids(self, chunk: RawChunk, hashes: NDArray[np.uint64], findings: Findings) -> pa.StringArray:
        name = self.mapping.source_id or self.source.natural_id
        column = chunk.columns.get(self.columns.get(name or "", ""))
        given = as_text(column) if column is not None else pa.nulls(len(chunk), pa.string())
        without = np.asarray(pc.is_null(given))
        # rows already rejected take no key: a later good row with the same key is not a duplicate
        candidates = ~findings.rejected
        made = np.flatnonzero(without & candidates)
        named = np.flatnonzero(~without & candidates)
        if len(named):
            seen = self._keys.remember(hash_column(given, "@id")[named], hashes[named])
            for code, kind in (("exact-duplicate", 1), ("duplicate-id", 2)):
                rows = np.zeros(len(chunk), dtype=np.bool_)
                rows[named[seen == kind]] = True
                findings.reject(code, rows, values=given)
        if not without.any():
            return given
        ordinal = np.zeros(len(chunk), dtype=np.uint32)
        ordinal[made] = self._contents.count(hashes[made])
        return pc.coalesce(given, content_ids(hashes, ordinal))

    def _struck(self, chunk: RawChunk) -> NDArray[np.bool_]:
        """Rows the register struck off."""
        out = np.zeros(len(chunk), dtype=np.bool_)
        for name, values in self.mapping.struck_off.items():
            column = chunk.columns.get(self.columns.get(name, ""))
            if column is not None:
                out |= np.asarray(pc.is_in(as_text(column), value_set=pa.array(values, pa.string())))
        return out

    def _rejected_rows(self, chunk: RawChunk, findings: Findings, struck: NDArray[np.bool_]) -> list[RejectedRow]:
        reasons = {row: found for row, found in findings.reasons().items() if not struck[row]}
        if not reasons:
            return []
        at = np.fromiter(reasons, np.int64, len(reasons))
        raw = SourceRows(chunk.columns, at).raw(np.arange(len(at)))
        return [
            _nameless(RejectedRow(row_number=int(chunk.row_number[row]), raw=own, reasons=reasons[row]))
            for row, own in zip(at.tolist(), raw, strict=True)
        ]

    def _count(self, batch: RecordBatch, findings: Findings) -> None:
        struck = 0 if batch.struck_off is None else len(batch.struck_off)
        self._read += len(batch) + len(batch.rejected) + struck
        self._struck_off += struck
        self._accepted += len(batch)
        self._rejected += len(batch.rejected)
        self._flagged.update(batch.flags.counts())
        self._reasons.update(code for row in batch.rejected for code in {c for c, _ in row.reasons})
        self.warnings.merge(findings.warnings)
        if batch.times is None:
            return
        known = ~np.isnat(batch.times.day_from)
        if known.any():
            first: Any = batch.times.day_from[known].min().item()
            last: Any = batch.times.day_to[known].max().item()
            old = self._period or (first, last)
            self._period = (min(first, old[0]), max(last, old[1]))


def _nameless(row: RejectedRow) -> RejectedRow:
    """The row with a mark in place of every value that identifies a person, in its reasons too."""
    return replace(row, raw=without_identifiers(row.raw), reasons=without_identifiers(row.reasons))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _crs(source: Source, mapping: SourceMapping, *, by_columns: bool) -> str:
    """What the coordinates are in: a mapping that says other than the default knows better than the file."""
    stated = None if by_columns else source.crs
    crs = mapping.crs if mapping.crs != DEFAULT_CRS else stated or DEFAULT_CRS
    check_crs(crs)
    return crs


def _columns(source: Source, layer: Layer, mapping: SourceMapping) -> tuple[dict[str, str], list[str]]:
    """Column named in the mapping → column in the source, and those that may be absent and are.

    Raises
    ------
    InvalidInput : ``missing-columns``, ``wrong-delimiter``, ``no-position-columns``.
    """
    time = mapping.time
    required = {c for f, c in mapping.columns.items() if layer.field_named(f).required and f not in mapping.constants}
    placed = layer.has_place and not (layer.position_optional and mapping.lon is None and mapping.lat is None)
    if (
        placed
        and not source.has_geometry
        and layer.geometry == "Point"
        and (mapping.lon is None or mapping.lat is None)
    ):
        raise InvalidInput("no-position-columns", mapping=mapping.id, header=list(source.header)[:50])
    if placed and mapping.lon is not None and mapping.lat is not None and not source.has_geometry:
        required |= {mapping.lon, mapping.lat}
    optional = set(mapping.columns.values()) - required
    optional |= {
        c for c in (mapping.lon, mapping.lat, mapping.source_id, *mapping.struck_off) if c is not None
    } - required
    if time is not None:
        starts = [c for c in (time.local, time.date, time.epoch_ms, time.month) if c is not None]
        # one of several ways to say when must be there
        if source.format in OSM_FORMATS or any(resolve(source.header, c) for c in starts):
            optional |= set(starts)
        else:
            required |= set(starts)
        optional |= {c for c in (time.clock, time.hour, time.end) if c is not None}
    optional |= {c for one in mapping.settlements.values() for c in (one.name, one.oblast) if c is not None} - required
    if source.natural_id is not None:
        optional.add(source.natural_id)
    if not source.header and source.open_ended:
        return {c: c for c in sorted(required | optional)}, []
    found = {c: resolve(source.header, c) for c in sorted(required | optional)}
    missing = sorted(c for c in required if found[c] is None)
    if missing:
        if getattr(source, "looks_uncut", bool)():
            raise InvalidInput("wrong-delimiter", header=without_identifiers(source.header[0])[:200])
        raise InvalidInput("missing-columns", columns=missing, header=without_identifiers(list(source.header)[:50]))
    return {c: h for c, h in found.items() if h is not None}, sorted(
        c for c, h in found.items() if h is None and c in optional
    )
