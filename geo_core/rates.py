"""Rates of small numbers: events per exposure, shrunk towards the whole and given with an interval.

Gamma–Poisson empirical Bayes (Clayton & Kaldor 1987; moments of Marshall 1991). Counts ``yᵢ ~ Poisson(Eᵢ θᵢ)``,
``θᵢ ~ Gamma(α, β)`` with mean ``m = α / β`` and variance ``v = α / β²``:

    m = Σ y / Σ E,   s² = Σ E (y / E − m)² / Σ E,   v = max(0, s² − m / (Σ E / n))

The posterior of a place is ``Gamma(α + y, β + E)``: its mean is the shrunk rate, its quantiles are the interval. With
``v = 0`` the counts differ no more than chance would make them: every place has the rate ``m``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from geo_core.errors import InvalidInput

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GammaPrior:
    """Distribution of true rates over places.

    Parameters
    ----------
    mean : events per unit of exposure, ≥ 0.
    variance : of true rates between places, ≥ 0; 0 = no difference can be told from chance.
    """

    mean: float
    variance: float

    @property
    def shape(self) -> float:
        """``α = m² / v``; inf without variance."""
        return self.mean**2 / self.variance if self.variance > 0 else math.inf

    @property
    def rate(self) -> float:
        """``β = m / v``; inf without variance."""
        return self.mean / self.variance if self.variance > 0 else math.inf


@dataclass(frozen=True, kw_only=True, eq=False)
class ShrunkRates:
    """Posterior of each place, in events per unit of exposure; float64[n] each."""

    mean: Floats
    low: Floats
    high: Floats
    level: float


def gamma_prior(counts: ArrayLike, exposure: ArrayLike) -> GammaPrior:
    """Prior of the rates by the method of moments.

    Parameters
    ----------
    counts : float[n] ≥ 0, no NaN (a place not counted is left out, not zero).
    exposure : float[n] > 0, e.g. kilometres.

    Raises
    ------
    InvalidInput : ``rates-invalid`` when values or lengths do not fit, or there is no place at all.
    """
    y, e = _checked(counts, exposure)
    mean = math.fsum(y) / math.fsum(e)
    spread = float(np.sum(e * (y / e - mean) ** 2) / e.sum())
    return GammaPrior(mean=mean, variance=max(0.0, spread - mean / float(e.mean())))


def shrink(counts: ArrayLike, exposure: ArrayLike, prior: GammaPrior, *, level: float = 0.9) -> ShrunkRates:
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
    if prior.variance <= 0.0:
        same = np.full(len(y), prior.mean)
        return ShrunkRates(mean=same, low=same.copy(), high=same.copy(), level=level)
    shape, rate = prior.shape + y, prior.rate + e
    tail = (1.0 - level) / 2.0
    return ShrunkRates(
        mean=shape / rate,
        low=special.gammaincinv(shape, tail) / rate,
        high=special.gammaincinv(shape, 1.0 - tail) / rate,
        level=level,
    )


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
