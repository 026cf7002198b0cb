"""Times that were rounded, or filled in because the form wants one: noted on the row, never changed.

Decided on the first chunk that has at least :data:`ROWS_NEEDED` times known to the minute, and then held for the whole file:

* ``time-rounded``: full and half hours hold at least :data:`ROUNDED_EXCESS` times the share they would by chance (2 of 60 minutes),
  beyond chance (binomial, :data:`CHANCE`). Every row at :00 or :30 is noted, midnight apart where it is filled in.
* ``time-filled-in``: 00:00 holds at least :data:`FILLED_EXCESS` times what the hours around it and the heaping on full hours give,
  beyond chance (Poisson, :data:`CHANCE`). Every row at 00:00 is noted: its hour is kept, and should not be believed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from etl.coercion.zones import Zone
from etl.findings import Findings
from etl.records import EventTimes

ROWS_NEEDED = 200
ROUNDED_EXCESS = 3.0
FILLED_EXCESS = 3.0
FILLED_LEAST = 10
CHANCE = 1e-6
_BY_CHANCE = 2.0 / 60.0
_DAY_MINUTES = 1440


class TimeHeaps:
    """Notes rounded and filled-in times, chunk by chunk."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self.is_rounded: bool | None = None
        self.is_filled_in: bool | None = None
        self._seen = np.zeros(_DAY_MINUTES, dtype=np.int64)

    def note(self, times: EventTimes, findings: Findings) -> None:
        """Flag the rows of one chunk."""
        length = (times.occurred_to - times.occurred_from).astype("timedelta64[s]").astype(np.int64)
        timed = ~np.isnat(times.occurred_from) & (length == 60)
        if not timed.any():
            return
        seconds = times.occurred_from[timed].astype("datetime64[s]").astype(np.int64)
        minute = (self._zone.to_local(seconds) // 60) % _DAY_MINUTES
        if self.is_rounded is None:
            self._seen += np.bincount(minute, minlength=_DAY_MINUTES)
            if self._seen.sum() >= ROWS_NEEDED:
                self.is_rounded, self.is_filled_in = rounded(self._seen), filled_in(self._seen)
        midnight = (minute == 0) & bool(self.is_filled_in)
        for name, here in (
            ("time-filled-in", midnight),
            ("time-rounded", (minute % 30 == 0) & ~midnight & bool(self.is_rounded)),
        ):
            mask = np.zeros(len(timed), dtype=np.bool_)
            mask[np.flatnonzero(timed)[here]] = True
            findings.flag(name, mask)


def rounded(counts: NDArray[np.int64]) -> bool:
    """Whether full and half hours are heaped. ``counts`` : rows per minute of the local day, shape (1440,)."""
    total = int(counts.sum())
    heaped = int(counts[::30].sum())
    if heaped < ROUNDED_EXCESS * _BY_CHANCE * total:
        return False
    return bool(stats.binom.sf(heaped - 1, total, _BY_CHANCE) < CHANCE)


def filled_in(counts: NDArray[np.int64]) -> bool:
    """Whether 00:00 holds more than the night and the heaping explain. ``counts`` as :func:`rounded`."""
    hours = counts.reshape(24, 60)
    midnight = int(hours[0, 0])
    if midnight < FILLED_LEAST:
        return False
    plain = np.delete(hours, [0, 30], axis=1).mean(axis=1)  # rows per minute of each hour, heaps apart
    night = (plain[23] + plain[0]) / 2.0
    day_full, day_plain = hours[1:, 0].sum(), plain[1:].sum()
    heaping = day_full / day_plain if day_plain > 0 else np.inf
    # where heaping hides everything else, midnight is compared with the full hours themselves
    expected = night * heaping if np.isfinite(heaping) and night > 0 else float(np.median(hours[1:, 0]))
    expected = max(expected, 1.0)
    return bool(midnight >= FILLED_EXCESS * expected and stats.poisson.sf(midnight - 1, expected) < CHANCE)
