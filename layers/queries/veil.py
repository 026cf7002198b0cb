"""Records that may point at a victim, as readers who do not edit them may see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from h3.api import basic_int as h3
from sqlalchemy import Connection

from layers.identity import territories
from layers.spec import Layer, Role

COARSE_RESOLUTION = 9  # cells of about 0.1 km²


def veiled(connection: Connection, layer: Layer, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a layer of points, without what may point at a victim.

    A row whose category is sensitive loses its restricted fields, and its position becomes the centre of its H3 cell of resolution 9,
    unless the principal is an editor of its territory. Every row of a layer with sensitive categories gets ``position_coarsened``.

    Parameters
    ----------
    rows : with ``geometry`` (GeoJSON, degrees, or None) and ``territory_id``, which is taken out.
    """
    codes = layer.field_named(layer.category_field).codes if layer.category_field else None
    sensitive = codes.sensitive if codes is not None else frozenset()
    if not sensitive:
        return [{name: value for name, value in row.items() if name != "territory_id"} for row in rows]
    edited = territories(connection, Role.EDITOR)
    hidden = [field.name for field in layer.fields if field.restricted]
    out = []
    for row in rows:
        shown = {name: value for name, value in row.items() if name != "territory_id"}
        is_veiled = row[str(layer.category_field)] in sensitive and row["territory_id"] not in edited
        if is_veiled:
            shown |= dict.fromkeys(hidden)
            shown["geometry"] = _coarse(row["geometry"])
        shown["position_coarsened"] = is_veiled and row["geometry"] is not None
        out.append(shown)
    return out


def _coarse(geometry: dict[str, Any] | None) -> dict[str, Any] | None:
    if geometry is None:
        return None
    lon, lat = geometry["coordinates"][:2]
    centre_lat, centre_lon = h3.cell_to_latlng(h3.latlng_to_cell(lat, lon, COARSE_RESOLUTION))
    return {"type": "Point", "coordinates": [round(centre_lon, 7), round(centre_lat, 7)]}
