"""What happens at a place and when: the charts of the card."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from geo_core.aoristic import hour_of_week_shares
from layers.queries.completeness import of_filter
from layers.queries.filters import Filter, Place, Where, at_place, where
from layers.queries.run import mappings
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo

# A day or more says nothing of the hour: spreading it would only flatten the chart.
SPREAD_BELOW_H: Final = 24


def profile(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, *, place: Place, given: Filter | None = None
) -> dict[str, Any]:
    """Hour × weekday, months, categories and totals of the events of a place.

    Returns
    -------
    count, unknown_count : rows that pass the filter, and that might.
    hours : list of 7 lists (Monday first) of 24 counts, of rows whose hour and weekday are known.
    hour_unknown : rows that pass and have no hour.
    hours_spread : as ``hours``, and each row known to an interval shorter than 24 h adds its share to every hour it may have happened in
        (aoristic, see :mod:`geo_core.aoristic`); the sum is the rows of ``hours`` plus ``spread_count``.
    spread_count : such rows, out of ``hour_unknown``.
    months : [{"month": "2024-05", "count": n}], of rows known to the month; gaps inside are zeros.
    month_unknown : rows that pass and are not known to the month.
    categories : [{"category": code, "count": n}], most first.
    dark : {"dark": n, "light": n, "unknown": n}.
    completeness : of the whole layer in the filter's period, as ``layers.queries.completeness``.
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
    # only rows without an hour can be spread: where there are none the rows are not read again
    spread, spread_count = np.zeros((7, 24)), 0
    if totals["hour_unknown"]:
        spread, spread_count = _spread(connection, workspace, base, clause)
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
        "hours_spread": np.round(spread + np.array(hours), 4).tolist(),
        "spread_count": spread_count,
        "months": months,
        "month_unknown": totals["month_unknown"],
        "categories": categories,
        "dark": {"dark": totals["dark"], "light": totals["light"], "unknown": totals["dark_unknown"]},
        "completeness": of_filter(connection, workspace, layer, given),
    }


def _spread(connection: Connection, workspace: WorkspaceInfo, base: str, clause: Where) -> tuple[Any, int]:
    """(7, 24) shares of the rows known to an interval of some hours, and how many they are."""
    rows = mappings(
        connection,
        f"""
        WITH e AS ({base})
        SELECT extract(epoch FROM occurred_from AT TIME ZONE %(zone)s)::bigint AS start_s,
               extract(epoch FROM occurred_to - occurred_from)::bigint AS length_s
        FROM e WHERE passes AND (hour IS NULL OR weekday IS NULL) AND occurred_to - occurred_from < make_interval(hours => %(below)s)
        """,  # noqa: S608
        {**clause.params, "zone": workspace.zone, "below": SPREAD_BELOW_H},
    )
    # the length is the true one: where the clock changes in between, the later hours are those of the clock before
    start = np.fromiter((row["start_s"] for row in rows), np.int64, len(rows))
    length = np.fromiter((row["length_s"] for row in rows), np.int64, len(rows))
    return hour_of_week_shares(start, start + length), len(rows)
