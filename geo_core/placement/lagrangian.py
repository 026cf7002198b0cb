"""Upper bound of maximal covering by Lagrangian relaxation, for when the solver has no time to give one.

With multipliers ``0 ≤ λᵢ ≤ wᵢ`` on ``yᵢ ≤ Σ xⱼ`` no choice of p sites covers more than

    L(λ) = Σ (wᵢ − λᵢ) + sum of the p largest cⱼ,   cⱼ = Σ_{i covered by j} λᵢ

for every λ, so the least value met is a true bound wherever the search stops. λ moves along the subgradient
(Held & Karp), with a step that halves when the bound stalls.
"""

from __future__ import annotations

import time

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo_core.placement.reduce import ReducedProblem

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_ROUND = 10  # iterations between two looks at the clock
_PATIENCE = 8  # iterations without a better bound before the step is shortened


@njit(cache=True, nogil=True)
def _rounds(
    row_start: Integers, row_site: Integers, weights: Floats, room: int, target: float,
    lam: Floats, best_lam: Floats, state: Floats, iterations: int,
) -> None:  # fmt: skip
    """Subgradient steps in place; ``state`` is (best bound, step factor, iterations without a better bound)."""
    rows, sites = row_start.size - 1, int(row_site.max()) + 1
    price = np.empty(sites)
    taken = np.empty(sites, np.int64)
    slope = np.empty(rows)
    for _ in range(iterations):
        price[:] = 0.0
        bound = 0.0
        for i in range(rows):
            bound += weights[i] - lam[i]
            for e in range(row_start[i], row_start[i + 1]):
                price[row_site[e]] += lam[i]
        taken[:] = 0
        order = np.argsort(-price)
        for k in range(min(room, sites)):
            bound += price[order[k]]
            taken[order[k]] = 1
        if bound < state[0] * (1.0 - 1e-9):
            state[0], state[2] = bound, 0.0
            best_lam[:] = lam
        else:
            state[2] += 1.0
            if state[2] >= _PATIENCE:
                state[1] *= 0.5
                state[2] = 0.0
                lam[:] = best_lam
        norm = 0.0
        for i in range(rows):
            covered = -1.0
            for e in range(row_start[i], row_start[i + 1]):
                covered += taken[row_site[e]]
            # a multiplier at its limit cannot move further out
            if (lam[i] <= 0.0 and covered > 0.0) or (lam[i] >= weights[i] and covered < 0.0):
                covered = 0.0
            slope[i] = covered
            norm += covered * covered
        if norm == 0.0 or state[1] < 1e-4:
            state[1] = 0.0
            return
        step = state[1] * max(bound - target, 1e-9 * bound) / norm
        for i in range(rows):
            lam[i] = min(weights[i], max(0.0, lam[i] - step * slope[i]))


def lagrangian_bound(problem: ReducedProblem, *, covered: float, time_limit_s: float, iterations: int = 400) -> float:
    """No choice of ``room`` columns covers more than this; inf where the problem is limited by a budget only.

    Parameters
    ----------
    covered : weight that a known choice covers (steers the step, does not change the truth of the bound).
    time_limit_s : the search stops when it is over; the bound is true at every moment.
    """
    if problem.room is None or problem.cover.shape[0] == 0 or time_limit_s <= 0:
        return float("inf")
    began = time.perf_counter()
    row_start, row_site = problem.cover.indptr.astype(np.int64), problem.cover.indices.astype(np.int64)
    # a group with many sites is likely covered anyhow: its weight is shared among them
    lam = problem.weights / np.diff(row_start)
    best, state = lam.copy(), np.array([np.inf, 1.0, 0.0])
    for _ in range(0, iterations, _ROUND):
        _rounds(row_start, row_site, problem.weights, problem.room, covered, lam, best, state, _ROUND)
        if state[1] == 0.0 or time.perf_counter() - began > time_limit_s:
            break
    return float(state[0]) * (1.0 + 1e-12)  # rounding of the sums
