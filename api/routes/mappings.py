"""Mappings kept for a workspace: how the files of a source become rows, as the JSON the command line takes too."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import to_json
from api.asking import Desk, DeskOf, LayerOf
from api.routes import READ, problems
from api.schemas import SavedMappings
from etl.mapping import mapping_from_json
from etl.mapping import to_json as as_document
from geo_core.errors import InvalidInput
from layers.identity import audit, require
from layers.spec import Layer, Role
from layers.workspaces import WorkspaceInfo

router = APIRouter(prefix="/w/{ws}/mappings/{layer}", tags=["imports"])

MappingId = Annotated[str, Path(max_length=100, description="Name of the mapping.", examples=["akimat-cameras"])]
_EXAMPLE = {
    "id": "akimat-cameras",
    "columns": {"kind": "Тип", "status": "Состояние"},
    "lon": "X",
    "lat": "Y",
    "crs": "EPSG:32643",
    "signature": ["Тип", "Состояние", "X", "Y"],
}


@router.get("", response_model=SavedMappings, responses=READ, summary="Mappings kept for a layer")
async def get_mappings(desk: DeskOf, layer: LayerOf) -> Response:
    """A file of the folder that is no mapping any more is listed with what is wrong with it."""
    return await desk.json(_listed, desk, layer)


@router.get("/{mapping_id}", responses=READ, summary="One kept mapping")
async def get_mapping(desk: DeskOf, layer: LayerOf, mapping_id: MappingId) -> Response:
    """The document itself, as a file for ``--mapping``."""
    return await desk.json(_one, desk, layer, mapping_id)


@router.put("/{mapping_id}", status_code=200, responses=problems(400, 403, 404, 422), summary="Keep a mapping")
async def put_mapping(
    desk: DeskOf,
    layer: LayerOf,
    mapping_id: MappingId,
    document: Annotated[dict[str, Any], Body(examples=[_EXAMPLE])],
) -> Response:
    """Its ``id`` is that of the address. A file whose columns hold all of ``signature`` is proposed this mapping from now on."""
    kept = await desk.run(_keep, desk, layer, mapping_id, document)
    return Response(to_json(kept), media_type="application/json")


@router.delete("/{mapping_id}", status_code=204, responses=problems(403, 404, 422), summary="Forget a mapping")
async def delete_mapping(desk: DeskOf, layer: LayerOf, mapping_id: MappingId) -> Response:
    """Rows imported by it stay."""
    await desk.run(_forget, desk, layer, mapping_id)
    return Response(status_code=204)


def _listed(connection: Connection, workspace: WorkspaceInfo, desk: Desk, layer: Layer) -> dict[str, Any]:
    require(connection, workspace.id, Role.EDITOR)
    return {
        "mappings": [
            {
                "id": saved.id,
                "layer": layer.id,
                "mapping": as_document(saved.mapping) if saved.mapping is not None else None,
                "fault": saved.fault.code if saved.fault is not None else None,
            }
            for saved in desk.mappings.listed(layer)
        ]
    }


def _one(connection: Connection, workspace: WorkspaceInfo, desk: Desk, layer: Layer, mapping_id: str) -> dict[str, Any]:
    require(connection, workspace.id, Role.EDITOR)
    return as_document(desk.mappings.one(layer, mapping_id))


def _keep(
    connection: Connection,
    workspace: WorkspaceInfo,
    desk: Desk,
    layer: Layer,
    mapping_id: str,
    document: dict[str, Any],
) -> dict[str, Any]:
    require(connection, workspace.id, Role.EDITOR)
    if document.get("id", mapping_id) != mapping_id:
        raise InvalidInput("mapping-other-id", given=str(document["id"])[:100], expected=mapping_id)
    mapping = mapping_from_json({**document, "id": mapping_id}, layer=layer)
    is_new = desk.mappings.save(layer, mapping)
    audit(connection, "keep-mapping", workspace_id=workspace.id, layer_id=layer.id, mapping=mapping_id, is_new=is_new)
    return as_document(mapping)


def _forget(connection: Connection, workspace: WorkspaceInfo, desk: Desk, layer: Layer, mapping_id: str) -> None:
    require(connection, workspace.id, Role.EDITOR)
    desk.mappings.remove(layer, mapping_id)
    audit(connection, "forget-mapping", workspace_id=workspace.id, layer_id=layer.id, mapping=mapping_id)
