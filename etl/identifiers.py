"""Values that look like a person's identifier, found in columns meant for free text.

* An individual identification number (IIN): 12 digits, a real date of birth, a century and sex digit 1–6, and the check digit right
  (weights 1…11; where that gives 10, weights 3…11, 1, 2; where that gives 10 again the number is not issued).
* A telephone number: +7 or 8 and ten digits, in the usual groups.
* A registration plate of the Kazakh pattern since 2012: 123 ABC 02, or 123 AB 02 for companies; regions 01–20.

The value is never stored: the cell becomes empty and the row is noted ``looks-like-identifier``.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_IIN = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{2})([1-6])\d{5}(?!\d)")
_PHONE = re.compile(r"(?<![\d+])(?:\+\s?7|8)[\s\-]?\(?\d{3}\)?[\s\-]?\d{3}[\s\-]?\d{2}[\s\-]?\d{2}(?!\d)")
# Latin letters, and the Cyrillic ones that look like them
_PLATE = re.compile(r"(?<!\w)\d{3}\s?[A-ZАВЕКМНОРСТУХ]{2,3}\s?(?:0[1-9]|1\d|20)(?!\w)")
_FEWEST_DIGITS = 5
_FIRST = np.arange(1, 12)
_SECOND = np.array([3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2])
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_iin(text: str) -> bool:
    """Whether twelve digits are a number that could have been issued."""
    found = _IIN.fullmatch(text)
    if found is None:
        return False
    month, day = int(found.group(2)), int(found.group(3))
    if not 1 <= month <= 12 or not 1 <= day <= _MONTH_DAYS[month - 1]:
        return False
    digits = np.array([int(letter) for letter in text])
    check = int(digits[:11] @ _FIRST) % 11
    if check == 10:
        check = int(digits[:11] @ _SECOND) % 11
    return check == int(digits[11])


def identifies(text: str) -> bool:
    """Whether a text holds something that looks like a person's number, telephone or plate."""
    if any(is_iin(found.group(0)) for found in _IIN.finditer(text)):
        return True
    return _PHONE.search(text) is not None or _PLATE.search(text.upper()) is not None


def looks_like_identifier(column: pa.Array) -> NDArray[np.bool_]:
    """Rows of a text column whose value does.

    Only distinct values that hold at least five digits are looked at one by one.
    """
    out = np.zeros(len(column), dtype=np.bool_)
    candidates = np.flatnonzero(digit_counts(column) >= _FEWEST_DIGITS)
    if not len(candidates):
        return out
    encoded = column.take(pa.array(candidates)).dictionary_encode()
    hits = np.array([identifies(value) for value in encoded.dictionary.to_pylist()], dtype=np.bool_)
    out[candidates] = hits[encoded.indices.to_numpy(zero_copy_only=False)]
    return out


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
