"""Tiles of points that carry one code, written here from plain columns: a third of the database's work of ST_AsMVT.

Made for the dense layers (crimes, accidents, lamps). Same content as ``layers.queries.tiles.tile_sql``; a test compares them.
Format: Mapbox vector tile specification 2.1; position in the tile as in ST_AsMVTGeom, rounded to the nearest unit.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from layers.queries.guarded_tiles import codes_of
from layers.queries.tiles import EXTENT, properties
from layers.spec import FieldType, Layer

BUFFER = 64
_MARGIN = 0.015625  # of a tile's width: BUFFER / EXTENT
_ARRAY_HEADER_BYTES = 20  # array_send: dimensions, null flag, type, length, first index
_MOST_FEATURE_BYTES = 48  # nine varints of at most five or ten bytes, and their tags


@lru_cache(maxsize=256)
def suits(layer: Layer) -> bool:
    """Whether the layer's tiles can be written here: points with one property, a code."""
    named = properties(layer)
    return layer.geometry == "Point" and len(named) == 1 and layer.field_named(named[0]).type is FieldType.CODE


def box_of(z: int, x: int, y: int) -> dict[str, float]:
    """West, south, east, north of a tile with its margin, degrees (inverse of Web Mercator)."""
    tiles = 2.0**z

    def latitude(row: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / tiles))))

    return {
        "west": (x - _MARGIN) / tiles * 360 - 180,
        "east": (x + 1 + _MARGIN) / tiles * 360 - 180,
        "south": latitude(y + 1 + _MARGIN),
        "north": latitude(y - _MARGIN),
    }


def write(layer: Layer, columns: tuple[bytes | None, ...], *, z: int, x: int, y: int) -> bytes:
    """The tile of what ``columns_sql`` gave; empty where no point lies in it."""
    ids, lon, lat, codes = columns
    if ids is None or lon is None or lat is None or codes is None:
        return b""
    positions = _elements(codes, ">i4", np.int32)
    used = np.unique(positions)
    used = used[used > 0]
    head, tail, words = _fixed_parts(layer)
    place = np.full(len(words) + 1, -1, dtype=np.int64)
    place[used] = np.arange(len(used))
    features = _features(
        _elements(ids, ">i8", np.int64),
        _elements(lon, ">f8", np.float64),
        _elements(lat, ">f8", np.float64),
        place[positions],
        float(2**z),
        x,
        y,
    ).tobytes()
    if not features:
        return b""
    values = b"".join([words[position - 1] for position in used.tolist()])
    body = head + features + tail + values
    return b"\x1a" + _varint(len(body)) + body


@lru_cache(maxsize=256)
def _fixed_parts(layer: Layer) -> tuple[bytes, bytes, tuple[bytes, ...]]:
    """What every tile of the layer holds: before the features, after them, and each code as a value."""
    head = b"\x78\x02" + _field(1, layer.id.encode())
    tail = _field(3, properties(layer)[0].encode()) + b"\x28" + _varint(EXTENT)
    return head, tail, tuple(_field(4, _field(1, word.encode())) for word in codes_of(layer))


def warm_up() -> None:
    """Compile the kernel, or load it from its cache."""
    empty = np.empty(0, dtype=np.float64)
    ids = np.empty(0, dtype=np.int64)
    _features(ids, empty, empty, ids, 1.0, 0, 0)


def _elements(sent: bytes, kind: str, native: Any) -> NDArray[Any]:
    element = np.dtype([("length", ">i4"), ("value", kind)])
    return np.frombuffer(sent, dtype=element, offset=_ARRAY_HEADER_BYTES)["value"].astype(native)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


@numba.njit(cache=True, nogil=True)
def _put(out: NDArray[np.uint8], at: int, number: int) -> int:
    """Write a varint; the place after it."""
    while number > 0x7F:
        out[at] = number & 0x7F | 0x80
        number >>= 7
        at += 1
    out[at] = number
    return at + 1


@numba.njit(cache=True, nogil=True)
def _size(number: int) -> int:
    size = 1
    while number > 0x7F:
        number >>= 7
        size += 1
    return size


@numba.njit(cache=True, nogil=True)
def _features(
    ids: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    value: NDArray[np.int64],
    tiles: float,
    x: int,
    y: int,
) -> NDArray[np.uint8]:
    """Features of the points that fall into the tile or its buffer, one after another."""
    out = np.empty(len(ids) * _MOST_FEATURE_BYTES, dtype=np.uint8)
    at = 0
    for i in range(len(ids)):
        column = np.rint(((lon[i] + 180.0) / 360.0 * tiles - x) * EXTENT)
        north = np.arcsinh(np.tan(np.radians(lat[i])))
        row = np.rint(((1.0 - north / np.pi) / 2.0 * tiles - y) * EXTENT)
        if not (-BUFFER <= column <= EXTENT + BUFFER and -BUFFER <= row <= EXTENT + BUFFER):
            continue
        right, down = int(column), int(row)
        right = (right << 1) if right >= 0 else (-right << 1) - 1
        down = (down << 1) if down >= 0 else (-down << 1) - 1
        tags = 0 if value[i] < 0 else 1 + _size(value[i])
        geometry = 1 + _size(right) + _size(down)
        size = 1 + _size(ids[i]) + (0 if tags == 0 else 2 + tags) + 2 + 2 + geometry
        out[at] = 0x12  # a feature
        at = _put(out, at + 1, size)
        out[at] = 0x08  # its id
        at = _put(out, at + 1, ids[i])
        if tags:
            out[at], out[at + 1], out[at + 2] = 0x12, tags, 0  # the only key and
            at = _put(out, at + 3, value[i])  # its value
        out[at], out[at + 1] = 0x18, 1  # a point
        out[at + 2], out[at + 3], out[at + 4] = 0x22, geometry, 9  # move to
        at = _put(out, at + 5, right)
        at = _put(out, at, down)
    return out[:at]
