"""Numbers with their words: unknown, shares with denominator, intervals, counted nouns, quantities, durations."""

from __future__ import annotations

from typing import Any

from i18n.catalogues import Texts, own_texts, texts
from i18n.numerals import EN_DASH, MINUS, NO_BREAK_SPACE, auto_digits, decimals_for, digits, known

ESTIMATE_SIGNIFICANT = 2
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def number(value: Any, language: str, *, significant: int | None = None) -> str:
    """A number in the reader's numerals.

    Parameters
    ----------
    value : int (numpy's too) = a count, written exactly; float = 3 significant digits; None, NaN = "no data".
    significant : rounds to so many significant digits whatever the type.
    """
    found = known(value)
    if found is None:
        return own_texts().text("common.no_data", language)
    return auto_digits(found, language, significant=significant)


def quantity(value: Any, unit: str, language: str, *, significant: int | None = None) -> str:
    """A number with its unit: ``12,4 км``.

    Parameters
    ----------
    unit : a unit the catalogue knows (``m``, ``km``, ``m2``, ``km2``, ``1/km2``, ``lx``, ``deg``, ``h``, ``min``, ``s``,
        ``km/h``, ``px/m``); "1" = no unit; another one is shown as it is.
    """
    written = number(value, language, significant=significant)
    if unit == "1" or known(value) is None:
        return written
    key = f"common.unit.{unit}"
    mark = own_texts().text(key, language) if key in own_texts() else unit
    return f"{written}{'' if mark == '°' else NO_BREAK_SPACE}{mark}"


def share(numerator: Any, denominator: Any, language: str, *, noun_key: str | None = None) -> str:
    """A share with its denominator, which is never left out: ``31 % из 4 210``.

    Written to two significant digits, but never as 100 % while something is missing.

    Parameters
    ----------
    numerator, denominator : in the same unit; None, NaN or a denominator of 0 gives "no data".
    noun_key : plural key (``{n} ночных преступлений``) of what the denominator counts, in the case that the word for
        "of" asks for.
    """
    part, total = known(numerator), known(denominator)
    words = own_texts()
    if part is None or total is None or total == 0:
        return words.text("common.no_data", language)
    whole = int(total) if float(total).is_integer() else total
    of = number(whole, language) if noun_key is None else texts().plural(noun_key, whole, language)
    return words.text("common.share_of", language, percent=_percent(part, total, language), total=of)


def _percent(part: float, total: float, language: str) -> str:
    percent = 100.0 * part / total
    decimals = max(0, decimals_for(percent, ESTIMATE_SIGNIFICANT))
    if part < total and percent > 99:
        limit = 99.9
        decimals = 1
        if percent > limit:
            return f">{NO_BREAK_SPACE}{digits(limit, language, decimals=1)}{NO_BREAK_SPACE}%"
    return f"{digits(percent, language, decimals=decimals)}{NO_BREAK_SPACE}%"


def interval(mid: Any, low: Any, high: Any, language: str, *, significant: int = ESTIMATE_SIGNIFICANT) -> str:
    """An estimate with its interval, all three to the same place: ``12 (8–17)``.

    Parameters
    ----------
    mid : the estimate; None or NaN gives "no data".
    low, high : the ends of the interval; None or NaN gives the estimate with "interval unknown".
    significant : digits of the estimate (of the upper end where the estimate is 0); counts (ints) are exact.
    """
    words = own_texts()
    middle, lower, upper = known(mid), known(low), known(high)
    if middle is None:
        return words.text("common.no_data", language)
    if lower is None or upper is None:
        written = auto_digits(middle, language, significant=None if isinstance(middle, int) else significant)
        return f"{written} ({words.text('common.interval_unknown', language)})"
    if all(isinstance(end, int) for end in (middle, lower, upper)):
        decimals = 0
    else:
        decimals = decimals_for(middle or upper or lower, significant)
    middle_text, lower_text, upper_text = (
        digits(end, language, decimals=decimals, keep_zeros=True) for end in (middle, lower, upper)
    )
    # "−3 – −1": a bare dash between signed numbers cannot be read.
    dash = EN_DASH if lower >= 0 else f" {EN_DASH} "
    return f"{middle_text} ({lower_text}{dash}{upper_text})"


def count(n: Any, noun_key: str, language: str, *, catalogue: Texts | None = None) -> str:
    """A counted noun: ``4 210 преступлений``; None and NaN give "no data".

    Parameters
    ----------
    noun_key : a plural key whose forms hold ``{n}``.
    catalogue : where the key is; None = this checkout's texts.
    """
    found = known(n)
    if found is None:
        return own_texts().text("common.no_data", language)
    whole = int(found) if float(found).is_integer() else found
    return (catalogue or texts()).plural(noun_key, whole, language)


def duration(seconds: Any, language: str) -> str:
    """A length of time in its two largest units, rounded: ``1 ч 30 мин``, ``45 с``; None and NaN give "no data"."""
    found = known(seconds)
    words = own_texts()
    if found is None:
        return words.text("common.no_data", language)
    if found < 0:
        return MINUS + duration(-found, language)
    if round(found) < _MINUTE_S:
        return quantity(found if found < 10 else round(found), "s", language, significant=2)
    rest = round(found / _MINUTE_S) * _MINUTE_S if found >= _HOUR_S else round(found)
    units = ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "min"), (1, "s"))
    sizes = [size for size, _ in units]
    largest = next(index for index, size in enumerate(sizes) if rest >= size)
    parts = []
    for size, unit in units[largest : largest + 2]:
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(quantity(int(amount), unit, language))
    return " ".join(parts)
