"""Edits: who changed what, when and why; taken back one by one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import to_json
from api.asking import DeskOf, LayerOf
from api.parameters import RowId
from api.routes import READ, problems
from api.starting import derive_after
from layers.editing.listing import MAX_LIMIT, recent
from layers.editing.undoing import undo_edit

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


@router.delete("/{edit_id}", responses=problems(403, 404, 409, 422), summary="Take an edit back")
async def delete_edit(desk: DeskOf, layer: LayerOf, edit_id: RowId) -> Response:
    """The record is as before it; refused where it was changed since. That, too, is remembered and can be taken back."""
    done = await desk.run(undo_edit, layer, edit_id)
    await derive_after(desk, layer)
    return Response(to_json(done), media_type="application/json")
