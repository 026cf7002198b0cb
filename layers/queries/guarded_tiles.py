"""Tiles behind the gate: one statement says whether the reader may see the workspace, which version it is, and gives the tile
unless the reader holds that version.
"""

from __future__ import annotations

from functools import lru_cache

from layers.queries.tiles import properties, tile_sql
from layers.queries.versions import VERSION
from layers.spec import Layer

MARK_LENGTH = 20
# Materialized: asked for once, however often it is named.
_GATE = (
    f"WITH v AS MATERIALIZED (SELECT w.id, left(md5({VERSION} || ' ' || qorgan_fingerprint()), {MARK_LENGTH}) AS mark "  # noqa: S608
    "FROM workspace w WHERE w.slug = %(slug)s) "
)


@lru_cache(maxsize=512)
def tile_question(layer: Layer, z: int) -> str:
    """The tile behind the gate: its mark (version and rights), and its bytes unless that mark is among those held.

    Placeholders: slug, layers, held, z, x, y. No row where the reader may not see the workspace.
    """
    tile = tile_sql(layer, z).replace("%(ws)s", "v.id")
    return f"{_GATE} SELECT v.mark, CASE WHEN v.mark = ANY(%(held)s) THEN NULL ELSE ({tile}) END FROM v"  # noqa: S608


@lru_cache(maxsize=512)
def columns_question(layer: Layer, z: int) -> str:
    """As :func:`tile_question` for points that the asker puts together: the mark and the columns of :func:`columns_sql`."""
    columns = columns_sql(layer, z) + " AND v.mark <> ALL(%(held)s)"
    return f"{_GATE} SELECT v.mark, p.ids, p.lon, p.lat, p.codes FROM v, LATERAL ({columns}) p"  # noqa: S608


def codes_of(layer: Layer) -> tuple[str, ...]:
    """Codes of the one property of a layer of points; a feature holds the 1-based position of its own, 0 = unknown."""
    codes = layer.field_named(properties(layer)[0]).codes
    return codes.good if codes else ()


@lru_cache(maxsize=512)
def columns_sql(layer: Layer, z: int) -> str:
    """Ids, longitudes, latitudes and codes of the points near a tile, each one array in its binary form.

    Placeholders: west, south, east, north; ``v.id`` is the workspace. Gives one row.
    """
    name = properties(layer)[0]
    hidden = sorted(code for code, zoom in layer.category_min_zoom.items() if z < zoom)
    conditions = [
        "t.workspace_id = v.id",
        "t.geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)",
    ]
    if z < layer.min_zoom:
        conditions.append("false")
    if hidden and layer.category_field:
        listed = ", ".join(f"'{code}'" for code in hidden)
        conditions.append(f't."{layer.category_field}" NOT IN ({listed})')
    # array_position over eighteen words takes as long as everything else together
    numbered = " ".join(f"WHEN '{code}' THEN {number}" for number, code in enumerate(codes_of(layer), start=1))
    return (
        "SELECT array_send(array_agg(t.id)) AS ids, array_send(array_agg(ST_X(t.geom))) AS lon, "  # noqa: S608
        f"array_send(array_agg(ST_Y(t.geom))) AS lat, "
        f'array_send(array_agg(CASE t."{name}" {numbered} ELSE 0 END)) AS codes '
        f"FROM {layer.table} t WHERE {' AND '.join(conditions)}"
    )
