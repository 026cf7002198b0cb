"""The one filter as a query of the API and as a sentence."""

from __future__ import annotations

from typing import Any

import i18n
from streamlit_app.address import Look
from streamlit_app.gateway import LayerInfo
from streamlit_app.words import Words

ALL_WEEKDAYS = frozenset(range(1, 8))


def query_of(look: Look, layer: LayerInfo) -> dict[str, Any]:
    """The filter as the API takes it for this layer: layers without time are not asked for a time."""
    found: dict[str, Any] = {}
    if layer.has_time:
        if look.days is not None:
            found |= {"from": look.days.first.isoformat(), "to": look.days.last.isoformat()}
        if look.hours is not None:
            found["hours"] = f"{look.hours.first}-{look.hours.last}"
        if look.weekdays is not None and look.weekdays != ALL_WEEKDAYS:
            found["weekdays"] = ",".join(map(str, sorted(look.weekdays)))
        if look.dark is not None:
            found["dark"] = str(look.dark).lower()
    codes = categories_of(look, layer)
    if codes:
        found["category"] = ",".join(codes)
    return found


def categories_of(look: Look, layer: LayerInfo) -> tuple[str, ...]:
    """The chosen categories the layer really has; () = all. A link may name codes of another release."""
    return tuple(code for code in look.categories.get(layer.id, ()) if code in layer.categories)


def sentence(look: Look, layer: LayerInfo, words: Words) -> str:
    """Which rows are counted: period, hours, weekdays, light, categories."""
    parts = []
    if layer.has_time:
        parts.append(period_words(look, layer, words))
        if look.hours is not None:
            parts.append(i18n.hour_range(look.hours.first, look.hours.last))
        if look.weekdays is not None and look.weekdays != ALL_WEEKDAYS:
            parts.append(weekdays_words(look.weekdays, words))
        if look.dark is not None:
            parts.append(words("common.dark" if look.dark else "common.light"))
    codes = categories_of(look, layer)
    if codes:
        named = [layer.categories[code] for code in codes[:2]]
        more = len(codes) - len(named)
        parts.append(", ".join(named) + (f" +{more}" if more else ""))
    return words.joined(*parts)


def period_words(look: Look, layer: LayerInfo, words: Words) -> str:
    """The chosen period, else the one the layer's data cover."""
    if look.days is not None:
        return words.period(look.days.first, look.days.last)
    first, last = layer.status.get("day_from"), layer.status.get("day_to")
    if first and last:
        return words.period(str(first)[:10], str(last)[:10])
    return words("ui.filter.all_time")


def weekdays_words(weekdays: frozenset[int], words: Words) -> str:
    """Short names; runs of three and more as a range."""
    runs: list[list[int]] = []
    for day in sorted(weekdays):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    names = {day: i18n.weekday_name(day, words.language, short=True) for day in ALL_WEEKDAYS}
    return ", ".join(
        f"{names[run[0]]}–{names[run[-1]]}" if len(run) > 2 else ", ".join(names[day] for day in run) for run in runs
    )
