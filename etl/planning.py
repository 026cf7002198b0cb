"""Camera plans: what to cover, where a camera could hang, the exact choice of N, and its certificate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection

from geo_core.errors import Infeasible, InvalidInput
from geo_core.obstacles import Obstacles
from geo_core.placement import PlacementPlan, PlacementProblem, Progress, solve_max_cover
from geo_core.placement.candidates import Candidates, StandardCamera, candidate_poses, corner_sites
from geo_core.projection import grid_convergence_deg, points_to_lonlat, points_to_metric, to_lonlat, to_metric
from layers import copy_out, plans, registry
from layers.catalog.camera_coverage.derive import obstacles_of
from layers.engine import Engines
from layers.identity import Principal, transaction
from layers.queries.filters import Filter, where
from layers.queries.gap import COVERAGE, SEEN, cameras_listed
from layers.queries.run import mappings
from layers.queries.status import revisions, status
from layers.workspaces import WorkspaceInfo, find

DEMANDS = ("events", "streets")
CANDIDATES = ("junctions", "corners", "lamps")
# A metre of street stands for itself: it is sampled this densely.
STREET_STEP_M = 15.0
# More places than this are thinned to those with most demand in reach; the certificate says so.
MOST_SITES = 4000
_LAYERS = ("crimes", "accidents", "cameras", "buildings", "lamps", "street_segments", "camera_coverage")


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """What the planner asks for.

    Parameters
    ----------
    cameras : how many to place. demand : "events" (unseen events of ``layer`` in the dark) or "streets" (unseen metres).
    candidates : "junctions", "corners" of buildings, or "lamps" (lamp posts).
    range_m, hfov_deg, height_m : the camera to buy. azimuths : directions tried per place.
    """

    cameras: int
    demand: str = "events"
    layer: str = "crimes"
    candidates: str = "junctions"
    range_m: float = 38.4
    hfov_deg: float = 90.0
    height_m: float = 5.0
    azimuths: int = 8
    seed: int = 0
    time_limit_s: float = 60.0
    first_day: date | None = None
    last_day: date | None = None
    categories: frozenset[str] | None = None

    def __post_init__(self) -> None:
        bounds: tuple[tuple[str, float, float, float], ...] = (
            ("cameras", self.cameras, 1, 10_000),
            ("range_m", self.range_m, 1, 1000),
            ("hfov_deg", self.hfov_deg, 5, 360),
            ("height_m", self.height_m, 1, 100),
            ("azimuths", self.azimuths, 1, 72),
            ("time_limit_s", self.time_limit_s, 0.1, 3600),
        )
        for name, value, low, high in bounds:
            if not low <= value <= high:
                raise InvalidInput("bad-parameter", name=name, value=value, expected=f"{low}–{high}")
        for name, word, words in (("demand", self.demand, DEMANDS), ("candidates", self.candidates, CANDIDATES)):
            if word not in words:
                raise InvalidInput("bad-parameter", name=name, value=word, expected=", ".join(words))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; ``from_dict`` reads them back."""
        plain = {k: v.isoformat() if isinstance(v, date) else v for k, v in self.__dict__.items()}
        return plain | {"categories": sorted(self.categories) if self.categories is not None else None}

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> PlanRequest:
        """A request from plain values.

        Raises
        ------
        InvalidInput : an unknown name or a value that cannot be used.
        """
        values = dict(given)
        unknown = sorted(set(values) - set(cls.__dataclass_fields__))
        if unknown:
            raise InvalidInput("bad-parameter", name=unknown[0], value="", expected=", ".join(cls.__dataclass_fields__))
        try:
            for name in ("first_day", "last_day"):
                if values.get(name):
                    values[name] = date.fromisoformat(values[name])
            if values.get("categories") is not None:
                values["categories"] = frozenset(values["categories"])
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise InvalidInput("bad-parameter", name="plan", value=str(given)[:200], expected="JSON") from error


@dataclass(frozen=True, eq=False)
class Demand:
    """Points to be seen, in the metric plane, with their weights."""

    xy: NDArray[np.float64]
    weights: NDArray[np.float64]
    already_seen: float
    unknown: float
    unit: str
    notes: dict[str, Any] = field(default_factory=dict)


def run_plan(
    engines: Engines,
    principal: Principal,
    *,
    workspace: str,
    wanted: PlanRequest,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """Choose camera sites by exact maximal covering and store the plan.

    Returns
    -------
    id, certificate and sites (GeoJSON) of the plan.

    Raises
    ------
    NotFound, Forbidden, InvalidInput (``nothing-unseen`` when there is nothing left to cover).
    Infeasible : ``no-candidates`` when no candidate would see anything.
    """
    tell = progress or (lambda _share, _doing: None)
    with transaction(engines.app, principal, timeout_s=120) as connection:
        info = find(connection, workspace)
        plans.territory_for(connection, info)  # whether the plan may be kept is known before it is solved
        snapshot = revisions(connection, info, _LAYERS)
        coverage = {
            "cameras_listed": cameras_listed(connection, info),
            "is_stale": bool(status(connection, info, registry.load()[COVERAGE])["derived"]["is_stale"]),
        }
        tell(0.02, "job.doing.reading")
        demand = _demand(connection, info, wanted)
        obstacles = _obstacles(connection, info)
        sites, offered = _sites(connection, info, wanted, obstacles, demand)
    if not demand.weights.sum() > 0:
        raise InvalidInput("nothing-unseen")
    tell(0.1, "job.doing.visibility")
    standard = StandardCamera(range_m=wanted.range_m, hfov_deg=wanted.hfov_deg, height_m=wanted.height_m)
    poses = candidate_poses(sites, demand.xy, obstacles, standard, azimuths=wanted.azimuths, drop_dominated=True)
    if len(poses) == 0:
        raise Infeasible("no-candidates", candidates=wanted.candidates, range_m=wanted.range_m)
    tell(0.4, "job.doing.solving")
    plan = solve_max_cover(
        PlacementProblem(cover=poses.cover, weights=demand.weights, p=min(wanted.cameras, len(poses))),
        time_limit_s=wanted.time_limit_s,
        seed=wanted.seed,
        progress=lambda p: _solving(tell, p, wanted.time_limit_s),
    )
    certificate = _certificate(wanted, demand, poses, plan, snapshot, offered, len(sites)) | {"coverage": coverage}
    features = _features(info, poses, plan, demand)
    with transaction(engines.app, principal) as connection:
        plan_id = plans.keep(
            connection,
            info,
            kind="cameras",
            params=wanted.as_dict(),
            certificate=certificate,
            sites=features,
        )
    return {"id": plan_id, "certificate": certificate, "sites": features}


def _solving(tell: Callable[[float, str], None], state: Progress, limit_s: float) -> None:
    tell(0.4 + 0.55 * min(state.seconds / limit_s, 1.0), "job.doing.solving")


def _demand(connection: Connection, info: WorkspaceInfo, wanted: PlanRequest) -> Demand:
    if wanted.demand == "streets":
        return _street_demand(connection, info)
    layer = registry.load()[wanted.layer]
    given = Filter(first_day=wanted.first_day, last_day=wanted.last_day, categories=wanted.categories)
    clause = where(layer, info.id, given)
    rows = copy_out.arrays(
        connection,
        f"""
        SELECT coalesce(ST_X(t.geom), 'NaN'::float8)::float8, coalesce(ST_Y(t.geom), 'NaN'::float8)::float8,
               CASE WHEN t.dark THEN 1 WHEN NOT t.dark THEN 0 ELSE 'NaN'::float8 END::float8, {SEEN},
               coalesce({clause.passes}, false)
        FROM {layer.table} t WHERE {clause.sql} ORDER BY t.id
        """,  # noqa: S608
        [("lon", "float8"), ("lat", "float8"), ("dark", "float8"), ("seen", "float8"), ("passes", "bool")],
        clause.params,
    )
    filter_unknown = int((~rows["passes"]).sum())
    rows = {name: values[rows["passes"]] for name, values in rows.items()}
    night, placed = rows["dark"] == 1, np.isfinite(rows["lon"])
    todo = night & (rows["seen"] == 0)
    indoors = night & placed & np.isnan(rows["seen"])
    x_m, y_m = points_to_metric(rows["lon"][todo], rows["lat"][todo], crs=info.metric_crs)
    return Demand(
        xy=np.column_stack([x_m, y_m]),
        weights=np.ones(int(todo.sum())),
        already_seen=float((night & (rows["seen"] == 1)).sum()),
        unknown=float((night & np.isnan(rows["seen"])).sum() + np.isnan(rows["dark"]).sum()),
        unit="night events",
        notes={
            "without_position": int((night & ~placed).sum()),
            "indoors": int(indoors.sum()),
            "dark_unknown": int(np.isnan(rows["dark"]).sum()),
            "filter_unknown": filter_unknown,
        },
    )


def _street_demand(connection: Connection, info: WorkspaceInfo) -> Demand:
    rows = mappings(
        connection,
        "SELECT ST_AsBinary(geom) AS wkb FROM layer_street_segments WHERE workspace_id = %(ws)s ORDER BY id",
        {"ws": info.id},
    )
    if not rows:
        raise InvalidInput("no-street-segments")
    lines = to_metric(np.array(shapely.from_wkb([bytes(r["wkb"]) for r in rows]), dtype=object), crs=info.metric_crs)
    pieces = np.maximum(np.ceil(shapely.length(lines) / STREET_STEP_M).astype(int), 1)
    line = np.repeat(np.arange(len(lines)), pieces)
    nth = np.arange(len(line)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    points = shapely.line_interpolate_point(lines[line], (nth + 0.5) / pieces[line], normalized=True)
    weights = shapely.length(lines)[line] / pieces[line]
    covered = mappings(
        connection,
        "SELECT ST_AsBinary(geom) AS wkb FROM layer_camera_coverage WHERE workspace_id = %(ws)s AND state = 'counted' "
        "AND geom IS NOT NULL",
        {"ws": info.id},
    )
    seen = np.zeros(len(points), dtype=np.bool_)
    if covered:
        areas = to_metric(
            np.array(shapely.from_wkb([bytes(r["wkb"]) for r in covered]), dtype=object), crs=info.metric_crs
        )
        seen[np.unique(shapely.STRtree(points).query(areas, predicate="intersects")[1])] = True
    return Demand(
        xy=shapely.get_coordinates(points)[~seen],
        weights=weights[~seen],
        already_seen=float(weights[seen].sum()),
        unknown=0.0,
        unit="m of street",
        notes={"step_m": STREET_STEP_M},
    )


def _obstacles(connection: Connection, info: WorkspaceInfo) -> Obstacles:
    rows = mappings(
        connection,
        "SELECT ST_AsBinary(geom) AS wkb, height_m, levels FROM layer_buildings WHERE workspace_id = %(ws)s ORDER BY id",
        {"ws": info.id},
    )
    return obstacles_of(rows, info.metric_crs)


def _sites(
    connection: Connection, info: WorkspaceInfo, wanted: PlanRequest, obstacles: Obstacles, demand: Demand
) -> tuple[NDArray[np.float64], int]:
    """Places a camera could hang, and how many there were before thinning."""
    if wanted.candidates == "corners":
        places = corner_sites(obstacles.footprints)
    else:
        sql = (
            "SELECT DISTINCT ST_X(geom) AS lon, ST_Y(geom) AS lat FROM layer_lamps WHERE workspace_id = %(ws)s"
            if wanted.candidates == "lamps"
            else "SELECT DISTINCT ST_X(p) AS lon, ST_Y(p) AS lat FROM (SELECT ST_StartPoint(geom) AS p FROM layer_street_segments "
            "WHERE workspace_id = %(ws)s UNION SELECT ST_EndPoint(geom) FROM layer_street_segments WHERE workspace_id = %(ws)s) e"
        )
        rows = mappings(connection, sql + " ORDER BY lon, lat", {"ws": info.id})
        x_m, y_m = points_to_metric(
            np.array([r["lon"] for r in rows], dtype=np.float64),
            np.array([r["lat"] for r in rows], dtype=np.float64),
            crs=info.metric_crs,
        )
        places = np.column_stack([x_m, y_m])
    offered = len(places)
    if offered > MOST_SITES and len(demand.xy):
        tree = shapely.STRtree(np.asarray(shapely.points(demand.xy), dtype=object))
        site, point = tree.query(shapely.points(places), predicate="dwithin", distance=wanted.range_m)
        reach = np.bincount(site, weights=demand.weights[point], minlength=offered)
        places = places[np.sort(np.argsort(-reach, kind="stable")[:MOST_SITES])]
    return places, offered


def _certificate(
    wanted: PlanRequest,
    demand: Demand,
    poses: Candidates,
    plan: PlacementPlan,
    snapshot: dict[str, int],
    offered: int,
    considered: int,
) -> dict[str, Any]:
    before, total = demand.already_seen, demand.already_seen + float(demand.weights.sum())
    made = {
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "status": plan.status,
        "greedy_objective": plan.greedy_objective,
        "solver": plan.solver,
        "seed": plan.seed,
        "seconds": plan.seconds,
        "cameras": len(plan.chosen),
        # Several cameras may hang at one place and look different ways.
        "places": len(np.unique(poses.site[plan.chosen])),
        "demand": {
            "unit": demand.unit,
            "seen_before": before,
            "newly_seen": plan.covered_weight,
            "total": total,
            "share_before": before / total,
            "share_after": (before + plan.covered_weight) / total,
            "unknown": demand.unknown,
            **demand.notes,
        },
        "candidates": {"kind": wanted.candidates, "offered": offered, "considered": considered, "poses": len(poses)},
        # The bound speaks of these poses only: a place nobody offered may be better.
        "bound_is_of": "candidate-poses",
        "snapshot": snapshot,
        "digest": plan.digest,
    }
    made["snapshot_id"] = hashlib.sha256(json.dumps(snapshot, sort_keys=True).encode()).hexdigest()[:16]
    return made


def _features(info: WorkspaceInfo, poses: Candidates, plan: PlacementPlan, demand: Demand) -> dict[str, Any]:
    chosen = np.asarray(plan.chosen, dtype=np.int64)
    lon, lat = points_to_lonlat(poses.cameras.x_m[chosen], poses.cameras.y_m[chosen], crs=info.metric_crs)
    turned = grid_convergence_deg(lon, lat, crs=info.metric_crs)
    areas = to_lonlat(poses.areas[chosen], crs=info.metric_crs)
    cover = poses.cover.tocsc()
    taken = np.zeros(len(demand.weights), dtype=np.bool_)
    gains = []
    for pose in chosen:
        rows = cover.indices[cover.indptr[pose] : cover.indptr[pose + 1]]
        gains.append(float(demand.weights[rows].sum()))
        taken[rows] = True
    features = []
    for i, pose in enumerate(chosen):
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [round(float(lon[i]), 7), round(float(lat[i]), 7)]},
                "properties": {
                    "number": i + 1,
                    "azimuth_deg": round(float((poses.cameras.azimuth_deg[pose] + turned[i]) % 360.0), 1),
                    "hfov_deg": float(poses.cameras.hfov_deg[pose]),
                    "height_m": float(poses.cameras.height_m[pose]),
                    "range_m": float(poses.cameras.range_m[pose]),
                    "sees_alone": gains[i],
                    "unit": demand.unit,
                    "area": json.loads(shapely.to_geojson(shapely.set_precision(areas[i], 1e-7))),
                },
            }
        )
    return {"type": "FeatureCollection", "features": features}
