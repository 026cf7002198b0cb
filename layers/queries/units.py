"""Events per street segment and per area, each rate with its denominator."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from layers.queries.completeness import of_filter
from layers.queries.filters import Filter, where
from layers.queries.run import mappings
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo


def segments(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, *, given: Filter | None = None, limit: int = 50_000
) -> dict[str, Any]:
    """Counts per street segment, most first; events that lie on no segment are told in ``unplaced``.

    Returns
    -------
    rows : id, name…, length_m, count, unknown_count, count_per_km (denominator: the segment's own length).
    totals : count, on_segments, unplaced, of the rows that pass.
    completeness : of the whole layer in the filter's period, as ``layers.queries.completeness``.
    """
    clause = where(layer, workspace.id, given or Filter())
    clause.params.update(layer=layer.id, limit=limit)
    found = mappings(
        connection,
        f"""
        WITH e AS (SELECT t.id, ({clause.passes}) AS passes FROM {layer.table} t WHERE {clause.sql}),
        c AS (SELECT u.unit_id, count(*) FILTER (WHERE e.passes) AS count,
                     count(*) FILTER (WHERE e.passes IS NULL) AS unknown_count
              FROM e JOIN event_unit u ON u.workspace_id = %(ws)s AND u.layer_id = %(layer)s AND u.row_id = e.id
              GROUP BY u.unit_id)
        SELECT s.id, s.name, s.name_kk, s.name_ru, s.highway_class, s.length_m, c.count, c.unknown_count,
               c.count / nullif(s.length_m / 1000.0, 0) AS count_per_km
        FROM c JOIN layer_street_segments s ON s.workspace_id = %(ws)s AND s.id = c.unit_id
        ORDER BY c.count DESC, s.id LIMIT %(limit)s
        """,  # noqa: S608
        clause.params,
    )
    # Counted apart: the rows above end at the limit.
    totals = mappings(
        connection,
        f"""
        SELECT count(*) AS count, count(s.id) AS on_segments, count(*) - count(s.id) AS unplaced
        FROM {layer.table} t
        LEFT JOIN event_unit u ON u.workspace_id = %(ws)s AND u.layer_id = %(layer)s AND u.row_id = t.id
        LEFT JOIN layer_street_segments s ON s.workspace_id = %(ws)s AND s.id = u.unit_id
        WHERE {clause.sql} AND ({clause.passes})
        """,  # noqa: S608
        clause.params,
    )[0]
    return {"rows": found, "totals": totals, "completeness": of_filter(connection, workspace, layer, given)}


def areas(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    *,
    given: Filter | None = None,
    kind: str | None = None,
) -> dict[str, Any]:
    """Counts per area (by position, not by the code in the record), with rates per 10,000 residents where they are known.

    Returns
    -------
    rows : id, code, names, kind, population (None = unknown), count, unknown_count, count_per_10k (None = no population).
    totals : count of all rows that pass, ``outside`` of every area, ``without_position``. For each kind the
        counts of the rows, ``outside`` and ``without_position`` add up to ``count``: of several areas of a kind that an event
        lies in, as on their common border, only the one with the smallest id counts it.
    """
    clause = where(layer, workspace.id, given or Filter())
    clause.params["kind"] = kind
    found = mappings(
        connection,
        f"""
        WITH e AS MATERIALIZED (SELECT t.id, t.geom, ({clause.passes}) AS passes FROM {layer.table} t WHERE {clause.sql}),
        l AS (SELECT min(a.id) AS area_id, e.passes
              FROM e JOIN layer_areas a ON a.workspace_id = %(ws)s AND a.geom && e.geom AND ST_Covers(a.geom, e.geom)
              WHERE %(kind)s::text IS NULL OR a.kind = %(kind)s
              GROUP BY e.id, e.passes, a.kind)
        SELECT a.id, a.code, a.kind, a.name, a.name_kk, a.name_ru, a.name_en, a.population, a.population_date,
               count(l.area_id) FILTER (WHERE l.passes) AS count,
               count(l.area_id) FILTER (WHERE l.passes IS NULL) AS unknown_count,
               count(l.area_id) FILTER (WHERE l.passes) * 10000.0 / nullif(a.population, 0) AS count_per_10k
        FROM layer_areas a LEFT JOIN l ON l.area_id = a.id
        WHERE a.workspace_id = %(ws)s AND (%(kind)s::text IS NULL OR a.kind = %(kind)s)
        GROUP BY a.workspace_id, a.id ORDER BY count DESC, a.id
        """,  # noqa: S608
        clause.params,
    )
    totals = mappings(
        connection,
        f"""
        SELECT count(*) FILTER (WHERE {clause.passes}) AS count,
               count(*) FILTER (WHERE ({clause.passes}) AND t.geom IS NULL) AS without_position,
               count(*) FILTER (WHERE ({clause.passes}) AND t.geom IS NOT NULL AND NOT EXISTS (
                 SELECT 1 FROM layer_areas a WHERE a.workspace_id = %(ws)s AND (%(kind)s::text IS NULL OR a.kind = %(kind)s)
                 AND a.geom && t.geom AND ST_Covers(a.geom, t.geom))) AS outside
        FROM {layer.table} t WHERE {clause.sql}
        """,  # noqa: S608
        clause.params,
    )[0]
    return {
        "rows": [_plain(row) for row in found],
        "totals": totals,
        "completeness": of_filter(connection, workspace, layer, given),
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    rate = row["count_per_10k"]
    return {**row, "count_per_10k": None if rate is None else float(rate)}
