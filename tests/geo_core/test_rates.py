from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from geo_core.errors import InvalidInput
from geo_core.rates import RatePrior, poisson_interval, rate_prior, shrink


def known_prior(mean: float, variance: float) -> RatePrior:
    return RatePrior(
        mean=mean, relative_variances=np.array([variance / mean**2]), weights=np.ones(1), mean_variances=np.zeros(1)
    )


def test_with_a_known_prior_the_interval_is_that_of_the_gamma_posterior():
    y, e = np.array([0.0, 3.0, 40.0]), np.array([0.05, 1.0, 2.0])
    got = shrink(y, e, known_prior(4.0, 3.0), level=0.9)
    posterior = stats.gamma(16 / 3 + y, scale=1 / (4 / 3 + e))
    assert got.mean == pytest.approx(posterior.mean())
    assert got.low == pytest.approx(posterior.ppf(0.05))
    assert got.high == pytest.approx(posterior.ppf(0.95))


def test_the_spread_between_places_is_weighed_by_the_negative_binomial_likelihood():
    """Against plain integration over B on a fine even grid with scipy's negative binomial."""
    rng = np.random.default_rng(4)
    e = rng.uniform(0.1, 2.0, 60)
    y = rng.poisson(rng.gamma(2.0, 2.0, 60) * e)
    prior = rate_prior(y, e)
    mean = y.sum() / e.sum()
    b = (np.arange(4000) + 0.5) / 4000
    k = (1 - b) / (b * mean * e.mean())
    log_weight = np.array([stats.nbinom.logpmf(y, 1 / one, 1 / (1 + one * mean * e)).sum() for one in k])
    weight = np.exp(log_weight - log_weight.max())
    assert prior.mean == pytest.approx(mean)
    assert prior.weights.sum() == pytest.approx(1.0)
    assert prior.variance == pytest.approx(float((weight * k).sum() / weight.sum()) * mean**2, rel=0.01)
    shape, beta = 1 / k[:, None], 1 / (k[:, None] * mean)
    expected = (weight[:, None] * (shape + y) / (beta + e)).sum(axis=0) / weight.sum()
    assert shrink(y, e, prior).mean == pytest.approx(expected, rel=0.005)


def test_four_hundred_equal_counts_do_not_make_certainty():
    """The moment estimate of the spread is 0 here; an interval without width would claim to know every street."""
    got = shrink(np.ones(400), np.full(400, 0.1), rate_prior(np.ones(400), np.full(400, 0.1)))
    assert got.mean == pytest.approx(np.full(400, 10.0))
    assert (got.high - got.low > 2.0).all()
    assert (got.low < 10.0).all()
    assert (got.high > 10.0).all()
    counts = np.array([2.0, 6.0])
    got = shrink(counts, np.array([1.0, 2.0]), rate_prior(counts, np.array([1.0, 2.0])))
    assert (got.high > 1.5 * got.low).all()


def test_without_any_event_each_place_keeps_what_its_own_zero_leaves_possible():
    got = shrink([0, 0], [1, 2], rate_prior([0, 0], [1, 2]))
    assert got.mean.tolist() == got.low.tolist() == [0.0, 0.0]
    assert got.high == pytest.approx(stats.chi2.ppf(0.95, 2) / 2 / np.array([1.0, 2.0]))


def simulated(*, spread: float, places: int, events: int, cities: int, seed: int) -> tuple[float, float, float]:
    """(share of true rates inside the 90 % interval, falsely above, falsely below) over simulated cities."""
    rng = np.random.default_rng(seed)
    inside, above, below = [], [], []
    for _ in range(cities):
        e = rng.lognormal(-2.2, 0.7, places)  # kilometres: most streets 50–250 m
        mean = events / e.sum()
        truth = rng.gamma(1 / spread, spread * mean, places) if spread else np.full(places, mean)
        y = rng.poisson(truth * e)
        prior = rate_prior(y, e)
        got = shrink(y, e, prior)
        inside.append(np.mean((got.low <= truth) & (truth <= got.high)))
        above.append(np.mean((got.low > prior.mean) & (truth <= mean)))
        below.append(np.mean((got.high < prior.mean) & (truth >= mean)))
    return float(np.mean(inside)), float(np.mean(above)), float(np.mean(below))


@pytest.mark.parametrize("events", [60, 400, 4000])
@pytest.mark.parametrize("spread", [0.0, 0.1, 0.5, 2.0])
def test_intervals_hold_nine_of_ten_true_rates_and_equal_streets_are_not_accused(spread, events):
    inside, above, below = simulated(spread=spread, places=400, events=events, cities=20, seed=31)
    assert inside >= 0.86
    assert above <= (0.005 if spread == 0 else 0.02)
    assert below <= 0.03


@pytest.mark.full
@pytest.mark.parametrize("places", [50, 400, 3000])
@pytest.mark.parametrize("events", [60, 400, 4000])
@pytest.mark.parametrize("spread", [0.0, 0.1, 0.5, 2.0])
def test_intervals_hold_in_towns_and_cities_of_every_size(spread, events, places):
    inside, above, below = simulated(spread=spread, places=places, events=events, cities=300, seed=5)
    assert inside >= 0.86
    assert above <= (0.01 if spread == 0 else 0.02)
    assert below <= 0.03


def test_a_large_city_with_true_differences_is_narrower_than_each_street_alone():
    rng = np.random.default_rng(31)
    exposure = rng.uniform(0.05, 0.6, 4000)
    truth = rng.gamma(2.0, 3.0, 4000)
    counts = rng.poisson(truth * exposure)
    prior = rate_prior(counts, exposure)
    assert (prior.mean, prior.variance) == (pytest.approx(6.0, rel=0.06), pytest.approx(18.0, rel=0.15))
    got = shrink(counts, exposure, prior)
    assert np.mean((got.low <= truth) & (truth <= got.high)) == pytest.approx(0.9, abs=0.02)
    assert np.mean((got.mean - truth) ** 2) < 0.5 * np.mean((counts / exposure - truth) ** 2)


def test_poisson_intervals_are_those_of_chi_square():
    low, high = poisson_interval([0, 1, 20])
    assert low == pytest.approx([0.0, *stats.chi2.ppf(0.05, [2, 40]) / 2])
    assert high == pytest.approx(stats.chi2.ppf(0.95, [2, 4, 42]) / 2)


@pytest.mark.parametrize(
    ("counts", "exposure"), [([], []), ([1.0], [0.0]), ([np.nan], [1.0]), ([-1.0], [1.0]), ([1.0, 2.0], [1.0])]
)
def test_places_without_count_or_exposure_are_refused(counts, exposure):
    with pytest.raises(InvalidInput):
        rate_prior(counts, exposure)
