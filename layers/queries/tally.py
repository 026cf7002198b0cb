"""What rows of a layer lack, counted once by day and kept while nothing changes: completeness of any period is summed up from it.

One scan of a million events takes most of a second, and every card, chart and gap tells how complete its period is.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, text

from layers import copy_out
from layers.aspects import aspects_of
from layers.queries.monthly import MonthlyCount
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo

Whole = NDArray[np.int32]
# Days are counted from 1970-01-01; rows that do not know theirs hold this.
NO_DAY = -(2**30)
NO_LAG = -1
_EPOCH = date(1970, 1, 1).toordinal()
KEPT_BYTES = 64_000_000
# A question waits this long for another's scan of the same rows before it scans itself.
PATIENCE_S = 20.0


@dataclass(frozen=True, eq=False)
class Tally:
    """Rows alike in their days and their lag, with how many of them lack what.

    Parameters
    ----------
    first, last : days since 1970-01-01 an event may have happened on, ``NO_DAY`` unknown (layers without time: all).
    lag : days from the event to its registration; ``NO_LAG`` where it is not known, or not to the day.
    count : rows. lacking : aspect → (missing, of so many rows).
    """

    first: Whole
    last: Whole
    lag: Whole
    count: Whole
    lacking: dict[str, tuple[Whole, Whole]]

    @property
    def rows(self) -> int:
        return int(self.count.sum(dtype=np.int64))

    @property
    def size_bytes(self) -> int:
        pairs = [one for pair in self.lacking.values() for one in pair]
        return sum(one.nbytes for one in (self.first, self.last, self.lag, self.count, *pairs))

    def within(self, first: date | None, last: date | None) -> Tally:
        """Those that lie in the local days wholly; open ends are open, and without either rows of an unknown day belong to it."""
        chosen = np.ones(len(self.count), dtype=bool)
        if first is not None:
            chosen &= self.first >= _day(first)
        if last is not None:
            chosen &= (self.last <= _day(last)) & (self.last != NO_DAY)
        if chosen.all():
            return self
        return Tally(
            first=self.first[chosen],
            last=self.last[chosen],
            lag=self.lag[chosen],
            count=self.count[chosen],
            lacking={name: (one[chosen], all_[chosen]) for name, (one, all_) in self.lacking.items()},
        )

    @cached_property
    def monthly(self) -> list[MonthlyCount]:
        """Rows by local month, in order; those not known to the month last."""
        known = (self.first != NO_DAY) & (self.last != NO_DAY)
        begin, end = (
            np.where(known, one, 0).astype("datetime64[D]").astype("datetime64[M]") for one in (self.first, self.last)
        )
        known &= begin == end
        months, at = np.unique(begin[known], return_inverse=True)
        counts = np.bincount(at, weights=self.count[known], minlength=len(months))
        found = [
            MonthlyCount(
                month=month.astype("datetime64[D]").astype(date), area_id=None, count=int(count), severe_count=None
            )
            for month, count in zip(months, counts, strict=True)
        ]
        unknown = int(self.count[~known].sum(dtype=np.int64))
        return [*found, MonthlyCount(month=None, area_id=None, count=unknown, severe_count=None)] if unknown else found

    def days_within(self, first_month: date, last_month: date) -> tuple[date, date]:
        """First and last day of the rows known to lie in these months and those between; some row has to."""
        end = date(last_month.year + last_month.month // 12, last_month.month % 12 + 1, 1)
        inside = (self.first >= _day(first_month)) & (self.last < _day(end)) & (self.last != NO_DAY)
        first, last = int(self.first[inside].min()), int(self.last[inside].max())
        return date.fromordinal(first + _EPOCH), date.fromordinal(last + _EPOCH)

    def lag_known(self) -> int:
        """Rows whose lag is known."""
        return int(self.count[self.lag != NO_LAG].sum(dtype=np.int64))

    def lag_quantile(self, share: float) -> float | None:
        """Quantile of the lag in days, linear between neighbours as ``percentile_cont``; None where no lag is known."""
        known = self.lag != NO_LAG
        values, at = np.unique(self.lag[known], return_inverse=True)
        if not len(values):
            return None
        upto = np.cumsum(np.bincount(at, weights=self.count[known]))
        place = share * (upto[-1] - 1)
        below = np.floor(place)
        low, high = (values[np.searchsorted(upto, rank, side="right")] for rank in (below, np.ceil(place)))
        return float(low + (high - low) * (place - below))


class _Memo:
    """Tallies of one database, least recently used go first; each is counted once however many ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Tally] = OrderedDict()
        self._running: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable) -> Tally | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Hashable, tally: Tally) -> None:
        with self._lock:
            self._kept[key] = tally
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(one.size_bytes for one in self._kept.values()) > KEPT_BYTES:
                self._kept.popitem(last=False)

    def turn(self, key: Hashable) -> threading.Lock:
        """Who holds it counts; the others wait."""
        with self._lock:
            return self._running.setdefault(key, threading.Lock())

    def done(self, key: Hashable) -> None:
        with self._lock:
            self._running.pop(key, None)


_memos: WeakKeyDictionary[Engine, _Memo] = WeakKeyDictionary()
_memos_lock = threading.Lock()


def tally(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> Tally:
    """The tally of the rows that the reader may see, counted anew only when the layer or the reader's rights changed."""
    key = _key(connection, workspace, layer)
    with _memos_lock:
        memo = _memos.setdefault(connection.engine, _Memo())
    found = memo.get(key)
    if found is not None:
        return found
    turn = memo.turn(key)
    mine = turn.acquire(timeout=PATIENCE_S)
    try:
        found = memo.get(key)
        if found is None:
            found = count(connection, workspace, layer)
            memo.put(key, found)
        return found
    finally:
        if mine:
            turn.release()
        memo.done(key)


def _key(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> Hashable:
    # Revisions come from a sequence: a number that was rolled back never comes again.
    row = connection.execute(
        text(
            "SELECT (SELECT w.xmin::text FROM workspace w WHERE w.id = :ws) AS stamp, "
            "(SELECT revision FROM layer_revision WHERE workspace_id = :ws AND layer_id = :layer) AS revision, "
            "qorgan_fingerprint() AS rights, coalesce(current_setting('qorgan.purpose', true), '') AS purpose"
        ),
        {"ws": workspace.id, "layer": layer.id},
    ).one()
    return (workspace.id, layer.id, *row)


def count(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> Tally:
    """The tally from the rows themselves."""
    aspects = aspects_of(layer)
    lag = f"{NO_LAG}"
    if any(field.name == "registered_on" for field in layer.fields):
        # A registration before the event is a fault of the source.
        known = "t.day_from = t.day_to AND t.registered_on >= t.day_from"
        lag = f"CASE WHEN {known} THEN t.registered_on - t.day_from ELSE {NO_LAG} END"
    grouped = f"t.day_from, t.day_to, {lag}" if layer.is_event else f"NULL::date, NULL::date, {NO_LAG}"
    conditions = [one for aspect in aspects for one in (f"({aspect.applies}) AND ({aspect.missing})", aspect.applies)]
    counted = "".join(
        f", count(*){'' if one == 'true' else f' FILTER (WHERE {one})'} AS n{at}" for at, one in enumerate(conditions)
    )
    wanted = [f"coalesce(g.{name} - DATE '1970-01-01', {NO_DAY})" for name in ("first", "last")]
    wanted += ["g.lag", "g.rows", *(f"g.n{at}" for at in range(len(conditions)))]
    # Grouped as they are stored, turned into numbers group by group: half the time of turning each row.
    found = copy_out.arrays(
        connection,
        f"SELECT {', '.join(f'({one})::int4' for one in wanted)} FROM (SELECT {grouped}, count(*){counted} "  # noqa: S608
        f"FROM {layer.table} t WHERE t.workspace_id = %(ws)s{' GROUP BY 1, 2, 3' if layer.is_event else ''}"
        f") AS g (first, last, lag, rows{''.join(f', n{at}' for at in range(len(conditions)))})",
        [(f"c{at}", "int4") for at in range(len(wanted))],
        {"ws": workspace.id},
    )
    lacking = {one.name: (found[f"c{4 + 2 * n}"], found[f"c{5 + 2 * n}"]) for n, one in enumerate(aspects)}
    return Tally(first=found["c0"], last=found["c1"], lag=found["c2"], count=found["c3"], lacking=lacking)


def _day(given: date) -> int:
    return given.toordinal() - _EPOCH
