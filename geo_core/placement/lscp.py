"""Exact set covering (location set covering problem): the fewest or cheapest sites that cover every demand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from geo_core.errors import Infeasible, InvalidInput
from geo_core.placement import highs
from geo_core.placement.problem import Floats, PlacementProblem, Progress, Sites
from geo_core.placement.reduce import merge_equal_rows


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverPlan:
    """Sites that cover every demand that can be covered.

    Parameters
    ----------
    chosen : int64[k], sorted, the locked ones included.
    objective : number of sites, or their cost.
    bound, gap : no plan needs less than ``bound``; ``gap = (objective − bound) / objective``.
    uncoverable : int64[q], demands no allowed site covers (only with ``allow_uncovered``).
    """

    chosen: Sites
    objective: float
    bound: float
    gap: float
    status: str
    solver: str
    seed: int
    seconds: float
    uncoverable: Sites


def solve_set_cover(
    cover: sparse.csr_array,
    *,
    cost: Floats | None = None,
    locked: ArrayLike = (),
    forbidden: ArrayLike = (),
    allow_uncovered: bool = False,
    time_limit_s: float = 60.0,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> CoverPlan:
    """Fewest sites (or least cost) such that every demand is covered.

    Parameters
    ----------
    cover : sparse [demand, site].
    cost : float64[site] ≥ 0; None counts sites.
    allow_uncovered : leave out, and name, demands that no allowed site covers.

    Raises
    ------
    Infeasible : ``placement-demand-uncoverable`` with the number of such demands and the first one.
    InvalidInput : as ``PlacementProblem``.
    """
    if not time_limit_s > 0:
        raise InvalidInput("time-limit-invalid", value=str(time_limit_s))
    began = time.perf_counter()
    demands, sites = cover.shape
    # the same checks of cover, sites and costs as for maximal covering
    checked = PlacementProblem(
        cover=cover,
        weights=np.ones(demands),
        p=sites,
        locked=np.asarray(locked, dtype=np.int64),
        forbidden=np.asarray(forbidden, dtype=np.int64),
        cost=cost,
        budget=None if cost is None else float(np.sum(cost)),
    )
    price = np.ones(sites) if checked.cost is None else checked.cost
    open_rows = np.flatnonzero(~checked.covered(checked.locked))
    columns = checked.free
    rows = checked.cover[open_rows][:, columns]
    some = np.diff(rows.indptr) > 0
    uncoverable = open_rows[~some].astype(np.int64)
    if len(uncoverable) and not allow_uncovered:
        raise Infeasible("placement-demand-uncoverable", number=len(uncoverable), first=int(uncoverable[0]))
    rows, _ = merge_equal_rows(sparse.csr_array(rows[some]))
    fixed = float(price[checked.locked].sum())
    chosen, bound, optimal, solver = np.empty(0, np.int64), fixed, True, "none"
    if rows.shape[0]:
        solver = highs.solver_name()
        start = _greedy(rows, price[columns])

        def report(best: float, dual: float) -> None:
            if progress is not None:
                progress(Progress(fixed + best, fixed + dual, time.perf_counter() - began))

        outcome = highs.solve(
            highs.Model(
                cost=price[columns],
                matrix=rows.astype(np.float64),
                row_lower=np.ones(rows.shape[0]),
                row_upper=np.full(rows.shape[0], np.inf),
                integer=np.ones(len(columns), dtype=bool),
            ),
            time_limit_s=max(time_limit_s - (time.perf_counter() - began), 0.01),
            seed=seed,
            start=start,
            report=report,
        )
        values = start if outcome.values is None else outcome.values
        chosen, optimal = columns[values > 0.5], outcome.optimal
        bound = max(fixed, fixed + outcome.bound)
    plan = np.union1d(checked.locked, chosen).astype(np.int64)
    objective = float(price[plan].sum())
    bound = objective if objective - bound <= 1e-7 * max(objective, 1.0) else bound
    return CoverPlan(
        chosen=plan,
        objective=objective,
        bound=bound,
        gap=0.0 if objective == 0.0 else (objective - bound) / objective,
        status="optimal" if optimal else "time-limit",
        solver=solver,
        seed=seed,
        seconds=time.perf_counter() - began,
        uncoverable=uncoverable,
    )


def _greedy(rows: sparse.csr_array, price: Floats) -> Floats:
    """A cover to start from: always the site with the most open demand per price."""
    turned = rows.tocsc()
    is_open = np.ones(rows.shape[0], dtype=bool)
    values = np.zeros(rows.shape[1])
    while is_open.any():
        gain = rows.T @ is_open.astype(np.float64)
        score = np.where(gain > 0, gain / np.maximum(price, 1e-12), -1.0)
        best = int(np.argmax(score))
        values[best] = 1.0
        is_open[turned.indices[turned.indptr[best] : turned.indptr[best + 1]]] = False
    return values
