"""Suspicious months and registration breaks: found where they are, rarely where they are not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from geo_core.registration import LEAST_MONTHS, expectations, propose_breaks, seasonal_factors

SEASON = 1.0 + 0.25 * np.cos(2 * np.pi * (np.arange(12) - 6) / 12)


def series(rng, months, rate, spread=1.0):
    calendar = np.arange(months) % 12 + 1
    mean = np.broadcast_to(rate, months) * SEASON[calendar - 1]
    counts = rng.poisson(mean) if spread == 1.0 else rng.negative_binomial(mean / (spread - 1.0), 1.0 / spread)
    return counts.astype(np.int64), calendar


@pytest.mark.parametrize("spread", [1.0, 3.0])
def test_stable_series_propose_nothing_in_nearly_all_simulations(spread):
    proposed = 0
    for seed in range(100):
        counts, calendar = series(np.random.default_rng(seed), 84, 60.0, spread)
        proposed += bool(propose_breaks(counts, calendar, seed=seed, simulations=199))
    assert proposed <= 5


def test_rare_events_without_a_break_propose_nothing():
    # so few rows that a ratio of 1.5 happens by itself: the simulated chance has to hold alone
    proposed = 0
    for seed in range(60):
        counts, calendar = series(np.random.default_rng(1000 + seed), 48, 1.5)
        proposed += bool(propose_breaks(counts, calendar, seed=seed, simulations=199))
    assert proposed <= 3


def test_twice_as_many_rows_with_the_same_dead_are_proposed_with_their_month():
    rng = np.random.default_rng(3)
    counts, calendar = series(rng, 96, np.r_[np.full(84, 60.0), np.full(12, 132.0)], 1.5)
    severe = rng.binomial(np.minimum(counts, 60), 0.06).astype(np.int64)
    [found] = propose_breaks(counts, calendar, severe, seed=1)
    assert found.index == 84
    assert found.ratio == pytest.approx(2.2, rel=0.15)
    assert found.severe_after < 0.7 * found.severe_before
    assert found.chance < 0.01


def test_two_breaks_are_both_found():
    rate = np.r_[np.full(36, 40.0), np.full(36, 110.0), np.full(36, 45.0)]
    counts, calendar = series(np.random.default_rng(5), 108, rate)
    assert [found.index for found in propose_breaks(counts, calendar)] == [36, 72]


def test_a_steady_trend_is_no_break():
    counts, calendar = series(np.random.default_rng(6), 120, np.linspace(30.0, 100.0, 120))
    assert propose_breaks(counts, calendar) == []


def test_a_jump_smaller_than_half_as_much_again_is_left_to_the_reader():
    counts, calendar = series(np.random.default_rng(7), 96, np.r_[np.full(48, 300.0), np.full(48, 390.0)])
    assert propose_breaks(counts, calendar) == []


def test_short_or_empty_series_have_no_break():
    none = np.zeros(40, dtype=np.int64)
    calendar = np.arange(40) % 12 + 1
    assert propose_breaks(none, calendar) == []
    assert propose_breaks(none[: 2 * LEAST_MONTHS - 1], calendar[: 2 * LEAST_MONTHS - 1]) == []


def test_seasonal_factors_do_not_mind_a_change_of_level():
    counts, calendar = series(np.random.default_rng(8), 96, np.r_[np.full(48, 1000.0), np.full(48, 4000.0)])
    assert np.allclose(seasonal_factors(counts, calendar), SEASON, atol=0.05)


def test_a_month_at_a_third_of_its_expectation_is_suspicious_and_its_neighbours_are_not():
    counts, calendar = series(np.random.default_rng(9), 60, 60.0)
    counts[55] = counts[55] // 3
    judged = np.arange(60) >= 48
    found = expectations(counts, calendar, judged)
    assert [i for i, month in enumerate(found) if month.is_suspicious] == [55]
    assert np.isnan(found[10].expected)


def test_expectations_are_the_poisson_ones_where_earlier_years_agree():
    counts = np.array([100] * 36 + [80], dtype=np.int64)
    calendar = np.arange(37) % 12 + 1
    last = expectations(counts, calendar, np.arange(37) == 36)[-1]
    assert last.expected == 100.0
    variance = 100.0 * (1 + 1 / 3)
    oracle = stats.nbinom(100.0**2 / (variance - 100.0), 100.0 / variance)
    assert last.chance_of_as_few == pytest.approx(oracle.cdf(80))
    assert (last.low, last.high) == (oracle.ppf(0.005), oracle.ppf(0.995))


def test_months_of_honest_series_are_rarely_suspicious():
    suspicious = 0
    for seed in range(100):
        counts, calendar = series(np.random.default_rng(seed), 60, 20.0, 2.0)
        suspicious += any(month.is_suspicious for month in expectations(counts, calendar, np.arange(60) >= 48))
    assert suspicious <= 5
