"""Quarantine and quality: rejected rows mended, months beside earlier ones, breaks accepted, originals behind pseudonyms."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import to_json
from api.asking import Desk, DeskOf, EventsOf, LayerOf
from api.parameters import RowId
from api.previewing import told
from api.routes import READ, problems
from api.schemas import Started
from api.starting import started
from api.tables import received_table
from etl.mending import LONGEST_REASON, MOST_ROWS, MendReport, mend
from etl.quarantine_files import changes_in, read_mended
from layers import batches, breaks, quarantine, registry
from layers.identity import require
from layers.jobs import Request as JobRequest
from layers.originals import original_of
from layers.queries.quality import quality
from layers.spec import Role
from layers.workspaces import WorkspaceInfo

router = APIRouter(prefix="/w/{ws}", tags=["imports"])

_REFUSED = problems(400, 403, 404, 409, 413, 422)
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}, "reason": {"type": "string"}},
                }
            }
        },
    }
}


class MendedRow(BaseModel):
    """A rejected row by its number, and what is changed in it: column of the source → new text; null = empty."""

    model_config = ConfigDict(extra="forbid")
    row_number: int = Field(ge=1, lt=2**63)
    changes: dict[str, str | None] = Field(default_factory=dict, max_length=500)


class Mending(BaseModel):
    """Rows to mend. With ``dry_run`` they are only looked at."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"rows": [{"row_number": 3, "changes": {"category": "theft"}}], "reason": "misspelt"}]
        },
    )
    rows: list[MendedRow] = Field(min_length=1, max_length=MOST_ROWS)
    reason: str = Field(default="", max_length=LONGEST_REASON)
    dry_run: bool = False


class AcceptedBreak(BaseModel):
    """The first day of a new way of registering, and why it is held for one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"day": "2024-01-01", "reason": "New order of registration"}]}
    )
    day: dt.date
    reason: str = Field(min_length=1, max_length=1000)


class OriginalAsked(BaseModel):
    """A pseudonym, and why its original must be known; both go into the audit."""

    model_config = ConfigDict(extra="forbid")
    pseudonym: str = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=1000)


@router.get("/imports/{batch_id}/quality", responses=READ, summary="An import beside what was there")
async def get_quality(
    desk: DeskOf, batch_id: RowId, *, by_district: Annotated[bool, Query(description="Also per district.")] = False
) -> Response:
    """Months before and after it, months that hold too few, rejected rows by reason, breaks of registration to judge."""

    def ask(connection: Connection, workspace: WorkspaceInfo) -> dict[str, Any]:
        require(connection, workspace.id, Role.ANALYST)
        batch = batches.one(connection, workspace, batch_id)
        layer = registry.load()[str(batch["layer_id"])]
        found: dict[str, Any] = {"layer": layer.id, "batch": batch_id, "months": [], "proposed_breaks": []}
        if layer.is_event:
            found = quality(connection, workspace, layer, batch_id=batch_id, by_district=by_district)
        return {**found, "rejected": quarantine.counted(connection, batch_id)}

    return await desk.json(ask)


@router.get("/layers/{layer}/quality", responses=READ, summary="Completeness by month, and breaks to judge")
async def get_layer_quality(
    desk: DeskOf, layer: EventsOf, *, by_district: Annotated[bool, Query(description="Also per district.")] = False
) -> Response:
    """Every month against the same months of earlier years."""

    def ask(connection: Connection, workspace: WorkspaceInfo) -> dict[str, Any]:
        require(connection, workspace.id, Role.ANALYST)
        return quality(connection, workspace, layer, by_district=by_district)

    return await desk.json(ask)


@router.post("/layers/{layer}/breaks", status_code=201, responses=_REFUSED, summary="Accept a break of registration")
async def post_break(desk: DeskOf, layer: EventsOf, given: AcceptedBreak) -> Response:
    """From then on nothing of the layer is compared across that day without a note. Administrators of the whole only."""
    await desk.run(breaks.accept, layer, given.day, reason=given.reason)
    return Response(to_json({"layer": layer.id, "day": given.day}), status_code=201, media_type="application/json")


@router.delete("/layers/{layer}/breaks/{day}", status_code=204, responses=_REFUSED, summary="Withdraw a break")
async def delete_break(desk: DeskOf, layer: EventsOf, day: dt.date) -> Response:
    """The day divides the layer's counts no longer."""
    await desk.run(breaks.withdraw, layer, day)
    return Response(status_code=204)


@router.post("/layers/{layer}/originals", responses=_REFUSED, summary="What a pseudonym stands for")
async def post_original(desk: DeskOf, layer: LayerOf, asked: OriginalAsked) -> Response:
    """Administrators of the whole only; the question and its reason are audited, refused or not."""
    found = await desk.service.in_thread(
        lambda: original_of(
            desk.service.engines.app, desk.principal, desk.slug, layer, asked.pseudonym, reason=asked.reason
        )
    )
    return Response(to_json(found), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.post(
    "/imports/{batch_id}/rejected/mend",
    responses={**_REFUSED, 202: {"model": Started}},
    summary="Mend rejected rows",
)
async def post_mend(desk: DeskOf, batch_id: RowId, given: Mending) -> Response:
    """What is still wrong with each; those that are right are loaded by the job told (202), as a batch of their own."""
    changes = {row.row_number: row.changes for row in given.rows}
    return await _mend(desk, batch_id, changes, reason=given.reason, dry_run=given.dry_run)


@router.post(
    "/imports/{batch_id}/rejected/file",
    responses={**_REFUSED, 202: {"model": Started}},
    openapi_extra=_FORM,
    summary="Mend rejected rows by their file",
)
async def post_mended_file(desk: DeskOf, batch_id: RowId) -> Response:
    """The file of ``GET …/rejected``, changed: rows are known by their number; those nobody changed wait on."""
    await desk.run(_may_mend)
    async with received_table(desk.request) as table:
        rows = await desk.service.in_thread(lambda: read_mended(table.path))
        changes = await desk.run(_changes, batch_id, rows)
        return await _mend(desk, batch_id, changes, reason=table.reason, dry_run=False)


async def _mend(
    desk: Desk, batch_id: int, changes: dict[int, dict[str, str | None]], *, reason: str, dry_run: bool
) -> Response:
    def look() -> MendReport:
        return mend(
            desk.service.engines,
            desk.principal,
            workspace=desk.slug,
            batch_id=batch_id,
            changes=changes,
            dry_run=True,
        )

    found = await desk.service.in_thread(look)
    answer: dict[str, Any] = {
        "tried": found.tried,
        "good": found.mended,
        "identifiers": found.identifiers,
        "left": [{"row_number": n, "reasons": told(reasons, desk.language)} for n, reasons in found.left.items()],
        "job": None,
    }
    if dry_run or not found.mended:
        return Response(to_json(answer), media_type="application/json")
    good = {str(number): change for number, change in found.changes.items() if number not in found.left}
    wanted = JobRequest(kind="mend", params={"batch": batch_id, "changes": good, "reason": reason})
    queued = await started(desk, wanted)
    answer["job"] = json.loads(bytes(queued.body))["job"]
    return Response(
        to_json(answer),
        status_code=202,
        media_type="application/json",
        headers={"Location": queued.headers["location"]},
    )


def _may_mend(connection: Connection, workspace: WorkspaceInfo) -> None:
    require(connection, workspace.id, Role.EDITOR)


def _changes(
    connection: Connection, workspace: WorkspaceInfo, batch_id: int, rows: dict[int, dict[str, str | None]]
) -> dict[int, dict[str, str | None]]:
    """What was changed in rows that wait."""
    batches.one(connection, workspace, batch_id)
    before: dict[int, dict[str, Any]] = {}
    after = 0
    while page := quarantine.listed(connection, batch_id, mended=False, after=after, limit=5000):
        before |= {row["row_number"]: row["raw"] for row in page if row["row_number"] in rows}
        after = page[-1]["row_number"]
    return changes_in(rows, before)
