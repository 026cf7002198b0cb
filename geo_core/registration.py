"""Monthly counts: months that hold suspiciously few, and jumps that look like a change of registration rather than of life.

**Expectation of a month.** The counts of the same calendar month in earlier years, all since the last known break. Their mean m and
number k give a predictive distribution of variance ``phi m (1 + 1/k)``: negative binomial where that exceeds the mean, else Poisson.
``phi`` is Pearson's overdispersion of the earlier months about their calendar means, at least 1. A month is suspicious where the chance
of as few rows is below :data:`CHANCE_FEW` divided by the number of months judged (Bonferroni).

**Break.** Over every month that leaves :data:`LEAST_MONTHS` on both sides, the log likelihood ratio of two rates against one, for Poisson
counts with the calendar's seasonal factors as exposure, divided by the overdispersion about the best split. Its greatest value is compared
with series simulated without a break (negative binomial of the same mean, season and overdispersion, the same search). A break is
proposed only where, besides, (1) that chance is below :data:`CHANCE_BREAK`, (2) the rate changed at least :data:`LEAST_RATIO` fold, up or
down, (3) a step explains the counts better than a steady trend. How the share of severe outcomes changed is told with it: a registration
that changed moves all counts but not the dead. Nothing is assumed from it: a person decides.

The scan is the likelihood-ratio test for a change point in a Poisson process (Hinkley 1970; Akman and Raftery 1986), its critical value by
simulation as in Kulldorff's scan statistics.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

CHANCE_FEW = 0.005
CHANCE_BREAK = 0.01
LEAST_MONTHS = 6
LEAST_RATIO = 1.5
LEAST_EARLIER = 2
SIMULATIONS = 999

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class MonthExpectation:
    """What earlier years let one expect of a month.

    Parameters
    ----------
    expected, low, high : mean and central 99 % interval of the count; NaN where there are not enough earlier months.
    chance_of_as_few : NaN likewise.
    is_suspicious : fewer rows than chance explains.
    """

    expected: float
    low: float
    high: float
    chance_of_as_few: float
    is_suspicious: bool


def expectations(counts: Counts, calendar: Counts, judged: NDArray[np.bool_]) -> list[MonthExpectation]:
    """Judge months by the same calendar months before them.

    Parameters
    ----------
    counts : rows per month, in order, since the last known break; shape (n,).
    calendar : calendar month 1–12 of each.
    judged : months to judge: whole ones that the source should have delivered.

    Returns
    -------
    One per month; months not judged, or with fewer than two earlier ones, have NaN.
    """
    out = []
    tests = max(int(judged.sum()), 1)
    for i in range(len(counts)):
        earlier = counts[:i][calendar[:i] == calendar[i]]
        if not judged[i] or len(earlier) < LEAST_EARLIER:
            out.append(
                MonthExpectation(expected=np.nan, low=np.nan, high=np.nan, chance_of_as_few=np.nan, is_suspicious=False)
            )
            continue
        mean = max(float(earlier.mean()), 0.5 / len(earlier))
        spread = _dispersion(counts[:i], _calendar_means(counts[:i], calendar[:i]), len(np.unique(calendar[:i])))
        law = _law(mean, spread * mean * (1.0 + 1.0 / len(earlier)))
        chance = float(law.cdf(counts[i]))
        out.append(
            MonthExpectation(
                expected=mean,
                low=float(law.ppf(0.005)),
                high=float(law.ppf(0.995)),
                chance_of_as_few=chance,
                is_suspicious=chance < CHANCE_FEW / tests,
            )
        )
    return out


def few_beside_others(counts: Counts, judged: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Months too few against all other judged months, whatever their season: for series too short for :func:`expectations`.

    The other months' own variance is the predictive one, season in it: only what no season explains is found. At least
    :data:`LEAST_MONTHS` others are needed.
    """
    out = np.zeros(len(counts), dtype=np.bool_)
    tests = max(int(judged.sum()), 1)
    for i in np.flatnonzero(judged):
        others = counts[judged & (np.arange(len(counts)) != i)]
        if len(others) < LEAST_MONTHS or not others.any():
            continue
        mean = float(others.mean())
        law = _law(mean, max(float(others.var(ddof=1)), mean) * (1.0 + 1.0 / len(others)))
        out[i] = float(law.cdf(counts[i])) < CHANCE_FEW / tests
    return out


@dataclass(frozen=True, kw_only=True)
class ProposedBreak:
    """A change of the monthly count that looks like a change of registration.

    Parameters
    ----------
    index : the first month after the change.
    before, after : mean rows per month, season taken out, in the stretches on both sides. ratio : after / before.
    severe_before, severe_after : share of severe rows; NaN where unknown.
    severe_ratio : severe rows per month after / before; NaN where unknown or none before.
    chance : how often a series without a break shows as much.
    """

    index: int
    before: float
    after: float
    ratio: float
    severe_before: float
    severe_after: float
    severe_ratio: float
    chance: float


def propose_breaks(
    counts: Counts, calendar: Counts, severe: Counts | None = None, *, seed: int = 0, simulations: int = SIMULATIONS
) -> list[ProposedBreak]:
    """Breaks of a series of whole months, in order; one stretch is searched again on both sides of a break found.

    Parameters
    ----------
    counts, calendar : as :func:`expectations`; months without rows are zeros.
    severe : severe rows per month, or None.
    """
    rng = np.random.default_rng(seed)
    season = seasonal_factors(counts, calendar)
    cuts: list[tuple[int, float]] = []
    waiting = [(0, len(counts))]
    while waiting:
        start, end = waiting.pop()
        found = _strongest(counts[start:end], season[calendar[start:end] - 1], rng, simulations)
        if found is not None:
            cut = start + found[0]
            cuts.append((cut, found[1]))
            waiting += [(start, cut), (cut, end)]
    edges = [0, *sorted(cut for cut, _ in cuts), len(counts)]
    chance_of = dict(cuts)
    out = []
    for before, cut, after in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        exposure = season[calendar - 1]
        rate_before = counts[before:cut].sum() / exposure[before:cut].sum()
        rate_after = counts[cut:after].sum() / exposure[cut:after].sum()
        shares = _severe(counts, severe, before, cut, after)
        out.append(
            ProposedBreak(
                index=cut,
                before=float(rate_before),
                after=float(rate_after),
                ratio=float(rate_after / rate_before) if rate_before else float("inf"),
                severe_before=shares[0],
                severe_after=shares[1],
                severe_ratio=shares[2],
                chance=chance_of[cut],
            )
        )
    return out


def seasonal_factors(counts: Counts, calendar: Counts) -> Floats:
    """Factor of each calendar month (mean 1, shape (12,)): the median over whole years of the month's share of its year.

    A level that changes from year to year leaves it alone. Ones where fewer than two whole years are known.
    """
    starts = [i for i in range(len(counts) - 11) if calendar[i] == 1 and counts[i : i + 12].sum() > 0]
    if len(starts) < LEAST_EARLIER:
        return np.ones(12)
    shares = np.median([counts[i : i + 12] / counts[i : i + 12].sum() for i in starts], axis=0)
    # few rows make wild factors: a month is never taken for less than a quarter of the mean
    factors = np.maximum(shares * 12.0, 0.25)
    return np.asarray(factors / factors.mean())


def _strongest(
    counts: Counts, exposure: Floats, rng: np.random.Generator, simulations: int
) -> tuple[int, float] | None:
    """The month of the strongest change and its chance, or None."""
    if len(counts) < 2 * LEAST_MONTHS or counts.sum() == 0:
        return None
    observed, cut, spread = _scan(counts[None, :].astype(np.float64), exposure)
    at = int(cut[0])
    before, after = counts[:at].sum() / exposure[:at].sum(), counts[at:].sum() / exposure[at:].sum()
    if max(before, after) < LEAST_RATIO * min(before, after) or not _is_step(counts, exposure, at):
        return None
    mean = exposure * counts.sum() / exposure.sum()
    series = _law(mean, spread[0] * mean).rvs(size=(simulations, len(counts)), random_state=rng)
    chance = (1.0 + float((_scan(series.astype(np.float64), exposure)[0] >= observed[0]).sum())) / (1.0 + simulations)
    return (at, chance) if chance < CHANCE_BREAK else None


def _scan(series: Floats, exposure: Floats) -> tuple[Floats, Counts, Floats]:
    """Greatest scaled log likelihood ratio of each series, its first month after, and the overdispersion about that split."""
    total, whole = series.sum(axis=1, keepdims=True), exposure.sum()
    y = np.cumsum(series, axis=1)[:, LEAST_MONTHS - 1 : -LEAST_MONTHS]
    e = np.cumsum(exposure)[LEAST_MONTHS - 1 : -LEAST_MONTHS]
    ratio = _part(y, e) + _part(total - y, whole - e) - _part(total, whole)
    best = np.argmax(ratio, axis=1)
    rows = np.arange(len(series))
    left = np.arange(series.shape[1])[None, :] < (best + LEAST_MONTHS)[:, None]
    rate_left, rate_right = y[rows, best] / e[best], (total[:, 0] - y[rows, best]) / (whole - e[best])
    mean = np.where(left, rate_left[:, None], rate_right[:, None]) * exposure[None, :]
    pearson = np.where(mean > 0, (series - mean) ** 2 / np.where(mean > 0, mean, 1.0), 0.0).sum(axis=1)
    spread = np.maximum(pearson / max(series.shape[1] - 2, 1), 1.0)
    return ratio[rows, best] / spread, best + LEAST_MONTHS, spread


def _part(y: Floats, e: Floats | float) -> Floats:
    return np.where(y > 0, y * np.log(np.where(y > 0, y, 1.0) / e), 0.0)


def _is_step(counts: Counts, exposure: Floats, cut: int) -> bool:
    """Whether a step at ``cut`` fits better than a rate that grows steadily (Poisson, log-linear)."""
    step = np.where(np.arange(len(counts)) < cut, counts[:cut].sum() / exposure[:cut].sum(), 0.0)
    step = np.where(np.arange(len(counts)) >= cut, counts[cut:].sum() / exposure[cut:].sum(), step) * exposure
    time = np.linspace(-1.0, 1.0, len(counts))
    level, slope = np.log(counts.sum() / exposure.sum()), 0.0
    for _ in range(50):  # Newton's method on two parameters
        mean = exposure * np.exp(np.clip(level + slope * time, -30.0, 30.0))
        gradient = np.array([(counts - mean).sum(), ((counts - mean) * time).sum()])
        hessian = np.array([[mean.sum(), (mean * time).sum()], [(mean * time).sum(), (mean * time**2).sum()]])
        move = np.linalg.solve(hessian + 1e-9 * np.eye(2), gradient)
        level, slope = level + move[0], slope + move[1]
        if np.abs(move).max() < 1e-9:
            break
    trend = exposure * np.exp(np.clip(level + slope * time, -30.0, 30.0))
    return _likelihood(counts, step) > _likelihood(counts, trend)


def _likelihood(counts: Counts, mean: Floats) -> float:
    return float((_part(counts.astype(np.float64), 1.0 / np.where(mean > 0, mean, 1.0)) - mean).sum()) - float(
        _part(counts.astype(np.float64), 1.0).sum()
    )


def _severe(counts: Counts, severe: Counts | None, before: int, cut: int, after: int) -> tuple[float, float, float]:
    if severe is None:
        return np.nan, np.nan, np.nan
    early, late = float(severe[before:cut].sum()), float(severe[cut:after].sum())
    rate = (late / (after - cut)) / (early / (cut - before)) if early else np.nan
    return float(early / max(counts[before:cut].sum(), 1)), float(late / max(counts[cut:after].sum(), 1)), float(rate)


def _calendar_means(counts: Counts, calendar: Counts) -> Floats:
    sums, rows = np.bincount(calendar, counts, 13), np.bincount(calendar, minlength=13)
    return np.asarray((sums / np.maximum(rows, 1))[calendar])


def _dispersion(counts: Counts, mean: Floats, parameters: int) -> float:
    if len(counts) <= parameters:
        return 1.0
    pearson = np.where(mean > 0, (counts - mean) ** 2 / np.where(mean > 0, mean, 1.0), 0.0).sum()
    return max(float(pearson) / (len(counts) - parameters), 1.0)


def _law(mean: float | Floats, variance: float | Floats) -> stats._distn_infrastructure.rv_frozen:
    """Negative binomial of that mean and variance; Poisson where the variance is no greater."""
    mean, variance = np.asarray(mean, dtype=np.float64), np.asarray(variance, dtype=np.float64)
    if np.all(variance <= mean * (1.0 + 1e-6)):
        return stats.poisson(mean)
    variance = np.maximum(variance, mean * (1.0 + 1e-6))
    return stats.nbinom(mean**2 / (variance - mean), mean / variance)
