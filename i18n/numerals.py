"""Digits: rounding, thousands, decimal mark and minus, without any word."""

from __future__ import annotations

import math
import numbers
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from i18n.languages import locale_of

THIN_SPACE = "\u202f"  # narrow and unbreakable: "4 210" never splits over two lines
NO_BREAK_SPACE = "\u00a0"
MINUS = "\u2212"
EN_DASH = "\u2013"
FLOAT_SIGNIFICANT = 3


def known(value: Any) -> int | float | None:
    """The number in ``value``; None for None, NaN, a pandas NA or what is not a number."""
    if isinstance(value, numbers.Integral):
        return int(value)
    try:
        as_float = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(as_float) else as_float


def decimals_for(value: float, significant: int) -> int:
    """Decimal places (negative = tens, hundreds …) at which ``value`` has that many significant digits."""
    if value == 0 or math.isinf(value):
        return 0
    exact = Decimal(repr(value))
    places = significant - 1 - exact.adjusted()
    # 9.996 to three digits is 10.0, not 10.00.
    carried = _quantised(exact, places)
    return significant - 1 - carried.adjusted() if carried else places


def digits(value: float, language: str, *, decimals: int, keep_zeros: bool = False) -> str:
    """``value`` rounded half up to ``decimals`` places in the language's numerals.

    Parameters
    ----------
    value : finite or infinite, not NaN.
    decimals : places after the mark; negative rounds to tens, hundreds …
    keep_zeros : True writes trailing zeros after the mark (so that the parts of an interval look alike).
    """
    if math.isinf(value):
        return f"{MINUS if value < 0 else ''}∞"
    rounded = _quantised(Decimal(repr(value)), decimals)
    whole, _, fraction = f"{abs(rounded):.{max(decimals, 0)}f}".partition(".")
    if not keep_zeros:
        fraction = fraction.rstrip("0")
    mark = "." if locale_of(language).language == "en" else ","
    text = f"{int(whole):,}".replace(",", THIN_SPACE) + (mark + fraction if fraction else "")
    return f"{MINUS}{text}" if rounded < 0 else text


def auto_digits(value: float, language: str, *, significant: int | None = None) -> str:
    """Whole numbers (by type) exact, others to three significant digits, unless ``significant`` says otherwise."""
    if isinstance(value, int) and significant is None:
        return digits(value, language, decimals=0)
    return digits(value, language, decimals=decimals_for(value, significant or FLOAT_SIGNIFICANT))


def _quantised(value: Decimal, decimals: int) -> Decimal:
    # Decimal.quantize refuses results over 28 digits; scaling by powers of ten does not.
    scaled = value.scaleb(decimals).to_integral_value(rounding=ROUND_HALF_UP)
    return scaled.scaleb(-decimals)
