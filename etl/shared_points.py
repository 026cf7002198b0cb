"""Points that improbably many rows of a file share: a default of the form, the centre of a town, the post that wrote the card.

The rule: positions equal to 1e-7 degrees are one point. How many rows ordinary points carry is taken as geometric, with the mean of
the points that carry fewer than :data:`FEWEST_ROWS` rows: a long tail, so that busy junctions stay unsuspected. A point is
doubtful where it carries at least :data:`FEWEST_ROWS` rows and the chance that any of the file's points carries as many is below
:data:`CHANCE`. Where half of the rows lie on points shared by at least :data:`SNAPPED_ROWS`, the source moves its points to anchors:
that is a note on the file, and no row is doubted for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etl.identity import DEGREE_STEPS, KeyTable

FEWEST_ROWS = 30
CHANCE = 1e-3
SNAPPED_ROWS = 3
MOST_POINTS = 1000  # more of them are no defaults
_ODD = 0x9E3779B97F4A7C15
_BACK = pow(_ODD, -1, 1 << 64)
_OFFSET = 1 << 31


@dataclass(frozen=True, eq=False)
class SharedVerdict:
    """What the points of a file look like.

    Parameters
    ----------
    lon_steps, lat_steps : int64, doubtful points in 1e-7 degrees. rows : how many rows each carries, the most first.
    is_snapped : the source moves its points to anchors.
    """

    lon_steps: NDArray[np.int64]
    lat_steps: NDArray[np.int64]
    rows: NDArray[np.int64]
    is_snapped: bool


class SharedPoints:
    """Counts rows per point, 12 bytes a slot."""

    def __init__(self) -> None:
        self._table = KeyTable()

    def count(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> None:
        """Count these rows; those without a position (NaN) are nobody's."""
        known = np.isfinite(lon)
        if not known.any():
            return
        x = (np.rint(lon[known] * DEGREE_STEPS).astype(np.int64) + _OFFSET).astype(np.uint64)
        y = (np.rint(lat[known] * DEGREE_STEPS).astype(np.int64) + _OFFSET).astype(np.uint64)
        # both steps can be undone, so that points need not be kept beside their keys
        keys = ((x << np.uint64(32)) | y) * np.uint64(_ODD)
        self._table.count(keys ^ (keys >> np.uint64(32)))

    def verdict(self) -> SharedVerdict:
        """Which points are doubtful."""
        keys, counts = self._table.counted()
        rows = counts.astype(np.int64)
        nothing = np.empty(0, dtype=np.int64)
        if not len(rows):
            return SharedVerdict(nothing, nothing, nothing, is_snapped=False)
        if rows[rows >= SNAPPED_ROWS].sum() >= 0.5 * rows.sum() and np.median(rows) >= 2:
            return SharedVerdict(nothing, nothing, nothing, is_snapped=True)
        many = np.flatnonzero(rows >= fewest(rows))
        many = many[np.argsort(-rows[many], kind="stable")][:MOST_POINTS]
        back = keys[many] ^ (keys[many] >> np.uint64(32))
        with np.errstate(over="ignore"):
            points = back * np.uint64(_BACK)
        return SharedVerdict(
            (points >> np.uint64(32)).astype(np.int64) - _OFFSET,
            (points & np.uint64(0xFFFFFFFF)).astype(np.int64) - _OFFSET,
            rows[many],
            is_snapped=False,
        )


def fewest(rows: NDArray[np.int64]) -> int:
    """From how many rows on a point is doubtful, by the rule above."""
    ordinary = rows[rows < FEWEST_ROWS]
    mean = float(ordinary.mean()) if len(ordinary) else 1.0
    more = 1.0 - 1.0 / mean  # the chance that a point that carries n rows carries another
    if more <= 0.0:
        return FEWEST_ROWS
    return max(FEWEST_ROWS, int(np.ceil(1.0 + np.log(CHANCE / len(rows)) / np.log(more))))
