"""Rates of small numbers: events per exposure, shrunk towards the whole and given with an interval.

Gamma–Poisson model (Clayton & Kaldor 1987): counts ``yᵢ ~ Poisson(Eᵢ θᵢ)``, ``θᵢ ~ Gamma`` with mean ``m`` and relative variance
``k`` (``Var θ = k m²``), so that ``yᵢ`` is negative binomial. ``m = Σ y / Σ E``. How much places differ, ``k``, is not plugged in
as if it were known (the moment estimate is 0 for every other city, and would make each interval a point) but integrated over:

    B = 1 / (1 + k m Ē) ~ Uniform(0, 1)          the uniform-shrinkage prior of Christiansen & Morris (1997), Ē = Σ E / n
    p(k | y) ∝ p(k) Π NegBin(yᵢ | m Eᵢ, k)       on a grid of logit B

The posterior of a place has, with ``β = 1 / (k m)``, ``wᵢ = Eᵢ / (Eᵢ + β)`` and ``μᵢ = wᵢ yᵢ / Eᵢ + (1 − wᵢ) m`` for each ``k``,

    mean = E[μ],   variance = E[μ / (Eᵢ + β)] + Var[μ] + E[(1 − w)² Var m],   Var m = Σ (m E + k m² E²) / (Σ E)²

over ``k``: the correction of Kass & Steffey (1989) for hyperparameters that are themselves estimated. The interval is that of the
gamma distribution with this mean and variance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from geo_core.errors import InvalidInput

Floats = NDArray[np.float64]

# Grid of logit B: wide at first, then around what the counts leave possible.
_WIDEST, _NODES, _REFINED, _NEGLIGIBLE = 14.0, 57, 2, 12.0


@dataclass(frozen=True, kw_only=True, eq=False)
class RatePrior:
    """Distribution of true rates over places, with what is not known of it.

    Parameters
    ----------
    mean : events per unit of exposure, ≥ 0.
    relative_variances : float64[node] > 0, values of ``k`` = Var θ / mean².
    weights : float64[node], their posterior probabilities; sum 1.
    mean_variances : float64[node] ≥ 0, sampling variance of ``mean`` for each ``k``.
    """

    mean: float
    relative_variances: Floats
    weights: Floats
    mean_variances: Floats

    @property
    def variance(self) -> float:
        """Of true rates between places, the mean over what is possible; 0 only where there is no event at all."""
        return float(self.weights @ self.relative_variances) * self.mean**2


@dataclass(frozen=True, kw_only=True, eq=False)
class ShrunkRates:
    """Posterior of each place, in events per unit of exposure; float64[n] each."""

    mean: Floats
    low: Floats
    high: Floats
    level: float


def rate_prior(counts: ArrayLike, exposure: ArrayLike) -> RatePrior:
    """Prior of the rates: their mean, and how much they may differ between places.

    Parameters
    ----------
    counts : float[n] ≥ 0, no NaN (a place not counted is left out, not zero).
    exposure : float[n] > 0, e.g. kilometres.

    Raises
    ------
    InvalidInput : ``rates-invalid`` when values or lengths do not fit, or there is no place at all.
    """
    y, e = _checked(counts, exposure)
    whole = math.fsum(e)
    mean = math.fsum(y) / whole
    if mean == 0.0:
        return RatePrior(mean=0.0, relative_variances=np.ones(1), weights=np.ones(1), mean_variances=np.zeros(1))
    per_place = mean * whole / len(y)
    low, high = -_WIDEST, _WIDEST
    for _ in range(_REFINED + 1):
        logit = np.linspace(low, high, _NODES)
        spread = np.exp(-logit) / per_place  # k = (1 − B) / (B m Ē)
        # a uniform B has the density B (1 − B) on the scale of logit B
        log_weight = special.log_expit(logit) + special.log_expit(-logit) + _log_likelihood(y, mean * e, spread)
        log_weight -= log_weight.max()
        possible = np.flatnonzero(log_weight > -_NEGLIGIBLE)
        low, high = logit[max(possible[0] - 1, 0)], logit[min(possible[-1] + 1, _NODES - 1)]
    weights = np.exp(log_weight)
    return RatePrior(
        mean=mean,
        relative_variances=spread,
        weights=weights / weights.sum(),
        mean_variances=mean / whole + spread * mean**2 * float(e @ e) / whole**2,
    )


def shrink(counts: ArrayLike, exposure: ArrayLike, prior: RatePrior, *, level: float = 0.9) -> ShrunkRates:
    """Posterior mean and equal-tailed interval of every place.

    Parameters
    ----------
    level : probability inside the interval, in (0, 1).

    Raises
    ------
    InvalidInput : ``rates-invalid``.
    """
    y, e = _checked(counts, exposure)
    if not 0.0 < level < 1.0:
        raise InvalidInput("rates-invalid", field="level")
    if prior.mean == 0.0:
        # nothing to shrink towards: what each place alone leaves possible
        low, high = poisson_interval(y, level=level)
        return ShrunkRates(mean=y / e, low=low / e, high=high / e, level=level)
    mean, second = np.zeros(len(y)), np.zeros(len(y))
    for spread, weight, unsure in zip(prior.relative_variances, prior.weights, prior.mean_variances, strict=True):
        if weight < 1e-9:
            continue
        beta = 1.0 / (spread * prior.mean)
        at = (1.0 / spread + y) / (beta + e)
        mean += weight * at
        second += weight * (at**2 + at / (beta + e) + (beta / (beta + e)) ** 2 * unsure)
    variance = second - mean**2
    shape, scale = mean**2 / variance, variance / mean
    tail = (1.0 - level) / 2.0
    return ShrunkRates(
        mean=mean,
        low=special.gammaincinv(shape, tail) * scale,
        high=special.gammaincinv(shape, 1.0 - tail) * scale,
        level=level,
    )


def _log_likelihood(y: Floats, expected: Floats, spread: Floats) -> Floats:
    """Of the counts for each relative variance, up to what does not depend on it (negative binomial)."""
    values, number = np.unique(y, return_counts=True)
    found = np.empty(len(spread))
    for i, k in enumerate(spread):
        shape = 1.0 / k
        # Γ(y + 1/k) / Γ(1/k) kʸ as a ratio that stays exact for tiny k
        rising = special.gammaln(values + shape) - special.gammaln(shape) + values * math.log(k)
        if shape > 1e7:
            # log Π (1 + j k), j < y; the difference of two huge logarithms would lose it
            rising = k * values * (values - 1.0) / 2.0
        found[i] = float(number @ rising) - float((y + shape) @ np.log1p(k * expected))
    return found


def poisson_interval(count: ArrayLike, *, level: float = 0.9) -> tuple[Floats, Floats]:
    """Exact (Garwood) interval of the expectation of a count: from χ² quantiles, low is 0 for a count of 0."""
    y = np.asarray(count, dtype=np.float64)
    if not bool(np.all(np.isfinite(y) & (y >= 0))) or not 0.0 < level < 1.0:
        raise InvalidInput("rates-invalid", field="counts")
    tail = (1.0 - level) / 2.0
    low = np.where(y > 0, special.gammaincinv(np.maximum(y, 1.0), tail), 0.0)
    return low, special.gammaincinv(y + 1.0, 1.0 - tail)


def _checked(counts: ArrayLike, exposure: ArrayLike) -> tuple[Floats, Floats]:
    y, e = np.asarray(counts, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    if y.ndim != 1 or len(y) == 0 or not bool(np.all(np.isfinite(y) & (y >= 0))):
        raise InvalidInput("rates-invalid", field="counts")
    if e.shape != y.shape or not bool(np.all(np.isfinite(e) & (e > 0))):
        raise InvalidInput("rates-invalid", field="exposure")
    return y, e
