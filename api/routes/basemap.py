"""The ground of the map and the names on it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import to_json
from api.asking import DeskOf
from api.parameters import box
from api.routes import READ
from api.style import GROUND, THEMES, style
from geo_core.errors import InvalidInput
from layers.queries.labels import labels

router = APIRouter(prefix="/w/{ws}", tags=["map"])


@router.get("/style.json", responses=READ, summary="MapLibre style over our own tiles")
async def get_style(
    desk: DeskOf, theme: Annotated[str, Query(description="light or dark.", max_length=10)] = "light"
) -> Response:
    """Water, buildings, roads by class, outlines of areas; no letters (see labels), no address outside."""
    if theme not in THEMES:
        raise InvalidInput("bad-parameter", name="theme", value=theme, expected=", ".join(THEMES))
    address = f"{desk.base}/tiles/{{layer}}/{{z}}/{{x}}/{{y}}.mvt"
    return await desk.cached(
        (),
        ("style", theme),
        lambda _, workspace, __: to_json(
            style(desk.service.registry, theme=theme, tiles=address, bounds=workspace.bounds)
        ),
    )


@router.get("/labels", responses=READ, summary="Names of streets, places and areas")
async def get_labels(
    desk: DeskOf,
    bbox: Annotated[str, Query(examples=["76.9,52.25,77.0,52.32"], max_length=200)],
    zoom: Annotated[float, Query(ge=0, le=24, examples=[14])] = 14,
    f: Annotated[str | None, Query(description="geojson, or rows for a TextLayer.", max_length=10)] = None,
) -> Response:
    """In the reader's language where there is such a name; most important first."""
    place = box(bbox)
    if f not in (None, "geojson", "rows"):
        raise InvalidInput("bad-parameter", name="f", value=f, expected="geojson, rows")
    if place is None or not (-180 <= place[0] < place[2] <= 180 and -90 <= place[1] < place[3] <= 90):
        raise InvalidInput("bad-bbox", bbox=bbox)
    return await desk.cached(
        (*GROUND, "places"),
        ("labels", place, zoom, desk.language, f),
        lambda connection, workspace, _: to_json(
            _shaped(labels(connection, workspace, bbox=place, zoom=zoom, language=desk.language), f)
        ),
    )


def _shaped(found: list[dict[str, Any]], f: str | None) -> Any:
    if f == "rows":
        return found
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": row["position"]},
                "properties": {name: value for name, value in row.items() if name != "position"},
            }
            for row in found
        ],
    }
