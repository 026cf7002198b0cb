"""From what was hit on the map to a selected place."""

from __future__ import annotations

from collections.abc import Mapping

from streamlit_app.address import PlaceKind, Selection
from streamlit_app.gateway import LayerInfo
from streamlit_app.map_component import MapPick
from streamlit_app.services.coloured import AREAS, SEGMENTS

_KINDS = {SEGMENTS: PlaceKind.SEGMENT, AREAS: PlaceKind.AREA, "gap": PlaceKind.SEGMENT}


def selection_of(pick: MapPick | None, *, cell: str, layers: Mapping[str, LayerInfo]) -> Selection:
    """The place meant by a click.

    Parameters
    ----------
    cell : the H3 cell under the click: empty ground is a place too, with nothing observed in it.
    """
    ground = Selection(kind=PlaceKind.CELL, id=cell)
    if pick is None:
        return ground
    hit = pick.object
    if hit.get("cell"):
        return Selection(kind=PlaceKind.CELL, id=str(hit["cell"]))
    kind = _KINDS.get(pick.layer_id)
    if kind is not None and hit.get("id"):
        return Selection(kind=kind, id=str(hit["id"]))
    if pick.layer_id in layers and hit.get("id"):
        return Selection(kind=PlaceKind.FEATURE, layer=pick.layer_id, id=str(hit["id"]))
    return ground
