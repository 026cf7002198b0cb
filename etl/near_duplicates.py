"""The same card twice: rows of one file that say the same of the same moment and place under another key.

The rule: equal start and end of the time, equal category, and less than :data:`WITHIN_M` apart where the time is known to the hour or
minute, less than :data:`WITHIN_SAME_DAY_M` where only the day is (two thefts at one market on one day are no rarity). Rows whose
day is not known, or that have no position, are never suspected. The first of such rows in the order of the file stays without a
note; every later one is suspected.

A grid twice as wide as the distance is hashed: a point meets every neighbour within reach in one of the four cells around it, so
each row costs four look-ups, whatever the file's size. About 21 bytes per row are kept.
"""

from __future__ import annotations

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from etl.identity import hash_column, mix
from etl.records import EventTimes

WITHIN_M = 50.0
WITHIN_SAME_DAY_M = 5.0
_METRES_PER_DEGREE = 111_195.0  # of a great circle on the sphere of 6,371 km: good to 0.6 % of some metres
_LOAD = 0.7
_MET_WORDS = 1 << 20  # 8 MB: of ten million rows a seventh is looked up in vain


@numba.njit(cache=True, nogil=True)
def _key(what: np.uint64, column: np.int64, row: np.int64) -> np.uint64:
    h = mix(what ^ mix(np.uint64(column) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(row)))
    return h if h != np.uint64(0) else np.uint64(1)


@numba.njit(cache=True, nogil=True)
def _seek(
    keys: NDArray[np.uint64],
    xs: NDArray[np.float32],
    ys: NDArray[np.float32],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    what: NDArray[np.uint64],
    reach: NDArray[np.float64],
    met: NDArray[np.uint64],
    out: NDArray[np.bool_],
) -> int:
    """Mark rows near an earlier one of the same ``what``; others are remembered. Returns how many were.

    ``met`` : one bit per hashed ``what``; where it is not set nobody can be near, and the cells need not be looked up.

    Positions are kept relative to their cell, so that single precision holds them to less than a millimetre.
    """
    mask = np.uint64(len(keys) - 1)
    bits = np.uint64(len(met) - 1)
    added = 0
    for i in range(len(x)):
        if not (reach[i] > 0.0):
            continue
        size = 2.0 * reach[i]
        column, row = np.int64(np.floor(x[i] / size)), np.int64(np.floor(y[i] / size))
        right = np.int64(1) if x[i] - column * size >= reach[i] else np.int64(-1)
        up = np.int64(1) if y[i] - row * size >= reach[i] else np.int64(-1)
        found = False
        bit = mix(what[i])
        word, flag = (bit >> np.uint64(6)) & bits, np.uint64(1) << (bit & np.uint64(63))
        seen_before = met[word] & flag != np.uint64(0)
        met[word] |= flag
        for k in range(4 if seen_before else 0):
            c = column + (right if k & 1 else np.int64(0))
            r = row + (up if k & 2 else np.int64(0))
            key = _key(what[i], c, r)
            slot = key & mask
            dx, dy = x[i] - c * size, y[i] - r * size
            while keys[slot] != np.uint64(0):
                if keys[slot] == key:
                    a, b = dx - xs[slot], dy - ys[slot]
                    if a * a + b * b <= reach[i] * reach[i]:
                        found = True
                        break
                slot = (slot + np.uint64(1)) & mask
            if found:
                break
        out[i] = found
        if found:
            continue
        key = _key(what[i], column, row)
        slot = key & mask
        while keys[slot] != np.uint64(0):
            slot = (slot + np.uint64(1)) & mask
        keys[slot] = key
        xs[slot], ys[slot] = np.float32(x[i] - column * size), np.float32(y[i] - row * size)
        added += 1
    return added


@numba.njit(cache=True, nogil=True)
def _move(
    keys: NDArray[np.uint64],
    xs: NDArray[np.float32],
    ys: NDArray[np.float32],
    to_keys: NDArray[np.uint64],
    to_xs: NDArray[np.float32],
    to_ys: NDArray[np.float32],
) -> None:
    mask = np.uint64(len(to_keys) - 1)
    for i in range(len(keys)):
        if keys[i] != np.uint64(0):
            slot = keys[i] & mask
            while to_keys[slot] != np.uint64(0):
                slot = (slot + np.uint64(1)) & mask
            to_keys[slot], to_xs[slot], to_ys[slot] = keys[i], xs[i], ys[i]


class NearTable:
    """What was met so far in a file."""

    def __init__(self) -> None:
        self._allocate(1 << 12)
        self._used = 0
        self._met: NDArray[np.uint64] = np.zeros(_MET_WORDS, dtype=np.uint64)
        # the width of a degree, where the first rows lie: 5 degrees of latitude further the reach in x errs by a tenth
        self._shrink: float | None = None

    def _allocate(self, size: int) -> None:
        self._keys: NDArray[np.uint64] = np.zeros(size, dtype=np.uint64)
        self._x: NDArray[np.float32] = np.zeros(size, dtype=np.float32)
        self._y: NDArray[np.float32] = np.zeros(size, dtype=np.float32)

    def seek(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], times: EventTimes, category: pa.Array | None
    ) -> NDArray[np.bool_]:
        """Rows that say the same of the same moment and place as an earlier one.

        Parameters
        ----------
        lon, lat : degrees; NaN = no position.
        category : of each row; None where the layer has no categories.
        """
        out = np.zeros(len(lon), dtype=np.bool_)
        reach = _reach(times) * np.isfinite(lon)
        if not reach.any():
            return out
        what = _moments(times)
        if category is not None:
            what ^= hash_column(category, "@near")
        size = len(self._keys)
        while self._used + len(lon) > _LOAD * size:
            size *= 2
        if size > len(self._keys):
            old = self._keys, self._x, self._y
            self._allocate(size)
            _move(*old, self._keys, self._x, self._y)
        y = np.where(np.isfinite(lat), lat, 0.0) * _METRES_PER_DEGREE
        if self._shrink is None:
            self._shrink = float(np.cos(np.deg2rad(np.nanmedian(lat[reach > 0]))))
        x = np.where(np.isfinite(lon), lon, 0.0) * _METRES_PER_DEGREE * self._shrink
        self._used += _seek(self._keys, self._x, self._y, x, y, what, reach, self._met, out)
        return out


def _reach(times: EventTimes) -> NDArray[np.float64]:
    """How near two rows must be to be suspected, metres; 0 = never."""
    length = (times.occurred_to - times.occurred_from).astype("timedelta64[s]").astype(np.int64)
    known = ~np.isnat(times.occurred_from)
    return np.where(
        known & (length <= 3660), WITHIN_M, np.where(known & (length <= 25 * 3600 + 60), WITHIN_SAME_DAY_M, 0.0)
    )


def _moments(times: EventTimes) -> NDArray[np.uint64]:
    start = times.occurred_from.astype("datetime64[us]").astype(np.int64).view(np.uint64)
    end = times.occurred_to.astype("datetime64[us]").astype(np.int64).view(np.uint64)
    return start * np.uint64(0x9E3779B97F4A7C15) ^ end * np.uint64(0xC2B2AE3D27D4EB4F)


def warm_up() -> None:
    """Compile (or load) the kernels."""
    keys, places = np.zeros(16, dtype=np.uint64), np.zeros(16, dtype=np.float32)
    one = np.zeros(1)
    _seek(
        keys,
        places,
        places.copy(),
        one,
        one,
        np.ones(1, dtype=np.uint64),
        one + 1.0,
        keys.copy(),
        np.zeros(1, dtype=np.bool_),
    )
    _move(keys, places, places.copy(), np.zeros_like(keys), places.copy(), places.copy())
