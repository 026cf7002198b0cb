"""Reading a vector tile by the letter of the Mapbox vector tile specification 2.1 (nothing of ours is its oracle)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
        elif key & 7 == 1:
            value, at = data[at : at + 8], at + 8
        elif key & 7 == 5:
            value, at = data[at : at + 4], at + 4
        else:
            size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
        yield key >> 3, value


def packed(data: bytes) -> list[int]:
    found, at = [], 0
    while at < len(data):
        number, at = _varint(data, at)
        found.append(number)
    return found


def points(tile: bytes) -> dict[int, tuple[int, int, dict[str, str]]]:
    """Feature id → x, y in the tile's units and properties with text values."""
    found = {}
    for _, layer in fields(tile):
        parts = list(fields(layer))
        keys = [value.decode() for number, value in parts if number == 3]
        values = [next(v for n, v in fields(value) if n == 1).decode() for number, value in parts if number == 4]
        for number, feature in parts:
            if number == 2:
                one = dict(fields(feature))
                tags = packed(one.get(2, b""))
                command, x, y = packed(one[4])
                assert (command, one[3]) == (9, 1)
                said = {keys[tags[i]]: values[tags[i + 1]] for i in range(0, len(tags), 2)}
                found[one[1]] = ((x >> 1) ^ -(x & 1), (y >> 1) ^ -(y & 1), said)
    return found


def layer_names(tile: bytes) -> list[str]:
    return [value.decode() for _, layer in fields(tile) for number, value in fields(layer) if number == 1]
