from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from geo_core.errors import InvalidInput
from geo_core.rates import GammaPrior, gamma_prior, poisson_interval, shrink


def test_moments_and_shrinkage_agree_with_marshalls_formula_worked_by_hand():
    """Two places: 2 events on 1 km, 6 on 2 km: m = 8/3, s² = (1·(2 − 8/3)² + 2·(3 − 8/3)²) / 3, m / Ē = 16/9."""
    prior = gamma_prior([2, 6], [1, 2])
    assert prior == GammaPrior(mean=pytest.approx(8 / 3), variance=0.0)  # 2/9 − 16/9 < 0
    prior = gamma_prior([0, 30], [1, 2])
    variance = (1 * 10**2 + 2 * 5**2) / 3 - 10 / 1.5
    assert prior == GammaPrior(mean=10.0, variance=pytest.approx(variance))
    got = shrink([0, 30], [1, 2], prior)
    weight = variance / (variance + 10 / np.array([1, 2]))
    assert got.mean == pytest.approx(10 + weight * (np.array([0, 15]) - 10))


def test_intervals_are_quantiles_of_the_gamma_posterior():
    prior = GammaPrior(mean=4.0, variance=3.0)
    y, e = np.array([0.0, 3.0, 40.0]), np.array([0.05, 1.0, 2.0])
    got = shrink(y, e, prior, level=0.9)
    posterior = stats.gamma(prior.shape + y, scale=1 / (prior.rate + e))
    assert got.mean == pytest.approx(posterior.mean())
    assert got.low == pytest.approx(posterior.ppf(0.05))
    assert got.high == pytest.approx(posterior.ppf(0.95))


def test_ninety_percent_intervals_hold_nine_true_rates_of_ten():
    rng = np.random.default_rng(31)
    exposure = rng.uniform(0.05, 0.6, 4000)
    truth = rng.gamma(2.0, 3.0, 4000)
    counts = rng.poisson(truth * exposure)
    prior = gamma_prior(counts, exposure)
    assert (prior.mean, prior.variance) == (pytest.approx(6.0, rel=0.06), pytest.approx(18.0, rel=0.15))
    got = shrink(counts, exposure, prior)
    assert np.mean((got.low <= truth) & (truth <= got.high)) == pytest.approx(0.9, abs=0.02)
    assert np.mean((got.mean - truth) ** 2) < 0.5 * np.mean((counts / exposure - truth) ** 2)


def test_without_more_spread_than_chance_every_place_has_the_mean():
    got = shrink([3, 3], [1, 1], gamma_prior([3, 3], [1, 1]))
    assert got.mean.tolist() == got.low.tolist() == got.high.tolist() == [3.0, 3.0]
    nothing = gamma_prior([0, 0], [1, 2])
    assert shrink([0, 0], [1, 2], nothing).mean.tolist() == [0.0, 0.0]


def test_poisson_intervals_are_those_of_chi_square():
    low, high = poisson_interval([0, 1, 20])
    assert low == pytest.approx([0.0, *stats.chi2.ppf(0.05, [2, 40]) / 2])
    assert high == pytest.approx(stats.chi2.ppf(0.95, [2, 4, 42]) / 2)


@pytest.mark.parametrize(
    ("counts", "exposure"), [([], []), ([1.0], [0.0]), ([np.nan], [1.0]), ([-1.0], [1.0]), ([1.0, 2.0], [1.0])]
)
def test_places_without_count_or_exposure_are_refused(counts, exposure):
    with pytest.raises(InvalidInput):
        gamma_prior(counts, exposure)
