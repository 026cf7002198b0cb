"""The same card twice, against every pair looked at."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyproj
import pytest

from etl.near_duplicates import WITHIN_M, WITHIN_SAME_DAY_M, NearTable
from etl.records import EventTimes

GEOD = pyproj.Geod(ellps="WGS84")
START = np.datetime64("2024-03-01T10:00:00", "us")


def times_of(start, minutes=1):
    rows = len(start)
    nothing = pa.nulls(rows)
    days = start.astype("datetime64[D]")
    return EventTimes(start, start + np.timedelta64(minutes, "m"), nothing, days, days, nothing, nothing)


def suspected(lon, lat, start, category, *, minutes=1, chunks=1):
    table = NearTable()
    parts = [
        table.seek(lon[at], lat[at], times_of(start[at], minutes), pa.array(category[at]))
        for at in np.array_split(np.arange(len(lon)), chunks)
    ]
    return np.concatenate(parts)


def by_every_pair(lon, lat, start, category, reach):
    """Later rows within reach of an earlier one that is itself not suspected."""
    kept, out = [], np.zeros(len(lon), dtype=bool)
    for i in range(len(lon)):
        for j in kept:
            same = start[i] == start[j] and category[i] == category[j]
            if same and GEOD.inv(lon[i], lat[i], lon[j], lat[j])[2] <= reach:
                out[i] = True
                break
        if not out[i]:
            kept.append(i)
    return out


@pytest.mark.parametrize("chunks", [1, 7])
def test_suspects_are_those_of_every_pair(chunks):
    rng = np.random.default_rng(3)
    count = 1500
    lon, lat = 71.4 + rng.uniform(0, 0.012, count), 51.1 + rng.uniform(0, 0.008, count)
    start = START + rng.integers(0, 4, count).astype("timedelta64[h]")
    category = np.array(["theft", "robbery"])[rng.integers(0, 2, count)]
    found = suspected(lon, lat, start, category, chunks=chunks)
    # distances near the limit depend on the shape of the Earth: nothing there is asked for
    sure = by_every_pair(lon, lat, start, category, WITHIN_M * 0.99)
    wide = by_every_pair(lon, lat, start, category, WITHIN_M * 1.01)
    assert 100 < sure.sum() < count - 100
    agreed = sure == wide
    assert agreed.mean() > 0.97
    assert (found[agreed] == sure[agreed]).mean() > 0.995


def test_a_pair_across_any_border_of_the_grid_is_met():
    rng = np.random.default_rng(4)
    for _ in range(300):
        lon, lat = rng.uniform(71, 72), rng.uniform(51, 51.2)
        there = GEOD.fwd(lon, lat, rng.uniform(0, 360), 0.9 * WITHIN_M)
        found = suspected(
            np.array([lon, there[0]]), np.array([lat, there[1]]), np.array([START] * 2), np.array(["a"] * 2)
        )
        assert found.tolist() == [False, True]


def test_only_the_day_known_asks_for_the_same_place():
    lon = np.array([71.4, 71.4, 71.4])
    lat = np.array([51.1, 51.1 + 2 * WITHIN_SAME_DAY_M / 111_195, 51.1 + 0.5 * WITHIN_SAME_DAY_M / 111_195])
    found = suspected(lon, lat, np.array([START] * 3), np.array(["a"] * 3), minutes=24 * 60)
    assert found.tolist() == [False, False, True]


def test_a_month_or_no_position_suspects_nobody():
    lon, lat = np.array([71.4, 71.4]), np.array([51.1, 51.1])
    same = np.array([START] * 2), np.array(["a"] * 2)
    assert not suspected(lon, lat, *same, minutes=31 * 24 * 60).any()
    assert not suspected(np.array([np.nan] * 2), np.array([np.nan] * 2), *same).any()


def test_another_category_or_another_minute_is_another_event():
    lon, lat = np.array([71.4] * 3), np.array([51.1] * 3)
    start = np.array([START, START, START + np.timedelta64(1, "m")])
    assert not suspected(lon, lat, start, np.array(["a", "b", "a"])).any()
