"""What a batch looks like beside what was there: months and districts before and after it, months that hold too few, breaks to judge."""

from __future__ import annotations

import calendar as days
import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import Connection

from geo_core.registration import MonthExpectation, expectations, few_beside_others, propose_breaks
from layers import breaks
from layers.queries.coverage import Days, coverage, edge_warnings
from layers.queries.monthly import MonthlyCount, monthly_counts
from layers.queries.run import mappings
from layers.queries.tally import tally
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo

SEED = 20_240_101
NEAR_ACCEPTED_MONTHS = 2  # a break so near an accepted one is the same


def quality(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    *,
    batch_id: int | None = None,
    by_district: bool = False,
) -> dict[str, Any]:
    """Completeness of an event layer by month, and by district, against its own earlier months.

    Parameters
    ----------
    batch_id : tell also what this batch brought (``brought``) and what was there without it (``before``).
    by_district : also per district of the layer ``areas``; rows outside all have ``area_id`` None.

    Returns
    -------
    months : one per month from the first to the last with rows, ignored ones apart; ``is_missing`` has none, ``is_whole`` is covered to its last day,
        ``expected``, ``low``, ``high`` and ``chance_of_as_few`` as :mod:`geo_core.registration` (None = not enough earlier months or not
        whole), ``is_suspicious``. ignored_months : at the edges, parted by a year without rows and under 1 % of them: taken as
        mistyped dates, told in warnings. unknown_month : rows not known to the month. proposed_breaks, accepted_breaks. districts.
    """
    every = monthly_counts(connection, workspace, layer, by_area=by_district)
    covered = coverage(connection, workspace, layer)
    now = [row for row in every if row.month not in covered.ignored]
    months = _months(now)
    totals = _by_month(now)
    brought = _brought(connection, workspace, layer, batch_id) if batch_id is not None else {}
    accepted = breaks.listed(connection, workspace, layer)
    # quiet days after the last event are covered
    last_day = covered.spans[-1].last if covered.spans else None
    whole = [last_day is not None and _end(month) <= last_day for month in months]
    counts = np.array([totals.get(month, 0) for month in months], dtype=np.int64)
    judged = _judged(months, counts, whole, [row["day"] for row in accepted])
    found: dict[str, Any] = {
        "layer": layer.id,
        "batch": batch_id,
        "months": [
            {
                "month": month.isoformat(),
                "count": int(count),
                "before": int(count) - brought.get(month, 0) if batch_id is not None else None,
                "brought": brought.get(month, 0) if batch_id is not None else None,
                "is_missing": int(count) == 0,
                "is_whole": is_whole,
                **_told(expectation),
            }
            for month, count, is_whole, expectation in zip(months, counts, whole, judged, strict=True)
        ],
        "ignored_months": [month.isoformat() for month in covered.ignored],
        "warnings": edge_warnings(layer, covered),
        "unknown_month": totals.get(None, 0),
        "accepted_breaks": accepted,
        "proposed_breaks": _proposed(now, months, whole, [row["day"] for row in accepted]),
    }
    if by_district:
        found["districts"] = _districts(connection, workspace, layer, every, batch_id)
    return found


def few_months(connection: Connection, workspace: WorkspaceInfo, layer: Layer, spans: Sequence[Days]) -> list[date]:
    """Whole months in the spans that hold suspiciously few rows, though some: as :func:`quality` judges them by earlier years, or,
    where there are not enough of those, beside all other months since the same break.
    """
    covered = coverage(connection, workspace, layer)
    now = [row for row in tally(connection, workspace, layer).monthly if row.month not in covered.ignored]
    months, totals = _months(now), _by_month(now)
    counts = np.array([totals.get(month, 0) for month in months], dtype=np.int64)
    whole = [covered.rule(month, _end(month)) is not None for month in months]
    accepted = [row["day"] for row in breaks.listed(connection, workspace, layer)]
    judged = _judged(months, counts, whole, accepted)
    starts = sorted({0, *(i for day in accepted if (i := _first_after(months, day)) is not None), len(months)})
    beside = [
        few
        for start, end in pairwise(starts)
        for few in few_beside_others(counts[start:end], np.array(whole[start:end], dtype=np.bool_))
    ]
    return [
        month
        for month, count, one, few in zip(months, counts, judged, beside, strict=True)
        if count
        and (one.is_suspicious or (few and math.isnan(one.expected)))
        and any(span.first <= month and _end(month) <= span.last for span in spans)
    ]


def _months(now: list[MonthlyCount]) -> list[date]:
    known = sorted({row.month for row in now if row.month is not None})
    if not known:
        return []
    first, last = known[0], known[-1]
    total = (last.year - first.year) * 12 + last.month - first.month + 1
    return [date(first.year + (first.month - 1 + i) // 12, (first.month - 1 + i) % 12 + 1, 1) for i in range(total)]


def _by_month(now: list[MonthlyCount]) -> dict[date | None, int]:
    totals: dict[date | None, int] = {}
    for row in now:
        totals[row.month] = totals.get(row.month, 0) + row.count
    return totals


def _brought(connection: Connection, workspace: WorkspaceInfo, layer: Layer, batch_id: int) -> dict[date | None, int]:
    """How many rows of each month there are more through the batch: rows it updated were there before."""
    out = _by_month(monthly_counts(connection, workspace, layer, by_area=False, batch_id=batch_id))
    updated = mappings(
        connection,
        """
        SELECT CASE WHEN date_trunc('month', (h.before ->> 'day_from')::date) = date_trunc('month', (h.before ->> 'day_to')::date)
                    THEN date_trunc('month', (h.before ->> 'day_from')::date)::date END AS month, count(*) AS count
        FROM row_history h WHERE h.workspace_id = %(ws)s AND h.layer_id = %(layer)s AND h.batch_id = %(batch)s
        GROUP BY 1
        """,
        {"ws": workspace.id, "layer": layer.id, "batch": batch_id},
    )
    for row in updated:
        out[row["month"]] = out.get(row["month"], 0) - row["count"]
    return out


def _end(month: date) -> date:
    return month.replace(day=days.monthrange(month.year, month.month)[1])


def _judged(months: list[date], counts: Any, whole: list[bool], accepted: list[date]) -> list[MonthExpectation]:
    """Every month by the months since the last accepted break before it."""
    starts = sorted({0, *(i for day in accepted if (i := _first_after(months, day)) is not None)})
    out: list[MonthExpectation] = []
    for start, end in zip(starts, [*starts[1:], len(months)], strict=True):
        calendar = np.array([month.month for month in months[start:end]], dtype=np.int64)
        out += expectations(counts[start:end], calendar, np.array(whole[start:end], dtype=np.bool_))
    return out


def _first_after(months: list[date], day: date) -> int | None:
    """The first month that begins on the day or later."""
    return next((i for i, month in enumerate(months) if month >= day), None)


def _told(expectation: MonthExpectation) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(expectation).items()
    }


def _proposed(
    now: list[MonthlyCount], months: list[date], whole: list[bool], accepted: list[date]
) -> list[dict[str, Any]]:
    """Breaks that look like changes of registration, apart from those accepted."""
    last = max((i for i, is_whole in enumerate(whole) if is_whole), default=-1) + 1
    totals: dict[date, list[int]] = {}
    knows_severe = all(row.severe_count is not None for row in now)
    for row in now:
        if row.month is not None:
            kept = totals.setdefault(row.month, [0, 0])
            kept[0], kept[1] = kept[0] + row.count, kept[1] + (row.severe_count or 0)
    series = np.array([totals.get(month, [0, 0]) for month in months[:last]], dtype=np.int64).reshape(-1, 2)
    knows_severe = knows_severe and bool(series[:, 1].sum())
    starts = sorted({0, *(i for day in accepted if (i := _first_after(months[:last], day)) is not None)})
    out = []
    for start, end in zip(starts, [*starts[1:], last], strict=True):
        calendar = np.array([month.month for month in months[start:end]], dtype=np.int64)
        if not len(calendar):
            continue
        severe = series[start:end, 1] if knows_severe else None
        for one in propose_breaks(series[start:end, 0], calendar, severe, seed=SEED):
            index = start + one.index
            if any(abs(index - (other or 0)) <= NEAR_ACCEPTED_MONTHS for other in starts if other):
                continue
            plain = {k: None if not math.isfinite(v) else v for k, v in asdict(one).items() if k != "index"}
            out.append({"day": months[index].isoformat(), **plain})
    return out


def _districts(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, now: list[MonthlyCount], batch_id: int | None
) -> list[dict[str, Any]]:
    """Rows per district and month, now and of them those the batch left there."""
    names = {
        row["id"]: row
        for row in mappings(
            connection,
            "SELECT id, code, name, name_kk, name_ru, name_en FROM layer_areas WHERE workspace_id = %(ws)s AND kind = 'district'",
            {"ws": workspace.id},
        )
    }
    of_batch: dict[tuple[int | None, date | None], int] = {}
    if batch_id is not None:
        for row in monthly_counts(connection, workspace, layer, by_area=True, batch_id=batch_id):
            of_batch[row.area_id, row.month] = row.count
    areas: dict[int | None, list[dict[str, Any]]] = {area: [] for area in names}
    for row in now:
        areas.setdefault(row.area_id, []).append(
            {
                "month": row.month.isoformat() if row.month else None,
                "count": row.count,
                "of_batch": of_batch.get((row.area_id, row.month), 0) if batch_id is not None else None,
            }
        )
    return [
        {"area_id": area, "names": {k: v for k, v in names.get(area, {}).items() if k != "id"}, "months": months}
        for area, months in areas.items()
    ]
