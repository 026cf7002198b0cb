"""How complete a layer is in a period: months that are missing, how late records come, what the rows lack.

Every share is told as ``missing`` of ``total``; where there is no row nothing is known, and the share is None, never 0 or 1.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection

from layers.queries.coverage import Days, coverage, edge_warnings
from layers.queries.filters import Filter
from layers.queries.monthly import MonthlyCount
from layers.queries.tally import Tally, tally
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo

# A covered month without an event is suspicious where this many were to be expected: a Poisson count of mean 5 is 0 in 0.7 % of months.
SILENT_FROM = 5.0
# Shares of two periods that differ by more than this (percentage points) are told.
DIFFERS_BY = 0.10
SILENT_WARNING, MISSING_WARNING, LAG_WARNING = "months-silent", "months-missing", "registration-lag"
DIFFERS_WARNINGS: Mapping[str, str] = {"hour": "hours-known-differ", "position": "positions-known-differ"}


def completeness(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    *,
    first: date | None = None,
    last: date | None = None,
) -> dict[str, Any]:
    """How complete the rows are that the reader may see.

    Parameters
    ----------
    first, last : local days of the period asked for, inclusive; open ends are those of the data. Only events have a period.

    Returns
    -------
    rows : rows of the period. aspects : what rows lack → missing, total, missing_share (None without rows).
    months : of events: first and last month of the period, ``asked`` months, ``missing`` (no batch covers a day of them), ``partial``
        (batches cover only some of their days) and ``silent`` ones (covered, without a row, ``expected`` at least 5).
    lag_days : of layers with a day of registration: p50, p90 from the day of the event to its registration, known, total.
    warnings : code and params of what makes the numbers doubtful; sentences ``warning.<code>``.
    """
    whole = tally(connection, workspace, layer)
    part = whole.within(first, last) if layer.is_event else whole
    found: dict[str, Any] = {"layer": layer.id, "rows": part.rows, "aspects": _aspects(part), "warnings": []}
    if not layer.is_event:
        return found
    found_days = coverage(connection, workspace, layer)
    spans = found_days.delivered
    months = months_of(whole.monthly, spans, first=first, last=last, with_quiet=found_days.spans)
    found["months"] = months
    found["lag_days"] = registration_lag(layer, part)
    found["warnings"] = [
        *edge_warnings(layer, found_days),
        *_month_warnings(layer, months),
        *_lag_warnings(found["lag_days"], spans, last),
    ]
    return found


def of_filter(connection: Connection, workspace: WorkspaceInfo, layer: Layer, given: Filter | None) -> dict[str, Any]:
    """The same for the period of a filter; what the filter asks beside its days does not matter."""
    period = given or Filter()
    return completeness(connection, workspace, layer, first=period.first_day, last=period.last_day)


def share(missing: int, total: int) -> dict[str, Any]:
    """A count of what is missing with its denominator."""
    return {"missing": missing, "total": total, "missing_share": missing / total if total else None}


def _aspects(part: Tally) -> dict[str, Any]:
    return {
        name: share(int(missing.sum(dtype=np.int64)), int(total.sum(dtype=np.int64)))
        for name, (missing, total) in part.lacking.items()
    }


def months_of(
    counts: Iterable[MonthlyCount],
    spans: list[Days],
    *,
    first: date | None = None,
    last: date | None = None,
    with_quiet: list[Days] | None = None,
) -> dict[str, Any] | None:
    """Which months of a period hold no data; None where neither the period nor the data have a beginning and an end.

    A month without a delivered day is missing; ``with_quiet``, the spans with the quiet days beside them, tell which are partial.
    A covered month is silent when it has no row and the mean of the other wholly covered months is at least ``SILENT_FROM``.
    """
    start = first or (spans[0].first if spans else None)
    end = last or (max(span.last for span in spans) if spans else None)
    if start is None or end is None or start > end:
        return None
    wide = spans if with_quiet is None else with_quiet
    per_month = {row.month: row.count for row in counts if row.month is not None}
    asked = list(_months(start, end))
    whole = (
        [m for m in _months(spans[0].first, spans[-1].last) if _covered_days(m, wide) == _length(m)] if spans else []
    )
    missing, partial, silent, expected = [], [], [], 0.0
    for month in asked:
        begin, stop = max(month, start), min(month.replace(day=_length(month)), end)
        days = (stop - begin).days + 1
        if _covered(begin, stop, spans) == 0:
            missing.append(month)
        elif _covered(begin, stop, wide) < days:
            partial.append(month)
        elif month in whole and not per_month.get(month):
            others = [per_month.get(m, 0) for m in whole if m != month]
            mean = sum(others) / len(others) if others else 0.0
            if mean >= SILENT_FROM:
                silent.append(month)
                expected = max(expected, mean)
    return {
        "first": _word(asked[0]),
        "last": _word(asked[-1]),
        "asked": len(asked),
        "missing": [_word(m) for m in missing],
        "partial": [_word(m) for m in partial],
        "silent": [_word(m) for m in silent],
        "expected": expected or None,
    }


def registration_lag(layer: Layer, part: Tally) -> dict[str, Any] | None:
    """Days from an event to its registration; None for layers that do not know the day of registration.

    Only events known to the day count. A registration before the event is a fault of the source and left out.
    """
    if not any(field.name == "registered_on" for field in layer.fields):
        return None
    return {
        "p50": part.lag_quantile(0.5),
        "p90": part.lag_quantile(0.9),
        "known": part.lag_known(),
        "total": part.rows,
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Warnings of two answers of :func:`completeness` whose shares differ by more than ``DIFFERS_BY``."""
    found = []
    for name, code in DIFFERS_WARNINGS.items():
        one, two = (part["aspects"].get(name, {}).get("missing_share") for part in (before, after))
        if one is not None and two is not None and abs(one - two) > DIFFERS_BY:
            found.append({"code": code, "params": {"before": one, "after": two, "threshold": DIFFERS_BY}})
    return found


def _month_warnings(layer: Layer, months: dict[str, Any] | None) -> list[dict[str, Any]]:
    if months is None:
        return []
    lacking = [*months["missing"], *months["partial"]]
    found = []
    if lacking:
        found.append({"code": MISSING_WARNING, "params": _listed(layer, lacking)})
    if months["silent"]:
        found.append({"code": SILENT_WARNING, "params": _listed(layer, months["silent"])})
    return found


def _listed(layer: Layer, months: list[str]) -> dict[str, Any]:
    shown = sorted(months)
    return {"layer": layer.id, "count": len(shown), "months": [*shown[:6], *(["…"] if len(shown) > 6 else [])]}


def _lag_warnings(lag: dict[str, Any] | None, spans: list[Days], last: date | None) -> list[dict[str, Any]]:
    """The last days of the data are thinner than they will be: nine of ten records come within p90 days."""
    if lag is None or lag["p90"] is None or not spans:
        return []
    end = max(span.last for span in spans)
    days = math.ceil(lag["p90"])
    if days < 1 or (last is not None and last <= end - timedelta(days=days)):
        return []
    return [{"code": LAG_WARNING, "params": {"days": days, "since": (end - timedelta(days=days - 1)).isoformat()}}]


def _months(first: date, last: date) -> Iterable[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _length(month: date) -> int:
    return calendar.monthrange(month.year, month.month)[1]


def _covered_days(month: date, spans: list[Days]) -> int:
    return _covered(month, month.replace(day=_length(month)), spans)


def _covered(first: date, last: date, spans: list[Days]) -> int:
    """How many days of ``first`` … ``last`` lie in the spans, which do not overlap."""
    return sum(max(0, (min(last, span.last) - max(first, span.first)).days + 1) for span in spans)


def _word(month: date) -> str:
    return f"{month:%Y-%m}"
