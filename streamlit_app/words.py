"""The reader's language: every text, number and date of the interface goes through one of these."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import i18n

GAP = " · "


@dataclass(frozen=True)
class Words:
    """The catalogue in one language.

    Parameters
    ----------
    language : one of ``i18n.LANGUAGES``.
    """

    language: str

    def __call__(self, key: str, /, **params: Any) -> str:
        """The text of ``key``."""
        return i18n.texts().text(key, self.language, **params)

    def plural(self, key: str, n: float, /, **params: Any) -> str:
        """The form of ``key`` that goes with ``n``."""
        return i18n.texts().plural(key, n, self.language, **params)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return i18n.texts().has(key, self.language)

    def number(self, value: Any, *, significant: int | None = None) -> str:
        """A number; unknown is "no data"."""
        return i18n.number(value, self.language, significant=significant)

    def quantity(self, value: Any, unit: str) -> str:
        """A number with its unit."""
        return i18n.quantity(value, unit, self.language)

    def share(self, numerator: Any, denominator: Any, *, noun_key: str | None = None) -> str:
        """A share, never without its denominator."""
        return i18n.share(numerator, denominator, self.language, noun_key=noun_key)

    def interval(self, mid: Any, low: Any, high: Any) -> str:
        """An estimate with its interval."""
        return i18n.interval(mid, low, high, self.language)

    def date(self, value: dt.date | str, *, short: bool = False) -> str:
        """A day."""
        return i18n.date(value, self.language, short=short)

    def moment(self, value: dt.datetime | str | None, zone: str | None = None) -> str:
        """A moment in a zone; unknown is "no data"."""
        if value is None:
            return self("common.no_data")
        return i18n.datetime(value, self.language, zone=ZoneInfo(zone) if zone else None, short=True)

    def period(self, first: dt.date | str, last: dt.date | str) -> str:
        """A period of whole days."""
        return i18n.period(first, last, self.language)

    def joined(self, *parts: str) -> str:
        """Short statements in one line."""
        return GAP.join(part for part in parts if part)
