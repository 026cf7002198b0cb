"""Everything a reader can choose, in one frozen value: the only state of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

CellLevel = int


class Unit(StrEnum):
    """What events are counted on."""

    CELLS = "cells"
    SEGMENTS = "segments"
    AREAS = "areas"


class Tool(StrEnum):
    """What stands beside the map."""

    PLACE = "place"
    GAP = "gap"
    PLAN = "plan"
    COMPARE = "compare"


class PlaceKind(StrEnum):
    """What can be selected."""

    CELL = "cell"
    SEGMENT = "segment"
    AREA = "area"
    FEATURE = "feature"


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Where the map looks: degrees (WGS 84) and Web Mercator zoom."""

    longitude: float
    latitude: float
    zoom: float


@dataclass(frozen=True, order=True)
class Days:
    """Local days, both inside; ``first`` is not after ``last``."""

    first: date
    last: date


@dataclass(frozen=True)
class Hours:
    """Local hours from the beginning of ``first`` to the end of ``last`` (0–23); 22 to 5 goes over midnight."""

    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Selection:
    """One place.

    Parameters
    ----------
    id : an H3 cell in hexadecimal, or a row id in decimal.
    layer : for a feature, its layer.
    """

    kind: PlaceKind
    id: str
    layer: str = ""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is seen.

    Parameters
    ----------
    workspace : slug; "" = the first the reader may see.
    camera : None = the whole workspace.
    layers : shown beside the coloured one; None = what the page shows by itself.
    subject, measure : layer and measure that colour; "" = the page's choice.
    level : H3 resolution; None = by zoom.
    area_kind : which areas are counted on (districts, beats …), for they overlap; "" = the page's choice.
    days, hours, weekdays, dark : the one filter of every layer; None = all. ``weekdays``: 1 = Monday … 7.
    categories : layer → codes; a layer that is not named shows all.
    before, after : the periods compared.
    plan : id of the plan shown.
    language, theme : None = as the browser asks.
    """

    workspace: str = ""
    camera: Camera | None = None
    layers: tuple[str, ...] | None = None
    subject: str = ""
    measure: str = ""
    unit: Unit = Unit.CELLS
    level: CellLevel | None = None
    area_kind: str = ""
    days: Days | None = None
    hours: Hours | None = None
    weekdays: frozenset[int] | None = None
    dark: bool | None = None
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    selection: Selection | None = None
    tool: Tool = Tool.PLACE
    before: Days | None = None
    after: Days | None = None
    plan: int | None = None
    language: str | None = None
    theme: str | None = None

    def but(self, **changes: Any) -> Look:
        """The same with some changes."""
        return replace(self, **changes)

    @property
    def is_filtered(self) -> bool:
        """Whether any filter is set."""
        return bool(
            self.days
            or self.hours
            or self.weekdays is not None
            or self.dark is not None
            or any(self.categories.values())
        )

    def without_filters(self) -> Look:
        """The same, all rows."""
        return self.but(days=None, hours=None, weekdays=None, dark=None, categories={})
