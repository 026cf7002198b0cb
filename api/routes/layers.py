"""Layers: what they are and how they stand."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.answers import to_json
from api.asking import DeskOf, LayerOf
from api.describing import described
from api.routes import READ
from api.schemas import LayerInfo, Layers

router = APIRouter(prefix="/w/{ws}/layers", tags=["layers"])


@router.get("", response_model=Layers, responses=READ, summary="Every layer and how it stands")
async def get_layers(desk: DeskOf) -> Response:
    """Titles in the reader's language, rows, freshness, completeness, licences, legend."""
    every = desk.service.registry
    return await desk.cached(
        tuple(every),
        ("layers", desk.language),
        lambda connection, workspace, _: to_json(
            {
                "workspace": workspace.slug,
                "layers": [
                    described(connection, workspace, layer, language=desk.language, base=desk.base)
                    for layer in every.values()
                ],
            }
        ),
    )


@router.get("/{layer}", response_model=LayerInfo, responses=READ, summary="One layer")
async def get_layer(desk: DeskOf, layer: LayerOf) -> Response:
    """The same of one layer."""
    needed = layer.derivation.depends_on if layer.derivation else ()
    return await desk.cached(
        (layer.id, *needed),
        ("layer", layer.id, desk.language),
        lambda connection, workspace, _: to_json(
            described(connection, workspace, layer, language=desk.language, base=desk.base)
        ),
    )
