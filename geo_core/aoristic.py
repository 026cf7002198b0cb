"""Events known only to an interval, spread over the hours they may have happened in.

A car stolen between 18:00 and 06:00 has twelve hours in which it may have gone: each gets 1/12 of the event. Method: J. H. Ratcliffe,
"Aoristic analysis: the spatial interpretation of unspecific temporal events", *IJGIS* 14(7), 2000, 669–679,
https://doi.org/10.1080/136588100424963. Shares are of the true length inside each hour, not of whole hours touched.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

HOUR_S: Final = 3600
HOURS_PER_WEEK: Final = 168
_WEEK_S: Final = HOURS_PER_WEEK * HOUR_S
# 1970-01-01 was a Thursday: hour 72 of a week that begins on Monday.
_EPOCH_HOUR: Final = 72


def hour_of_week_shares(start_s: NDArray[np.int64], end_s: NDArray[np.int64]) -> NDArray[np.float64]:
    """Expected events in each hour of the week, from the intervals that hold them.

    Parameters
    ----------
    start_s, end_s : (n,) local wall-clock seconds since 1970-01-01T00:00 local, half-open intervals.

    Returns
    -------
    (7, 24) float64, Monday first. Each event adds 1 in all, so the sum is n.

    Raises
    ------
    ValueError : lengths differ, or an interval is empty or ends before it starts (the table's rows never do).
    """
    start, end = np.asarray(start_s, dtype=np.int64), np.asarray(end_s, dtype=np.int64)
    if start.ndim != 1 or start.shape != end.shape:
        raise ValueError("one end for each start")
    if bool((end <= start).any()):
        raise ValueError("an interval is empty or ends before it starts")
    return _spread(start, end).reshape(7, 24)


def warm_up() -> None:
    """Compile the kernel, or load it from the cache."""
    hour_of_week_shares(np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64))


@njit(cache=True)
def _spread(start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = np.zeros(HOURS_PER_WEEK)
    everywhere = 0.0
    for n in range(start.shape[0]):
        length = end[n] - start[n]
        weeks = length // _WEEK_S
        everywhere += weeks * HOUR_S / length
        at, stop = start[n] + weeks * _WEEK_S, end[n]
        while at < stop:
            hour = at // HOUR_S
            until = min((hour + 1) * HOUR_S, stop)
            shares[(hour + _EPOCH_HOUR) % HOURS_PER_WEEK] += (until - at) / length
            at = until
    return shares + everywhere
