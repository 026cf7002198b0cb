"""Notes on rows that only the whole of a load can tell: shared points of a batch, and records an earlier batch brought already."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text

from layers.spec import Layer

_STEPS = 1e7


def flag_points(
    connection: Connection,
    layer: Layer,
    workspace_id: int,
    batch_id: int,
    *,
    lon_steps: Sequence[int],
    lat_steps: Sequence[int],
    flag: str,
) -> int:
    """Add a flag to the batch's rows at these points; how many had it not.

    Parameters
    ----------
    lon_steps, lat_steps : positions in 1e-7 degrees.
    """
    if not lon_steps:
        return 0
    found = connection.execute(
        text(
            f"UPDATE {layer.table} t SET flags = t.flags || cast(:flag AS text) FROM "  # noqa: S608
            " unnest(cast(:lon AS bigint[]), cast(:lat AS bigint[])) p (lon, lat) "
            "WHERE t.workspace_id = :ws AND t.batch_id = :batch AND :flag <> ALL (t.flags) "
            "AND t.geom && ST_Expand(ST_SetSRID(ST_MakePoint(p.lon / :steps, p.lat / :steps), 4326), 0.6 / :steps) "
            "AND round(ST_X(t.geom) * :steps) = p.lon AND round(ST_Y(t.geom) * :steps) = p.lat"
        ),
        {
            "flag": flag,
            "lon": list(lon_steps),
            "lat": list(lat_steps),
            "ws": workspace_id,
            "batch": batch_id,
            "steps": _STEPS,
        },
    )
    return int(found.rowcount)


def flag_met_before(
    connection: Connection,
    layer: Layer,
    workspace_id: int,
    batch_id: int,
    *,
    flag: str,
    within_m: float,
    within_same_day_m: float,
) -> int:
    """Flag the batch's rows that say the same of the same moment and place as a row of an earlier batch; how many.

    The rule is that of rows of one file: equal start, end and category, and so near each other.
    """
    category = (
        f"AND o.{layer.category_field} IS NOT DISTINCT FROM t.{layer.category_field}" if layer.category_field else ""
    )
    found = connection.execute(
        text(
            f"UPDATE {layer.table} t SET flags = t.flags || cast(:flag AS text) "  # noqa: S608
            "WHERE t.workspace_id = :ws AND t.batch_id = :batch AND :flag <> ALL (t.flags) AND t.geom IS NOT NULL "
            "AND t.occurred_to - t.occurred_from <= interval '25 hours 1 minute' AND EXISTS ("
            f"SELECT 1 FROM {layer.table} o WHERE o.workspace_id = :ws AND o.batch_id <> :batch AND o.geom IS NOT NULL "
            f"AND o.occurred_from = t.occurred_from AND o.occurred_to = t.occurred_to {category} "
            "AND o.geom && ST_Expand(t.geom, 0.003, 0.001) AND ST_Distance(o.geom::geography, t.geom::geography) <= "
            "CASE WHEN t.occurred_to - t.occurred_from <= interval '61 minutes' THEN :near ELSE :day END)"
        ),
        {"flag": flag, "ws": workspace_id, "batch": batch_id, "near": within_m, "day": within_same_day_m},
    )
    return int(found.rowcount)


def flag_repeated(
    connection: Connection, *, layer: Layer, workspace_id: int, batch_id: int, columns: Sequence[str], flag: str
) -> int:
    """Flag the batch's rows that share the text of one of these columns with another row of the batch and category; how many."""
    if not columns:
        return 0
    same_kind = f"AND o.{layer.category_field} = t.{layer.category_field}" if layer.category_field else ""
    shared = " OR ".join(f"lower(o.{column}) = lower(t.{column})" for column in columns)
    found = connection.execute(
        text(
            f"UPDATE {layer.table} t SET flags = t.flags || cast(:flag AS text) "  # noqa: S608
            "WHERE t.workspace_id = :ws AND t.batch_id = :batch AND :flag <> ALL (t.flags) AND EXISTS ("
            f"SELECT 1 FROM {layer.table} o WHERE o.workspace_id = :ws AND o.batch_id = :batch AND o.id <> t.id {same_kind} "
            f"AND ({shared}))"
        ),
        {"flag": flag, "ws": workspace_id, "batch": batch_id},
    )
    return int(found.rowcount)


def flag_rows(
    connection: Connection, *, layer: Layer, workspace_id: int, batch_id: int, ids: Sequence[int], flag: str
) -> int:
    """Add a flag to these rows of the batch; how many had it not."""
    found = connection.execute(
        text(
            f"UPDATE {layer.table} t SET flags = t.flags || cast(:flag AS text) "  # noqa: S608
            "WHERE t.workspace_id = :ws AND t.batch_id = :batch AND :flag <> ALL (t.flags) AND t.id = ANY (cast(:ids AS bigint[]))"
        ),
        {"flag": flag, "ws": workspace_id, "batch": batch_id, "ids": list(ids)},
    )
    return int(found.rowcount)


def write_flagged(connection: Connection, batch_id: int, flagged: Mapping[str, int]) -> None:
    """Put the counts of flags into the report of a batch."""
    connection.execute(
        text("UPDATE batch SET report = jsonb_set(report, '{flagged}', cast(:flagged AS jsonb)) WHERE id = :id"),
        {"flagged": json.dumps(dict(flagged)), "id": batch_id},
    )
