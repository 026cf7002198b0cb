"""Several rows of a source made into one record: a crash with a row per casualty becomes a crash.

The whole source is read before the first record is known, because rows of a group may stand anywhere in it. Every row goes into
exactly one record: ``rows = records + merged``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.coercion.numbers import as_text
from etl.identity import hash_column
from etl.readers.source import RawChunk
from geo_core.errors import LimitExceeded
from layers.spec import Grouping, SourceMapping

MOST_ROWS = 3_000_000  # held in memory at once
_NEVER = np.iinfo(np.int64).max


def count_column(name: str) -> str:
    """The column that holds the count made for a field, in kept raw rows too."""
    return f"count:{name}"


def ungrouped(mapping: SourceMapping) -> SourceMapping:
    """The mapping that reads the records a grouping made: counts come from their own columns."""
    if mapping.grouping is None:
        return mapping
    made = {name: count_column(name) for name in mapping.grouping.counts}
    return replace(mapping, columns={**mapping.columns, **made}, grouping=None)


def source_columns(grouping: Grouping) -> set[str]:
    """Columns of the source a grouping reads."""
    counted = (column for table in grouping.counts.values() for column in table)
    return {*grouping.key, *counted, *grouping.together, *grouping.first}


@dataclass
class Grouper:
    """Makes records out of the rows of one source.

    Parameters
    ----------
    columns : column named in the mapping → column in the source.
    merged : rows that went into a record another row had begun; known after :meth:`records`.
    conflicts : per chunk handed out, the records whose rows say different things.
    """

    grouping: Grouping
    mapping: SourceMapping
    columns: dict[str, str]
    chunk_rows: int = 100_000
    merged: int = 0
    conflicts: list[NDArray[np.bool_]] = field(default_factory=list)

    def records(self, chunks: Iterable[RawChunk]) -> Iterator[tuple[RawChunk, NDArray[np.bool_]]]:
        """One row per record, in the order of their first rows, and which of them hold a conflict.

        Raises
        ------
        LimitExceeded : ``too-many-grouped-rows``.
        """
        parts: list[RawChunk] = []
        rows = 0
        for chunk in chunks:
            if chunk.rejected:
                # lines that could not be cut belong to no record
                yield (
                    replace(
                        chunk, columns=_none(chunk), row_number=chunk.row_number[:0], geometry=_head(chunk.geometry, 0)
                    ),
                    _no(0),
                )
            rows += len(chunk)
            if rows > MOST_ROWS:
                raise LimitExceeded("too-many-grouped-rows", limit=MOST_ROWS)
            parts.append(replace(chunk, rejected=()))
        if not parts:
            return
        whole = _together(parts)
        group, first = self._groups(whole)
        self.merged = len(whole) - len(first)
        made, conflict = self._merge(whole, group, first)
        for start in range(0, len(first), self.chunk_rows):
            at = slice(start, start + self.chunk_rows)
            yield (
                RawChunk(
                    {name: column[at] for name, column in made.items()},
                    whole.row_number[first[at]],
                    None if whole.geometry is None else whole.geometry[first[at]],
                ),
                conflict[at],
            )

    def _groups(self, whole: RawChunk) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The record of each row, and the first row of each record; records in the order of their first rows."""
        total = np.zeros(len(whole), dtype=np.uint64)
        other = np.zeros(len(whole), dtype=np.uint64)
        known = np.zeros(len(whole), dtype=np.bool_)
        for name in self.grouping.key:
            text = as_text(whole.columns[self.columns[name]])
            known |= ~np.asarray(pc.is_null(text))
            # two hashes: 128 bits, so that different keys do not meet
            total = total * np.uint64(0x9E3779B97F4A7C15) + hash_column(text, f"@group {name}")
            other = other * np.uint64(0xC2B2AE3D27D4EB4F) + hash_column(text, f"@other {name}")
        alone = np.flatnonzero(~known)
        total[alone], other[alone] = alone.astype(np.uint64), np.uint64(0)
        keys = np.empty(len(whole), dtype=[("a", np.uint64), ("b", np.uint64)])
        keys["a"], keys["b"] = total, other
        _, first, group = np.unique(keys, return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        rank = np.empty(len(first), dtype=np.int64)
        rank[order] = np.arange(len(first))
        return rank[group], first[order].astype(np.int64)

    def _merge(
        self, whole: RawChunk, group: NDArray[np.int64], first: NDArray[np.int64]
    ) -> tuple[dict[str, pa.Array], NDArray[np.bool_]]:
        made: dict[str, pa.Array] = {}
        conflict = _no(len(first))
        ranked = {
            self.columns[self.mapping.columns[f]]: v
            for f, v in self.grouping.worst.items()
            if self.mapping.columns[f] in self.columns
        }
        counted = {self.columns[c] for table in self.grouping.counts.values() for c in table if c in self.columns}
        joined = {self.columns[c]: by for c, by in self.grouping.together.items()}
        meant = {self.columns[c] for c in self.grouping.first}
        for name, column in whole.columns.items():
            text = as_text(column)
            if name in joined:
                made[name] = _all_of(text, group, len(first), joined[name])
                continue
            known = ~np.asarray(pc.is_null(text))
            place = np.where(known, np.arange(len(whole)), _NEVER)
            if name in ranked:
                order = pc.index_in(text, value_set=pa.array(ranked[name], pa.string())).fill_null(len(ranked[name]))
                badness = order.to_numpy(zero_copy_only=False).astype(np.int64)
                place = np.where(known, badness * len(whole) + np.arange(len(whole)), _NEVER)
            best = np.full(len(first), _NEVER, dtype=np.int64)
            np.minimum.at(best, group, place)
            chosen = np.where(best == _NEVER, first, best % len(whole) if name in ranked else best)
            made[name] = column.take(pa.array(chosen))
            if name not in ranked and name not in counted and name not in meant:
                codes = text.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)
                differs = known & (codes != codes[chosen][group])
                conflict[group[differs]] = True
        for field_name, table in self.grouping.counts.items():
            hit = _no(len(whole))
            for name, values in table.items():
                text = as_text(whole.columns[self.columns[name]])
                hit |= np.asarray(pc.is_in(text, value_set=pa.array(values, pa.string())))
            made[count_column(field_name)] = pa.array(np.bincount(group[hit], minlength=len(first)))
        return made, conflict


def _all_of(text: pa.StringArray, group: NDArray[np.int64], groups: int, by: str) -> pa.StringArray:
    """The different values of each group joined in the order of its rows; null where no row has one."""
    values: list[dict[str, None]] = [{} for _ in range(groups)]
    for at, value in zip(group.tolist(), text.to_pylist(), strict=True):
        if value is not None:
            values[at][value] = None
    return pa.array([by.join(found) if found else None for found in values], pa.string())


def _together(parts: list[RawChunk]) -> RawChunk:
    """All rows as one chunk; columns whose type differs from part to part become text."""
    columns: dict[str, pa.Array] = {}
    for name in parts[0].columns:
        arrays = [part.columns[name] for part in parts]
        if len({array.type for array in arrays}) > 1:
            arrays = [as_text(array) for array in arrays]
        joined = pa.concat_arrays(arrays) if len(arrays) > 1 else arrays[0]
        columns[name] = joined
    shapes = [part.geometry for part in parts if part.geometry is not None]
    return RawChunk(
        columns,
        np.concatenate([part.row_number for part in parts]),
        np.concatenate(shapes) if shapes else None,
    )


def _no(rows: int) -> NDArray[np.bool_]:
    return np.zeros(rows, dtype=np.bool_)


def _none(chunk: RawChunk) -> dict[str, pa.Array]:
    return {name: column[:0] for name, column in chunk.columns.items()}


def _head(shapes: NDArray[np.object_] | None, rows: int) -> NDArray[np.object_] | None:
    return None if shapes is None else shapes[:rows]
