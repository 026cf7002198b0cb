"""The coverage gap, and plans that close part of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import to_json
from api.asking import DeskOf, FilterOf
from api.gate import Pass
from api.parameters import RowId, choose_format, filter_key, known_layer
from api.routes import READ, problems
from api.schemas import Started
from api.starting import started
from etl.planning import DEMANDS, PlanRequest
from geo_core.errors import InvalidInput
from layers import plans
from layers.identity import Purpose, require
from layers.jobs import Request as JobRequest
from layers.queries import gap
from layers.spec import Role
from layers.workspaces import WorkspaceInfo

router = APIRouter(prefix="/w/{ws}", tags=["plans"])

_FORMATS = {"json": "application/json", "geojson": "application/geo+json"}
_PLAN = Body(
    examples=[
        {"cameras": 20, "demand": "events", "layer": "crimes", "candidates": "junctions", "range_m": 38.4, "seed": 0}
    ],
    description="What to place; see the fields of the answer's `params`.",
)


@router.get("/gap", responses=problems(304, 403, 404, 422), summary="What no camera sees")
async def get_gap(
    desk: DeskOf,
    given: FilterOf,
    demand: Annotated[str, Query(description=" or ".join(DEMANDS), examples=["events"], max_length=20)] = "events",
    layer: Annotated[str, Query(description="Layer of events.", examples=["crimes"], max_length=100)] = "crimes",
    limit: Annotated[int, Query(ge=1, le=5000)] = 200,
) -> Response:
    """Street segments ranked by unseen night events (or unseen metres), with intervals; coverage is never a buffer."""
    if demand not in DEMANDS:
        raise InvalidInput("bad-parameter", name="demand", value=demand, expected=", ".join(DEMANDS))
    events = known_layer(layer)

    def make(connection: Connection, workspace: WorkspaceInfo, _: Pass) -> bytes:
        require(connection, workspace.id, Role.ANALYST)
        if demand == "streets" or events is None:
            return to_json(gap.street_gap(connection, workspace, limit=limit))
        return to_json(gap.event_gap(connection, workspace, events, given=given, limit=limit))

    question = ("gap", demand, layer, limit, filter_key(given))
    return await desk.cached(tuple(desk.service.registry), question, make, purpose=Purpose.RECORDS)


@router.post(
    "/plans", status_code=202, response_model=Started, responses=problems(400, 403, 404, 422), summary="Plan cameras"
)
async def post_plan(desk: DeskOf, given: Annotated[dict[str, Any], _PLAN]) -> Response:
    """Queued: follow the job in ``Location``; its result names the plan."""
    wanted = PlanRequest.from_dict(given)
    known_layer(wanted.layer)
    request = JobRequest(kind="plan", params=wanted.as_dict())
    return await started(desk, request)


@router.get("/plans", responses=READ, summary="Plans, newest first")
async def get_plans(desk: DeskOf) -> Response:
    """With their certificates, without their sites."""
    return await desk.json(lambda c, w: {"plans": plans.listed(c, w)})


@router.get("/plans/{plan_id}", responses=problems(304, 404, 406, 422), summary="One plan")
async def get_plan(
    desk: DeskOf, plan_id: RowId, f: Annotated[str | None, Query(description="json or geojson, before Accept.")] = None
) -> Response:
    """Objective, bound, gap, seed, snapshot and sites; as GeoJSON the sites alone."""
    form = choose_format(f, desk.request.headers.get("accept", ""), _FORMATS)

    def make(connection: Connection, workspace: WorkspaceInfo) -> bytes:
        found = plans.one(connection, workspace, plan_id)
        return to_json(found if form == "json" else found["sites"])

    return await desk.fresh(Purpose.RECORDS, make, media_type=_FORMATS[form])
