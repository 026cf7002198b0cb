"""The problem of covering points by sites within a radius, from two plain tables."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo_core.errors import DataQuality, InvalidInput, NotFound
from geo_core.placement import PlacementPlan, PlacementProblem

EARTH_RADIUS_M = 6_371_000.0
# Distances computed at a time: 4 million are 32 MB.
_BLOCK = 4_000_000
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """A table of points.

    Parameters
    ----------
    ids : as the table writes them. lon, lat : degrees. weight, cost : of each row; 1 where the table has no such column.
    """

    ids: tuple[str, ...]
    lon: Floats
    lat: Floats
    weight: Floats
    cost: Floats
    has_cost: bool = False

    def __len__(self) -> int:
        return len(self.ids)


def read_points(path: Path) -> Points:
    """Read a CSV with the columns ``id``, ``lon``, ``lat`` and, where they matter, ``weight`` and ``cost``.

    Raises
    ------
    NotFound : ``no-such-file``. InvalidInput : ``missing-columns``, ``bad-value`` (a number that is none). DataQuality : ``no-rows``.
    """
    rows = _table(path, ("id", "lon", "lat"))
    header = rows[0].keys()

    def numbers(name: str) -> Floats:
        if name not in header:
            return np.ones(len(rows))
        return np.array([_number(path, name, row[name], n) for n, row in enumerate(rows, 1)], dtype=np.float64)

    return Points(
        ids=tuple(row["id"] for row in rows),
        lon=numbers("lon"),
        lat=numbers("lat"),
        weight=numbers("weight"),
        cost=numbers("cost"),
        has_cost="cost" in header,
    )


def great_circle_m(lon_1: Floats, lat_1: Floats, lon_2: Floats, lat_2: Floats) -> Floats:
    """Distances in metres on a sphere of 6,371,000 m (haversine), degrees in, broadcasting."""
    one, two = np.radians(lat_1), np.radians(lat_2)
    half = np.sin((two - one) / 2) ** 2 + np.cos(one) * np.cos(two) * np.sin(np.radians(lon_2 - lon_1) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def cover_within_radius(demand: Points, sites: Points, *, radius_m: float) -> sparse.csr_array:
    """Which sites reach which demands: distance on the sphere ≤ ``radius_m``; bool[demand, site].

    Raises
    ------
    InvalidInput : ``distance-not-positive``.
    """
    if not radius_m > 0 or not math.isfinite(radius_m):
        raise InvalidInput("distance-not-positive", max_distance_m=radius_m)
    step = max(1, _BLOCK // max(len(sites), 1))
    blocks = []
    for start in range(0, len(demand), step):
        part = slice(start, start + step)
        distances = great_circle_m(demand.lon[part, None], demand.lat[part, None], sites.lon[None], sites.lat[None])
        blocks.append(sparse.csr_array(distances <= radius_m))
    return sparse.csr_array(sparse.vstack(blocks, format="csr"))


def problem_of(
    demand: Points,
    sites: Points,
    *,
    radius_m: float,
    existing: Points | None = None,
    p: int | None = None,
    budget: float | None = None,
) -> tuple[PlacementProblem, tuple[str, ...]]:
    """The maximal covering problem, and the ids of its sites: the candidates first, then those that stand.

    What stands is locked, costs nothing, and is not counted in ``p``: ``p`` new sites are chosen.
    """
    every = sites
    locked: NDArray[np.int64] = np.empty(0, dtype=np.int64)
    if existing is not None and len(existing):
        locked = np.arange(len(sites), len(sites) + len(existing), dtype=np.int64)
        every = Points(
            ids=sites.ids + existing.ids,
            lon=np.concatenate([sites.lon, existing.lon]),
            lat=np.concatenate([sites.lat, existing.lat]),
            weight=np.concatenate([sites.weight, existing.weight]),
            cost=np.concatenate([sites.cost, np.zeros(len(existing))]),
            has_cost=sites.has_cost,
        )
    problem = PlacementProblem(
        cover=cover_within_radius(demand, every, radius_m=radius_m),
        weights=demand.weight,
        p=None if p is None else p + len(locked),
        locked=locked,
        cost=every.cost if budget is not None else None,
        budget=budget,
    )
    return problem, every.ids


def read_cover(path: Path) -> tuple[sparse.csr_array, Floats, tuple[str, ...], Floats, bool]:
    """Read pairs of a CSV with the columns ``demand``, ``site`` and, where they matter, ``weight`` (of the demand) and ``cost`` (of the
    site). A row without a site states a demand nobody covers.

    Returns
    -------
    cover bool[demand, site], weights, ids of the sites in the order they first appear, costs, whether costs were given.

    Raises
    ------
    NotFound, InvalidInput : as :func:`read_points`; ``cover-disagrees`` when one demand has two weights or a site two costs.
    """
    rows = _table(path, ("demand", "site"))
    demands: dict[str, int] = {}
    sites: dict[str, int] = {}
    weights: dict[int, float] = {}
    costs: dict[int, float] = {}
    pairs: list[tuple[int, int]] = []
    for n, row in enumerate(rows, 1):
        demand = demands.setdefault(row["demand"], len(demands))
        _agree(path, weights, demand, row, "weight", n)
        if row["site"]:
            site = sites.setdefault(row["site"], len(sites))
            _agree(path, costs, site, row, "cost", n)
            pairs.append((demand, site))
    at = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    cover = sparse.csr_array((np.ones(len(at), dtype=bool), (at[:, 0], at[:, 1])), shape=(len(demands), len(sites)))
    return (
        cover,
        np.array([weights[i] for i in range(len(demands))]),
        tuple(sites),
        np.array([costs[i] for i in range(len(sites))]),
        "cost" in rows[0],
    )


def as_dict(plan: PlacementPlan, site_ids: tuple[str, ...]) -> dict[str, Any]:
    """A plan as plain values; sites by their ids."""
    return {
        "chosen": [site_ids[i] for i in plan.chosen.tolist()],
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "status": plan.status,
        "covered_weight": plan.covered_weight,
        "total_weight": plan.total_weight,
        "covered_share": plan.covered_share,
        "greedy_objective": plan.greedy_objective,
        "cost": plan.cost,
        "solver": plan.solver,
        "seed": plan.seed,
        "seconds": plan.seconds,
        "digest": plan.digest,
    }


def _agree(path: Path, kept: dict[int, float], key: int, row: dict[str, str], name: str, number: int) -> None:
    value = _number(path, name, row[name], number) if name in row else 1.0
    if kept.setdefault(key, value) != value:
        raise InvalidInput("cover-disagrees", column=name, row=number)


def _table(path: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    if not path.is_file():
        raise NotFound("no-such-file", name=path.name)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        header = list(reader.fieldnames or ())
        missing = [name for name in needed if name not in header]
        if missing:
            raise InvalidInput("missing-columns", columns=missing, header=header)
        rows = [{name: (value or "").strip() for name, value in row.items() if name} for row in reader]
    if not rows:
        raise DataQuality("no-rows", name=path.name)
    return rows


def _number(path: Path, name: str, value: str, row: int) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput("bad-value", name=path.name, column=name, row=row, value=value[:40])
    return number
