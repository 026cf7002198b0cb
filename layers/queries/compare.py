"""Two periods side by side: refused where the numbers cannot be compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sqlalchemy import Connection

from geo_core.errors import DataQuality, InvalidInput
from layers.queries.cells import cells
from layers.queries.completeness import DIFFERS_BY, completeness, differences
from layers.queries.coverage import EXPECTED_GAP, Days, coverage, told
from layers.queries.filters import Filter
from layers.queries.quality import few_months
from layers.queries.run import mappings
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo


@dataclass(frozen=True)
class Period:
    """Local days, inclusive."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise InvalidInput("bad-period", first=self.first.isoformat(), last=self.last.isoformat())

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


# More than this share of the days in other months, or of the length, and a season is compared with a year.
OTHER_MONTHS, OTHER_LENGTH = 0.05, 0.1
SEASONS_WARNING = "warning.seasons-differ"
QUIET_WARNING, FEW_WARNING = "quiet-days-covered", "period-month-few"


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Counts of two periods per cell and in total.

    Parameters
    ----------
    cells : uint64 sorted: every cell with an event in either period.
    before, after : counts. difference : after per day × days before − before (equal lengths: after − before).
    ratio, ratio_low, ratio_high : rate after / rate before over all cells with its 90 % interval (exact conditional binomial,
        Clopper–Pearson); None where ``before`` is 0.
    unknown_before, unknown_after : events whose time is too coarse to be put into the period.
    coverage : by which rule each period is covered (``layers.queries.coverage``), with the figures the rule stands on.
    completeness : of each period, as ``layers.queries.completeness``, and the threshold above which a difference of shares is told.
    seasons_differ : the periods do not hold the same months in the same shares, or are of other length: the difference may be that of
        the seasons. warnings : what makes the difference doubtful: keys, or code and params, of the
        sentences that say so.
    """

    resolution: int
    cells: NDArray[np.uint64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    difference: NDArray[np.float64]
    totals: dict[str, Any]


def compare(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    *,
    before: Period,
    after: Period,
    resolution: int,
    given: Filter | None = None,
) -> Comparison:
    """Compare two periods of an event layer on cells.

    Raises
    ------
    InvalidInput : the periods overlap; the layer has no time.
    DataQuality : ``period-crosses-registration-break`` when a break lies between or inside the periods;
        ``period-not-covered`` when no batch covers a period, quiet days at its edges apart; ``period-month-silent`` when a covered month of a period holds no
        event although the others let at least five be expected: it was not delivered, and a comparison would call it a fall.
    """
    if not layer.is_event:
        raise InvalidInput("layer-without-time", layer=layer.id)
    if before.first <= after.last and after.first <= before.last:
        raise InvalidInput("periods-overlap")
    check_breaks(connection, workspace, layer, before, after)
    covered = check_covered(connection, workspace, layer, before, after)
    whole = [
        completeness(connection, workspace, layer, first=period.first, last=period.last) for period in (before, after)
    ]
    for found in whole:
        check_silent(layer, found)
    base = given or Filter()
    one = cells(connection, workspace, layer, resolution=resolution, given=_in(base, before))
    two = cells(connection, workspace, layer, resolution=resolution, given=_in(base, after))
    every = np.union1d(one.cells, two.cells).astype(np.uint64)
    counts_before, counts_after = np.zeros(len(every)), np.zeros(len(every))
    counts_before[np.searchsorted(every, one.cells)] = one.measures["count"]
    counts_after[np.searchsorted(every, two.cells)] = two.measures["count"]
    other_seasons = seasons_differ(before, after)
    n_before, n_after = int(one.totals["count"]), int(two.totals["count"])
    return Comparison(
        resolution=resolution,
        cells=every,
        before=counts_before,
        after=counts_after,
        difference=counts_after * before.days / after.days - counts_before,
        totals={
            "before": n_before,
            "after": n_after,
            "days_before": before.days,
            "days_after": after.days,
            "unknown_before": int(one.totals["unknown_count"]),
            "unknown_after": int(two.totals["unknown_count"]),
            "seasons_differ": other_seasons,
            "warnings": [
                *([SEASONS_WARNING] if other_seasons else []),
                *_inferred(layer, covered),
                *_few(connection, workspace, layer, before, after),
                *_doubts(*whole),
            ],
            "coverage": covered,
            "completeness": {"before": whole[0], "after": whole[1], "threshold": DIFFERS_BY},
            **rate_ratio(n_before, before.days, n_after, after.days),
        },
    )


def _doubts(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """What makes the difference doubtful: the periods are not equally complete, or records of one are still to come."""
    own = [one for found in (before, after) for one in found["warnings"]]
    return [*differences(before, after), *(one for i, one in enumerate(own) if one not in own[:i])]


def _inferred(layer: Layer, covered: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """That edge days without an event are taken as covered, where they are."""
    days = [one["quiet_days"] for one in covered.values() if one["rule"] == EXPECTED_GAP]
    return [{"code": QUIET_WARNING, "params": {"layer": layer.id, "days": days[0]}}] if days else []


def _few(connection: Connection, workspace: WorkspaceInfo, layer: Layer, *periods: Period) -> list[dict[str, Any]]:
    """Months of the periods that hold suspiciously few events: a comparison would call what was not delivered a fall."""
    found = few_months(connection, workspace, layer, [Days(period.first, period.last) for period in periods])
    months = [f"{month:%Y-%m}" for month in found]
    shown = [*months[:6], *(["…"] if months[6:] else [])]
    return (
        [{"code": FEW_WARNING, "params": {"layer": layer.id, "count": len(months), "months": shown}}] if months else []
    )


def check_silent(layer: Layer, found: dict[str, Any]) -> None:
    """Refuse a period with a month that was said to be covered and holds no event.

    Raises
    ------
    DataQuality : ``period-month-silent``.
    """
    months = found["months"]
    if months is not None and months["silent"]:
        raise DataQuality(
            "period-month-silent",
            layer=layer.id,
            months=months["silent"],
            expected=round(months["expected"]),
        )


def seasons_differ(before: Period, after: Period) -> bool:
    """Whether a difference may be one of seasons: more than 5 % of the days fall in other months, or lengths differ by over 10 %."""
    shares = [np.bincount([m - 1 for m in _months(period)], minlength=12) / period.days for period in (before, after)]
    other = float(np.abs(shares[0] - shares[1]).sum()) / 2
    longer, shorter = max(before.days, after.days), min(before.days, after.days)
    return other > OTHER_MONTHS or longer > (1 + OTHER_LENGTH) * shorter


def _months(period: Period) -> list[int]:
    """Month of each day."""
    return [date.fromordinal(day).month for day in range(period.first.toordinal(), period.last.toordinal() + 1)]


def rate_ratio(
    n_before: int, days_before: int, n_after: int, days_after: int, *, level: float = 0.90
) -> dict[str, Any]:
    """Rate after / rate before of two Poisson counts with its exact conditional interval.

    Given the sum, ``n_after`` is binomial with p = r·d_after / (r·d_after + d_before) (Przyborowski & Wilenski 1940);
    Clopper–Pearson limits of p give those of r.
    """
    if n_before == 0:
        return {"ratio": None, "ratio_low": None, "ratio_high": None, "level": level}
    total, half = n_before + n_after, (1 - level) / 2
    low = stats.beta.ppf(half, n_after, total - n_after + 1) if n_after else 0.0
    high = stats.beta.ppf(1 - half, n_after + 1, total - n_after)
    scale = days_before / days_after
    return {
        "ratio": n_after / n_before * scale,
        "ratio_low": float(low / (1 - low) * scale),
        "ratio_high": float(high / (1 - high) * scale),
        "level": level,
    }


def check_breaks(connection: Connection, workspace: WorkspaceInfo, layer: Layer, before: Period, after: Period) -> None:
    """Refuse a comparison that a registration break would turn into a fable."""
    first, last = min(before.first, after.first), max(before.last, after.last)
    found = mappings(
        connection,
        "SELECT day FROM registration_break WHERE workspace_id = %(ws)s AND layer_id = %(layer)s "
        "AND day > %(first)s AND day <= %(last)s ORDER BY day LIMIT 1",
        {"ws": workspace.id, "layer": layer.id, "first": first, "last": last},
    )
    if found:
        raise DataQuality("period-crosses-registration-break", layer=layer.id, day=found[0]["day"].isoformat())


def check_covered(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, before: Period, after: Period
) -> dict[str, dict[str, Any]]:
    """Refuse a comparison with a period the data does not reach, or whose months hold no batch; else by which rule each is covered."""
    found = coverage(connection, workspace, layer)
    rules = {}
    for name, period in (("before", before), ("after", after)):
        rule = found.rule(period.first, period.last)
        if rule is None:
            raise DataQuality(
                "period-not-covered", layer=layer.id, first=period.first.isoformat(), last=period.last.isoformat()
            )
        rules[name] = told(found, rule)
    return rules


def _in(given: Filter, period: Period) -> Filter:
    return replace(given, first_day=period.first, last_day=period.last)
