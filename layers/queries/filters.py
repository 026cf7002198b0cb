"""What to look at: one filter shared by every layer, map, table and chart, as SQL of three values.

A row whose hour is not known neither passes nor fails a filter by hour: SQL's NULL says so, and every answer counts
those rows apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from geo_core.cells import children_range
from geo_core.errors import InvalidInput
from layers.spec import Layer

ALL_HOURS = frozenset(range(24))
ALL_WEEKDAYS = frozenset(range(1, 8))


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Conditions that all must hold.

    Parameters
    ----------
    first_day, last_day : local days, inclusive. An event known only by month passes when the whole month lies inside, fails when
        it lies outside, and is unknown when it straddles the edge.
    hours : local hours 0–23. weekdays : 1 = Monday … 7.
    dark : True = sun lower than −6° there and then.
    categories : codes of the layer's category field.
    bbox : west, south, east, north in degrees, borders included; other shapes than points pass when their boxes meet it.
    """

    first_day: date | None = None
    last_day: date | None = None
    hours: frozenset[int] | None = None
    weekdays: frozenset[int] | None = None
    dark: bool | None = None
    categories: frozenset[str] | None = None
    bbox: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.first_day and self.last_day and self.first_day > self.last_day:
            raise InvalidInput("bad-period", first=self.first_day.isoformat(), last=self.last_day.isoformat())
        _within("hours", self.hours, ALL_HOURS)
        _within("weekdays", self.weekdays, ALL_WEEKDAYS)
        if self.bbox is not None:
            west, south, east, north = self.bbox
            if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
                raise InvalidInput("bad-bbox", bbox=list(self.bbox))


def _within(name: str, given: Iterable[int] | None, allowed: frozenset[int]) -> None:
    if given is None:
        return
    chosen = frozenset(given)
    if not chosen or chosen - allowed:
        raise InvalidInput("bad-parameter", name=name, value=sorted(chosen), expected=f"{min(allowed)}–{max(allowed)}")


@dataclass
class Where:
    """A WHERE clause being put together: conditions that must hold, and the three-valued one that may be unknown."""

    certain: list[str] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def passes(self) -> str:
        """True, false, or NULL where it cannot be known."""
        return " AND ".join(f"({one})" for one in self.uncertain) or "true"

    @property
    def sql(self) -> str:
        """Rows that pass or might."""
        return " AND ".join([*self.certain, f"({self.passes}) IS NOT FALSE"])


def where(layer: Layer, workspace_id: int, given: Filter, *, alias: str = "t") -> Where:
    """The filter as SQL with psycopg placeholders (``%(name)s``).

    Raises
    ------
    InvalidInput : a category the layer does not have.

    A time filter says nothing of a layer without time: the filters of a page hold for all its layers.
    """
    clause = Where()
    clause.certain.append(f"{alias}.workspace_id = %(ws)s")
    clause.params["ws"] = workspace_id
    timed = any(v is not None for v in (given.first_day, given.last_day, given.hours, given.weekdays, given.dark))
    if timed and layer.is_event:
        _times(clause, given, alias)
    if given.categories is not None:
        if layer.category_field is None:
            raise InvalidInput("no-category", layer=layer.id)
        codes = layer.field_named(layer.category_field).codes
        unknown = given.categories - frozenset(codes.good if codes else ())
        if unknown:
            raise InvalidInput("unknown-category", layer=layer.id, category=sorted(unknown))
        clause.certain.append(f'{alias}."{layer.category_field}" = ANY(%(categories)s)')
        clause.params["categories"] = sorted(given.categories)
    if given.bbox is not None:
        clause.certain.append(f"{alias}.geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)")
        if layer.geometry == "Point":
            # The operator alone compares boxes rounded to single precision: half a metre to either side.
            clause.certain.append(f"ST_X({alias}.geom) BETWEEN %(west)s AND %(east)s")
            clause.certain.append(f"ST_Y({alias}.geom) BETWEEN %(south)s AND %(north)s")
        clause.params.update(zip(("west", "south", "east", "north"), given.bbox, strict=True))
    return clause


def _times(clause: Where, given: Filter, alias: str) -> None:
    if given.first_day is not None:
        clause.uncertain.append(
            f"CASE WHEN {alias}.day_from >= %(first)s THEN true WHEN {alias}.day_to < %(first)s THEN false END"
        )
        clause.params["first"] = given.first_day
    if given.last_day is not None:
        clause.uncertain.append(
            f"CASE WHEN {alias}.day_to <= %(last)s THEN true WHEN {alias}.day_from > %(last)s THEN false END"
        )
        clause.params["last"] = given.last_day
    if given.hours is not None and given.hours != ALL_HOURS:
        clause.uncertain.append(f"{alias}.hour = ANY(%(hours)s)")
        clause.params["hours"] = sorted(given.hours)
    if given.weekdays is not None and given.weekdays != ALL_WEEKDAYS:
        clause.uncertain.append(f"{alias}.weekday = ANY(%(weekdays)s)")
        clause.params["weekdays"] = sorted(given.weekdays)
    if given.dark is not None:
        clause.uncertain.append(f"{alias}.dark = %(dark)s")
        clause.params["dark"] = given.dark


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place: a cell of any resolution up to 11, a street segment, or an area. At most one is given."""

    cell: int | None = None
    segment_id: int | None = None
    area_id: int | None = None


def at_place(clause: Where, layer: Layer, place: Place, *, alias: str = "t") -> None:
    """Keep only rows in the place."""
    if sum(v is not None for v in (place.cell, place.segment_id, place.area_id)) > 1:
        raise InvalidInput("one-place")
    if place.cell is not None:
        low, high = children_range(place.cell)
        clause.certain.append(f"{alias}.cell BETWEEN %(cell_low)s AND %(cell_high)s")
        clause.params.update(cell_low=int(low), cell_high=int(high))
    if place.segment_id is not None:
        clause.certain.append(
            f"{alias}.id IN (SELECT u.row_id FROM event_unit u WHERE u.workspace_id = %(ws)s AND u.layer_id = %(unit_layer)s "  # noqa: S608
            "AND u.unit_id = %(segment)s)"
        )
        clause.params.update(unit_layer=layer.id, segment=place.segment_id)
    if place.area_id is not None:
        clause.certain.append(
            f"EXISTS (SELECT 1 FROM layer_areas a WHERE a.workspace_id = %(ws)s AND a.id = %(area)s "  # noqa: S608
            f"AND a.geom && {alias}.geom AND ST_Covers(a.geom, {alias}.geom))"
        )
        clause.params["area"] = place.area_id
