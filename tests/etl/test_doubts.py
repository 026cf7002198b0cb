"""Doubtful positions and times: each rule fires where it should, and stays silent on clean data."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from etl.coercion.zones import zone_named
from etl.findings import Findings
from etl.records import EventTimes
from etl.shared_points import FEWEST_ROWS, SharedPoints, fewest
from etl.time_heaps import TimeHeaps, filled_in, rounded

DAY_MINUTES = 1440


def points(rng, count):
    return 71.4 + rng.uniform(0, 0.2, count).round(6), 51.1 + rng.uniform(0, 0.1, count).round(6)


def judged(lon, lat, chunks=3):
    shared = SharedPoints()
    for at in np.array_split(np.arange(len(lon)), chunks):
        shared.count(lon[at], lat[at])
    return shared.verdict()


def test_a_default_point_is_found_and_named_exactly():
    rng = np.random.default_rng(1)
    lon, lat = points(rng, 5000)
    lon[:120], lat[:120] = 71.430411, 51.128207
    order = rng.permutation(5000)
    found = judged(lon[order], lat[order])
    assert found.rows.tolist() == [120]
    assert (found.lon_steps[0], found.lat_steps[0]) == (714304110, 511282070)
    assert not found.is_snapped


def test_points_in_the_west_and_south_come_back_exactly():
    lon, lat = np.r_[np.full(50, -179.9999999), np.arange(99) / 7.0], np.r_[np.full(50, -89.5), np.arange(99) / 9.0]
    found = judged(lon, lat)
    assert (found.lon_steps.tolist(), found.lat_steps.tolist()) == ([-1799999999], [-895000000])


def test_busy_junctions_are_not_defaults():
    rng = np.random.default_rng(2)
    lon, lat = points(rng, 400)
    at = rng.geometric(0.02, 5000).clip(1, 400) - 1  # some junctions carry a hundred rows, and every junction many
    assert not len(judged(lon[at], lat[at]).rows)


def test_a_source_that_moves_points_to_anchors_is_told_as_such():
    rng = np.random.default_rng(3)
    lon, lat = points(rng, 300)
    at = rng.integers(0, 300, 6000)
    at[:500] = 7
    found = judged(lon[at], lat[at])
    assert found.is_snapped
    assert not len(found.rows)


def test_clean_files_have_no_default_point():
    for seed in range(50):
        rng = np.random.default_rng(seed)
        lon, lat = points(rng, 2000)
        assert not len(judged(lon, lat).rows)


def test_the_least_number_of_rows_grows_with_sharing():
    assert fewest(np.ones(1000, dtype=np.int64)) == FEWEST_ROWS
    assert fewest(np.full(1000, 5)) > 50


def heaped(rng, *, at_full=0, at_midnight=0, count=3000):
    minute = rng.integers(0, DAY_MINUTES, count)
    minute[:at_full] = rng.integers(0, 48, at_full) * 30
    minute[at_full : at_full + at_midnight] = 0
    return np.bincount(minute, minlength=DAY_MINUTES)


@pytest.mark.parametrize("seed", range(20))
def test_honest_clocks_are_neither_rounded_nor_filled_in(seed):
    counts = heaped(np.random.default_rng(seed))
    assert not rounded(counts)
    assert not filled_in(counts)


def test_full_and_half_hours_are_rounded_and_midnight_is_no_more_than_they():
    counts = heaped(np.random.default_rng(1), at_full=900)
    assert rounded(counts)
    assert not filled_in(counts)


def test_midnight_beyond_the_other_heaps_was_filled_in():
    counts = heaped(np.random.default_rng(1), at_full=900, at_midnight=150)
    assert rounded(counts)
    assert filled_in(counts)


def test_rows_are_noted_and_their_hour_stays():
    rng = np.random.default_rng(5)
    minute = rng.integers(0, DAY_MINUTES, 2000)
    minute[:400] = rng.integers(0, 48, 400) * 30
    minute[400:500] = 0
    zone = zone_named("Asia/Almaty")  # UTC+5 since March 2024
    start = np.datetime64("2025-05-10T19:00:00", "us") + minute.astype("timedelta64[m]")
    nothing = pa.nulls(len(start))
    day = start.astype("datetime64[D]")
    times = EventTimes(start, start + np.timedelta64(1, "m"), nothing, day, day, nothing, nothing)
    findings = Findings(len(start))
    TimeHeaps(zone).note(times, findings)
    assert (findings.flags.mask("time-filled-in") == (minute == 0)).all()
    assert (findings.flags.mask("time-rounded") == ((minute % 30 == 0) & (minute != 0))).all()
    assert findings.warnings.counts["time-filled-in"] == (minute == 0).sum()
    assert (times.occurred_from == start).all()
