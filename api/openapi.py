"""The OpenAPI document: choices from the registry, the tile route that FastAPI does not know, examples."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.tiles import MEDIA_TYPE
from layers import registry

DESCRIPTION = (
    "Layers of crime, accidents, cameras, light and places on H3 cells. Every refusal is `application/problem+json` with a sentence "
    "in the language of `Accept-Language` (kk, ru, en). Every answer with data carries an `ETag`; longitude stands before latitude; "
    "null is unknown and never zero."
)
TAGS = [
    {"name": "service", "description": "Whether it lives, whether it can serve, who asks."},
    {"name": "workspaces", "description": "Territories with their zone and projection."},
    {"name": "layers", "description": "What there is, how fresh, how complete, under which licence."},
    {"name": "numbers", "description": "Cells, street segments, areas, profiles, comparisons."},
    {"name": "records", "description": "Single records, for analysts; editing by editors."},
    {"name": "map", "description": "Vector tiles, style and names of the ground."},
    {"name": "imports", "description": "Files in: preview, import, report, undo."},
    {"name": "plans", "description": "Coverage gap and placement plans."},
    {"name": "jobs", "description": "Long work: progress and cancelling."},
]


def describe(app: FastAPI) -> None:
    """Make ``/openapi.json`` ours; it is written when first asked for."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, tags=TAGS
            )
            made["paths"]["/w/{ws}/tiles/{layer}/{z}/{x}/{y}.mvt"] = {"get": _tile_operation()}
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _tile_operation() -> dict[str, Any]:
    def parameter(name: str, schema: dict[str, Any], example: Any) -> dict[str, Any]:
        return {"name": name, "in": "path", "required": True, "schema": schema, "example": example}

    number = {"type": "integer", "minimum": 0}
    problem = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    return {
        "tags": ["map"],
        "summary": "A vector tile of a layer",
        "description": "Points, lines or areas with their id, category and names. A viewer gets only layers whose records viewers may read.",
        "operationId": "get_tile",
        "parameters": [
            parameter("ws", {"type": "string"}, "pavlodar"),
            parameter("layer", {"type": "string", "enum": list(registry.load())}, "roads"),
            parameter("z", {**number, "maximum": 22}, 14),
            parameter("x", number, 11695),
            parameter("y", number, 5338),
        ],
        "responses": {
            "200": {"description": "The tile.", "content": {MEDIA_TYPE: {}}},
            "204": {"description": "Nothing lies in the tile."},
            "304": {"description": "What you hold is still right."},
            "401": {"description": "Who asks is not known.", **problem},
            "404": {"description": "No such workspace or layer for this reader.", **problem},
            "422": {"description": "There is no such tile.", **problem},
            "503": {"description": "The database is away.", **problem},
        },
    }
