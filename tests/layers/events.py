"""Random events as a source could give them: with and without position, known to the minute, the day, the month or not at all.

The same rows are loaded and kept as plain Python, so that every answer of the database has an oracle that uses neither SQL nor our code.
"""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import h3
import numpy as np

from layers import registry
from layers.queries.filters import Filter
from tests.layers.city import EAST, NORTH, SOUTH, WEST

ZONE = ZoneInfo("Asia/Almaty")
FIRST = date(2023, 1, 1)
DAYS = 1096


def random_events(layer_id: str, count: int, *, seed: int) -> list[dict[str, Any]]:
    """Rows for ``City.load``; a tenth without position, a fifth without hour, a tenth known only by month or not at all."""
    rng = np.random.default_rng(seed)
    layer = registry.load()[layer_id]
    categories = layer.field_named("category").codes.good
    rows = []
    centres = rng.uniform((WEST, SOUTH), (EAST, NORTH), size=(12, 2))
    for number in range(count):
        row: dict[str, Any] = {"source_id": f"{layer_id}{number}", "category": str(rng.choice(categories))}
        if rng.random() < 0.9:
            # crowded, as events are: cells with many and cells with one
            lon, lat = centres[rng.integers(12)] + rng.normal(0, 0.002, 2)
            row["lon"] = float(np.clip(lon, WEST, EAST))
            row["lat"] = float(np.clip(lat, SOUTH, NORTH))
        row.update(_time(rng))
        if layer_id == "accidents":
            for name, most in (("killed", 3), ("injured", 6)):
                row[name] = None if rng.random() < 0.3 else int(rng.integers(most))
        rows.append(row)
    return rows


def _time(rng: np.random.Generator) -> dict[str, Any]:
    day = FIRST + timedelta(days=int(rng.integers(DAYS)))
    kind = rng.choice(["minute", "day", "month", "unknown"], p=[0.7, 0.2, 0.06, 0.04])
    if kind == "unknown":
        return {"time_precision": "unknown"}
    if kind == "month":
        last = calendar.monthrange(day.year, day.month)[1]
        return {"time_precision": "month", "day_from": day.replace(day=1), "day_to": day.replace(day=last)}
    out: dict[str, Any] = {"time_precision": str(kind), "day_from": day, "day_to": day, "weekday": day.isoweekday()}
    if kind == "minute":
        hour = int(rng.integers(24))
        start = datetime(day.year, day.month, day.day, hour, int(rng.integers(60)), tzinfo=ZONE)
        dark = None if rng.random() < 0.1 else bool(hour < 6 or hour > 20)
        out |= {"hour": hour, "dark": dark, "occurred_from": start, "occurred_to": start + timedelta(minutes=1)}
    return out


def cell_of(row: dict[str, Any], resolution: int = 11) -> int:
    """The cell of an event by the h3 library: the parent of its cell of resolution 11; 0 without position."""
    if "lon" not in row:
        return 0
    return h3.str_to_int(h3.cell_to_parent(h3.latlng_to_cell(row["lat"], row["lon"], 11), resolution))


def passes(row: dict[str, Any], given: Filter) -> bool | None:
    """Whether an event passes a filter, fails it, or cannot be known to (None): Kleene's three values."""
    parts: list[bool | None] = []
    first, last = row.get("day_from"), row.get("day_to")
    if given.first_day is not None:
        parts.append(None if first is None else first >= given.first_day or (False if last < given.first_day else None))
    if given.last_day is not None:
        parts.append(None if last is None else last <= given.last_day or (False if first > given.last_day else None))
    for wanted, value in ((given.hours, row.get("hour")), (given.weekdays, row.get("weekday"))):
        if wanted is not None and len(wanted) < (24 if wanted is given.hours else 7):
            parts.append(None if value is None else value in wanted)
    if given.dark is not None:
        parts.append(None if row.get("dark") is None else row["dark"] == given.dark)
    if given.categories is not None and row["category"] not in given.categories:
        return False
    if given.bbox is not None:
        west, south, east, north = given.bbox
        if "lon" not in row or not (west <= row["lon"] <= east and south <= row["lat"] <= north):
            return False
    if False in parts:
        return False
    return None if None in parts else True
