"""A vector tile of points, written by hand from the Mapbox vector tile specification 2.1 (nothing of ours is its oracle)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

EXTENT = 4096


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(number: int, payload: bytes | int) -> bytes:
    if isinstance(payload, int):
        return _varint(number << 3) + _varint(payload)
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def tile_position(lon: float, lat: float, *, z: int, x: int, y: int) -> tuple[int, int]:
    """Position in the tile's own units; outside 0–4095 the point lies in another tile."""
    scale = 2.0**z
    column = (lon + 180) / 360 * scale
    row = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * scale
    return round((column - x) * EXTENT), round((row - y) * EXTENT)


def point_tile(name: str, rows: Sequence[tuple[float, float, Mapping[str, str]]], *, z: int, x: int, y: int) -> bytes:
    """Points of (lon, lat, properties) that lie in the tile; empty where none does.

    A feature's id is the number its property ``id_text`` says, else its place in the list.
    """
    keys: list[str] = []
    values: list[str] = []
    features = b""
    for feature_id, (lon, lat, properties) in enumerate(rows, start=1):
        column, row = tile_position(lon, lat, z=z, x=x, y=y)
        if not (0 <= column < EXTENT and 0 <= row < EXTENT):
            continue
        tags = b""
        for key, value in properties.items():
            if key not in keys:
                keys.append(key)
            if value not in values:
                values.append(value)
            tags += _varint(keys.index(key)) + _varint(values.index(value))
        geometry = _varint(9) + _varint(_zigzag(column)) + _varint(_zigzag(row))  # one MoveTo
        own_id = int(properties.get("id_text", feature_id))
        features += _field(2, _field(1, own_id) + _field(2, tags) + _field(3, 1) + _field(4, geometry))
    if not features:
        return b""
    layer = _field(15, 2) + _field(1, name.encode()) + features
    layer += b"".join(_field(3, key.encode()) for key in keys)
    layer += b"".join(_field(4, _field(1, value.encode())) for value in values)
    return _field(3, layer + _field(5, EXTENT))
