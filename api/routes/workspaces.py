"""Workspaces a reader may see."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from sqlalchemy import Connection, Engine
from starlette.responses import Response

from api.answers import fresh, to_json
from api.asking import Asker, DeskOf, Language, ServiceOf
from api.routes import READ, problems
from api.schemas import NewWorkspace, StartedDemo, Workspace, Workspaces
from api.service import Service
from etl.founding import Founding, found, found_demo
from etl.jobs import DEMO_LIMIT_S
from layers import identity, jobs, workspaces
from layers.identity import Principal
from layers.spec import Role
from layers.workspaces import WorkspaceInfo

router = APIRouter(tags=["workspaces"])


@router.get("/workspaces", response_model=Workspaces, responses=READ, summary="Workspaces the reader may see")
async def get_workspaces(request: Request, who: Asker, running: ServiceOf, language: Language) -> Response:
    """None for a principal without grants."""
    data, rights = await running.in_thread(lambda: _listed(running.engines.app, who, language))
    return fresh(request, data, rights=rights)


@router.get("/workspaces/{ws}", response_model=Workspace, responses=READ, summary="One workspace")  # noqa: FAST003 - read by the desk
async def get_workspace(desk: DeskOf) -> Response:
    """With its zone, bounds and the reader's highest role in it."""
    return await desk.json(described, language=desk.language)


@router.post(
    "/workspaces",
    status_code=201,
    response_model=Workspace,
    responses=problems(400, 403, 409, 413, 422),
    summary="Make a workspace",
)
async def post_workspace(
    request: Request, given: NewWorkspace, who: Asker, running: ServiceOf, language: Language
) -> Response:
    """For administrators of a whole workspace, and for whoever sits at a machine of its own; they administer the new one."""
    wanted = Founding(
        slug=given.slug,
        zone=given.zone,
        titles={str(code): title for code, title in given.titles.items()},
        territory=given.territory,
        box=given.bbox,
    )

    def make() -> bytes:
        info = found(running.engines.app, who, wanted)
        with identity.transaction(running.engines.app, who) as connection:
            return to_json(described(connection, info, language=language))

    return Response(
        await running.in_thread(make),
        status_code=201,
        media_type="application/json",
        headers={"Location": f"{_prefix(request, running)}/workspaces/{given.slug}"},
    )


@router.post(
    "/demos/{name}",
    status_code=202,
    response_model=StartedDemo,
    responses=problems(403, 404, 409),
    summary="Load a demonstration",
)
async def post_demo(
    request: Request, name: Annotated[str, Path(max_length=100, examples=["pavlodar"])], who: Asker, running: ServiceOf
) -> Response:
    """Its own workspace is made at once, its layers by the job in ``Location``; repeating it changes nothing."""

    def start() -> tuple[WorkspaceInfo, int]:
        info = found_demo(running.engines.app, who, name)
        with identity.transaction(running.engines.app, who) as connection:
            identity.require(connection, info.id, Role.EDITOR)
        job = jobs.Request(kind="demo", params={"name": name}, time_limit_s=DEMO_LIMIT_S)
        return info, jobs.submit(running.engines.app, who, info, job)

    info, job = await running.in_thread(start)
    link = f"{_prefix(request, running)}/w/{info.slug}/jobs/{job}"
    return Response(
        to_json({"job": job, "state": "queued", "workspace": info.slug, "links": {"job": link}}),
        status_code=202,
        media_type="application/json",
        headers={"Location": link},
    )


def _prefix(request: Request, running: Service) -> str:
    given = running.settings.public_prefix
    return (given if given is not None else str(request.scope.get("root_path", ""))).rstrip("/")


def _listed(engine: Engine, who: Principal, language: str) -> tuple[bytes, str]:
    with identity.transaction(engine, who) as connection:
        found = [described(connection, one, language=language) for one in workspaces.listed(connection)]
        return to_json({"workspaces": found}), identity.fingerprint(connection)


def described(connection: Connection, workspace: WorkspaceInfo, *, language: str) -> dict[str, Any]:
    """A workspace in the reader's language, with their highest role in it."""
    held = identity.highest_role(connection, workspace.id)
    return {
        "slug": workspace.slug,
        "title": workspace.titles.get(language) or next(iter(workspace.titles.values()), workspace.slug),
        "titles": dict(workspace.titles),
        "zone": workspace.zone,
        "is_synthetic": workspace.is_synthetic,
        "bounds": workspace.bounds,
        "settings": dict(workspace.settings),
        "role": held.value if held else None,
    }
