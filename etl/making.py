"""A source with the columns its mapping makes out of its own: to everything behind it they are columns like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from etl.coercion.made import LENIENT, make
from etl.coercion.numbers import as_text
from etl.coercion.stamps import read_epochs, read_stamps
from etl.coercion.times import offset_s
from etl.readers.source import RawChunk, Source, resolve
from etl.records import RejectedRow, SourceRows
from geo_core.errors import InvalidInput
from layers.spec import SourceMapping, TimeSource

_SECONDS_PER_DAY = 86_400


def with_made(source: Source, mapping: SourceMapping) -> Source:
    """The source with what the mapping makes; the source itself when it makes nothing.

    Raises
    ------
    InvalidInput : ``missing-columns`` when a rule has not what it needs, ``made-column-taken`` when the source has a column of that name.
    """
    return MadeSource(source, mapping) if mapping.made or mapping.wkt else source


class MadeSource(Source):
    """See :func:`with_made`."""

    def __init__(self, inner: Source, mapping: SourceMapping) -> None:
        super().__init__(**{each.name: getattr(inner, each.name) for each in fields(Source)})
        if mapping.wkt is not None:
            self.crs, self.has_geometry = None, True
        self._inner, self._mapping = inner, mapping
        taken = sorted(name for name in mapping.made if name in inner.header)
        if taken:
            raise InvalidInput("made-column-taken", columns=taken)
        self._of = {name: [self._column(c) for c in rule.of] for name, rule in mapping.made.items()}
        lacking = {
            column
            for name, rule in mapping.made.items()
            for column, found in zip(rule.of, self._of[name], strict=True)
            if found is None and (rule.how not in LENIENT or not any(self._of[name]))
        }
        self._wkt = self._column(mapping.wkt) if mapping.wkt else None
        # a reader that knows the column by its name has made geometries of it already
        if mapping.wkt and self._wkt is None and not inner.has_geometry:
            lacking.add(mapping.wkt)
        if lacking:
            raise InvalidInput("missing-columns", columns=sorted(lacking), header=list(inner.header)[:50])
        if inner.header:
            self.header = (*inner.header, *mapping.made)
        time = mapping.time or TimeSource()
        self._when = [c for c in (time.local, time.date, time.epoch_ms, time.month) if c is not None]

    def looks_uncut(self) -> bool:
        """Whether the file seems to be cut by another delimiter."""
        return bool(getattr(self._inner, "looks_uncut", bool)())

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        """Rows with the made columns in them; rows whose well-known text cannot be read are rejected."""
        wanted = None if columns is None else self._needed(columns)
        for chunk in self._inner.chunks(wanted):
            self.progress = self._inner.progress
            yield self.shaped(chunk, self.made_columns(chunk, columns))

    def made_columns(self, chunk: RawChunk, columns: Sequence[str] | None = None) -> dict[str, pa.Array]:
        """The columns of a chunk with those made of them; ``columns`` limits what is made, None makes all."""
        made = dict(chunk.columns)
        for name, rule in self._mapping.made.items():
            if columns is None or name in columns or name in self._when:
                of = [made.get(c) if c is not None else None for c in self._of[name]]
                made[name] = make(rule, of, len(chunk), partial(self._years, made, len(chunk)))
        return made

    def close(self) -> None:
        """Let go of the file."""
        self._inner.close()

    def _column(self, name: str) -> str | None:
        return name if not self._inner.header and self._inner.open_ended else resolve(self._inner.header, name)

    def _needed(self, columns: Sequence[str]) -> list[str]:
        """Columns of the file behind those asked for."""
        asked = [*columns, *(c for c in self._when if c in self._mapping.made or self._column(c) is not None)]
        out: list[str] = []
        for name in asked:
            out += [c for c in self._of[name] if c is not None] if name in self._of else [self._column(name) or name]
        return list(dict.fromkeys([*out, *([self._wkt] if self._wkt else [])]))

    def _years(self, columns: Mapping[str, pa.Array], rows: int) -> NDArray[np.int16]:
        """Local year of each row, 0 = unknown: the numbers of the Criminal Code depend on it."""
        years = np.zeros(rows, dtype=np.int16)
        time = self._mapping.time or TimeSource()
        for name in self._when:
            column = columns.get(name if name in self._mapping.made else self._column(name) or "")
            if column is None:
                continue
            if name == time.epoch_ms:
                epochs = read_epochs(column)
                east = offset_s(time.epoch_clock) if time.epoch_clock[0] in "+-" else 0
                seconds, known = epochs.seconds + east, epochs.known
            else:
                stamps = read_stamps(column, formats=time.formats)
                seconds, known = stamps.seconds, stamps.known
            found = (seconds // _SECONDS_PER_DAY).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
            take = known & (years == 0)
            years[take] = (found + 1970)[take].clip(0, 9999)
        return years

    def shaped(self, chunk: RawChunk, columns: dict[str, pa.Array] | None = None) -> RawChunk:
        """A chunk with the geometries its well-known text holds."""
        columns = columns if columns is not None else chunk.columns
        if self._wkt is None:
            return replace(chunk, columns=columns)
        texts = as_text(columns[self._wkt])
        shapes = shapely.from_wkt(np.asarray(texts.to_pylist(), dtype=object), on_invalid="ignore")
        bad = np.asarray(texts.is_valid()) & shapely.is_missing(shapes)
        if not bad.any():
            return replace(chunk, columns=columns, geometry=shapes)
        at, keep = np.flatnonzero(bad), pa.array(~bad)
        raw = SourceRows(columns, at).raw(np.arange(len(at)))
        rejected = tuple(
            RejectedRow(
                row_number=int(chunk.row_number[row]),
                raw=own,
                reasons=(("unreadable-wkt", {"column": self._wkt, "value": own.get(self._wkt)}),),
            )
            for row, own in zip(at.tolist(), raw, strict=True)
        )
        return replace(
            chunk,
            columns={name: column.filter(keep) for name, column in columns.items()},
            row_number=chunk.row_number[~bad],
            geometry=shapes[~bad],
            rejected=(*chunk.rejected, *rejected),
            flags={flag: mask[~bad] for flag, mask in chunk.flags.items()},
        )
