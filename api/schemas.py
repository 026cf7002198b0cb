"""Shapes of the answers, for OpenAPI and for whoever writes a client; the service itself writes bytes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Answer(BaseModel):
    """Answers may gain keys; they never lose one."""

    model_config = ConfigDict(extra="allow")


class Problem(Answer):
    """RFC 9457. ``detail`` is a sentence in the reader's language; ``instance`` is the id of the request."""

    type: str = Field(examples=["/problems/bad-bbox"])
    title: str
    status: int
    detail: str
    code: str = Field(examples=["bad-bbox"])
    params: dict[str, Any]
    instance: str


class Health(Answer):
    status: Literal["ok"]


class Ready(Answer):
    """``ready`` is about serving; a silent worker delays jobs and nothing else: ``degraded``, with its sentence in ``notes``."""

    ready: bool
    degraded: bool
    notes: list[dict[str, str]]
    database: bool
    migrated: bool
    revision: str | None
    head: str | None
    worker: dict[str, Any]


class Me(Answer):
    id: int
    subject: str
    display_name: str
    is_local_administrator: bool
    may_create_workspaces: bool
    may_load_demos: bool


class Workspace(Answer):
    slug: str
    title: str
    zone: str
    is_synthetic: bool
    bounds: tuple[float, float, float, float]
    role: str | None = None


class Workspaces(Answer):
    workspaces: list[Workspace]


class NewWorkspace(BaseModel):
    """A workspace to be made: its territory as GeoJSON polygons in lon/lat, or as a box."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "slug": "ekibastuz",
                    "titles": {"kk": "Екібастұз", "ru": "Экибастуз", "en": "Ekibastuz"},
                    "zone": "Asia/Almaty",
                    "bbox": [75.2, 51.6, 75.5, 51.8],
                }
            ]
        },
    )

    slug: str = Field(max_length=100, description="Part of addresses: lower-case Latin letters, digits, hyphens.")
    titles: dict[Literal["kk", "ru", "en"], Annotated[str, Field(max_length=200)]] = Field(default_factory=dict)
    zone: str = Field(max_length=100, description="IANA time zone; it knows its own changes by date.")
    bbox: tuple[float, float, float, float] | None = Field(
        default=None, description="West, south, east, north, degrees."
    )
    territory: dict[str, Any] | None = Field(default=None, description="GeoJSON: polygons, alone or as features.")

    @model_validator(mode="after")
    def _only_text_that_can_be_stored(self) -> NewWorkspace:
        for said in (self.slug, self.zone, *self.titles.values()):
            if any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in said):
                raise ValueError("a character no text can hold")
        return self


class Coded(Answer):
    code: str
    title: str


class LayerField(Answer):
    name: str
    title: str
    type: str
    required: bool
    codes: list[Coded]


class LayerStatus(Answer):
    rows: int
    without_position: int
    completeness: dict[str, float | None]
    revision: int
    batches: int
    is_synthetic: bool
    licences: list[str]
    attributions: list[str]
    last_loaded: datetime | None
    day_from: date | None
    day_to: date | None


class LayerInfo(Answer):
    id: str
    kind: str
    geometry: str | None
    title: str
    description: str
    category_field: str | None
    categories: list[Coded]
    fields: list[LayerField]
    legend: dict[str, Any]
    enables: str | None
    warnings: list[dict[str, str]]
    status: LayerStatus
    links: dict[str, str]


class Layers(Answer):
    workspace: str
    layers: list[LayerInfo]


class Feature(Answer):
    type: Literal["Feature"]
    id: int
    geometry: dict[str, Any] | None
    properties: dict[str, Any]


class Features(Answer):
    type: Literal["FeatureCollection"]
    features: list[Feature]
    next: str | None
    links: dict[str, str | None]


class FoundName(Answer):
    """``note``: what is not known of it; ``error_m``: by how many metres a point by road and kilometre may be wrong."""

    kind: str = Field(examples=["street"])
    kind_text: str
    layer: str
    id: int
    name: str
    matched: str
    territory: str | None
    position: list[float]
    bbox: list[float]
    score: float
    segment: str | None
    note: str | None
    note_text: str | None
    km: float | None
    error_m: float | None
    length_km: float | None


class Found(Answer):
    query: str
    is_fresh: bool
    results: list[FoundName]


_Asked = TypeVar("_Asked", bound=BaseModel)


def _storable(asked: _Asked, reason: str, values: dict[str, Any]) -> _Asked:
    for said in (reason, *values, *values.values()):
        if isinstance(said, str) and any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in said):
            raise ValueError("a character no text can hold")
    return asked


class Change(BaseModel):
    """What to change in a record. Needs the header ``If-Match`` with its ETag."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"changes": {"status": "dead"}, "reason": "Seen on site"}]}
    )

    changes: dict[str, str | int | float | bool | None] = Field(default_factory=dict, max_length=100)
    position: tuple[float, float] | None = Field(default=None, description="New lon, lat of a point, degrees.")
    geometry: dict[str, Any] | None = Field(default=None, description="New GeoJSON of a line or area, degrees.")
    reason: str = Field(default="", max_length=1000)

    @model_validator(mode="after")
    def _only_text_that_can_be_stored(self) -> Change:
        return _storable(self, self.reason, self.changes)


class Addition(BaseModel):
    """A record to add by hand. Events and streets cannot be."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"values": {"status": "works"}, "position": [76.95, 52.28], "reason": "New pole"}]
        },
    )

    values: dict[str, str | int | float | bool | None] = Field(default_factory=dict, max_length=100)
    position: tuple[float, float] | None = Field(default=None, description="Lon, lat of a point, degrees.")
    geometry: dict[str, Any] | None = Field(default=None, description="GeoJSON of a line or area, degrees.")
    reason: str = Field(default="", max_length=1000)

    @model_validator(mode="after")
    def _only_text_that_can_be_stored(self) -> Addition:
        return _storable(self, self.reason, self.values)


class Cells(Answer):
    """Columns: the i-th value of every list belongs to the i-th cell; null is unknown."""

    layer: str
    resolution: int
    count: int
    cells: list[str]
    area_m2: list[float]
    measures: dict[str, list[float | None]]
    described: list[dict[str, Any]]
    totals: dict[str, float]
    provenance: dict[str, Any]


class Units(Answer):
    rows: list[dict[str, Any]]
    totals: dict[str, Any]


class Profile(Answer):
    count: int
    unknown_count: int
    hours: list[list[int]]
    hours_spread: list[list[float]]
    spread_count: int
    months: list[dict[str, Any]]
    categories: list[dict[str, Any]]


class Comparison(Answer):
    resolution: int
    cells: list[str]
    before: list[float]
    after: list[float]
    difference: list[float]
    totals: dict[str, Any]


class Batch(Answer):
    id: int
    layer_id: str
    state: str
    source_name: str
    sha256: str
    report: dict[str, Any]


class Batches(Answer):
    imports: list[Batch]


class SavedMapping(Answer):
    id: str
    layer: str
    mapping: dict[str, Any] | None
    fault: str | None = Field(description="Code of what is wrong with the file; null = nothing.")


class SavedMappings(Answer):
    mappings: list[SavedMapping]


class Undone(Answer):
    removed: int
    restored: int


class JobError(Answer):
    code: str
    detail: str


class Job(Answer):
    id: int
    kind: str
    state: str
    progress: float
    doing: str
    result: dict[str, Any] | None
    error: JobError | None
    links: dict[str, str]


class Jobs(Answer):
    jobs: list[Job]


class Started(Answer):
    """Long work was queued; follow ``links.job``."""

    job: int
    state: str
    links: dict[str, str]


class StartedDemo(Started):
    """The demonstration's workspace is there; its layers come."""

    workspace: str


class SignIn(BaseModel):
    """Exchange a token for a session cookie."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=500)
