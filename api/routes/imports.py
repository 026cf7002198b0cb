"""Files in: preview, import, report, rejected rows, undo."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import to_json
from api.asking import Desk, DeskOf
from api.parameters import After, RowId, choose_format, known_layer
from api.previewing import mapping_for, preview, told
from api.routes import READ, problems
from api.schemas import Batch, Batches, Started, Undone
from api.starting import derive_after, started
from api.uploads import Upload, drop, keep, received
from etl.quarantine_files import as_csv, as_xlsx
from layers import batches, quarantine, registry
from layers.identity import Purpose, require
from layers.jobs import Request as JobRequest
from layers.spec import Role
from layers.workspaces import WorkspaceInfo

router = APIRouter(prefix="/w/{ws}/imports", tags=["imports"])

_FORMATS = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "layer"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "layer": {"type": "string", "examples": ["crimes"]},
                        "mapping": {
                            "type": "string",
                            "description": "A mapping as JSON; absent: proposed from the file.",
                        },
                        "reading": {
                            "type": "string",
                            "description": "How the file is cut, as JSON (`reading` of a mapping), where no mapping is sent; "
                            "absent: found out.",
                        },
                        "dry_run": {"type": "string", "enum": ["true", "false"]},
                        "synthetic": {"type": "string", "enum": ["true", "false"]},
                    },
                }
            }
        },
    }
}
_REFUSED = problems(400, 403, 404, 413, 422)


@router.post(
    "", status_code=202, response_model=Started, responses=_REFUSED, openapi_extra=_FORM, summary="Import a file"
)
async def post_import(desk: DeskOf) -> Response:
    """Queued: follow the job in ``Location``. With ``dry_run`` everything is read and checked, nothing stored."""
    await desk.run(_may_import)  # before the file is read
    async with received(desk.request) as upload:
        wanted = await desk.run(_job, upload, desk)
    return await started(desk, wanted)


@router.post("/preview", responses=_REFUSED, openapi_extra=_FORM, summary="What an import would look like")
async def post_preview(desk: DeskOf) -> Response:
    """The mapping (proposed, or the one sent) with what is doubtful about it, the first 20 rows before and after, why rows would be
    rejected, the coordinate systems the positions may be in, in ``reading`` and ``choices`` how the file was cut and what else it could
    be, and in ``problem`` why the file as a whole would be refused.
    """
    await desk.run(_may_import)
    async with received(desk.request) as upload:
        return await desk.fresh(Purpose.RECORDS, lambda c, w: to_json(_preview(c, w, upload, desk)))


@router.get("", response_model=Batches, responses=READ, summary="Imports, newest first")
async def get_imports(desk: DeskOf, layer: Annotated[str | None, Query(max_length=100)] = None) -> Response:
    """Each with its provenance and report."""
    wanted = known_layer(layer)
    return await desk.json(lambda c, w: {"imports": batches.listed(c, w, layer_id=wanted.id if wanted else None)})


@router.get("/{batch_id}", response_model=Batch, responses=READ, summary="One import")
async def get_import(desk: DeskOf, batch_id: RowId) -> Response:
    """With its report."""
    return await desk.json(batches.one, batch_id)


@router.get("/{batch_id}/rejected", responses=READ, summary="Rows that were not loaded, with every reason")
async def get_rejected(
    desk: DeskOf,
    batch_id: RowId,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 200,
    reason: Annotated[str | None, Query(max_length=100, description="Only rows rejected for it.")] = None,
    mended: Annotated[bool | None, Query(description="Only mended rows, or only those that wait.")] = None,
    f: Annotated[str | None, Query(description="json, csv or xlsx, before Accept.")] = None,
) -> Response:
    """By row number of the source; as CSV or workbook to be mended and sent to ``POST …/rejected/file``."""
    form = choose_format(f, desk.request.headers.get("accept", ""), _FORMATS)

    def make(connection: Connection, workspace: WorkspaceInfo) -> bytes:
        require(connection, workspace.id, Role.EDITOR)
        batches.one(connection, workspace, batch_id)
        rows = quarantine.listed(connection, batch_id, reason=reason, mended=mended, after=after, limit=limit)
        if form != "json":
            return (as_csv if form == "csv" else as_xlsx)(rows, lambda reasons: _sentences(reasons, desk.language))
        said = [{**row, "reasons": told(row["reasons"], desk.language)} for row in rows]
        following = rows[-1]["row_number"] if len(rows) == limit else None
        return to_json({"rejected": said, "next_after": following})

    return await desk.fresh(Purpose.RECORDS, make, media_type=_FORMATS[form])


@router.delete("/{batch_id}", response_model=Undone, responses=problems(403, 404, 409, 422), summary="Undo an import")
async def delete_import(desk: DeskOf, batch_id: RowId) -> Response:
    """Rows it added go, rows it changed are as before it; refused where later changes stand on it."""
    layer_id, found = await desk.run(_undo, batch_id)
    await derive_after(desk, registry.load()[layer_id])
    return Response(to_json(found), media_type="application/json")


def _may_import(connection: Connection, workspace: WorkspaceInfo) -> None:
    require(connection, workspace.id, Role.EDITOR)


def _undo(connection: Connection, workspace: WorkspaceInfo, batch_id: int) -> tuple[str, dict[str, int]]:
    require(connection, workspace.id, Role.EDITOR)
    layer_id = str(batches.one(connection, workspace, batch_id)["layer_id"])
    return layer_id, batches.undo(connection, workspace, batch_id)


def _job(connection: Connection, workspace: WorkspaceInfo, upload: Upload, desk: Desk) -> JobRequest:
    path = keep(upload, desk.service.settings.uploads_folder)
    try:
        # a file that cannot be read or mapped is told now, not by a failed job
        mapping = mapping_for(
            connection,
            workspace,
            path=path,
            layer=upload.layer,
            given=upload.mapping,
            reading=upload.reading,
            saved=desk.mappings,
        )
    except BaseException:
        drop(path)
        raise
    params = {
        "layer": upload.layer.id,
        "path": str(path),
        "mapping": mapping,
        "source_name": upload.name,
        "dry_run": upload.is_dry_run,
        "is_synthetic": upload.is_synthetic,
    }
    return JobRequest(kind="import", params=params)


def _preview(connection: Connection, workspace: WorkspaceInfo, upload: Upload, desk: Desk) -> dict[str, Any]:
    path = keep(upload, desk.service.settings.uploads_folder)
    try:
        return preview(
            connection,
            workspace,
            path=path,
            layer=upload.layer,
            given=upload.mapping,
            reading=upload.reading,
            language=desk.language,
            saved=desk.mappings,
        )
    finally:
        drop(path)


def _sentences(reasons: Any, language: str) -> str:
    return " ".join(one["text"] for one in told(reasons, language))
