"""Periods offered by name: all time, each of the last years, the last twelve months of the data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from streamlit_app.address import Days
from streamlit_app.gateway import LayerInfo
from streamlit_app.widgets.period import Preset
from streamlit_app.words import Words

_MOST_YEARS = 6


def covered(layer: LayerInfo) -> Days | None:
    """First and last day of the layer's data."""
    first, last = layer.status.get("day_from"), layer.status.get("day_to")
    if not first or not last:
        return None
    return Days(date.fromisoformat(str(first)[:10]), date.fromisoformat(str(last)[:10]))


def years(layer: LayerInfo) -> list[Days]:
    """Calendar years the data reach into, newest first."""
    whole = covered(layer)
    if whole is None:
        return []
    span = range(whole.last.year, whole.first.year - 1, -1)
    return [Days(date(year, 1, 1), date(year, 12, 31)) for year in list(span)[:_MOST_YEARS]]


def presets(layer: LayerInfo, words: Words) -> list[Preset]:
    """What the calendar offers above its days."""
    found = [Preset(title=words("ui.filter.all_time"), days=None)]
    whole = covered(layer)
    if whole is not None:
        found.append(Preset(title=words("ui.filter.last_year"), days=last_twelve_months(whole.last)))
    found += [Preset(title=words.period(year.first, year.last), days=year) for year in years(layer)]
    return found


def last_twelve_months(last: date) -> Days:
    """A year that ends with ``last``."""
    try:
        before = last.replace(year=last.year - 1)
    except ValueError:  # 29 February
        before = last.replace(year=last.year - 1, day=28)
    return Days(before + timedelta(days=1), last)


def suggested_pair(layer: LayerInfo) -> tuple[Days, Days] | None:
    """The two newest whole years of the data, earlier first; None where there are not two."""
    whole = covered(layer)
    if whole is None:
        return None
    full = [year for year in years(layer) if whole.first <= year.first and year.last <= whole.last]
    return (full[1], full[0]) if len(full) > 1 else None


def overlap(pair: Sequence[Days]) -> bool:
    """Whether two periods share a day."""
    one, two = pair
    return one.first <= two.last and two.first <= one.last
