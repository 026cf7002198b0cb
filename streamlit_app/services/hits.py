"""Where a found name leads: what is selected, and how near the map goes."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from geo_core.cell_ids import to_hex
from geo_core.cells import index_points
from streamlit_app.address import Camera, PlaceKind, Selection
from streamlit_app.services import levels

NEAREST_ZOOM = 16.5
_ON_GROUND = ("road", "road-kilometre")
_LEVEL = 10
_SMALL_DEGREES = 0.004  # a building or a place: some 400 m


def selection_for(
    kind: str, layer: str, row: str, position: tuple[float, float], layers: Container[str], *, segment: str = ""
) -> Selection:
    """An area, a street where events are counted, a record, or the ground under what is none of them (a kilometre of a road)."""
    if kind == "street" and segment:
        return Selection(kind=PlaceKind.SEGMENT, id=segment)
    if kind == "area":
        return Selection(kind=PlaceKind.AREA, id=row)
    if kind in _ON_GROUND or layer not in layers:
        cell = str(to_hex(index_points([position[0]], [position[1]], _LEVEL))[0])
        return Selection(kind=PlaceKind.CELL, id=cell)
    return Selection(kind=PlaceKind.FEATURE, layer=layer, id=row)


def camera_for(position: tuple[float, float], bounds: tuple[float, float, float, float]) -> Camera:
    """The whole of what was found, not nearer than a quarter."""
    whole = levels.camera_over(bounds)
    west, south, east, north = bounds
    if max(east - west, north - south) > _SMALL_DEGREES:
        return whole
    return replace(whole, longitude=position[0], latitude=position[1], zoom=NEAREST_ZOOM)
