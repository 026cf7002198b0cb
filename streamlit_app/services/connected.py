"""Connected services in the reader's words: how often they are asked, what came of it, when they are asked next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streamlit_app.words import Words

Json = Mapping[str, Any]
_DAY_HOURS = 24
# What is told of a refresh, where there was any.
_COUNTS = ("loaded", "updated", "unchanged", "rejected", "struck_off", "removed")


def schedule_words(one: Json, words: Words) -> str:
    """«каждые 6 часов», «каждый день в 03:30»: the clock is the workspace's."""
    hours = int(one["every_hours"])
    whole_days = hours % _DAY_HOURS == 0
    n = hours // _DAY_HOURS if whole_days else hours
    unit = "day" if whole_days else "hour"
    every = words(f"ui.sources.each_{unit}") if n == 1 else words.plural(f"ui.sources.every_{unit}", n, n=n)
    return words("ui.sources.at", every=every, at=one["at_local"]) if one.get("at_local") else every


def outcome_words(one: Json, words: Words, *, zone: str) -> str:
    """What came of the last time, and when; why it failed is told apart."""
    state = str(one.get("state_text") or "")
    when = words.moment(one["finished_at"], zone) if one.get("finished_at") else ""
    if one.get("state") == "failed":
        return words.joined(state, when)
    result = one.get("result")
    if not result:
        return words.joined(state, when)
    counted = [(name, int(result.get(name) or 0)) for name in _COUNTS]
    told = [f"{words(f'ui.sources.count.{name}')}: {words.number(n)}" for name, n in counted if n]
    return words.joined(state, when, ", ".join(told) or words("ui.sources.nothing_new"))


def wanted(
    *, layer: str, url: str, mapping: str | Json, every: int, unit: str, at: str | None, where: str, synthetic: bool
) -> dict[str, Any]:
    """The question to the API. ``unit``: "h" or "d"; ``at``: HH:MM by the workspace's clock, with whole days only."""
    asked: dict[str, Any] = {
        "layer": layer,
        "url": url.strip(),
        "mapping": mapping if isinstance(mapping, str) else dict(mapping),
        "every": f"{every}{unit}",
        "where": where.strip(),
        "is_synthetic": synthetic,
    }
    return asked | ({"at": at} if at and unit == "d" else {})
