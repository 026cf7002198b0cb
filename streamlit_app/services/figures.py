"""Key figures: each with unit, period and denominator; unknown is told beside it, never hidden in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from streamlit_app.address import Look
from streamlit_app.gateway import LayerInfo
from streamlit_app.services import filters
from streamlit_app.words import Words


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number with its name; ``note`` says of what, and what is not known."""

    title: str
    value: str
    note: str = ""


def of_events(profile: Mapping[str, Any], layer: LayerInfo, look: Look, words: Words) -> list[Figure]:
    """Counts of the event layer that is filtered."""
    count = int(profile.get("count") or 0)
    unsure = int(profile.get("unknown_count") or 0)
    light = profile.get("dark") or {}
    known = int(light.get("dark") or 0) + int(light.get("light") or 0)
    noun = "common.of.record"
    notes = [filters.sentence(look, layer, words)]
    if unsure:
        notes.append(words.plural("ui.figure.perhaps", unsure))
    found = [Figure(title=layer.title, value=words.number(count), note=words.joined(*notes))]
    if known:
        found.append(
            Figure(
                title=words("ui.figure.in_the_dark"),
                value=words.share(light["dark"], known, noun_key=noun),
                note=words.plural("ui.figure.darkness_unknown", int(light["unknown"])) if light.get("unknown") else "",
            )
        )
    elif count:
        found.append(
            Figure(
                title=words("ui.figure.in_the_dark"),
                value=words("common.no_data"),
                note=words.plural("ui.figure.darkness_unknown", int(light.get("unknown") or 0)),
            )
        )
    without = int(layer.status.get("without_position") or 0)
    if without:
        found.append(
            Figure(
                title=words("ui.figure.without_position"),
                value=words.share(without, layer.rows, noun_key=noun),
                note=words("ui.figure.without_position_note"),
            )
        )
    return found


def of_coverage(gap: Mapping[str, Any] | None, words: Words) -> list[Figure]:
    """What counted cameras see of the events in the dark."""
    if not gap:
        return []
    totals = gap.get("totals") or {}
    seen = totals.get("night_seen")
    if seen is None or not seen.get("total"):
        return []
    notes = [
        words.plural("ui.figure.seen_unknown", round(seen["unknown"]))
        if seen.get("unknown")
        else words("ui.figure.night_seen_note")
    ]
    if totals.get("filter_unknown"):
        notes.append(words.plural("ui.figure.perhaps", int(totals["filter_unknown"])))
    if not totals.get("enough", True):
        notes.append(words("ui.figure.not_enough"))
    return [
        Figure(
            title=words("ui.figure.night_seen"),
            value=words.share(round(seen["covered"]), round(seen["total"]), noun_key="common.of.record"),
            note=words.joined(*notes),
        )
    ]
