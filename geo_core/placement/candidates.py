"""Candidate cameras: places where one could hang, turned every way, kept where they would see demand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from geo_core.camera import ground_range_m
from geo_core.coverage import point_matrix
from geo_core.errors import InvalidInput
from geo_core.obstacles import Geometries, Obstacles
from geo_core.visibility import CameraArrays, visible_areas

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class StandardCamera:
    """The camera a planner would buy.

    Parameters
    ----------
    range_m : slant range, > 0 (see ``camera.level_range_m``); hfov_deg in (0, 360]; height_m of mounting.
    """

    range_m: float
    hfov_deg: float
    height_m: float = 4.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Poses worth considering and what each would see.

    Parameters
    ----------
    cameras : poses, n of them.
    site : int64[n], position of the place in the ``sites_xy`` given; poses of one place share it.
    areas : polygons[n], what each would see.
    cover : CSR bool[demand, n], for ``PlacementProblem``.
    """

    cameras: CameraArrays
    site: Integers
    areas: Geometries
    cover: sparse.csr_array

    def __len__(self) -> int:
        return len(self.site)


def corner_sites(footprints: Geometries, *, least_turn_deg: float = 30.0) -> Floats:
    """Corners of buildings that stick out, where a camera sees most: float64[n, 2], sorted, unique.

    Corners that turn by less than ``least_turn_deg`` (points along a wall, round towers) and inner corners are left out.
    """
    parts = shapely.get_parts(np.asarray(footprints, dtype=object))
    found = []
    for part in shapely.orient_polygons(
        parts
    ):  # outlines counter-clockwise, holes clockwise: the building is on the left
        for ring in shapely.get_rings(part):
            points = shapely.get_coordinates(ring)[:-1]
            before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
            cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
            turn = np.arctan2(cross, np.einsum("ij,ij->i", before, after))
            found.append(points[turn >= math.radians(least_turn_deg)])
    return np.unique(np.concatenate(found), axis=0) if found else np.empty((0, 2))


def candidate_poses(
    sites_xy: ArrayLike,
    demand_xy: ArrayLike,
    obstacles: Obstacles,
    standard: StandardCamera,
    *,
    azimuths: int = 8,
    target_height_m: float = 1.6,
    angular_step_deg: float = 2.0,
    drop_dominated: bool = False,
) -> Candidates:
    """Poses of a standard camera on every site, looking ``azimuths`` ways, that would see at least one demand.

    Parameters
    ----------
    sites_xy : float64[s, 2], metres: corners of buildings, junctions, lamp posts.
    demand_xy : float64[d, 2], metres; a demand on the edge of an area is seen.
    azimuths : directions per site, evenly from north (1 for a camera that looks all round).
    drop_dominated : leave out poses that see no demand another pose does not see as well (exact for covering with equal
        costs; poses that see the same are reduced to the first). Sites then have fewer poses to choose from by hand.

    Raises
    ------
    InvalidInput : ``candidates-invalid`` when coordinates are not finite or the number of azimuths is not in 1–72.
    """
    sites = np.asarray(sites_xy, dtype=np.float64).reshape(-1, 2)
    demand = np.asarray(demand_xy, dtype=np.float64).reshape(-1, 2)
    if not 1 <= azimuths <= 72:
        raise InvalidInput("candidates-invalid", field="azimuths")
    for name, values in (("sites_xy", sites), ("demand_xy", demand)):
        if not bool(np.isfinite(values).all()):
            raise InvalidInput("candidates-invalid", field=name)
    range_m = ground_range_m(standard.range_m, height_m=standard.height_m, target_height_m=target_height_m)
    near = _sites_near(sites, demand, range_m + 1.0)
    site = np.repeat(near, azimuths)
    number = len(site)
    cameras = CameraArrays(
        x_m=sites[site, 0],
        y_m=sites[site, 1],
        height_m=np.full(number, standard.height_m),
        azimuth_deg=np.tile(np.arange(azimuths) * 360.0 / azimuths, len(near)),
        hfov_deg=np.full(number, standard.hfov_deg),
        range_m=np.full(number, range_m),
    )
    seen = visible_areas(cameras, obstacles, target_height_m=target_height_m, angular_step_deg=angular_step_deg)
    sees = point_matrix(seen.polygons, demand)
    kept = np.flatnonzero(np.diff(sees.indptr) > 0)
    if drop_dominated:
        kept = kept[_undominated(sparse.csr_array(sees[kept]))]
    return Candidates(
        cameras=cameras.take(kept),
        site=site[kept],
        areas=seen.polygons[kept],
        cover=sparse.csr_array(sees[kept].T),
    )


def _sites_near(sites: Floats, demand: Floats, reach_m: float) -> Integers:
    """Sites with a demand within reach: the others need no visible areas."""
    if len(sites) == 0 or len(demand) == 0:
        return np.empty(0, np.int64)
    tree = shapely.STRtree(np.asarray(shapely.points(demand), dtype=object))
    places = np.asarray(shapely.points(sites), dtype=object)
    return np.unique(tree.query(places, predicate="dwithin", distance=reach_m)[0]).astype(np.int64)


def _undominated(sees: sparse.csr_array) -> Integers:
    """Rows that are not contained in another row; of equal rows the first."""
    sizes = np.diff(sees.indptr)
    number = sees.astype(np.int64)
    common = sparse.coo_array(number @ number.T)
    a, b = common.coords
    within = (a != b) & (common.data == sizes[a])  # all that a sees, b sees too
    worse = within & ((sizes[b] > sizes[a]) | ((sizes[b] == sizes[a]) & (b < a)))
    return np.setdiff1d(np.arange(sees.shape[0]), a[worse])
