"""Arrow columns → PostgreSQL's binary COPY format, without a Python object per value.

The format (PostgreSQL manual, COPY, "Binary Format"): a header, then per row an int16 number of fields and per field
an int32 length (−1 = NULL) and the value in network byte order, then int16 −1. Each column is brought to three arrays
(bytes, offset and length of every value); a kernel weaves them into rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\x00" + (0).to_bytes(4, "big") * 2
TRAILER = (-1).to_bytes(2, "big", signed=True)
# Rows woven at a time: their bytes stay in the second-level cache while each column is written in turn.
BLOCK_ROWS = 8192

_TEXT_OID = 25
_EPOCH_2000_DAYS = 10957
_EPOCH_2000_US = _EPOCH_2000_DAYS * 86_400_000_000
_POINT_SRID = 0x20000001


@dataclass(frozen=True, eq=False)
class Values:
    """One column as bytes: value i is ``data[offset[i]:offset[i] + length[i]]``; length −1 = NULL.

    Where every value is there and has the same ``width`` in bytes, offset and length are left empty, value i begins at
    ``i * stride`` and ``count`` says how many there are.
    """

    data: NDArray[np.uint8]
    offset: NDArray[np.int64]
    length: NDArray[np.int32]
    width: int = 0
    stride: int = 0
    count: int = 0

    def __len__(self) -> int:
        return self.count if self.width else len(self.length)

    def taken(self, order: NDArray[np.int64]) -> Values:
        """The same values in another order."""
        if not self.width:
            return replace(self, offset=self.offset.take(order), length=self.length.take(order))
        if not self.stride:
            return replace(self, count=len(order))
        whole = self.data.view(_WORDS.get(self.width, np.dtype((np.void, self.width))))
        return replace(self, data=whole.take(order).view(np.uint8), count=len(order))


@numba.njit(cache=True, nogil=True)
def _row_sizes(sizes: NDArray[np.int64], length: NDArray[np.int32]) -> None:
    for i in range(sizes.size):
        sizes[i] += 4 + max(length[i], 0)


@numba.njit(cache=True, nogil=True)
def _put(
    out: NDArray[np.uint8],
    at: NDArray[np.int64],
    data: NDArray[np.uint8],
    offset: NDArray[np.int64],
    length: NDArray[np.int32],
) -> None:
    for i in range(at.size):
        k = at[i]
        n = length[i]
        out[k] = (n >> 24) & 255
        out[k + 1] = (n >> 16) & 255
        out[k + 2] = (n >> 8) & 255
        out[k + 3] = n & 255
        k += 4
        if n > 0:
            o = offset[i]
            for j in range(n):
                out[k + j] = data[o + j]
            k += n
        at[i] = k


@numba.njit(cache=True, nogil=True)
def _put_fixed(
    out: NDArray[np.uint8],
    at: NDArray[np.int64],
    data: NDArray[np.uint8],
    width: int,
    stride: int,
    first: int,
) -> None:
    if width == 8:  # its own loop: the compiler then moves a word at a time
        for i in range(at.size):
            k, o = at[i], (first + i) * stride
            a, b, c, d = data[o], data[o + 1], data[o + 2], data[o + 3]
            e, f, g, h = data[o + 4], data[o + 5], data[o + 6], data[o + 7]
            out[k], out[k + 1], out[k + 2], out[k + 3] = 0, 0, 0, 8
            out[k + 4], out[k + 5], out[k + 6], out[k + 7] = a, b, c, d
            out[k + 8], out[k + 9], out[k + 10], out[k + 11] = e, f, g, h
            at[i] = k + 12
        return
    for i in range(at.size):
        k, o = at[i], (first + i) * stride
        out[k], out[k + 1], out[k + 2], out[k + 3] = 0, 0, 0, width
        for j in range(width):
            out[k + 4 + j] = data[o + j]
        at[i] = k + 4 + width


def rows(columns: Sequence[Values]) -> Iterator[bytes]:
    """The rows of equally long columns, block by block, without header and trailer."""
    count = len(columns[0]) if columns else 0
    fields = np.frombuffer(len(columns).to_bytes(2, "big"), dtype=np.uint8)
    fixed = 2 + sum(4 + column.width for column in columns if column.width)
    for start in range(0, count, BLOCK_ROWS):
        part = slice(start, min(start + BLOCK_ROWS, count))
        sizes = np.full(part.stop - part.start, fixed, dtype=np.int64)
        for column in columns:
            if not column.width:
                _row_sizes(sizes, column.length[part])
        ends = np.cumsum(sizes)
        at = ends - sizes
        out = np.empty(int(ends[-1]), dtype=np.uint8)
        out[at] = fields[0]
        out[at + 1] = fields[1]
        at += 2
        for column in columns:
            if column.width:
                _put_fixed(out, at, column.data, column.width, column.stride, start)
            else:
                _put(out, at, column.data, column.offset[part], column.length[part])
        yield out.tobytes()


_WORDS: dict[int, np.dtype[Any]] = {width: np.dtype(f"u{width}") for width in (1, 2, 4, 8)}
_NO_OFFSET = np.empty(0, dtype=np.int64)
_NO_LENGTH = np.empty(0, dtype=np.int32)


def _fixed(big_endian: NDArray[Any], valid: NDArray[np.bool_] | None) -> Values:
    width = big_endian.dtype.itemsize
    count = len(big_endian)
    data = np.ascontiguousarray(big_endian).view(np.uint8).reshape(-1)
    if valid is None or valid.all():
        return Values(data, _NO_OFFSET, _NO_LENGTH, width, width, count)
    length = np.full(count, width, dtype=np.int32)
    length[~valid] = -1
    return Values(data, np.arange(count, dtype=np.int64) * width, length)


def _valid(column: pa.Array) -> NDArray[np.bool_] | None:
    if column.null_count == 0:
        return None
    return np.asarray(column.is_valid())


def _numbers(dtype: str) -> Callable[[pa.Array], Values]:
    def encode(column: pa.Array) -> Values:
        filled = pc.fill_null(column, 0) if column.null_count else column
        return _fixed(np.asarray(filled).astype(dtype), _valid(column))

    return encode


def _booleans(column: pa.Array) -> Values:
    filled = pc.fill_null(column, False) if column.null_count else column
    return _fixed(np.asarray(filled).astype(np.uint8), _valid(column))


def _dates(column: pa.Array) -> Values:
    days = pc.cast(column, pa.int32())
    filled = np.asarray(pc.fill_null(days, 0) if days.null_count else days)
    return _fixed((filled - _EPOCH_2000_DAYS).astype(">i4"), _valid(column))


def _timestamps(column: pa.Array) -> Values:
    micros = pc.cast(column.cast(pa.timestamp("us", tz=column.type.tz)), pa.int64())
    filled = np.asarray(pc.fill_null(micros, 0) if micros.null_count else micros)
    return _fixed((filled - _EPOCH_2000_US).astype(">i8"), _valid(column))


def _variable(column: pa.Array) -> Values:
    wide = column.cast(
        pa.large_binary()
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
        else pa.large_string()
    )
    buffers = wide.buffers()
    offsets = np.frombuffer(buffers[1], dtype=np.int64, count=len(wide) + wide.offset + 1)[wide.offset :]
    data = np.frombuffer(buffers[2], dtype=np.uint8) if buffers[2] and buffers[2].size else np.zeros(1, np.uint8)
    length = np.diff(offsets).astype(np.int32)
    valid = _valid(column)
    if valid is not None:
        length[~valid] = -1
    return Values(data, offsets[:-1], length)


def _text_array(column: pa.Array) -> Values:
    """text[]; the combinations are few, so each is encoded once. Words may not hold the unit separator."""
    joined = pc.binary_join(column.cast(pa.list_(pa.string())), "\x1f").fill_null("").dictionary_encode()
    blobs = [_array_bytes(tuple(word.split("\x1f")) if word else ()) for word in joined.dictionary.to_pylist()]
    which = np.asarray(joined.indices)
    lengths = np.array([len(blob) for blob in blobs] or [0], dtype=np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    data = np.frombuffer(b"".join(blobs) or b"\x00", dtype=np.uint8)
    return Values(data, starts[which], lengths[which])


def _array_bytes(words: tuple[str, ...]) -> bytes:
    def number(value: int) -> bytes:
        return value.to_bytes(4, "big")

    head = number(1 if words else 0) + number(0) + number(_TEXT_OID)
    if not words:
        return head
    body = b"".join(number(len(word.encode())) + word.encode() for word in words)
    return head + number(len(words)) + number(1) + body


_ENCODERS: dict[str, Callable[[pa.Array], Values]] = {
    "int2": _numbers(">i2"),
    "int4": _numbers(">i4"),
    "int8": _numbers(">i8"),
    "float8": _numbers(">f8"),
    "bool": _booleans,
    "date": _dates,
    "timestamptz": _timestamps,
    "text": _variable,
    "bytea": _variable,
    "text[]": _text_array,
}


def column(values: pa.Array | pa.ChunkedArray, kind: str) -> Values:
    """An Arrow column as values of the PostgreSQL type ``kind``.

    Raises
    ------
    KeyError : no encoder for this type.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_null(values.type):
        return Values(np.zeros(1, np.uint8), np.zeros(len(values), np.int64), np.full(len(values), -1, np.int32))
    return _ENCODERS[kind](values)


def constant(value: int, count: int, kind: str) -> Values:
    """The same integer in every row."""
    width = {"int4": 4, "int8": 8}[kind]
    data = np.frombuffer(value.to_bytes(width, "big", signed=True), dtype=np.uint8)
    return Values(data, _NO_OFFSET, _NO_LENGTH, width, 0, count)


def points(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Values:
    """EWKB points in EPSG:4326; NaN = NULL."""
    record = np.dtype([("order", "u1"), ("type", "<u4"), ("srid", "<u4"), ("x", "<f8"), ("y", "<f8")])
    made = np.empty(len(lon), dtype=record)
    made["order"], made["type"], made["srid"], made["x"], made["y"] = 1, _POINT_SRID, 4326, lon, lat
    valid = np.isfinite(lon) & np.isfinite(lat)
    return _fixed(made, valid)


def warm_up() -> None:
    """Compile the kernels."""
    list(rows([constant(1, 1, "int4"), column(pa.array(["a"]), "text")]))
