"""Long work: how far it is, how it ended, cancelling."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import to_json
from api.asking import DeskOf
from api.parameters import RowId
from api.routes import READ, problems
from api.schemas import Job, Jobs
from api.starting import shown
from geo_core.errors import NotFound
from layers import jobs
from layers.workspaces import WorkspaceInfo

router = APIRouter(prefix="/w/{ws}/jobs", tags=["jobs"])


@router.get("", response_model=Jobs, responses=READ, summary="Jobs, newest first")
async def get_jobs(desk: DeskOf, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Response:
    """One's own, and everybody's for an administrator."""
    return await desk.json(
        lambda c, w: {
            "jobs": [shown(job, language=desk.language, base=desk.base) for job in jobs.listed(c, w, limit=limit)]
        }
    )


@router.get("/{job_id}", response_model=Job, responses=READ, summary="One job")
async def get_job(desk: DeskOf, job_id: RowId) -> Response:
    """Progress 0–1, what it does now, and how it ended."""
    return await desk.json(lambda c, w: shown(_one(c, w, job_id), language=desk.language, base=desk.base))


@router.post(
    "/{job_id}/cancel", status_code=202, response_model=Job, responses=problems(403, 404, 422), summary="Cancel a job"
)
async def post_cancel(desk: DeskOf, job_id: RowId) -> Response:
    """A queued job ends at once, a running one when its worker notices."""

    def cancel(connection: Connection, workspace: WorkspaceInfo) -> dict[str, Any]:
        _one(connection, workspace, job_id)
        return shown(jobs.request_cancel(connection, job_id), language=desk.language, base=desk.base)

    return Response(to_json(await desk.run(cancel)), status_code=202, media_type="application/json")


def _one(connection: Connection, workspace: WorkspaceInfo, job_id: int) -> dict[str, Any]:
    found = jobs.one(connection, job_id)
    if found["workspace_id"] != workspace.id:
        raise NotFound("unknown-job", job=job_id)
    return found
