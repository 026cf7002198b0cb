"""Services a layer is brought up to date from, by a schedule."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from starlette.responses import Response

import i18n
from api.answers import to_json
from api.asking import Desk, DeskOf
from api.parameters import RowId, layer_named
from api.routes import READ, problems
from api.schemas import Answer, Started
from etl.mapping import mapping_from_json
from etl.sources.addresses import Guard
from etl.sources.connecting import Connecting, checked
from geo_core.errors import Conflict, InvalidInput
from layers import connections
from layers.identity import require
from layers.spec import Layer, Role, SourceMapping
from layers.workspaces import WorkspaceInfo

router = APIRouter(prefix="/w/{ws}/sources", tags=["imports"])


class NewSource(BaseModel):
    """A service to connect: a layer of an ArcGIS FeatureServer or MapServer with a public address."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "layer": "crimes",
                    "url": "https://gis.example.kz/arcgis/rest/services/KPSSU/crime/FeatureServer/1",
                    "mapping": "kpssu-crimes",
                    "every": "1d",
                    "at": "03:30",
                    "where": "city_code = '1971'",
                }
            ]
        },
    )

    layer: str = Field(max_length=100)
    url: str = Field(max_length=2000)
    mapping: str | dict[str, Any] = Field(description="Name of a source the layer knows, or a mapping.")
    every: str = Field(default="1d", max_length=20, description="`6h`, `1d`, `7d`.")
    at: str | None = Field(default=None, max_length=5, description="`HH:MM` by the workspace's clock, with whole days.")
    where: str = Field(default="", max_length=2000, description="A condition in the service's own words.")
    overlap_days: float = Field(default=2.0, ge=0, le=3650, description="Days read again for late records.")
    full_every_days: int = Field(default=30, ge=1, le=3650, description="Days between readings of everything.")
    source_name: str = Field(default="", max_length=200)
    is_synthetic: bool = False


class SourceConnection(Answer):
    id: int
    layer_id: str
    url: str
    state: str
    state_text: str
    every_hours: int
    at_local: str | None
    next_run_at: str
    error: dict[str, Any] | None
    result: dict[str, Any] | None
    links: dict[str, str]


class SourceConnections(Answer):
    sources: list[SourceConnection]


class Removed(Answer):
    removed: int


@router.get("", response_model=SourceConnections, responses=READ, summary="Connected services")
async def get_sources(desk: DeskOf) -> Response:
    """When each was and will be asked, what came of it, and what went wrong. For analysts."""
    return await desk.json(lambda c, w: {"sources": [_shown(one, desk) for one in connections.listed(c, w)]})


@router.get("/{source_id}", response_model=SourceConnection, responses=READ, summary="One connected service")
async def get_source(desk: DeskOf, source_id: RowId) -> Response:
    """When it was and will be asked, and what came of it. For analysts."""
    return await desk.json(lambda c, w: _shown(connections.one(c, w.id, source_id), desk))


@router.post(
    "",
    status_code=201,
    response_model=SourceConnection,
    responses=problems(400, 403, 404, 409, 422),
    summary="Connect a service",
)
async def post_source(desk: DeskOf, given: NewSource) -> Response:
    """It is asked soon, and then by its schedule, with the rights of whoever connected it. Addresses in private networks are refused."""
    await desk.run(_may_connect)  # before any name is resolved
    layer = layer_named(given.layer)
    wanted = Connecting(
        layer=layer,
        url=given.url,
        mapping=_mapping(layer, given.mapping),
        every=given.every,
        at=given.at,
        where=given.where,
        overlap_days=given.overlap_days,
        full_every_days=given.full_every_days,
        source_name=given.source_name,
        is_synthetic=given.is_synthetic,
    )
    guard = Guard(allow_private=desk.service.settings.private_services)
    new = await desk.service.in_thread(lambda: checked(wanted, guard))
    made = await desk.run(connections.add, new)
    shown = _shown(made, desk)
    return Response(
        to_json(shown), status_code=201, media_type="application/json", headers={"Location": shown["links"]["self"]}
    )


@router.post(
    "/{source_id}/run",
    status_code=202,
    response_model=Started,
    responses=problems(403, 404, 409, 422),
    summary="Ask a connected service now",
)
async def post_run(desk: DeskOf, source_id: RowId) -> Response:
    """Queued: follow the job in ``Location``. Refused while a refresh of it waits or runs."""
    await desk.run(_may_connect)
    info = await desk.run(lambda _, workspace: workspace)
    engine = desk.service.engines.app
    job = await desk.service.in_thread(lambda: connections.refresh(engine, desk.principal, info, source_id, now=True))
    if job is None:
        raise Conflict("service-busy")
    link = f"{desk.base}/jobs/{job}"
    return Response(
        to_json({"job": job, "state": "queued", "links": {"job": link}}),
        status_code=202,
        media_type="application/json",
        headers={"Location": link},
    )


@router.delete(
    "/{source_id}", response_model=Removed, responses=problems(403, 404, 422), summary="Disconnect a service"
)
async def delete_source(desk: DeskOf, source_id: RowId) -> Response:
    """It is asked no longer; what it gave stays."""

    def remove(connection: Connection, workspace: WorkspaceInfo) -> None:
        require(connection, workspace.id, Role.EDITOR)
        connections.remove(connection, workspace, source_id)

    await desk.run(remove)
    return Response(to_json({"removed": source_id}), media_type="application/json")


def _may_connect(connection: Connection, workspace: WorkspaceInfo) -> None:
    require(connection, workspace.id, Role.EDITOR)


def _mapping(layer: Layer, given: str | dict[str, Any]) -> SourceMapping:
    if isinstance(given, dict):
        return mapping_from_json(given, layer=layer)
    known = {source.id: source for source in layer.sources}
    if given not in known:
        raise InvalidInput("unknown-mapping", mapping=given[:100], layer=layer.id, known=sorted(known))
    return known[given]


def _shown(found: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """A connection in the reader's language; whose it is stays between the lines."""
    texts, error = i18n.texts(), found["error"]
    here = f"{desk.base}/sources/{found['id']}"
    return {
        **{name: value for name, value in found.items() if name not in {"workspace_id", "principal_id"}},
        "state_text": texts.text(f"source.state.{found['state']}", desk.language),
        "error": {**error, "detail": texts.error(error["code"], desk.language, error.get("params"))} if error else None,
        "links": {
            "self": here,
            "run": f"{here}/run",
            "job": f"{desk.base}/jobs/{found['job_id']}" if found["job_id"] else "",
        },
    }
