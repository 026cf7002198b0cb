"""Columns searched for values that look like a person's identifier (see :mod:`geo_core.identifiers`), and the mark put in their place.

In a column of free text the cell becomes empty, a key becomes its pseudonym, and either row is noted ``looks-like-identifier``; in
what is kept of rejected rows the value becomes :data:`REMOVED`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo_core.identifiers import identifies

REMOVED = "‹identifier removed›"
# Every text that identifies matches this, and few others do: only those are looked at one by one.
_PERHAPS = (
    r"(?i)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[1-6]\d{5}"
    r"|(?:7|8)[\s\p{Z}\-]?\(?\d{3}\)?[\s\p{Z}\-]?\d{3}[\s\p{Z}\-]?\d{2}[\s\p{Z}\-]?\d{2}"
    r"|\d{3}[\s\p{Z}]?[A-ZАВЕКМНОРСТУХ]{2,3}[\s\p{Z}]?(?:0[1-9]|1\d|20)"
)
_FEWEST_DIGITS = 5


def looks_like_identifier(column: pa.Array) -> NDArray[np.bool_]:
    """Rows of a text column whose value does."""
    out = np.zeros(len(column), dtype=np.bool_)
    candidates = np.flatnonzero(digit_counts(column) >= _FEWEST_DIGITS)
    if not len(candidates):
        return out
    texts = column.take(pa.array(candidates))
    perhaps = np.asarray(pc.match_substring_regex(texts, _PERHAPS))
    if not perhaps.any():
        return out
    encoded = texts.filter(pa.array(perhaps)).dictionary_encode()
    hits = np.array([identifies(value) for value in encoded.dictionary.to_pylist()], dtype=np.bool_)
    out[candidates[perhaps]] = hits[encoded.indices.to_numpy(zero_copy_only=False)]
    return out


def value_identifies(value: Any) -> bool:
    """Whether a single value of a source does; numbers count by their digits."""
    match value:
        case bool() | None:
            return False
        case str():
            return identifies(value)
        case int():
            return identifies(str(value))
        case float():
            return value.is_integer() and identifies(str(int(value)))
        case _:
            return False


def without_identifiers(value: Any) -> Any:
    """A value, and what lists and mappings hold, with :data:`REMOVED` in place of everything that identifies."""
    match value:
        case dict():
            return {name: without_identifiers(one) for name, one in value.items()}
        case list() | tuple():
            return type(value)(without_identifiers(one) for one in value)
        case _:
            return REMOVED if value_identifies(value) else value


def digit_counts(column: pa.Array) -> NDArray[np.int64]:
    """How many ASCII digits each text holds; 0 for null."""
    if not len(column) or column.null_count == len(column):
        return np.zeros(len(column), dtype=np.int64)
    column = column.cast(pa.string())
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    data = np.frombuffer(column.buffers()[2] or b"", dtype=np.uint8)[: offsets[-1]]
    before = np.zeros(len(data) + 1, dtype=np.int32)
    np.cumsum((data >= ord("0")) & (data <= ord("9")), out=before[1:], dtype=np.int32)
    counts = (before[offsets[1:]] - before[offsets[:-1]]).astype(np.int64)
    counts[np.asarray(pc.is_null(column))] = 0
    return counts
