"""What is asked of a placement and what comes back: problem and plan."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from geo_core.errors import Infeasible, InvalidInput

Floats = NDArray[np.float64]
Sites = NDArray[np.int64]


def cover_within(distances: ArrayLike, *, radius: float) -> sparse.csr_array:
    """Cover matrix of a distance or travel-time matrix: a site covers a demand when ``distance <= radius`` (inclusive).

    Parameters
    ----------
    distances : float[demand, site]; inf = unreachable; NaN = not computed, and is refused.

    Raises
    ------
    InvalidInput : ``placement-cover-invalid``.
    """
    table = np.asarray(distances, dtype=np.float64)
    if table.ndim != 2 or bool(np.isnan(table).any()) or math.isnan(radius):
        raise InvalidInput("placement-cover-invalid", reason="distances")
    return sparse.csr_array(table <= radius)


def cover_from_shares(shares: sparse.csr_array, *, threshold: float) -> sparse.csr_array:
    """Cover matrix of shares: a site covers a demand when its share is at least ``threshold`` (inclusive), in (0, 1].

    Parameters
    ----------
    shares : sparse float[demand, site]; absent = zero; NaN = not computed, and is refused.

    Raises
    ------
    InvalidInput : ``placement-cover-invalid``.
    """
    if not 0.0 < threshold <= 1.0 or bool(np.isnan(shares.data).any()):
        raise InvalidInput("placement-cover-invalid", reason="shares")
    kept = shares.tocsr(copy=True)
    kept.data = (kept.data >= threshold).astype(np.float64)
    kept.eliminate_zeros()
    return kept.astype(bool)


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacementProblem:
    """Choose sites so that the weight of demand that at least one of them covers is greatest.

    Parameters
    ----------
    cover : sparse [demand, site]; any stored value but zero (or False) means that the site covers the demand.
    weights : float64[demand], same unit throughout, finite and ≥ 0, not all zero.
    p : greatest number of sites, the locked ones included; None = only the budget limits.
    locked : sites that are in every plan (they stand already, or were decided).
    forbidden : sites that are in no plan.
    cost : float64[site], finite and ≥ 0; sites that stand already cost 0. Given with ``budget`` or not at all.
    budget : greatest sum of costs of the chosen sites.

    Raises
    ------
    InvalidInput : ``placement-cover-invalid``, ``placement-weights-invalid``, ``placement-nothing-to-cover``,
        ``placement-no-limit``, ``placement-site-unknown``, ``placement-locked-and-forbidden``, ``placement-cost-invalid``.
    """

    cover: sparse.csr_array
    weights: Floats
    p: int | None = None
    locked: Sites | tuple[int, ...] = ()
    forbidden: Sites | tuple[int, ...] = ()
    cost: Floats | None = None
    budget: float | None = None

    def __post_init__(self) -> None:
        cover = _canonical(self.cover)
        demands, sites = cover.shape
        weights = np.array(self.weights, dtype=np.float64)
        if demands == 0 or sites == 0:
            raise InvalidInput("placement-cover-invalid", reason="empty")
        if weights.shape != (demands,) or not bool(np.all(np.isfinite(weights) & (weights >= 0))):
            raise InvalidInput("placement-weights-invalid", expected=demands)
        if not weights.any():
            raise InvalidInput("placement-nothing-to-cover")
        if (self.p is None and self.budget is None) or (self.p is not None and self.p < 0):
            raise InvalidInput("placement-no-limit")
        if (self.cost is None) != (self.budget is None):
            raise InvalidInput("placement-cost-invalid", expected=sites)
        if self.cost is not None and self.budget is not None:
            cost = np.array(self.cost, dtype=np.float64)
            usable = cost.shape == (sites,) and bool(np.all(np.isfinite(cost) & (cost >= 0)))
            if not usable or not math.isfinite(self.budget) or self.budget < 0:
                raise InvalidInput("placement-cost-invalid", expected=sites)
            object.__setattr__(self, "cost", _frozen(cost))
        locked, forbidden = _sites(self.locked, sites), _sites(self.forbidden, sites)
        both = np.intersect1d(locked, forbidden)
        if len(both):
            raise InvalidInput("placement-locked-and-forbidden", site=int(both[0]), number=len(both))
        object.__setattr__(self, "cover", cover)
        object.__setattr__(self, "weights", _frozen(weights))
        object.__setattr__(self, "locked", locked)
        object.__setattr__(self, "forbidden", forbidden)

    @property
    def sites(self) -> int:
        """Number of candidate sites, locked and forbidden ones included."""
        return int(self.cover.shape[1])

    @property
    def free(self) -> Sites:
        """Sites that may be chosen or not."""
        return np.setdiff1d(np.arange(self.sites), np.union1d(self.locked, self.forbidden))

    def adding(self, number: int) -> PlacementProblem:
        """The same problem with room for ``number`` sites more than the locked ones."""
        return replace(self, p=len(self.locked) + number)

    def covered(self, chosen: ArrayLike) -> NDArray[np.bool_]:
        """Which demands at least one of the sites covers: bool[demand]."""
        mark = np.zeros(self.sites)
        mark[np.asarray(chosen, dtype=np.int64)] = 1.0
        return (self.cover @ mark) > 0

    def covered_weight(self, chosen: ArrayLike) -> float:
        """Weight of the demands that at least one of the sites covers, summed exactly whatever the order."""
        return math.fsum(self.weights[self.covered(chosen)])

    def digest(self) -> str:
        """sha256 of everything that decides the plan; equal problems have equal digests on every machine."""
        state = hashlib.sha256(b"qorgan placement 1")
        for name, values, kind in (
            ("shape", self.cover.shape, "<i8"),
            ("indptr", self.cover.indptr, "<i8"),
            ("indices", self.cover.indices, "<i8"),
            ("weights", self.weights, "<f8"),
            ("p", () if self.p is None else (self.p,), "<i8"),
            ("locked", self.locked, "<i8"),
            ("forbidden", self.forbidden, "<i8"),
            ("cost", () if self.cost is None else self.cost, "<f8"),
            ("budget", () if self.budget is None else (self.budget,), "<f8"),
        ):
            array = np.ascontiguousarray(values, dtype=kind)
            state.update(f"{name}:{array.size}:".encode() + array.tobytes())
        return state.hexdigest()

    def require_feasible(self) -> None:
        """Refuse what no plan can satisfy, with the smallest change that would help.

        Raises
        ------
        Infeasible : ``placement-too-few-sites`` (p, locked, needed), ``placement-all-forbidden`` (sites, needed),
            ``placement-budget-below-locked`` and ``placement-budget-below-cheapest`` (budget, needed),
            ``placement-nothing-coverable`` (sites).
        """
        locked, free = np.asarray(self.locked), self.free
        if self.p is not None and self.p < max(1, len(locked)):
            raise Infeasible("placement-too-few-sites", p=self.p, locked=len(locked), needed=max(1, len(locked)))
        if len(free) == 0 and len(locked) == 0:
            raise Infeasible("placement-all-forbidden", sites=self.sites, needed=1)
        if self.cost is not None and self.budget is not None:
            spent = math.fsum(self.cost[locked])
            if spent > self.budget:
                raise Infeasible("placement-budget-below-locked", budget=self.budget, needed=spent)
            if len(locked) == 0 and float(self.cost[free].min()) > self.budget:
                needed = float(self.cost[free].min())
                raise Infeasible("placement-budget-below-cheapest", budget=self.budget, needed=needed)
        if self.covered_weight(np.union1d(free, locked)) == 0.0:
            raise Infeasible("placement-nothing-coverable", sites=len(free) + len(locked))


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacementPlan:
    """A plan with its proof.

    Parameters
    ----------
    chosen : int64[k], sorted sites, the locked ones included; sites that would add nothing are left out.
    objective : weight covered by the chosen sites, recomputed from the cover (equals ``covered_weight``).
    bound : no plan whatever covers more than this (the solver's dual bound; never below the objective).
    gap : ``(bound − objective) / bound`` in [0, 1]: the share of the best possible that may be missing; 0 = proven best.
    status : ``optimal`` or ``time-limit``.
    solver : name and version.
    seconds : wall-clock time of everything, merging and heuristics included.
    covered_weight, total_weight : numerator and denominator of ``covered_share``.
    greedy_objective : what the plain greedy choice covers.
    cost : sum of costs, None without a budget.
    digest : of the problem (``PlacementProblem.digest``).
    """

    chosen: Sites
    objective: float
    bound: float
    gap: float
    status: str
    solver: str
    seed: int
    seconds: float
    covered_weight: float
    total_weight: float
    greedy_objective: float
    cost: float | None
    digest: str

    @property
    def covered_share(self) -> float:
        """Covered weight / total weight (not a share of demands)."""
        return self.covered_weight / self.total_weight


class Progress(NamedTuple):
    """How far a solution has come: what is covered, what could be at most, and the time used."""

    objective: float
    bound: float
    seconds: float


def _canonical(cover: sparse.csr_array) -> sparse.csr_array:
    """Boolean CSR with sorted, unique indices, read-only."""
    if not sparse.issparse(cover) or cover.ndim != 2:
        raise InvalidInput("placement-cover-invalid", reason="not-sparse")
    out = sparse.csr_array(cover, copy=True)
    if out.data.dtype.kind == "f" and bool(np.isnan(out.data).any()):
        raise InvalidInput("placement-cover-invalid", reason="nan")
    out.data = out.data != 0
    out.eliminate_zeros()
    out.sum_duplicates()
    out.sort_indices()
    for array in (out.data, out.indices, out.indptr):
        array.flags.writeable = False
    return out


def _sites(given: ArrayLike, number: int) -> Sites:
    values = np.asarray(given)
    if values.size == 0:
        return _frozen(np.empty(0, np.int64))
    if values.dtype.kind not in "iu":
        raise InvalidInput("placement-site-unknown", site=str(values.flat[0]), sites=number)
    out = np.unique(values.astype(np.int64))
    wrong = out[(out < 0) | (out >= number)]
    if len(wrong):
        raise InvalidInput("placement-site-unknown", site=int(wrong[0]), sites=number)
    return _frozen(out)


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
