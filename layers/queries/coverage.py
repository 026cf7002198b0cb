"""Which days the loaded batches cover: those they hold, and the few quiet ones beside them that chance explains.

A file ends with its last event, not with the last day its source looked at. A gap of ``d`` days is taken as covered where no event in it
is not improbable under the layer's own daily rate r: exp(-r d) >= :data:`LEAST_CHANCE` (Poisson). Never beyond the day the source was
asked, and never more than :data:`MOST_DAYS`: a rate of a few events a year says nothing of a season.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from layers.queries.edges import edge_months
from layers.queries.run import mappings
from layers.queries.tally import tally
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo

LEAST_CHANCE = 0.01
MOST_DAYS = 31
EDGE_WARNING = "edge-months-ignored"
DELIVERED, EXPECTED_GAP = "delivered", "expected-gap"


@dataclass(frozen=True)
class Days:
    """Local days, inclusive."""

    first: date
    last: date

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """What is covered.

    Parameters
    ----------
    delivered : from the first to the last event of the batches, joined where they touch. spans : with the quiet days beside them.
        Both in order, without overlap. per_day : events a day over ``delivered``. quiet_days : longest gap that chance explains.
    """

    delivered: list[Days]
    spans: list[Days]
    per_day: float
    quiet_days: int
    ignored: list[date]

    def rule(self, first: date, last: date) -> str | None:
        """By what the days are covered: ``delivered``, ``expected-gap``, or None where they are not."""
        for name, spans in ((DELIVERED, self.delivered), (EXPECTED_GAP, self.spans)):
            if any(span.first <= first and last <= span.last for span in spans):
                return name
        return None


def coverage(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> Coverage:
    """The days of an event layer that are covered, as the reader's own rows let one judge."""
    batches = mappings(
        connection,
        "SELECT day_from, day_to, (known_at AT TIME ZONE %(zone)s)::date AS known_on "
        "FROM qorgan_spans(%(ws)s, %(layer)s) ORDER BY day_from",
        {"ws": workspace.id, "layer": layer.id, "zone": workspace.zone},
    )
    whole = tally(connection, workspace, layer)
    counts = {row.month: row.count for row in whole.monthly if row.month is not None}
    ignored = edge_months(counts)
    kept = sorted(counts.keys() - set(ignored))
    if ignored:
        first, last = whole.days_within(kept[0], kept[-1])
        # An end without a mistyped date stays where the batch says it is.
        known_days = (first if ignored[0] < kept[0] else date.min, last if ignored[-1] > kept[-1] else date.max)
        batches = [
            row | {"day_from": max(row["day_from"], known_days[0]), "day_to": min(row["day_to"], known_days[1])}
            for row in batches
            if row["day_from"] <= known_days[1] and row["day_to"] >= known_days[0]
        ]
        batches.sort(key=lambda row: row["day_from"])
    delivered = joined([Days(row["day_from"], row["day_to"]) for row in batches])
    days = sum(span.length for span in delivered)
    rows = sum(counts[month] for month in kept)
    per_day = rows / days if days else 0.0
    quiet = min(MOST_DAYS, math.floor(-math.log(LEAST_CHANCE) / per_day)) if per_day else 0
    known: dict[date, date] = {}
    for row in batches:
        known[row["day_to"]] = max(known.get(row["day_to"], date.min), row["known_on"] or row["day_to"])
    return Coverage(
        delivered=delivered,
        spans=widened(delivered, quiet, known),
        per_day=per_day,
        quiet_days=quiet,
        ignored=ignored,
    )


def joined(spans: list[Days], *, across: int = 0) -> list[Days]:
    """Spans, in order of their first days, joined where at most ``across`` days lie between them."""
    out: list[Days] = []
    for span in spans:
        if out and span.first <= out[-1].last + timedelta(days=1 + across):
            out[-1] = Days(out[-1].first, max(out[-1].last, span.last))
        else:
            out.append(span)
    return out


def widened(delivered: list[Days], quiet: int, known: dict[date, date]) -> list[Days]:
    """Spans with up to ``quiet`` days more on both sides, at most as far as the source was known, joined where those gaps close.

    Parameters
    ----------
    known : last day of a span → the day until which its source can be known.
    """
    spans, step = joined(delivered, across=quiet), timedelta(days=quiet)
    out: list[Days] = []
    for at, span in enumerate(spans):
        before = spans[at - 1].last if at else None
        after = spans[at + 1].first if at + 1 < len(spans) else None
        # A gap too long to be chance is not bridged from both sides.
        first = span.first - step if before is None or span.first - step > before + step else span.first
        last = span.last + step if after is None or span.last + step < after - step else span.last
        out.append(Days(first, max(span.last, min(last, known.get(span.last, span.last)))))
    return out


def edge_warnings(layer: Layer, found: Coverage) -> list[dict[str, Any]]:
    """That months at the edges are left out, where they are."""
    if not found.ignored:
        return []
    months = [f"{month:%Y-%m}" for month in found.ignored]
    return [
        {"code": EDGE_WARNING, "params": {"layer": layer.id, "months": [*months[:6], *(["…"] if months[6:] else [])]}}
    ]


def told(found: Coverage, rule: str) -> dict[str, Any]:
    """The rule with the figures it stands on, for provenance."""
    return {"rule": rule, "per_day": found.per_day, "quiet_days": found.quiet_days, "least_chance": LEAST_CHANCE}
