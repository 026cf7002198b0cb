"""Events per month, and per month and area: the one count that batch reports and completeness both stand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from layers.queries.run import mappings
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo

# Codes of the field ``severity`` that hardly anybody leaves unregistered: crimes that are grave or worse, accidents with dead; the dead
# themselves are counted by the field a layer names (``deaths_field``), since many sources give no severity.
# Their share tells a broken registration from a quiet month.
SEVERE = frozenset({"grave", "very_grave", "fatal"})


@dataclass(frozen=True, kw_only=True)
class MonthlyCount:
    """Rows of one month, in one area where areas were asked for.

    Parameters
    ----------
    month : its first day; None = rows not known to the month.
    area_id : None = no area was asked for, or the rows lie in none (without a position, or outside).
    count : rows. severe_count : of them those known to be severe; None where the layer tells neither severity nor deaths.
    """

    month: date | None
    area_id: int | None
    count: int
    severe_count: int | None


def monthly_counts(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    *,
    by_area: bool,
    kind: str = "district",
    batch_id: int | None = None,
) -> list[MonthlyCount]:
    """Count the rows of an event layer that the reader may see, by local month.

    Months without a row are not listed, so that a month with a zero and a month that nobody delivered stay apart: ask for the
    batches' periods (``qorgan_loaded``) to tell them.

    Parameters
    ----------
    by_area : also by area of ``kind``; an event on a common border counts in the one with the smallest id.
    batch_id : only rows as this batch left them.

    Returns
    -------
    Rows sorted by month (unknown last) and area (none last); their counts add up to the rows of the layer.
    """
    rules = ["t.severity = ANY(%(severe)s)"] if any(field.name == "severity" for field in layer.fields) else []
    rules += [f"t.{layer.deaths_field} > 0"] if layer.deaths_field else []
    severe = f"count(*) FILTER (WHERE {' OR '.join(rules)})" if rules else "NULL::bigint"
    area = (
        "(SELECT min(a.id) FROM layer_areas a WHERE a.workspace_id = %(ws)s AND a.kind = %(kind)s "
        "AND a.geom && t.geom AND ST_Covers(a.geom, t.geom))"
        if by_area
        else "NULL::bigint"
    )
    found = mappings(
        connection,
        f"""
        SELECT CASE WHEN date_trunc('month', t.day_from) = date_trunc('month', t.day_to)
                    THEN date_trunc('month', t.day_from)::date END AS month,
               {area} AS area_id, count(*) AS count,
               {severe} AS severe_count
        FROM {layer.table} t
        WHERE t.workspace_id = %(ws)s AND (%(batch)s::bigint IS NULL OR t.batch_id = %(batch)s)
        GROUP BY 1, 2 ORDER BY 1 NULLS LAST, 2 NULLS LAST
        """,  # noqa: S608
        {"ws": workspace.id, "kind": kind, "severe": sorted(SEVERE), "batch": batch_id},
    )
    return [MonthlyCount(**row) for row in found]
