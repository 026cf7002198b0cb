"""What happens at a place and when: the charts of the card."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from layers.queries.filters import Filter, Place, at_place, where
from layers.queries.run import mappings
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo


def profile(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, *, place: Place, given: Filter | None = None
) -> dict[str, Any]:
    """Hour × weekday, months, categories and totals of the events of a place.

    Returns
    -------
    count, unknown_count : rows that pass the filter, and that might.
    hours : list of 7 lists (Monday first) of 24 counts, of rows whose hour and weekday are known.
    hour_unknown : rows that pass and have no hour.
    months : [{"month": "2024-05", "count": n}], of rows known to the month; gaps inside are zeros.
    month_unknown : rows that pass and are not known to the month.
    categories : [{"category": code, "count": n}], most first.
    dark : {"dark": n, "light": n, "unknown": n}.
    """
    clause = where(layer, workspace.id, given or Filter())
    at_place(clause, layer, place)
    base = f"SELECT t.*, ({clause.passes}) AS passes FROM {layer.table} t WHERE {clause.sql}"  # noqa: S608
    totals = mappings(
        connection,
        f"""
        WITH e AS ({base})
        SELECT count(*) FILTER (WHERE passes) AS count, count(*) FILTER (WHERE passes IS NULL) AS unknown_count,
               count(*) FILTER (WHERE passes AND (hour IS NULL OR weekday IS NULL)) AS hour_unknown,
               count(*) FILTER (WHERE passes AND dark) AS dark, count(*) FILTER (WHERE passes AND NOT dark) AS light,
               count(*) FILTER (WHERE passes AND dark IS NULL) AS dark_unknown,
               count(*) FILTER (WHERE passes AND (day_from IS NULL OR date_trunc('month', day_from) <> date_trunc('month', day_to)))
                 AS month_unknown
        FROM e
        """,  # noqa: S608
        clause.params,
    )[0]
    by_hour = mappings(
        connection,
        f"WITH e AS ({base}) SELECT weekday, hour, count(*) AS count FROM e "  # noqa: S608
        "WHERE passes AND hour IS NOT NULL AND weekday IS NOT NULL GROUP BY 1, 2",
        clause.params,
    )
    hours = [[0] * 24 for _ in range(7)]
    for row in by_hour:
        hours[row["weekday"] - 1][row["hour"]] = row["count"]
    months = mappings(
        connection,
        f"""
        WITH e AS ({base}),
        m AS (SELECT date_trunc('month', day_from)::date AS month, count(*) AS count FROM e
              WHERE passes AND date_trunc('month', day_from) = date_trunc('month', day_to) GROUP BY 1)
        SELECT to_char(g, 'YYYY-MM') AS month, coalesce(m.count, 0) AS count
        FROM generate_series((SELECT min(month) FROM m), (SELECT max(month) FROM m), interval '1 month') g
        LEFT JOIN m ON m.month = g::date ORDER BY 1
        """,  # noqa: S608
        clause.params,
    )
    categories = mappings(
        connection,
        f'WITH e AS ({base}) SELECT "{layer.category_field}" AS category, count(*) AS count FROM e WHERE passes '  # noqa: S608
        "GROUP BY 1 ORDER BY 2 DESC, 1",
        clause.params,
    )
    return {
        "count": totals["count"],
        "unknown_count": totals["unknown_count"],
        "hours": hours,
        "hour_unknown": totals["hour_unknown"],
        "months": months,
        "month_unknown": totals["month_unknown"],
        "categories": categories,
        "dark": {"dark": totals["dark"], "light": totals["light"], "unknown": totals["dark_unknown"]},
    }
