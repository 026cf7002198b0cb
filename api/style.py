"""The ground of the map as a MapLibre style over our own tiles: no letters, no pictures, no address outside."""

from __future__ import annotations

from typing import Any

from layers.queries.tiles import MAX_ZOOM
from layers.registry import Registry

THEMES = ("light", "dark")
GROUND = ("water", "areas", "buildings", "roads")
_SOURCE_MAX_ZOOM = 16  # beyond it the tiles of 16 are magnified

_COLOURS = {
    "light": {
        "ground": "#f5f3ee",
        "water": "#c3d9e6",
        "building": "#e2ddd3",
        "building_edge": "#d0c9bb",
        "casing": "#d3cec3",
        "major": "#fbe3b0",
        "middle": "#ffffff",
        "minor": "#ffffff",
        "path": "#d8cfbf",
        "rail": "#b9b4a9",
        "area": "#8d8577",
    },
    "dark": {
        "ground": "#1b1e23",
        "water": "#1f3340",
        "building": "#2a2e35",
        "building_edge": "#343942",
        "casing": "#12151a",
        "major": "#5b4d2e",
        "middle": "#3c424c",
        "minor": "#333943",
        "path": "#3a3a34",
        "rail": "#454b55",
        "area": "#7d8694",
    },
}
_CLASSES: tuple[tuple[str, str, tuple[str, ...], float], ...] = (
    # (layer, colour, highway classes, width in pixels at zoom 16)
    ("path", "path", ("footway", "cycleway", "path", "steps", "pedestrian", "track"), 2.0),
    ("minor", "minor", ("unclassified", "residential", "living_street", "road", "service"), 7.0),
    ("middle", "middle", ("tertiary", "tertiary_link", "secondary", "secondary_link"), 10.0),
    ("major", "major", ("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link"), 13.0),
)


def style(registry: Registry, *, theme: str, tiles: str, bounds: tuple[float, float, float, float]) -> dict[str, Any]:
    """The style.

    Parameters
    ----------
    theme : one of ``THEMES``.
    tiles : address of tiles with ``{layer}`` in it and the braces of z, x, y kept.
    bounds : west, south, east, north of the workspace, degrees.
    """
    colours = _COLOURS[theme]
    west, south, east, north = bounds
    return {
        "version": 8,
        "name": f"Qorgan {theme}",
        "metadata": {"qorgan:theme": theme},
        "center": [(west + east) / 2, (south + north) / 2],
        "sources": {
            layer: {
                "type": "vector",
                "tiles": [tiles.replace("{layer}", layer)],
                "minzoom": registry[layer].min_zoom,
                "maxzoom": max(_SOURCE_MAX_ZOOM, min(registry[layer].min_zoom, MAX_ZOOM)),
                "bounds": [west - 0.2, south - 0.2, east + 0.2, north + 0.2],
            }
            for layer in GROUND
        },
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-color": colours["ground"]}},
            {
                "id": "water",
                "type": "fill",
                "source": "water",
                "source-layer": "water",
                "filter": ["==", ["geometry-type"], "Polygon"],
                "paint": {"fill-color": colours["water"]},
            },
            {
                "id": "streams",
                "type": "line",
                "source": "water",
                "source-layer": "water",
                "filter": ["==", ["geometry-type"], "LineString"],
                "paint": {"line-color": colours["water"], "line-width": _width(4)},
            },
            {
                "id": "buildings",
                "type": "fill",
                "source": "buildings",
                "source-layer": "buildings",
                "minzoom": registry["buildings"].min_zoom,
                "paint": {"fill-color": colours["building"], "fill-outline-color": colours["building_edge"]},
            },
            *(
                _road(name, f"{name}-casing", colours["casing"], classes, width + 2.5)
                for name, _, classes, width in _CLASSES[1:]
            ),
            *(_road(name, name, colours[colour], classes, width) for name, colour, classes, width in _CLASSES),
            {
                "id": "areas",
                "type": "line",
                "source": "areas",
                "source-layer": "areas",
                "paint": {
                    "line-color": colours["area"],
                    "line-width": 1.2,
                    "line-dasharray": [4, 3],
                    "line-opacity": 0.7,
                },
            },
        ],
    }


def _road(name: str, layer_id: str, colour: str, classes: tuple[str, ...], width: float) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": f"roads-{layer_id}",
        "type": "line",
        "source": "roads",
        "source-layer": "roads",
        "filter": ["in", ["get", "highway_class"], ["literal", list(classes)]],
        "layout": {"line-cap": "round", "line-join": "round"},
        "paint": {"line-color": colour, "line-width": _width(width)},
    }
    if name == "path":
        made["paint"]["line-dasharray"] = [2, 1.5]
    return made


def _width(at_16: float) -> list[Any]:
    """Pixels by zoom: doubling every zoom near the ground, never thinner than a hair."""
    return ["interpolate", ["exponential", 1.6], ["zoom"], 8, 0.4, 12, max(at_16 / 6, 0.6), 16, at_16, 20, at_16 * 5]
