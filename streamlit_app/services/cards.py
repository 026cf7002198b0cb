"""The card of a place: what it is called, what happens there, what is seen of it, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from streamlit_app.address import PlaceKind, Selection
from streamlit_app.gateway import Field, LayerInfo
from streamlit_app.services.pieces import name_of
from streamlit_app.widgets.table import Column, Row
from streamlit_app.words import Words

Json = Mapping[str, Any]
_TIME = ("occurred_from", "occurred_to", "time_precision", "day_from", "day_to", "hour", "weekday", "dark")
MOST_COLUMNS = 5


def place_query(selection: Selection | None) -> dict[str, str]:
    """The place as the API takes it; {} = everywhere."""
    if selection is None or selection.kind is PlaceKind.FEATURE:
        return {}
    return {selection.kind.value: selection.id}


def title(selection: Selection | None, shapes: Mapping[int, Json], words: Words, *, everywhere: str) -> str:
    """What the place is called."""
    if selection is None:
        return everywhere
    if selection.kind is PlaceKind.CELL:
        return words("ui.place.cell", cell=selection.id, level=cell_level(selection.id))
    row = shapes.get(int(selection.id), {}).get("properties", {})
    name = name_of(row, words.language)
    if selection.kind is PlaceKind.SEGMENT:
        return name or words("ui.place.unnamed_street")
    return name or words("ui.place.area", area=selection.id)


def cell_level(cell: str) -> int:
    """H3 resolution written in a cell's bits 52–55."""
    return (int(cell, 16) >> 52) & 0xF


def hours_known(profile: Json) -> bool:
    """Whether any event of the place has an hour: without it the heat table would show zeros that are none."""
    return any(any(row) for row in profile.get("hours", ()))


def light_parts(profile: Json, words: Words) -> list[tuple[str, int, str]]:
    """Dark, light and unknown, for a bar."""
    light = profile.get("dark") or {}
    return [
        (words("common.dark"), int(light.get("dark") or 0), "dark"),
        (words("common.light"), int(light.get("light") or 0), "light"),
        (words("common.unknown"), int(light.get("unknown") or 0), "unknown"),
    ]


def months(profile: Json) -> list[tuple[str, int]]:
    """Counts per month in order."""
    return [(str(row["month"]), int(row["count"])) for row in profile.get("months", ())]


def category_rows(profile: Json, layer: LayerInfo, words: Words, *, most: int = 6) -> list[Row]:
    """The commonest categories with their share of all."""
    total = int(profile.get("count") or 0)
    found = profile.get("categories", ())
    return [
        Row(
            id=str(row["category"]),
            cells=(
                layer.categories.get(str(row["category"]), str(row["category"])),
                words.number(int(row["count"])),
                words.share(int(row["count"]), total),
            ),
        )
        for row in found[:most]
    ]


def seen_words(cells: Json | None, cell: str, words: Words) -> str:
    """Share of a cell that counted cameras see, and beside it what others might."""
    if not cells or cell not in cells.get("cells", ()):
        return words("ui.place.seen_unknown")
    at = cells["cells"].index(cell)
    measures = cells["measures"]
    area = cells.get("area_m2", [None] * (at + 1))[at]
    seen, maybe = (measures.get(name, [None] * (at + 1))[at] for name in ("covered_share", "potential_share"))
    if seen is None:
        return words("ui.place.seen_unknown")
    told = words("ui.place.seen", share=percent(seen, words), area=words.quantity(area, "m2"))
    if maybe:
        told = words.joined(told, words("ui.place.maybe_seen", share=percent(maybe, words)))
    return told


def percent(share: float, words: Words) -> str:
    """A share as per cent; neither 0 nor 100 unless it is."""
    value = 100 * share
    if 99 < value < 100:
        return f"{words.number(min(value, 99.9), significant=3)}\u00a0%"
    shown = max(value, 0.1) if share > 0 else 0.0
    return f"{words.number(float(shown), significant=2)}\u00a0%"


def record_table(
    features: Sequence[Json], layer: LayerInfo, words: Words, *, zone: str
) -> tuple[list[Column], list[Row]]:
    """Records as a table: when, then the first fields anybody has filled."""
    used = [
        field for field in layer.fields if any(one["properties"].get(field.name) not in (None, "") for one in features)
    ]
    # the category first, as it is what readers look for
    used.sort(key=lambda field: field.name != layer.category_field)
    shown = used[:MOST_COLUMNS]
    columns = [Column(title=words("ui.place.when"))] if layer.has_time else []
    columns += [
        Column(title=field.title, align="end" if field.type in ("integer", "real") else "start") for field in shown
    ]
    rows = []
    for one in features:
        properties = one["properties"]
        cells = [when(properties, words, zone=zone)] if layer.has_time else []
        cells += [value_words(properties.get(field.name), field, words) for field in shown]
        rows.append(Row(id=str(one["id"]), cells=tuple(cells)))
    return columns, rows


def when(properties: Json, words: Words, *, zone: str) -> str:
    """The time of an event, as exactly as it is known and no more."""
    precision = properties.get("time_precision")
    start = properties.get("occurred_from")
    first, last = properties.get("day_from"), properties.get("day_to")
    if precision in ("minute", "hour") and start:
        return words.moment(str(start), zone)
    if first and last:
        return words.period(str(first)[:10], str(last)[:10])
    return words("common.unknown")


def field_rows(properties: Json, layer: LayerInfo, words: Words, *, zone: str) -> list[Row]:
    """Every field of one record: what is not known says so."""
    rows = []
    if layer.has_time:
        rows.append(Row(id="when", cells=(words("ui.place.when"), when(properties, words, zone=zone))))
    for field in layer.fields:
        if field.name in properties:
            told = value_words(properties[field.name], field, words)
            rows.append(Row(id=field.name, cells=(field.title, told), faded=properties[field.name] is None))
    source = properties.get("source_id")
    if source:
        rows.append(Row(id="source_id", cells=(words("ui.place.source_id"), str(source))))
    return rows


def value_words(value: Any, field: Field, words: Words) -> str:
    """A value in the reader's words."""
    match value:
        case None | "":
            return words("common.no_data")
        case bool():
            return words("common.yes" if value else "common.no")
        case int() | float():
            return words.number(value)
        case str() if field.type == "date":
            return words.date(value[:10])
        case _:
            return field.codes.get(str(value), str(value))


def hour_note(profile: Json, words: Words) -> str:
    """How many events have no hour: they are in no cell of the table."""
    unknown = int(profile.get("hour_unknown") or 0) - int(profile.get("spread_count") or 0)
    return words.plural("ui.chart.hour_unknown", unknown) if unknown else ""


def spread_note(profile: Json, words: Words) -> str:
    """How many events are shared out over the hours they may have happened in."""
    spread = int(profile.get("spread_count") or 0)
    return words.plural("ui.chart.hour_spread", spread) if spread else ""


def month_note(profile: Json, words: Words) -> str:
    """How many events are not known to the month."""
    unknown = int(profile.get("month_unknown") or 0)
    return words.plural("ui.chart.month_unknown", unknown) if unknown else ""
