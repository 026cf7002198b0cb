"""Every text, plural form, number and date in Kazakh, Russian and English: the one text home.

Texts are gettext ``.po`` files that lie beside what they describe, ``<somewhere>/locales/{kk,ru,en}.po``; the ``msgid``
is a path key (``layer.crimes.title``, ``error.unseen-code``, ``page.situation.title``) and the ``msgstr`` a sentence with
``{named}`` placeholders. They are read straight from ``.po`` on first use and kept for the life of the process.

Examples
--------
>>> import i18n
>>> i18n.number(4210, "en", significant=2).replace(i18n.THIN_SPACE, "_")
'4_200'
"""

from __future__ import annotations

from i18n.catalogues import CatalogueError, Texts, catalogue, texts
from i18n.dates import (
    as_date,
    date,
    datetime,
    hour_name,
    hour_range,
    month_name,
    period,
    weekday_name,
)
from i18n.formats import count, duration, interval, number, quantity, share
from i18n.languages import DEFAULT_LANGUAGE, LANGUAGES, OWN_NAMES, negotiate
from i18n.numerals import NO_BREAK_SPACE, THIN_SPACE

__all__ = [
    "DEFAULT_LANGUAGE",
    "LANGUAGES",
    "NO_BREAK_SPACE",
    "OWN_NAMES",
    "THIN_SPACE",
    "CatalogueError",
    "Texts",
    "as_date",
    "catalogue",
    "count",
    "date",
    "datetime",
    "duration",
    "hour_name",
    "hour_range",
    "interval",
    "month_name",
    "negotiate",
    "number",
    "period",
    "quantity",
    "share",
    "texts",
    "weekday_name",
]
