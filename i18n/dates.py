"""Days, months, weekdays, moments and periods in words, by CLDR."""

from __future__ import annotations

import calendar
import datetime as dt

from babel.dates import format_date, format_time

from i18n.languages import locale_of
from i18n.numerals import EN_DASH, NO_BREAK_SPACE, THIN_SPACE

# CLDR's short Kazakh and British dates are "05.03.24" and "05/03/2024": the first hides the century, the second reads
# as the third of May elsewhere.
_SHORT_PATTERNS = {"kk": "dd.MM.y", "ru": "dd.MM.y", "en": "d MMM y"}
_YEAR_MARKS = {"kk": ("ж.", "жж."), "ru": ("г.", "гг."), "en": ("", "")}
DAYS_A_WEEK = 7
HOURS_A_DAY = 24


def as_date(value: dt.date | str) -> dt.date:
    """The day of a date, a moment or an ISO 8601 text.

    Raises
    ------
    ValueError : the text is no ISO 8601 date.
    """
    if isinstance(value, str):
        return dt.datetime.fromisoformat(value).date()
    return value.date() if isinstance(value, dt.datetime) else value


def date(value: dt.date | str, language: str, *, short: bool = False) -> str:
    """A day: ``2024 ж. 5 наурыз``, ``5 марта 2024 г.``, ``5 March 2024``; short ``05.03.2024``.

    Raises
    ------
    ValueError : a text that is no ISO 8601 date, or an unknown language.
    """
    style = _SHORT_PATTERNS[language] if short else "long"
    return _unbroken(format_date(as_date(value), style, locale=locale_of(language)))


def datetime(value: dt.datetime | str, language: str, *, zone: dt.tzinfo | None = None, short: bool = False) -> str:
    """A moment with minutes on the 24-hour clock: ``5 марта 2024 г., 14:07``.

    Parameters
    ----------
    value : a moment or its ISO 8601 text. Without a zone of its own it is shown as it stands.
    zone : the zone it is shown in, as a rule the workspace's; None = its own.

    Raises
    ------
    ValueError : a text that is no ISO 8601 moment, or an unknown language.
    """
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    if zone is not None and moment.tzinfo is not None:
        moment = moment.astimezone(zone)
    wall = moment.replace(tzinfo=None)
    return f"{date(wall, language, short=short)}, {format_time(wall, 'HH:mm', locale=locale_of(language))}"


def month_name(month: int, language: str, *, short: bool = False) -> str:
    """Name of month 1-12 as it stands alone, in small letters but for English: ``наурыз``, ``март``, ``March``."""
    if month not in range(1, 13):
        raise ValueError(f"month {month} is not 1-12")
    return _small(locale_of(language).months["stand-alone"]["abbreviated" if short else "wide"][month], language)


def month(value: str, language: str) -> str:
    """A month of a year, ``2024-05`` or any ISO date in it: ``2024 ж. мамыр``, ``май 2024 г.``, ``May 2024``; other texts as they are."""
    try:
        first = dt.date.fromisoformat(f"{value[:7]}-01")
    except ValueError:
        return value
    return _unbroken(_months(first, first, language))


def weekday_name(weekday: int, language: str, *, short: bool = False) -> str:
    """Name of an ISO weekday, 1 = Monday … 7 = Sunday: ``дүйсенбі``, ``понедельник``, ``Monday``."""
    if weekday not in range(1, DAYS_A_WEEK + 1):
        raise ValueError(f"weekday {weekday} is not 1-7")
    return _small(locale_of(language).days["stand-alone"]["abbreviated" if short else "wide"][weekday - 1], language)


def hour_name(hour: int) -> str:
    """A full hour of the day, ``07:00``; 24 is the end of the day."""
    if hour not in range(HOURS_A_DAY + 1):
        raise ValueError(f"hour {hour} is not 0-24")
    return f"{hour:02d}:00"


def hour_range(first: int, last: int) -> str:
    """The hours from ``first`` to the end of ``last`` (both 0-23, ``22, 5`` goes over midnight): ``22:00–06:00``."""
    end = last + 1
    return f"{hour_name(first)}{EN_DASH}{hour_name(end)}"


def period(first: dt.date | str, last: dt.date | str, language: str) -> str:
    """A period of whole days, both ends inside it, as short as it can be said.

    Whole years ``2015–2024 жж.``, a whole month ``март 2024 г.``, whole months ``қаңтар – наурыз``, else days.

    Raises
    ------
    ValueError : ``last`` before ``first``, a text that is no date, or an unknown language.
    """
    locale_of(language)
    start, end = as_date(first), as_date(last)
    if end < start:
        raise ValueError(f"the period ends {end} before it starts {start}")
    last_of_month = end.day == calendar.monthrange(end.year, end.month)[1]
    if start.day == 1 and last_of_month:
        if start.month == 1 and end.month == 12:
            return _years(start.year, end.year, language)
        return _months(start, end, language)
    return _days(start, end, language)


def _years(first: int, last: int, language: str) -> str:
    one, many = _YEAR_MARKS[language]
    if first == last:
        return _unbroken(f"{first} {one}".strip())
    return _unbroken(f"{first}{EN_DASH}{last} {many}".strip())


def _months(start: dt.date, end: dt.date, language: str) -> str:
    first, last = month_name(start.month, language), month_name(end.month, language)
    if start.year != end.year:
        return f"{_with_year(first, start.year, language)} {EN_DASH} {_with_year(last, end.year, language)}"
    return _with_year(first if start.month == end.month else f"{first} {EN_DASH} {last}", end.year, language)


def _days(start: dt.date, end: dt.date, language: str) -> str:
    if start == end:
        return date(start, language)
    if start.year != end.year:
        return f"{date(start, language)} {EN_DASH} {date(end, language)}"
    last = format_date(end, "d MMMM", locale=locale_of(language))
    if start.month == end.month:
        return _with_year(f"{start.day}{EN_DASH}{last}", end.year, language)
    first = format_date(start, "d MMMM", locale=locale_of(language))
    return _with_year(f"{first} {EN_DASH} {last}", end.year, language)


def _with_year(words: str, year: int, language: str) -> str:
    """The year stands first in Kazakh and last in Russian and English."""
    marked = _years(year, year, language)
    return f"{marked} {words}" if language == "kk" else f"{words} {marked}"


def _small(name: str, language: str) -> str:
    # CLDR writes Kazakh names that stand alone with a capital; in a legend or an axis they are common nouns.
    return name if language == "en" else name.lower()


def _unbroken(text: str) -> str:
    """No line break between a year and its mark (CLDR has a thin space there for some languages and not for others)."""
    text = text.replace(THIN_SPACE, " ")
    for mark in ("ж.", "жж.", "г.", "гг."):
        text = text.replace(f" {mark}", NO_BREAK_SPACE + mark)
    return text
