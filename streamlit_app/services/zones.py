"""Time zones by the names of their cities, in the reader's language."""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo

from babel.dates import get_timezone_location

# The country's own first: that is where most workspaces lie.
OURS = (
    "Asia/Almaty",
    "Asia/Qostanay",
    "Asia/Qyzylorda",
    "Asia/Aqtobe",
    "Asia/Aqtau",
    "Asia/Atyrau",
    "Asia/Oral",
)
_PARTS = frozenset({"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"})


@functools.lru_cache(maxsize=8)
def _cities(language: str) -> dict[str, str]:
    others = sorted(
        zone for zone in zoneinfo.available_timezones() if zone.partition("/")[0] in _PARTS and zone not in OURS
    )
    named = {zone: str(get_timezone_location(zone, locale=language, return_city=True)) for zone in (*OURS, *others)}
    # the few cities without a name in this language are left to the command line
    foreign = re.compile("[A-Za-z]{3}" if language != "en" else "(?!)")
    return {zone: city for zone, city in named.items() if city and not foreign.search(city)}


def titles(language: str, *, now: dt.datetime) -> dict[str, str]:
    """IANA zone → ``Алматы, UTC+5``, the country's own zones first.

    Parameters
    ----------
    now : the moment whose offset is told, with a zone.
    """
    return {
        zone: f"{city}, UTC{_offset(now.astimezone(zoneinfo.ZoneInfo(zone)))}"
        for zone, city in _cities(language).items()
    }


def _offset(moment: dt.datetime) -> str:
    minutes = round((moment.utcoffset() or dt.timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'−' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")
