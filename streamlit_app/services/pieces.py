"""What every drawing is made of: addresses, paths, hexagons, and the pair of layers and legend."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pydeck as pdk
import shapely
import shapely.geometry

from streamlit_app.gateway import LayerInfo
from streamlit_app.map_component import Legend
from streamlit_app.words import Words

PUBLIC_API = "/api"
TILE_MAX_ZOOM = 16
Json = Mapping[str, Any]


class Deck(pdk.Deck):  # type: ignore[misc]
    """A description without the line breaks and blanks of pydeck's own, which are three quarters of it."""

    def to_json(self) -> str:
        return json.dumps(json.loads(super().to_json()), ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Layers of the map, bottom first, with their legends."""

    layers: tuple[pdk.Layer, ...] = ()
    legends: tuple[Legend, ...] = ()

    def __add__(self, other: Drawn) -> Drawn:
        return Drawn(layers=self.layers + other.layers, legends=self.legends + other.legends)


def cells_url(workspace: str, layer: LayerInfo, query: Mapping[str, Any], *, level: int) -> str:
    """Address of the binary cells; the revision behind the # makes the map ask again after a change of the rows.

    It is not sent: the API refuses parameters it does not know.
    """
    given = {**query, "resolution": level, "f": "cells"}
    return f"{PUBLIC_API}/w/{quote(workspace)}/layers/{layer.id}/cells?{urlencode(given)}#revision={layer.revision}"


def tiles_url(workspace: str, layer: LayerInfo) -> str:
    """Template of the vector tiles."""
    return f"{PUBLIC_API}/w/{quote(workspace)}/tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt?revision={layer.revision}"


def style_url(workspace: str, *, theme: str) -> str:
    """Address of the ground."""
    return f"{PUBLIC_API}/w/{quote(workspace)}/style.json?theme={theme}"


def paths(layer_id: str, data: list[dict[str, Any]], *, width_px: float) -> pdk.Layer:
    """Lines; rows carry ``path`` and ``rgb``."""
    return pdk.Layer(
        "PathLayer",
        data,
        id=layer_id,
        get_path="path",
        get_color="rgb",
        get_width=width_px,
        width_units=pdk.types.String("pixels"),
        cap_rounded=True,
        joint_rounded=True,
        pickable=True,
    )


def hexagons(layer_id: str, data: list[dict[str, Any]], *, filled: bool) -> pdk.Layer:
    """Cells; rows carry ``cell`` and ``rgb``."""
    return pdk.Layer(
        "H3HexagonLayer",
        data,
        id=layer_id,
        get_hexagon="cell",
        get_fill_color="rgb",
        get_line_color="rgb",
        filled=filled,
        stroked=not filled,
        extruded=False,
        high_precision=True,
        line_width_min_pixels=3,
        pickable=filled,
    )


def name_of(row: Json, language: str) -> str:
    """The name in the reader's language, else as it is written on the ground."""
    return str(row.get(f"name_{language}") or row.get("name") or row.get("name_ru") or row.get("name_kk") or "")


def synthetic_note(layer: LayerInfo, words: Words) -> str:
    """Said wherever numbers of a synthetic layer stand."""
    return words("ui.data.synthetic") if layer.is_synthetic else ""


def unit_words(unit: str, words: Words) -> str:
    """A unit in the reader's words."""
    key = f"common.unit.{unit}"
    return words(key) if words.has(key) else unit


def fine(geometry: Json) -> dict[str, Any]:
    """The same with coordinates of six digits."""
    return {**geometry, "coordinates": rounded(geometry["coordinates"])}


def outline(geometry: Json) -> dict[str, Any]:
    """An area as coarse as a screen may show it: about five metres."""
    return dict(shapely.geometry.mapping(shapely.simplify(shapely.geometry.shape(dict(geometry)), 5e-5)))


def rounded(coordinates: Any) -> Any:
    """Six digits are a decimetre; more would only make the message longer."""
    if isinstance(coordinates, (int, float)):
        return round(coordinates, 6)
    return [rounded(part) for part in coordinates]
