"""Exact maximal covering (Church & ReVelle 1974).

Maximise ``Σ wᵢ yᵢ`` where ``yᵢ ≤ Σ_{j covers i} xⱼ``, ``Σ xⱼ ≤ p`` (or ``Σ cⱼ xⱼ ≤ budget``), ``x`` 0 or 1, ``0 ≤ y ≤ 1``.
Equal demands are merged, decided things taken out, a greedy choice improved by swaps starts the solver. The lower of
the solver's dual bound and a Lagrangian one says how much better any plan could be.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo_core.errors import InvalidInput
from geo_core.placement import highs
from geo_core.placement.greedy import greedy_swaps, reduced_weight
from geo_core.placement.lagrangian import lagrangian_bound
from geo_core.placement.problem import PlacementPlan, PlacementProblem, Progress
from geo_core.placement.reduce import ReducedProblem, reduce_problem

_MOST_SWAPS = 100
_LEAST_SOLVER_S = 0.02
_SOLVER_SHARE = 0.95  # of the time that is left: the solver looks at its clock between steps only
_LAGRANGIAN_SHARE = 0.15  # of the time limit, at most: a bound that holds even if the solver gives none


def solve_max_cover(
    problem: PlacementProblem,
    *,
    time_limit_s: float = 60.0,
    seed: int = 0,
    relative_gap: float = 0.0,
    progress: Callable[[Progress], None] | None = None,
) -> PlacementPlan:
    """Best sites of a placement problem, with proof.

    Parameters
    ----------
    time_limit_s : wall clock for everything; when it is over the best plan so far comes back with its true gap.
    seed : of the solver. Equal problem and seed give an equal plan unless time ran out.
    relative_gap : stop when this gap is proven; 0 = proven best.
    progress : called about twice a second; what it raises stops the solver and is raised again (cancel).

    Returns
    -------
    PlacementPlan : status ``optimal`` when the asked gap is proven, else ``time-limit``.

    Raises
    ------
    Infeasible : see ``PlacementProblem.require_feasible``.
    InvalidInput : ``time-limit-invalid``.
    """
    if not time_limit_s > 0:
        raise InvalidInput("time-limit-invalid", value=str(time_limit_s))
    problem.require_feasible()
    warm_up()
    began = time.perf_counter()
    small = reduce_problem(problem)
    greedy, start = greedy_swaps(small, swaps=_MOST_SWAPS)
    bound = small.constant + _simple_bound(small)
    chosen, solver, proven = start, "none", False
    covered = small.constant + reduced_weight(small, start)
    if covered < bound:
        left_s = time_limit_s - (time.perf_counter() - began)
        share_s = min(_LAGRANGIAN_SHARE * time_limit_s, left_s)
        relaxed = lagrangian_bound(small, covered=covered - small.constant, time_limit_s=share_s)
        bound = min(bound, small.constant + relaxed)
    left_s = time_limit_s - (time.perf_counter() - began)
    if covered < bound * (1.0 - relative_gap) and left_s > _LEAST_SOLVER_S and small.room != 0:
        solver = highs.solver_name()
        model, scale = _model(small)

        def report(cost: float, dual: float) -> None:
            if progress is not None:
                best = small.constant - scale * cost if math.isfinite(cost) else small.constant
                most = small.constant - scale * dual if math.isfinite(dual) else bound
                progress(Progress(best, min(bound, most), time.perf_counter() - began))

        outcome = highs.solve(
            model,
            time_limit_s=_SOLVER_SHARE * (time_limit_s - (time.perf_counter() - began)),
            seed=seed,
            relative_gap=relative_gap,
            start=_values(small, model, start),
            report=report,
        )
        bound = min(bound, small.constant - scale * outcome.bound)
        proven = outcome.optimal
        if outcome.values is not None:
            found = np.flatnonzero(outcome.values[: small.cover.shape[1]] > 0.5)
            chosen = max(start, found, key=lambda c: reduced_weight(small, c))
    sites = np.union1d(problem.locked, small.columns[_useful(small, chosen)]).astype(np.int64)
    sites.flags.writeable = False
    objective = problem.covered_weight(sites)
    # the solver's bound is true within its tolerance of 1e-6; a bound this close to the plan is the plan's value
    bound = objective if bound - objective <= 1e-7 * objective else bound
    gap = 0.0 if bound <= 0.0 else (bound - objective) / bound
    plan = PlacementPlan(
        chosen=sites,
        objective=objective,
        bound=bound,
        gap=gap,
        status="optimal" if proven or gap <= relative_gap else "time-limit",
        solver=solver,
        seed=seed,
        seconds=time.perf_counter() - began,
        covered_weight=objective,
        total_weight=math.fsum(problem.weights),
        greedy_objective=problem.covered_weight(np.union1d(problem.locked, small.columns[greedy])),
        cost=None if problem.cost is None else math.fsum(problem.cost[sites]),
        digest=problem.digest(),
    )
    if progress is not None:
        progress(Progress(plan.objective, plan.bound, plan.seconds))
    return plan


@functools.cache
def warm_up() -> None:
    """Compile the kernels (or load them from the cache), so that a time limit counts solving only."""
    tiny = PlacementProblem(cover=sparse.csr_array(np.eye(2, dtype=bool)), weights=np.ones(2), p=1)
    small = reduce_problem(tiny)
    greedy_swaps(small, swaps=1)
    lagrangian_bound(small, covered=1.0, time_limit_s=1.0, iterations=1)


def _simple_bound(small: ReducedProblem) -> float:
    """No choice covers more than all groups, nor more than the ``room`` largest sites together."""
    total = math.fsum(small.weights)
    if small.room is None:
        return total
    alone = small.cover.T @ small.weights
    return min(total, math.fsum(np.sort(alone)[::-1][: small.room]))


def _model(small: ReducedProblem) -> tuple[highs.Model, float]:
    """Columns: sites, then groups with two sites or more (a group of one site is priced on that site).

    Costs are scaled to a mean of one, so that the solver's absolute tolerances mean the same for every unit.
    """
    sites = small.cover.shape[1]
    scale = float(small.weights.mean())
    several = np.flatnonzero(np.diff(small.cover.indptr) > 1)
    single = np.flatnonzero(np.diff(small.cover.indptr) == 1)
    site_cost = np.zeros(sites)
    np.subtract.at(site_cost, small.cover.indices[small.cover.indptr[single]], small.weights[single] / scale)
    linked = -small.cover[several].astype(np.float64)
    blocks = [sparse.hstack([linked, sparse.eye_array(len(several))], format="csr")]
    upper = [np.zeros(len(several))]
    for row, most in ((np.ones(sites), small.room), (small.cost, small.budget)):
        if row is not None and most is not None:
            blocks.append(sparse.csr_array(np.concatenate([row, np.zeros(len(several))])[None, :]))
            upper.append(np.array([float(most)]))
    matrix = sparse.csr_array(sparse.vstack(blocks, format="csr"))
    return (
        highs.Model(
            cost=np.concatenate([site_cost, -small.weights[several] / scale]),
            matrix=matrix,
            row_lower=np.full(matrix.shape[0], -np.inf),
            row_upper=np.concatenate(upper),
            integer=np.arange(matrix.shape[1]) < sites,
        ),
        scale,
    )


def _values(small: ReducedProblem, model: highs.Model, columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """The start as values of all columns of the model."""
    sites = small.cover.shape[1]
    values = np.zeros(model.matrix.shape[1])
    values[columns] = 1.0
    several = np.diff(small.cover.indptr) > 1
    values[sites:] = ((small.cover @ values[:sites]) > 0)[several]
    return values


def _useful(small: ReducedProblem, columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """The columns without those that add nothing to the others: nobody should pay for them."""
    kept = columns
    alone = small.cover.T @ small.weights
    count = small.cover[:, columns].sum(axis=1)
    turned = small.cover.tocsc()
    for column in columns[np.argsort(alone[columns], kind="stable")]:
        rows = turned.indices[turned.indptr[column] : turned.indptr[column + 1]]
        if np.all(count[rows] > 1):
            count[rows] -= 1
            kept = kept[kept != column]
    return kept
