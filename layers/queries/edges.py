"""Months at the edges of a series that are mistyped dates rather than data: one row of 1924 must not stretch a series of ten years."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

# So many empty months part a run from the rest, and runs at an edge that hold together less than this share of the rows are ignored.
EMPTY_MONTHS = 12
EDGE_SHARE = 0.01


def edge_months(counts: Mapping[date, int]) -> list[date]:
    """Months, in order, to be left out at both ends: runs parted by a year without rows that hold under 1 % of all rows an edge.

    Parameters
    ----------
    counts : first day of a month → rows.
    """
    runs: list[list[date]] = []
    for month in sorted(month for month, count in counts.items() if count):
        if runs and _number(month) - _number(runs[-1][-1]) <= EMPTY_MONTHS:
            runs[-1].append(month)
        else:
            runs.append([month])
    total = sum(counts.values())
    found: list[date] = []
    for ordered in (runs, runs[::-1]):
        held = 0
        for run in ordered[:-1]:
            held += sum(counts[month] for month in run)
            if held >= EDGE_SHARE * total:
                break
            found += run
    return sorted(found)


def _number(month: date) -> int:
    return 12 * month.year + month.month
