"""Shares of hours against walking through every minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from geo_core.aoristic import hour_of_week_shares

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def by_minutes(start: list[datetime], end: list[datetime]) -> np.ndarray:
    """The same, a minute at a time, by the calendar of the standard library."""
    out = np.zeros((7, 24))
    for first, last in zip(start, end, strict=True):
        minutes = int((last - first).total_seconds() // 60)
        for n in range(minutes):
            at = first + timedelta(minutes=n)
            out[at.weekday(), at.hour] += 1 / minutes
    return out


def seconds(times: list[datetime]) -> np.ndarray:
    return np.array([int((t - EPOCH).total_seconds()) for t in times])


def test_a_theft_between_two_times_is_shared_by_the_true_length_in_each_hour():
    start, end = [datetime(2024, 5, 6, 22, 30, tzinfo=UTC)], [datetime(2024, 5, 7, 1, 0, tzinfo=UTC)]
    shares = hour_of_week_shares(seconds(start), seconds(end))
    assert shares[0, 22] == pytest.approx(0.2)
    assert shares[0, 23] == shares[1, 0] == pytest.approx(0.4)
    assert shares.sum() == pytest.approx(1)


def test_random_intervals_equal_a_walk_through_their_minutes():
    random = np.random.default_rng(5)
    start = [
        datetime(2023, 12, 25, tzinfo=UTC) + timedelta(minutes=int(m)) for m in random.integers(0, 60 * 24 * 400, 40)
    ]
    end = [
        s + timedelta(minutes=int(m))
        for s, m in zip(start, random.choice([1, 45, 60, 333, 1440, 10080, 25_000], 40), strict=True)
    ]
    np.testing.assert_allclose(hour_of_week_shares(seconds(start), seconds(end)), by_minutes(start, end), atol=1e-9)


def test_no_events_have_no_shares():
    assert hour_of_week_shares(np.empty(0, np.int64), np.empty(0, np.int64)).sum() == 0


def test_an_interval_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="ends before"):
        hour_of_week_shares(np.array([10]), np.array([10]))
