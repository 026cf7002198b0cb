"""Answers of the API as frozen values; unknown keys are ignored, missing ones are unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A workspace the reader may see. ``bounds``: west, south, east, north in degrees."""

    slug: str
    title: str
    zone: str
    is_synthetic: bool
    bounds: tuple[float, float, float, float]
    role: str | None = None

    @classmethod
    def read(cls, given: Json) -> Workspace:
        west, south, east, north = (float(part) for part in given["bounds"])
        return cls(
            slug=str(given["slug"]),
            title=str(given.get("title") or given["slug"]),
            zone=str(given.get("zone") or "UTC"),
            is_synthetic=bool(given.get("is_synthetic")),
            bounds=(west, south, east, north),
            role=given.get("role"),
        )

    @property
    def can_record(self) -> bool:
        """Whether the reader may see single records of events and devices."""
        return self.role in ("analyst", "editor", "administrator")

    @property
    def can_administer(self) -> bool:
        """Whether the reader administers something here; of what, the API tells when asked."""
        return self.role == "administrator"

    @property
    def can_edit(self) -> bool:
        """Whether the reader may import and undo."""
        return self.role in ("editor", "administrator")


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who asks, and what they may do apart from any workspace."""

    may_create_workspaces: bool = False
    may_load_demos: bool = False

    @classmethod
    def read(cls, given: Json) -> Reader:
        return cls(
            may_create_workspaces=bool(given.get("may_create_workspaces")),
            may_load_demos=bool(given.get("may_load_demos")),
        )


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a layer; ``codes``: code → title."""

    name: str
    title: str
    type: str
    required: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number of a cell. ``aggregation``: sum, share or density."""

    name: str
    title: str
    unit: str
    aggregation: str


@dataclass(frozen=True, kw_only=True)
class LayerInfo:
    """A layer in the reader's language and how it stands. ``status``: see the API's ``LayerStatus``."""

    id: str
    kind: str
    geometry: str
    title: str
    description: str
    category_field: str | None
    categories: Mapping[str, str]
    fields: tuple[Field, ...]
    measures: tuple[Measure, ...]
    breaks: tuple[float, ...]
    palette: tuple[tuple[int, int, int], ...]
    rgb: tuple[int, int, int]
    min_zoom: int
    tile_fields: tuple[str, ...]
    has_time: bool
    records_role: str
    warnings: tuple[str, ...]
    order: int
    status: Json
    mappings: tuple[str, ...] = ()
    enables: str = ""
    can_add: bool = False

    @classmethod
    def read(cls, given: Json) -> LayerInfo:
        legend = given.get("legend") or {}
        tiles = given.get("tiles") or {}
        return cls(
            id=str(given["id"]),
            kind=str(given["kind"]),
            geometry=str(given.get("geometry") or ""),
            title=str(given["title"]),
            description=str(given.get("description") or ""),
            category_field=given.get("category_field"),
            categories=_titles(given.get("categories")),
            fields=tuple(
                Field(
                    name=str(one["name"]),
                    title=str(one.get("title") or one["name"]),
                    type=str(one.get("type") or "text"),
                    required=bool(one.get("required")),
                    codes=_titles(one.get("codes")),
                )
                for one in given.get("fields") or ()
            ),
            measures=tuple(
                Measure(
                    name=str(one["name"]),
                    title=str(one.get("title") or one["name"]),
                    unit=str(one.get("unit") or "1"),
                    aggregation=str(one.get("aggregation") or "sum"),
                )
                for one in given.get("measures") or ()
            ),
            breaks=tuple(float(one) for one in legend.get("breaks") or ()),
            palette=tuple(_rgb(one) for one in legend.get("palette") or ()),
            rgb=_rgb(legend.get("rgb") or (90, 90, 90)),
            min_zoom=int(tiles.get("min_zoom") or 0),
            tile_fields=tuple(tiles.get("fields") or ()),
            has_time=bool(given.get("has_time")),
            records_role=str(given.get("records_role") or "analyst"),
            warnings=tuple(str(one.get("text") or "") for one in given.get("warnings") or ()),
            order=int(given.get("order") or 100),
            status=dict(given.get("status") or {}),
            mappings=tuple(given.get("mappings") or ()),
            enables=str(given.get("enables") or ""),
            can_add=bool(given.get("can_add")),
        )

    @property
    def rows(self) -> int:
        """Rows in the workspace."""
        return int(self.status.get("rows") or 0)

    @property
    def revision(self) -> int:
        """Changes with every change of the rows."""
        return int(self.status.get("revision") or 0)

    @property
    def is_synthetic(self) -> bool:
        """Whether any row is made up."""
        return bool(self.status.get("is_synthetic"))

    def measure(self, name: str) -> Measure | None:
        """The measure of that name."""
        return next((one for one in self.measures if one.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Long work. ``doing``: what it does now, in the reader's language; ``error``: why it failed, likewise."""

    id: int
    kind: str
    state: str
    progress: float
    doing: str
    result: Json | None
    error: str
    created_at: str | None = None
    params: Json = field(default_factory=dict)

    @classmethod
    def read(cls, given: Json) -> Job:
        error = given.get("error")
        return cls(
            id=int(given.get("id") or given.get("job") or 0),
            kind=str(given.get("kind") or ""),
            state=str(given.get("state") or "queued"),
            progress=min(max(float(given.get("progress") or 0.0), 0.0), 1.0),
            doing=str(given.get("doing_text") or ""),
            result=given.get("result"),
            error=str(error.get("detail") or "") if isinstance(error, Mapping) else str(error or ""),
            created_at=given.get("created_at"),
            params=dict(given.get("params") or {}),
        )

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.state not in ("queued", "running", "waiting")

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has begun with it yet."""
        return self.state in ("queued", "waiting")


def _titles(given: Any) -> dict[str, str]:
    return {str(one["code"]): str(one.get("title") or one["code"]) for one in given or ()}


def _rgb(given: Any) -> tuple[int, int, int]:
    red, green, blue = (int(part) for part in list(given)[:3])
    return red, green, blue
