"""Workspaces a reader may see."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection, Engine
from starlette.responses import Response

from api.answers import fresh, to_json
from api.asking import Asker, DeskOf, Language, ServiceOf
from api.routes import READ
from api.schemas import Workspace, Workspaces
from layers import identity, workspaces
from layers.identity import Principal
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
