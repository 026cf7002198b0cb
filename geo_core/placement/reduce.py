"""A smaller problem with the same best plans: equal demands merged, decided things taken out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo_core.placement.problem import Floats, PlacementProblem, Sites


@dataclass(frozen=True, kw_only=True, eq=False)
class ReducedProblem:
    """Maximal covering over the free sites that are left.

    Parameters
    ----------
    cover : CSR bool[group, column], every group covered by at least one column, all groups different.
    weights : float64[group] > 0.
    columns : int64[column], the site each column stands for.
    room : sites that may still be chosen; None = only the budget limits.
    cost, budget : of the columns and what is left of the budget; None without a budget.
    constant : weight the locked sites cover already.
    """

    cover: sparse.csr_array
    weights: Floats
    columns: Sites
    room: int | None
    cost: Floats | None
    budget: float | None
    constant: float


def reduce_problem(problem: PlacementProblem) -> ReducedProblem:
    """Take out forbidden sites, what locked sites cover, zero weights; merge demands with equal sets of sites."""
    locked = np.asarray(problem.locked, dtype=np.int64)
    already = problem.covered(locked)
    open_rows = np.flatnonzero(~already & (problem.weights > 0))
    columns = problem.free
    cost = None if problem.cost is None else problem.cost[columns]
    budget = None
    if problem.cost is not None and problem.budget is not None and cost is not None:
        budget = problem.budget - math.fsum(problem.cost[locked])
        columns, cost = columns[cost <= budget], cost[cost <= budget]
    rows = problem.cover[open_rows][:, columns]
    weights = problem.weights[open_rows]
    some = np.diff(rows.indptr) > 0
    rows, group = merge_equal_rows(sparse.csr_array(rows[some]))
    merged = np.bincount(group, weights=weights[some], minlength=rows.shape[0]).astype(np.float64)
    useful = np.flatnonzero(np.bincount(rows.indices, minlength=rows.shape[1]))  # sites that add anything at all
    return ReducedProblem(
        cover=sparse.csr_array(rows[:, useful]),
        weights=merged,
        columns=columns[useful],
        room=None if problem.p is None else problem.p - len(locked),
        cost=None if cost is None else cost[useful],
        budget=budget,
        constant=problem.covered_weight(locked),
    )


def merge_equal_rows(rows: sparse.csr_array) -> tuple[sparse.csr_array, NDArray[np.int64]]:
    """Distinct rows in order of first appearance and, for every row, the number of its distinct row.

    Rows are told apart by two independent 64-bit sums of random marks per column, fixed by a seed, and their length: two
    different rows collide with a chance below 2⁻¹²⁰; equal ones always meet.
    """
    number = rows.shape[0]
    if number == 0:
        return rows, np.empty(0, np.int64)
    sizes = np.diff(rows.indptr)
    rng = np.random.default_rng(20240131)
    key = np.empty((number, 3), np.uint64)
    key[:, 0] = sizes
    for k in (1, 2):
        marks = rng.integers(0, 2**64, rows.shape[1], dtype=np.uint64)
        running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(marks[rows.indices], dtype=np.uint64)])
        key[:, k] = running[rows.indptr[1:]] - running[rows.indptr[:-1]]  # wraps around, and back
    _, first, inverse = np.unique(key, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return sparse.csr_array(rows[first[order]]), rank[inverse.reshape(-1)].astype(np.int64)
