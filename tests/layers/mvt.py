"""A reader of Mapbox vector tiles, for tests: written from the specification (2.1), knows nothing of PostGIS."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Any


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        match tag & 7:
            case 0:
                value, at = _varint(data, at)
            case 1:
                value, at = struct.unpack("<d", data[at : at + 8])[0], at + 8
            case 2:
                size, at = _varint(data, at)
                value, at = data[at : at + size], at + size
            case 5:
                value, at = struct.unpack("<f", data[at : at + 4])[0], at + 4
            case other:
                raise ValueError(f"wire type {other}")
        yield tag >> 3, value


def _packed(data: bytes) -> list[int]:
    out, at = [], 0
    while at < len(data):
        value, at = _varint(data, at)
        out.append(value)
    return out


def _unzigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def _value(data: bytes) -> Any:
    ((kind, value),) = _fields(data)
    if kind == 1:
        return value.decode()
    if kind == 6:
        return _unzigzag(value)
    return bool(value) if kind == 7 else value


def _points(commands: list[int]) -> list[tuple[int, int]]:
    """Every vertex, in order, without telling rings or lines apart."""
    points, x, y, at = [], 0, 0, 0
    while at < len(commands):
        command, count = commands[at] & 7, commands[at] >> 3
        at += 1
        if command == 7:
            continue
        for _ in range(count):
            x += _unzigzag(commands[at])
            y += _unzigzag(commands[at + 1])
            points.append((x, y))
            at += 2
    return points


def read(tile: bytes) -> dict[str, list[dict[str, Any]]]:
    """Layer name → features: ``id``, ``type`` (1 point, 2 line, 3 polygon), ``points`` in tile units, ``properties``, ``extent``."""
    out = {}
    for number, layer in _fields(tile):
        assert number == 3
        parts = list(_fields(layer))
        name = next(v.decode() for n, v in parts if n == 1)
        keys = [v.decode() for n, v in parts if n == 3]
        values = [_value(v) for n, v in parts if n == 4]
        extent = next((v for n, v in parts if n == 5), 4096)
        features = []
        for _, raw in (part for part in parts if part[0] == 2):
            told = dict(_fields(raw))
            tags = _packed(told.get(2, b""))
            features.append(
                {
                    "id": told.get(1),
                    "type": told[3],
                    "points": _points(_packed(told[4])),
                    "properties": {keys[k]: values[v] for k, v in zip(tags[::2], tags[1::2], strict=True)},
                    "extent": extent,
                }
            )
        out[name] = features
    return out


def place(lon: float, lat: float, z: int) -> tuple[float, float]:
    """Tile coordinates of a place at a zoom, with fractions (Web Mercator)."""
    north = math.asinh(math.tan(math.radians(lat)))
    return (lon + 180) / 360 * 2**z, (1 - north / math.pi) / 2 * 2**z
