"""A calendar in the reader's language: Streamlit's speaks the browser's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import i18n
from streamlit_app.address import Days
from streamlit_app.widgets.parts import nothing, renderer
from streamlit_app.words import Words


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A period offered by name; ``days`` None = all time."""

    title: str
    days: Days | None


def period_calendar(
    days: Days | None,
    *,
    key: str,
    words: Words,
    presets: Sequence[Preset] = (),
    shown: date | None = None,
    on_pick: Callable[[], None] | None = None,
) -> Days | str | None:
    """Draw the calendar; "" when nothing was picked in this run, else the days picked (None = all time).

    Parameters
    ----------
    shown : the month the calendar opens at where nothing is chosen.
    """
    language = words.language
    at = days.last if days else shown or date.today()  # noqa: DTZ011 - only which month is opened
    state = renderer("period")(
        key=key,
        data={
            "days": _wire(days),
            "shown": at.isoformat(),
            "months": [i18n.month_name(month, language) for month in range(1, 13)],
            "weekdays": [i18n.weekday_name(day, language, short=True) for day in range(1, 8)],
            "presets": [{"title": preset.title, "days": _wire(preset.days)} for preset in presets],
            "texts": {
                "before": words("ui.calendar.month_before"),
                "after": words("ui.calendar.month_after"),
                "year": words("common.year"),
                "month": words("common.month"),
                "first": words("ui.calendar.pick_first"),
                "last": words("ui.calendar.pick_last"),
            },
        },
        on_pick_change=on_pick or nothing,
    )
    return picked_days(state.get("pick"))


def picked_days(picked: object) -> Days | str | None:
    """What the calendar told: "" = nothing, None = all time. What is no period counts as nothing."""
    if not isinstance(picked, dict):
        return ""
    if picked.get("all"):
        return None
    try:
        first, last = (date.fromisoformat(str(picked[name])) for name in ("first", "last"))
    except (KeyError, ValueError):
        return ""
    return Days(min(first, last), max(first, last))


def _wire(days: Days | None) -> dict[str, str] | None:
    return None if days is None else {"first": days.first.isoformat(), "last": days.last.isoformat()}
