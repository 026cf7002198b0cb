"""Streets between junctions from the edges of ``roads``, and the segment each event lies on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from sqlalchemy import text

from geo_core.line_nodes import nodes_from_lines
from geo_core.linking import nearest_segment
from geo_core.network import StreetSegments, street_segments
from layers import copy_binary, copy_out, registry
from layers.derivation import Context, derived_rows, digest, replace_rows, write
from layers.placing import placing
from layers.queries.run import mappings
from layers.spec import Layer

# An event farther than this from every street lies on none: positions are written down to the house or the block, and a block is
# seldom wider than twice this.
REACH_M = 60.0
# Ways nobody can walk or drive on as on a street: left to the map.
_NOT_STREETS = frozenset({"steps"})
# Sources without node ids (lines of GeoJSON) are joined where their ends are this near.
SNAP_M = 0.5

_CARRIED = ("name", "name_kk", "name_ru", "highway_class", "level", "lit", "oneway")


def run(context: Context) -> dict[str, Any]:
    """Derive the segments when roads changed, then link the events that are new, moved or now nearer to another street."""
    report: dict[str, Any] = dict(context.before)
    fresh = "roads" in context.changed
    if fresh:
        context.tell(0.05, "job.doing.segments")
        report.update(_segments(context))
    context.tell(0.5, "job.doing.linking")
    for layer_id in ("crimes", "accidents"):
        if fresh or layer_id in context.changed:
            report[layer_id] = _link(context, registry.load()[layer_id], afresh=fresh)
    return report


def _segments(context: Context) -> dict[str, Any]:
    roads = mappings(
        context.connection,
        "SELECT id, from_node, to_node, ST_AsBinary(geom) AS wkb, " + ", ".join(_CARRIED) + " "
        "FROM layer_roads WHERE workspace_id = %(ws)s AND highway_class <> ALL(%(out)s) ORDER BY source_id",
        {"ws": context.workspace.id, "out": sorted(_NOT_STREETS)},
    )
    left_out = context.connection.execute(
        text("SELECT count(*) FROM layer_roads WHERE workspace_id = :ws AND highway_class = ANY(:out)"),
        {"ws": context.workspace.id, "out": sorted(_NOT_STREETS)},
    ).scalar_one()
    lines = np.array(shapely.from_wkb([bytes(row["wkb"]) for row in roads]), dtype=object)
    classes = np.array([row["highway_class"] for row in roads], dtype=object)
    made = _made(roads, lines, classes)
    of = [roads[i] for i in made.representative]
    where, _ = placing(context.connection, context.workspace)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(made.lines, 0.5, normalized=True))
    lon, lat = middle[:, 0], middle[:, 1]
    columns: dict[str, pa.Array] = {name: pa.array([row[name] for row in of]) for name in _CARRIED}
    columns["length_m"] = pa.array(made.length_m)
    rows = derived_rows(
        context,
        ids=made.segment_id,
        source_id=[f"s{i}" for i in made.segment_id],
        row_hash=[
            digest(int(i), *(row[name] for name in _CARRIED)) for i, row in zip(made.segment_id, of, strict=True)
        ],
        geometry=made.lines,
        lon=lon,
        lat=lat,
        territory_id=where.territory_of(lon, lat),
        columns=columns,
    )
    done = replace_rows(context, rows)
    return {
        "segments": len(made),
        "length_m": float(made.length_m.sum()),
        "roads": len(roads),
        "left_out": int(left_out),
        "rows": done,
    }


def _made(roads: list[dict[str, Any]], lines: NDArray[np.object_], classes: NDArray[np.object_]) -> StreetSegments:
    if all(row["from_node"] is not None and row["to_node"] is not None for row in roads):
        tail = np.array([row["from_node"] for row in roads], dtype=np.int64)
        head = np.array([row["to_node"] for row in roads], dtype=np.int64)
        return street_segments(tail, head, lines, road_class=classes)
    level = np.array([row["level"] or 0 for row in roads], dtype=np.int16)
    edges = nodes_from_lines(lines, level=level, snap_m=SNAP_M)
    made = street_segments(edges.from_node, edges.to_node, edges.lines, road_class=classes[edges.source])
    # The representative is an edge of the cut lines: say which road it was cut from.
    return replace(made, representative=edges.source[made.representative])


def _link(context: Context, layer: Layer, *, afresh: bool) -> dict[str, int]:
    connection, ws = context.connection, context.workspace.id
    key = {"ws": ws, "layer": layer.id}
    if afresh:
        connection.execute(text("DELETE FROM event_unit WHERE workspace_id = :ws AND layer_id = :layer"), key)
    connection.execute(
        text(
            # Links of events that are gone or were changed since; those are looked at again below.
            "DELETE FROM event_unit u WHERE u.workspace_id = :ws AND u.layer_id = :layer AND NOT EXISTS ("  # noqa: S608
            f"SELECT 1 FROM {layer.table} t WHERE t.workspace_id = :ws AND t.id = u.row_id AND t.version = u.row_version)"
        ),
        key,
    )
    events = copy_out.arrays(
        connection,
        "SELECT t.id::int8, ST_X(t.geom)::float8, ST_Y(t.geom)::float8, t.territory_id::int4, t.version::int4 "  # noqa: S608
        f"FROM {layer.table} t WHERE t.workspace_id = %(ws)s AND t.geom IS NOT NULL AND NOT EXISTS ("
        "SELECT 1 FROM event_unit u WHERE u.workspace_id = %(ws)s AND u.layer_id = %(layer)s AND u.row_id = t.id) ORDER BY t.id",
        [("id", "int8"), ("lon", "float8"), ("lat", "float8"), ("territory", "int4"), ("version", "int4")],
        key,
    )
    segments = mappings(
        connection,
        "SELECT id, ST_AsBinary(geom) AS wkb FROM layer_street_segments WHERE workspace_id = %(ws)s ORDER BY id",
        key,
    )
    ids = np.array([row["id"] for row in segments], dtype=np.int64)
    lines = np.array(shapely.from_wkb([bytes(row["wkb"]) for row in segments]), dtype=object)
    index, distance_m = nearest_segment(
        events["lon"],
        events["lat"],
        lines,
        segment_ids=ids,
        max_distance_m=REACH_M,
        crs=context.workspace.metric_crs,
    )
    near = index >= 0
    count = len(index)
    unit = np.where(near, ids[np.maximum(index, 0)] if len(ids) else 0, 0)
    columns = [
        copy_binary.constant(ws, count, "int4"),
        copy_binary.column(pa.array([layer.id] * count, type=pa.string()), "text"),
        copy_binary.column(pa.array(events["id"]), "int8"),
        copy_binary.column(pa.array(unit, mask=~near), "int8"),
        copy_binary.column(pa.array(distance_m, mask=~near), "float8"),
        copy_binary.column(pa.array(events["territory"]), "int4"),
        copy_binary.column(pa.array(events["version"]), "int4"),
    ]
    names = "workspace_id, layer_id, row_id, unit_id, distance_m, territory_id, row_version"
    connection.exec_driver_sql("CREATE TEMP TABLE links (LIKE event_unit) ON COMMIT DROP")
    write(connection, f"links ({names})", copy_binary.rows(columns))
    connection.exec_driver_sql(f"INSERT INTO event_unit ({names}) SELECT {names} FROM links")  # noqa: S608
    connection.exec_driver_sql("DROP TABLE links")
    return {"looked_at": count, "linked": int(near.sum()), "too_far": int((~near).sum())}
