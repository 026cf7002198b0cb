"""Texts that hold something that looks like a person's identifier.

* An individual identification number (IIN): 12 digits, a real date of birth, a century and sex digit 1–6, and the check digit right
  (weights 1…11; where that gives 10, weights 3…11, 1, 2; where that gives 10 again the number is not issued).
* A telephone number: +7 or 8 and ten digits, in the usual groups.
* A registration plate of the Kazakh pattern since 2012: 123 ABC 02, or 123 AB 02 for companies; regions 01–20.
"""

from __future__ import annotations

import re

_IIN = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{2})([1-6])\d{5}(?!\d)")
_PHONE = re.compile(r"(?<![\d+])(?:\+\s?7|8)[\s\-]?\(?\d{3}\)?[\s\-]?\d{3}[\s\-]?\d{2}[\s\-]?\d{2}(?!\d)")
# Latin letters, and the Cyrillic ones that look like them
_PLATE = re.compile(r"(?<!\w)\d{3}\s?[A-ZАВЕКМНОРСТУХ]{2,3}\s?(?:0[1-9]|1\d|20)(?!\w)")
# A coordinate or a measurement: the digits behind its point are no number of anybody.
_FRACTION = re.compile(r"\s*[+-]?\d{1,9}[.,]\d+(?:[eE][+-]?\d+)?\s*")
_FIRST = range(1, 12)
_SECOND = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_iin(text: str) -> bool:
    """Whether twelve digits are a number that could have been issued."""
    found = _IIN.fullmatch(text)
    if found is None:
        return False
    month, day = int(found.group(2)), int(found.group(3))
    if not 1 <= month <= 12 or not 1 <= day <= _MONTH_DAYS[month - 1]:
        return False
    digits = [int(letter) for letter in text]
    check = _weighed(digits, _FIRST)
    if check == 10:
        check = _weighed(digits, _SECOND)
    return check == digits[11]


def identifies(text: str) -> bool:
    """Whether a text holds something that looks like a person's number, telephone or plate."""
    if _FRACTION.fullmatch(text) is not None:
        return False
    if any(is_iin(found.group(0)) for found in _IIN.finditer(text)):
        return True
    return _PHONE.search(text) is not None or _PLATE.search(text.upper()) is not None


def _weighed(digits: list[int], weights: range | tuple[int, ...]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11
