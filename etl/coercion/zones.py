"""Local clocks and instants by the rules of a named time zone, on whole arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from geo_core.errors import InvalidInput

FIRST_YEAR, LAST_YEAR = 1900, 2100
STEP = timedelta(days=3)  # no zone has changed twice within three days
DAY_S = 86_400


@dataclass(frozen=True, eq=False)
class Zone:
    """Offsets of a zone.

    Parameters
    ----------
    name : IANA name.
    since : int64 seconds since 1970 UTC at which each offset starts; ``since[0]`` is far in the past.
    offset : int64 seconds east of UTC.
    """

    name: str
    since: NDArray[np.int64]
    offset: NDArray[np.int64]

    def offset_at(self, instant_s: NDArray[np.int64]) -> NDArray[np.int64]:
        """Seconds east of UTC at instants (seconds since 1970 UTC)."""
        return self.offset[np.searchsorted(self.since, instant_s, side="right") - 1]

    def to_local(self, instant_s: NDArray[np.int64]) -> NDArray[np.int64]:
        """Wall clock as seconds since 1970 of that clock."""
        return instant_s + self.offset_at(instant_s)

    def to_utc(self, local_s: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """First and last instant at which the clock shows ``local_s``, and where it never does (clock put forward).

        When the clock is put back, a wall time happens twice: first < last. In a gap both are the instant the clock
        would have shown without the change.
        """
        if len(self.offset) == 1:
            instant = local_s - self.offset[0]
            return instant, instant, np.zeros(len(local_s), dtype=np.bool_)
        before = self.offset_at(local_s - DAY_S)
        after = self.offset_at(local_s + DAY_S)
        if np.array_equal(before, after):
            instant = local_s - before
            return instant, instant, np.zeros(len(local_s), dtype=np.bool_)
        early, late = local_s - before, local_s - after
        early_holds = self.offset_at(early) == before
        late_holds = self.offset_at(late) == after
        first = np.where(early_holds, early, np.where(late_holds, late, early))
        last = np.where(late_holds, late, first)
        return np.minimum(first, last), np.maximum(first, last), ~early_holds & ~late_holds


@lru_cache(maxsize=64)
def zone_named(name: str) -> Zone:
    """The rules of an IANA zone for 1900–2100, found by bisection of the standard library's.

    Raises
    ------
    InvalidInput : ``unknown-zone``.
    """
    try:
        rules = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput("unknown-zone", zone=name) from error

    def offset(at: datetime) -> int:
        return int((at.astimezone(rules).utcoffset() or timedelta()).total_seconds())

    at = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    end = datetime(LAST_YEAR, 12, 31, tzinfo=UTC)
    since, offsets = [np.iinfo(np.int64).min // 2], [offset(at)]
    while at < end:
        following = at + STEP
        if offset(following) != offsets[-1]:
            low, high = int(at.timestamp()), int(following.timestamp())
            while high - low > 1:
                middle = (low + high) // 2
                if offset(datetime.fromtimestamp(middle, UTC)) == offsets[-1]:
                    low = middle
                else:
                    high = middle
            since.append(high)
            offsets.append(offset(following))
        at = following
    return Zone(name, np.array(since, dtype=np.int64), np.array(offsets, dtype=np.int64))


def fixed(offset_s: int) -> Zone:
    """A zone that never changes."""
    return Zone(
        f"fixed {offset_s} s",
        np.array([np.iinfo(np.int64).min // 2], dtype=np.int64),
        np.array([offset_s], dtype=np.int64),
    )
