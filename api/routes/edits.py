"""Edits: who changed what, when and why; taken back one by one; many at once through a workbook."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import to_json
from api.asking import DeskOf, FilterOf, LayerOf, PlaceOf
from api.parameters import RowId
from api.routes import READ, problems
from api.starting import derive_after
from api.tables import received_table, told
from etl.round_trip.difference import apply, difference
from etl.round_trip.export import export_for_editing
from layers.editing.listing import MAX_LIMIT, recent
from layers.editing.undoing import undo_edit
from layers.identity import Purpose
from layers.workspaces import WorkspaceInfo

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _form(**more: dict[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {"file": {"type": "string", "format": "binary"}, **more}
    schema = {"type": "object", "required": [name for name in ("file", "expect") if name in parts], "properties": parts}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


_FORM = _form()
_FORM_APPLIED = _form(
    expect={"type": "string", "description": "The ``fingerprint`` of the difference that was shown."},
    reason={"type": "string"},
    leave_out={"type": "string", "enum": ["true", "false"], "description": "Leave out lines that cannot be applied."},
)

router = APIRouter(prefix="/w/{ws}/layers/{layer}/edits", tags=["records"])


@router.get("", responses=READ, summary="Edits and changes by imports, newest first")
async def get_edits(
    desk: DeskOf,
    layer: LayerOf,
    feature_id: Annotated[int | None, Query(ge=1, lt=2**63, description="Of one record only.")] = None,
    batch_id: Annotated[int | None, Query(ge=1, lt=2**63, description="Of one import or bulk edit only.")] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="Older than this edit, to go on.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
) -> Response:
    """Each with what it changed, before and after, and whether it can be taken back."""
    return await desk.json(
        lambda c, w: {
            "edits": recent(c, w, layer, feature_id=feature_id, batch_id=batch_id, before_id=before, limit=limit)
        }
    )


@router.get(
    "/table",
    response_class=Response,
    responses={**problems(403, 404, 413, 422), 200: {"content": {XLSX: {}}}},
    summary="Records as a workbook, to be changed there",
)
async def get_table(desk: DeskOf, layer: LayerOf, given: FilterOf, place: PlaceOf) -> Response:
    """Words of the reader's language, lists to choose from; send it back to ``difference``."""

    def make(connection: Connection, workspace: WorkspaceInfo) -> bytes:
        with tempfile.TemporaryDirectory(prefix="qorgan-table-") as folder:
            path = Path(folder) / "table.xlsx"
            export_for_editing(connection, workspace, layer, path, language=desk.language, given=given, place=place)
            return path.read_bytes()

    name = f'attachment; filename="{desk.slug}-{layer.id}.xlsx"'
    return await desk.fresh(Purpose.RECORDS, make, media_type=XLSX, **{"Content-Disposition": name})


@router.post(
    "/difference",
    responses=problems(400, 403, 404, 413, 422),
    openapi_extra=_FORM,
    summary="What a changed workbook would do",
)
async def post_difference(desk: DeskOf, layer: LayerOf) -> Response:
    """Line by line, before and after, with every reason why a line cannot be applied. Nothing is changed."""
    async with received_table(desk.request) as table:
        found = await desk.run(difference, layer, table.path)
    return Response(to_json(told(found, desk.language)), media_type="application/json")


@router.post(
    "/apply",
    responses=problems(400, 403, 404, 409, 413, 422),
    openapi_extra=_FORM_APPLIED,
    summary="Apply a changed workbook as one batch",
)
async def post_apply(desk: DeskOf, layer: LayerOf) -> Response:
    """Just as its difference was shown, or not at all; taken back as one with ``DELETE /imports/{batch_id}``."""
    async with received_table(desk.request) as table:
        done = await desk.run(
            apply,
            layer,
            table.path,
            name=table.name,
            expected=table.expected,
            reason=table.reason,
            leave_out=table.leave_out,
        )
    await derive_after(desk, layer)
    return Response(to_json(done), media_type="application/json")


@router.delete("/{edit_id}", responses=problems(403, 404, 409, 422), summary="Take an edit back")
async def delete_edit(desk: DeskOf, layer: LayerOf, edit_id: RowId) -> Response:
    """The record is as before it; refused where it was changed since. That, too, is remembered and can be taken back."""
    done = await desk.run(undo_edit, layer, edit_id)
    await derive_after(desk, layer)
    return Response(to_json(done), media_type="application/json")
