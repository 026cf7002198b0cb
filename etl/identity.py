"""Who a row is: content hashes equal on every machine, keys for rows that have none, and duplicates within a file.

* ``row_hash``: 64-bit hash over the normalised content: fields by name, times, and the position rounded to 1e-7 degrees (about 1 cm,
  so that another version of the projection library gives the same). It does not depend on the order of columns, the format, or
  how the source spelled a value.
* A row without a key of its own gets ``~<row_hash as 16 hex digits>-<ordinal>``: the ordinal counts equal rows in the
  order of the file from 0. Re-reading the same rows in any order gives the same set of keys; a changed row is a new row.
* A key met again in a file: the later row is rejected, as ``exact-duplicate`` where its content is equal and as
  ``duplicate-id`` where it is not, so that the count of rows always adds up.

Keys are remembered as 64-bit hashes: with 25 million rows the chance that two different keys meet at all is 1.7e-5.
"""

from __future__ import annotations

from collections.abc import Mapping

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
NULL = np.uint64(0x9E3779B97F4A7C15)
DEGREE_STEPS = 1e7


@numba.njit(cache=True)
def mix(h: np.uint64) -> np.uint64:
    """The finaliser of splitmix64: every bit of ``h`` moves half of the others."""
    h ^= h >> np.uint64(30)
    h *= np.uint64(0xBF58476D1CE4E5B9)
    h ^= h >> np.uint64(27)
    h *= np.uint64(0x94D049BB133111EB)
    h ^= h >> np.uint64(31)
    return h


@numba.njit(cache=True, nogil=True)
def _hash_bytes(data: NDArray[np.uint8], offsets: NDArray[np.int64], seed: np.uint64, out: Hashes) -> None:
    for i in range(len(out)):
        start, end = offsets[i], offsets[i + 1]
        h = mix(seed ^ np.uint64(end - start))
        at = start
        while at < end:
            word = np.uint64(0)  # eight bytes, little-endian, whatever the machine
            for k in range(min(8, end - at)):
                word |= np.uint64(data[at + k]) << np.uint64(8 * k)
            h = mix(h ^ word) + np.uint64(0x9E3779B97F4A7C15)
            at += 8
        out[i] = mix(h)


@numba.njit(cache=True, nogil=True)
def _hash_words(words: Hashes, seed: np.uint64, out: Hashes) -> None:
    for i in range(len(out)):
        out[i] = mix(mix(words[i] ^ seed) + seed)


@numba.njit(cache=True, nogil=True)
def _fold(total: Hashes, part: Hashes) -> None:
    for i in range(len(total)):
        total[i] = mix(total[i] * np.uint64(3) + part[i])


@numba.njit(cache=True, nogil=True)
def _remember(
    keys: Hashes, values: NDArray[np.uint32], new: Hashes, content: NDArray[np.uint32], out: NDArray[np.uint32]
) -> int:
    """For each key: 0 = first met, 1 = met with the same content, 2 = with another. Returns how many are new."""
    mask = np.uint64(len(keys) - 1)
    added = 0
    for i in range(len(new)):
        key = new[i] if new[i] != 0 else np.uint64(1)
        slot = key & mask
        while keys[slot] != 0 and keys[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        if keys[slot] == 0:
            keys[slot] = key
            values[slot] = content[i]
            added += 1
            out[i] = 0
        else:
            out[i] = 1 if values[slot] == content[i] else 2
    return added


@numba.njit(cache=True, nogil=True)
def _count(keys: Hashes, values: NDArray[np.uint32], new: Hashes, out: NDArray[np.uint32]) -> int:
    """For each key: how often it was met before. Returns how many are new."""
    mask = np.uint64(len(keys) - 1)
    added = 0
    for i in range(len(new)):
        key = new[i] if new[i] != 0 else np.uint64(1)
        slot = key & mask
        while keys[slot] != 0 and keys[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        if keys[slot] == 0:
            keys[slot] = key
            added += 1
        out[i] = values[slot]
        values[slot] += np.uint32(1)
    return added


@numba.njit(cache=True, nogil=True)
def _move(keys: Hashes, values: NDArray[np.uint32], to_keys: Hashes, to_values: NDArray[np.uint32]) -> None:
    mask = np.uint64(len(to_keys) - 1)
    for i in range(len(keys)):
        if keys[i] != 0:
            slot = keys[i] & mask
            while to_keys[slot] != 0:
                slot = (slot + np.uint64(1)) & mask
            to_keys[slot] = keys[i]
            to_values[slot] = values[i]


class KeyTable:
    """64-bit keys seen so far in a file, 12 bytes a slot, at most 75 % full."""

    def __init__(self) -> None:
        self._keys: Hashes = np.zeros(1 << 12, dtype=np.uint64)
        self._values: NDArray[np.uint32] = np.zeros(1 << 12, dtype=np.uint32)
        self._used = 0

    def _make_room(self, more: int) -> None:
        size = len(self._keys)
        while (self._used + more) > 0.75 * size:
            size *= 2
        if size > len(self._keys):
            keys, values = np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=np.uint32)
            _move(self._keys, self._values, keys, values)
            self._keys, self._values = keys, values

    def remember(self, keys: Hashes, content: Hashes) -> NDArray[np.uint32]:
        """0 = first met, 1 = met before with equal content, 2 = met before with other content."""
        self._make_room(len(keys))
        out = np.zeros(len(keys), dtype=np.uint32)
        self._used += _remember(self._keys, self._values, keys, (content >> np.uint64(32)).astype(np.uint32), out)
        return out

    def count(self, keys: Hashes) -> NDArray[np.uint32]:
        """How often each key was met before."""
        self._make_room(len(keys))
        out = np.zeros(len(keys), dtype=np.uint32)
        self._used += _count(self._keys, self._values, keys, out)
        return out

    def counted(self) -> tuple[Hashes, NDArray[np.uint32]]:
        """Every key ever counted, and how often."""
        used = self._keys != 0
        return self._keys[used], self._values[used]


def _seed(name: str) -> np.uint64:
    out = np.zeros(1, dtype=np.uint64)
    data = np.frombuffer(name.encode() or b"\0", dtype=np.uint8)
    _hash_bytes(data, np.array([0, len(name.encode())], dtype=np.int64), np.uint64(0), out)
    return np.uint64(out[0])


def hash_column(column: pa.Array, name: str) -> Hashes:
    """64-bit hash of each value of a column, seeded by its name; null has one hash of its own."""
    seed = _seed(name)
    out = np.zeros(len(column), dtype=np.uint64)
    kind = column.type
    if pa.types.is_string(kind):
        if len(column):
            offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)[
                column.offset : column.offset + len(column) + 1
            ]
            data = np.frombuffer(column.buffers()[2] or b"\0", dtype=np.uint8)
            _hash_bytes(data, offsets.astype(np.int64), seed, out)
    else:
        if pa.types.is_floating(kind):
            values = column.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False) + 0.0  # −0 is 0
            words = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
        elif pa.types.is_boolean(kind):
            words = column.fill_null(False).to_numpy(zero_copy_only=False).astype(np.uint64)
        else:
            width = pa.int32() if pa.types.is_date32(kind) else pa.int64()
            whole = column if pa.types.is_integer(kind) else column.cast(width)
            words = whole.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64).view(np.uint64)
        _hash_words(words, seed, out)
    if column.null_count:
        out[np.asarray(pc.is_null(column))] = NULL ^ seed
    return out


def hash_rows(
    columns: Mapping[str, pa.Array],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    shapes: NDArray[np.object_] | None,
) -> Hashes:
    """Hash of whole rows: columns in the order of their names, then the position or the shape."""
    total = np.zeros(len(lon), dtype=np.uint64)
    for name in sorted(columns):
        _fold(total, hash_column(columns[name], name))
    if shapes is not None:
        _fold(total, _hash_shapes(shapes))
        return total
    for name, degrees in (("@lon", lon), ("@lat", lat)):
        known = np.isfinite(degrees)
        steps = np.rint(np.where(known, degrees, 0.0) * DEGREE_STEPS).astype(np.int64)
        _fold(total, hash_column(pa.array(steps, mask=~known), name))
    return total


def _hash_shapes(shapes: NDArray[np.object_]) -> Hashes:
    steps = np.rint(shapely.get_coordinates(shapes) * DEGREE_STEPS).astype("<i8")
    sizes = shapely.get_num_coordinates(shapes) * 16
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    out = np.zeros(len(shapes), dtype=np.uint64)
    _hash_bytes(np.append(steps.view(np.uint8).ravel(), np.uint8(0)), offsets, _seed("@shape"), out)
    kinds = (shapely.get_type_id(shapes) + 1).astype(np.int64)
    _fold(out, hash_column(pa.array(kinds), "@kind"))
    return out


_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


def content_ids(hashes: Hashes, ordinal: NDArray[np.uint32]) -> pa.StringArray:
    """``~<hash>-<ordinal>`` for rows without a key of their own."""
    letters = np.empty((len(hashes), 18), dtype=np.uint8)
    letters[:, 0], letters[:, 17] = ord("~"), ord("-")
    for place in range(16):
        letters[:, 1 + place] = _HEX[((hashes >> np.uint64(60 - 4 * place)) & np.uint64(15)).astype(np.int64)]
    offsets = np.arange(0, 18 * len(hashes) + 1, 18, dtype=np.int32)
    heads = pa.StringArray.from_buffers(len(hashes), pa.py_buffer(offsets.tobytes()), pa.py_buffer(letters.tobytes()))
    return pc.binary_join_element_wise(heads, pa.array(ordinal).cast(pa.string()), "")


def warm_up() -> None:
    """Compile (or load) the kernels."""
    table = KeyTable()
    hashes = hash_column(pa.array(["a", None]), "warm-up")
    content_ids(hashes, table.count(hashes))
    table.remember(hashes, hashes)
