"""Columns as other programs store them, made fit to be read: text that is text, values our types can hold."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.readers.source import RawChunk
from etl.records import RejectedRow, shown

_NUL = re.compile(b"\x00")
# Microseconds of the years 1 and 9999: no calendar of ours goes beyond.
_FIRST_US, _LAST_US = -62_135_596_800_000_000, 253_402_300_799_000_000


def sound(chunk: RawChunk) -> RawChunk:
    """The chunk with plain columns; rows whose text is no UTF-8 or holds a NUL, which no database stores, are rejected with ``bad-encoding``."""
    columns: dict[str, pa.Array] = {}
    bad = np.zeros(len(chunk), dtype=np.bool_)
    for name, column in chunk.columns.items():
        columns[name], faulty = _plain(column)
        if faulty is not None:
            bad |= faulty
    if not bad.any():
        return _with(chunk, columns)
    rejected = tuple(
        RejectedRow(
            row_number=int(chunk.row_number[k]),
            raw={name: shown(column[k].as_py()) for name, column in columns.items()},
            reasons=(("bad-encoding", {"encoding": "utf-8"}),),
        )
        for k in np.flatnonzero(bad)
    )
    keep = ~bad
    mask = pa.array(keep)
    return RawChunk(
        {name: column.filter(mask) for name, column in columns.items()},
        chunk.row_number[keep],
        None if chunk.geometry is None else chunk.geometry[keep],
        rejected=(*chunk.rejected, *rejected),
        flags={flag: on[keep] for flag, on in chunk.flags.items()},
    )


def _with(chunk: RawChunk, columns: Mapping[str, pa.Array]) -> RawChunk:
    return RawChunk(
        dict(columns), chunk.row_number, chunk.geometry, chunk.node_ids, chunk.rejected, chunk.clipped, chunk.flags
    )


def _plain(column: pa.Array) -> tuple[pa.Array, NDArray[np.bool_] | None]:
    """The column in a type of ours, and the rows whose text cannot be stored."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _texts(column if pa.types.is_string(kind) else _narrow(column))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _decoded(column.to_pylist())
    if pa.types.is_timestamp(kind):
        return _moments(column), None
    if (
        pa.types.is_nested(kind)
        or pa.types.is_duration(kind)
        or pa.types.is_interval(kind)
        or pa.types.is_binary_view(kind)
    ):
        return _texts(pa.array([None if v is None else _json(v) for v in _values(column)], type=pa.string()))
    if pa.types.is_float16(kind):
        return column.cast(pa.float32()), None
    return column, None


def _narrow(column: pa.Array) -> pa.Array:
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        return column.cast(pa.large_binary()).cast(pa.binary()).view(pa.string())


def _values(column: pa.Array) -> list[Any]:
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError, UnicodeDecodeError):
        return [str(scalar) for scalar in column]


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _texts(column: pa.Array) -> tuple[pa.Array, NDArray[np.bool_] | None]:
    data = column.buffers()[2]
    if data is None or not column.null_count < len(column):
        return column, None
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return _decoded(column.view(pa.binary()).to_pylist())
    if _NUL.search(data) is None:
        return column, None
    faulty = np.asarray(pc.match_substring(column, "\x00").fill_null(False))
    return column, faulty if faulty.any() else None


def _decoded(values: list[bytes | None]) -> tuple[pa.Array, NDArray[np.bool_] | None]:
    """Bytes as the UTF-8 they should be."""
    texts = [None if v is None else v.decode("utf-8", "replace") for v in values]
    faulty = np.array([t is not None and ("\ufffd" in t or "\x00" in t) for t in texts], dtype=np.bool_)
    return pa.array(texts, type=pa.string()), faulty if faulty.any() else None


def _moments(column: pa.Array) -> pa.Array:
    """Timestamps in microseconds; where one lies out of the calendar the column becomes text, so that it is told."""
    fine = pa.timestamp("us", column.type.tz)
    try:
        micro = column.cast(fine, safe=False) if column.type.unit == "ns" else column.cast(fine)
    except pa.ArrowInvalid:
        return pa.array([None if v is None else str(v) for v in column.cast(pa.int64()).to_pylist()], type=pa.string())
    counts = micro.cast(pa.int64())
    outside = pc.or_(pc.less(counts, _FIRST_US), pc.greater(counts, _LAST_US))
    return pc.cast(counts, pa.string()) if pc.any(outside).as_py() else micro
