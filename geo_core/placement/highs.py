"""The one place that speaks to HiGHS: a sparse model goes straight in, values and a true bound come out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo_core.errors import QorganError

Floats = NDArray[np.float64]
_REPORT_EVERY_S = 0.5


class _QuietHighs(highspy.Highs):
    """Without the banner that starting callbacks prints: standard output belongs to the command that asked."""

    def enableCallbacks(self) -> None:  # noqa: N802 (the name is the library's)
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """Minimise ``cost · x`` with ``0 ≤ x ≤ 1`` and ``row_lower ≤ matrix x ≤ row_upper``; where ``integer``, x is 0 or 1."""

    cost: Floats
    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    integer: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What the solver found.

    Parameters
    ----------
    values : float64[column], None when it found nothing better than what it was given, or nothing at all.
    bound : no solution costs less (−inf when the solver had no time to say).
    optimal : proven within the asked gap.
    """

    values: Floats | None
    bound: float
    optimal: bool


def solver_name() -> str:
    """Name and version of the solver, as plans record it."""
    return f"HiGHS {version('highspy')}"


def solve(
    model: Model,
    *,
    time_limit_s: float,
    seed: int,
    relative_gap: float = 0.0,
    start: Floats | None = None,
    report: Callable[[float, float], None] | None = None,
) -> Outcome:
    """Solve within the time limit, on one thread (so that equal input gives equal output).

    Parameters
    ----------
    start : feasible values to start from.
    report : called about twice a second with (best cost, bound); what it raises stops the solver and is raised again.

    Raises
    ------
    QorganError : ``solver-failed`` with the solver's status, for a model it refuses (a fault of ours).
    """
    began = time.perf_counter()
    highs = _QuietHighs()  # type: ignore[no-untyped-call]
    for option, value in (
        ("threads", 1),
        ("random_seed", seed % 2**31),
        ("time_limit", time_limit_s),
        ("mip_rel_gap", max(relative_gap, 1e-9)),
        ("mip_abs_gap", 1e-9),
    ):
        highs.setOptionValue(option, value)
    highs.passModel(_lp(model))
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        highs.setSolution(solution)

    raised: list[BaseException] = []
    last_report = began

    def watch(event: highspy.highs.HighsCallbackEvent) -> None:
        nonlocal last_report
        now = time.perf_counter()
        if raised or now - began > time_limit_s:
            event.interrupt()
        elif report is not None and now - last_report >= _REPORT_EVERY_S and event.data_out is not None:
            last_report = now
            try:
                report(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound)
            except BaseException as fault:  # noqa: BLE001 (must not cross the solver's frames; raised again below)
                raised.append(fault)
                event.interrupt()

    highs.cbMipInterrupt += watch
    highs.cbSimplexInterrupt += watch
    highs.run()
    if raised:
        raise raised[0]
    status = highs.getModelStatus()
    known = {
        highspy.HighsModelStatus.kOptimal,
        highspy.HighsModelStatus.kTimeLimit,
        highspy.HighsModelStatus.kInterrupt,
        highspy.HighsModelStatus.kSolutionLimit,
    }
    if status not in known:
        raise QorganError("solver-failed", status=highs.modelStatusToString(status))
    info = highs.getInfo()
    values = np.array(highs.getSolution().col_value, dtype=np.float64)
    bound = float(info.mip_dual_bound)
    return Outcome(
        values=values if len(values) == len(model.cost) and _holds(model, values) else None,
        bound=bound if math.isfinite(bound) else -math.inf,
        optimal=status == highspy.HighsModelStatus.kOptimal,
    )


def _lp(model: Model) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    rows, columns = model.matrix.shape
    lp.num_col_, lp.num_row_ = columns, rows
    lp.col_cost_ = model.cost
    lp.col_lower_, lp.col_upper_ = np.zeros(columns), np.ones(columns)
    lp.row_lower_ = np.where(np.isneginf(model.row_lower), -highspy.kHighsInf, model.row_lower)
    lp.row_upper_ = np.where(np.isposinf(model.row_upper), highspy.kHighsInf, model.row_upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = model.matrix.indptr
    lp.a_matrix_.index_ = model.matrix.indices
    lp.a_matrix_.value_ = model.matrix.data.astype(np.float64)
    whole, part = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    lp.integrality_ = [whole if i else part for i in model.integer]
    return lp


def _holds(model: Model, values: Floats) -> bool:
    """Whether values satisfy the rows: an interrupted solver may leave values of a relaxation behind."""
    row = model.matrix @ values
    fractional = np.abs(values - np.round(values))[model.integer]
    slack = 1e-6 * (1.0 + np.abs(row))
    return bool(
        np.all(row >= model.row_lower - slack)
        and np.all(row <= model.row_upper + slack)
        and (len(fractional) == 0 or fractional.max() <= 1e-5)
    )
