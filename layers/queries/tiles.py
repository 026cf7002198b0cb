"""Mapbox vector tiles of a layer, made by PostGIS: the constant envelope is transformed, never the column the index is on."""

from __future__ import annotations

import re
from functools import lru_cache

from geo_core.errors import InvalidInput
from layers.spec import Layer, LayerKind

MAX_ZOOM = 22
EXTENT = 4096
MOST_EXACT_ID = 2**53 - 1
"""Whole numbers up to here are exact in every reader of a tile."""
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def check_tile(z: int, x: int, y: int) -> None:
    """Refuse a tile that does not exist.

    Raises
    ------
    InvalidInput
    """
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise InvalidInput("bad-tile", z=z, x=x, y=y)


def properties(layer: Layer) -> list[str]:
    """What a tile's features carry beside their id: the category and the names, nothing restricted."""
    wanted = [layer.category_field] if layer.category_field else []
    wanted += [f.name for f in layer.fields if f.name in layer.tile_fields and not f.restricted]
    return list(dict.fromkeys(wanted))


@lru_cache(maxsize=256)
def tile_sql(layer: Layer, z: int) -> str:
    """The statement for zoom ``z``; placeholders ws, z, x, y. Gives one bytea.

    Rows smaller than a pixel are left out of lines and polygons; below the layer's own zoom nothing is drawn.
    """
    hidden = sorted(code for code, zoom in layer.category_min_zoom.items() if z < zoom)
    conditions = ["t.workspace_id = %(ws)s", "t.geom && e.degrees"]
    if z < layer.min_zoom:
        conditions.append("false")
    if hidden and layer.category_field:
        listed = ", ".join(f"'{code}'" for code in hidden)
        conditions.append(f't."{layer.category_field}" NOT IN ({listed})')
    geometry = "ST_Transform(t.geom, 3857)"
    if layer.geometry != "Point" and z < 15:
        geometry = f"ST_Simplify({geometry}, {40075016.7 / 256 / 2**z / 2:.3f}, true)"
    columns = "".join(f', t."{name}"' for name in properties(layer))
    if layer.kind is LayerKind.DERIVED:
        # Ids made from a hash fill 63 bits; a reader in JavaScript holds 53 of them and would open another card.
        columns += f", CASE WHEN abs(t.id) > {MOST_EXACT_ID} THEN t.id::text END AS id_text"
    return (
        "WITH e AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS metres, "  # noqa: S608
        "ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.015625), 4326) AS degrees) "
        f"SELECT coalesce(ST_AsMVT(m, '{layer.id}', {EXTENT}, 'geom', 'id'), ''::bytea) FROM ("
        f"SELECT t.id{columns}, ST_AsMVTGeom({geometry}, e.metres, {EXTENT}, 64, true) AS geom "
        f"FROM {layer.table} t, e WHERE {' AND '.join(conditions)}) m WHERE m.geom IS NOT NULL"
    )
