"""Greedy choice and one-for-one swaps for maximal covering: a good start, proven by nothing."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo_core.placement.reduce import ReducedProblem

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_LEAST_GAIN = 1e-9  # relative to the total weight; less is rounding


@njit(cache=True, nogil=True)
def _put(
    site: int, sign: int, count: Integers, inside: NDArray[np.bool_], gain: Floats, loss: Floats,
    row_start: Integers, row_site: Integers, site_start: Integers, site_row: Integers, weights: Floats,
) -> None:  # fmt: skip
    """Put a site in (+1) or take it out (−1), keeping every site's gain (if put in) and loss (if taken out) exact."""
    if sign < 0:
        inside[site] = False
    for q in range(site_start[site], site_start[site + 1]):
        i = site_row[q]
        count[i] += sign
        w = weights[i]
        if sign > 0 and count[i] == 1:
            loss[site] += w
            for e in range(row_start[i], row_start[i + 1]):
                gain[row_site[e]] -= w
        elif sign > 0 and count[i] == 2:
            for e in range(row_start[i], row_start[i + 1]):
                if inside[row_site[e]]:
                    loss[row_site[e]] -= w
        elif sign < 0 and count[i] == 0:
            loss[site] -= w
            for e in range(row_start[i], row_start[i + 1]):
                gain[row_site[e]] += w
        elif sign < 0 and count[i] == 1:
            for e in range(row_start[i], row_start[i + 1]):
                if inside[row_site[e]]:
                    loss[row_site[e]] += w
    if sign > 0:
        inside[site] = True


@njit(cache=True, nogil=True)
def _greedy_swaps(
    row_start: Integers, row_site: Integers, site_start: Integers, site_row: Integers, weights: Floats,
    cost: Floats, budget: float, room: int, by_price: bool, swaps: int,  # noqa: FBT001 (a kernel)
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:  # fmt: skip
    """Greedy by gain (or gain per price), then best-improvement swaps; ties go to the lower number."""
    rows, sites = row_start.size - 1, site_start.size - 1
    count = np.zeros(rows, np.int64)
    inside = np.zeros(sites, np.bool_)
    gain, loss = np.zeros(sites), np.zeros(sites)
    for j in range(sites):
        for q in range(site_start[j], site_start[j + 1]):
            gain[j] += weights[site_row[q]]
    least = _LEAST_GAIN * weights.sum()
    spent = 0.0
    for _ in range(room):
        best, best_score = -1, 0.0
        for j in range(sites):
            if inside[j] or gain[j] <= least or spent + cost[j] > budget:
                continue
            score = gain[j]
            if by_price:
                score = gain[j] / cost[j] if cost[j] > 0.0 else np.inf
            if best < 0 or score > best_score:
                best, best_score = j, score
        if best < 0:
            break
        spent += cost[best]
        _put(best, 1, count, inside, gain, loss, row_start, row_site, site_start, site_row, weights)
    greedy = inside.copy()
    overlap = np.zeros(sites)
    for _ in range(swaps):
        members = np.flatnonzero(inside)
        best_delta, best_in, best_out = least, -1, -1
        for j in range(sites):
            # the overlap with r is at most the loss of r, so no swap brings more than the plain gain of j
            if inside[j] or gain[j] <= best_delta:
                continue
            for r in members:
                overlap[r] = 0.0
            for q in range(site_start[j], site_start[j + 1]):
                i = site_row[q]
                if count[i] == 1:
                    for e in range(row_start[i], row_start[i + 1]):
                        if inside[row_site[e]]:
                            overlap[row_site[e]] += weights[i]
                            break
            for r in members:
                delta = gain[j] - loss[r] + overlap[r]
                if delta > best_delta and spent - cost[r] + cost[j] <= budget:
                    best_delta, best_in, best_out = delta, j, int(r)
        if best_in < 0:
            break
        spent += cost[best_in] - cost[best_out]
        _put(best_out, -1, count, inside, gain, loss, row_start, row_site, site_start, site_row, weights)
        _put(best_in, 1, count, inside, gain, loss, row_start, row_site, site_start, site_row, weights)
    return greedy, inside


def greedy_swaps(problem: ReducedProblem, *, swaps: int) -> tuple[Integers, Integers]:
    """Columns of the greedy choice and of the choice after at most ``swaps`` swaps.

    With a budget the greedy choice is the better of "by gain" and "by gain per price"; swaps keep within the budget.
    """
    rows = problem.cover
    turned = rows.tocsc()
    sites = rows.shape[1]
    cost = np.zeros(sites) if problem.cost is None else problem.cost.astype(np.float64)
    budget = np.inf if problem.budget is None else problem.budget
    room = sites if problem.room is None else min(problem.room, sites)
    row_start, row_site = rows.indptr.astype(np.int64), rows.indices.astype(np.int64)
    site_start, site_row = turned.indptr.astype(np.int64), turned.indices.astype(np.int64)
    greedy_best, best = np.empty(0, np.int64), np.empty(0, np.int64)
    for by_price in (False, True) if problem.cost is not None else (False,):
        greedy, swapped = _greedy_swaps(
            row_start, row_site, site_start, site_row, problem.weights, cost, budget, room, by_price, swaps
        )
        greedy_best = max(greedy_best, np.flatnonzero(greedy), key=lambda c: reduced_weight(problem, c))
        best = max(best, np.flatnonzero(swapped), key=lambda c: reduced_weight(problem, c))
    return greedy_best, best


def reduced_weight(problem: ReducedProblem, columns: Integers) -> float:
    """Weight of the groups at least one of the columns covers."""
    mark = np.zeros(problem.cover.shape[1])
    mark[columns] = 1.0
    return float(problem.weights[(problem.cover @ mark) > 0].sum())
