"""What cameras see of the ground among buildings and walls (2.5-D).

Model. The ground is flat; a target is a point ``target_height_m`` above it (1.6 m, the person of EN 62676-4); an obstacle
is a vertical wall or prism with a flat top. A target is seen when it is within range and field of view and the straight
line from the lens to it passes above every obstacle; what lies inside an obstacle higher than the target is not seen.
So a lower obstacle hides a strip behind it that ends at ``k`` times its distance, ``k = (h − t) / (h − top)``, and an
obstacle as high as the lens hides all beyond. Simplified: a lens not above the target is taken to see nothing beyond
anything that rises over it; trees, terrain and the vertical upper limit of the picture are not modelled.

The circle of range is a regular polygon inscribed in it, its corners every ``angular_step_deg`` (0.005 % smaller in area
at 1°); everything else is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo_core import visibility_kernel as kernel
from geo_core.camera import (
    EN_62676_4_2015,
    Camera,
    CameraClass,
    DensityTable,
    blind_foot_m,
    camera_range_m,
    classify,
    ground_range_m,
)
from geo_core.errors import InvalidInput
from geo_core.obstacles import Floats, Geometries, Obstacles, mount
from geo_core.polygonal import only_area

__all__ = [
    "CameraArrays",
    "Obstacles",
    "VisibleAreas",
    "camera_arrays",
    "circle_areas",
    "potential_arrays",
    "sector_areas",
    "visible_areas",
    "warm_up",
]

DEFAULT_CAMERA_HEIGHT_M = 4.0
"""Height of a camera whose height is unknown."""

_GRID_CELL_M = 25.0
_LARGEST_GRID = 2000  # cells along one side


@dataclass(frozen=True, kw_only=True, eq=False)
class CameraArrays:
    """Poses of n cameras in a local metric projection; every array is float64[n] and finite.

    Parameters
    ----------
    x_m, y_m : position.
    height_m : of the lens above ground.
    azimuth_deg : degrees clockwise from the projection's y axis (true north).
    hfov_deg : horizontal field of view in (0, 360].
    range_m : horizontal range ≥ 0; 0 sees nothing.
    near_m : horizontal distance up to which nothing is seen (blind foot), 0 = none; inf sees nothing.

    Raises
    ------
    InvalidInput : ``camera-arrays-invalid`` with the field, when lengths differ or a value is NaN or out of range.
    """

    x_m: Floats
    y_m: Floats
    height_m: Floats
    azimuth_deg: Floats
    hfov_deg: Floats
    range_m: Floats
    near_m: Floats | None = None

    def __post_init__(self) -> None:
        shape = np.shape(self.x_m)
        for name, low, high in _CAMERA_RANGES:
            given = getattr(self, name)
            values = np.zeros(shape) if given is None else np.array(given, dtype=np.float64)
            fits = len(shape) == 1 and values.shape == shape
            if not fits or not bool(np.all((values >= low) & (values <= high))):
                raise InvalidInput("camera-arrays-invalid", field=name, minimum=low, maximum=min(high, 1e9))
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    def __len__(self) -> int:
        return len(self.x_m)

    def take(self, index: ArrayLike) -> CameraArrays:
        """The cameras at these positions or under this mask."""
        chosen = np.asarray(index) if np.size(index) else np.empty(0, np.int64)
        return CameraArrays(**{name: getattr(self, name)[chosen] for name, _, _ in _CAMERA_RANGES})


_CAMERA_RANGES = (
    ("x_m", -1e8, 1e8),
    ("y_m", -1e8, 1e8),
    ("height_m", 0.0, 500.0),
    ("azimuth_deg", -360.0, 720.0),
    ("hfov_deg", 1e-3, 360.0),
    ("range_m", 0.0, 1e5),
    ("near_m", 0.0, math.inf),
)


def camera_arrays(
    cameras: Sequence[Camera],
    *,
    level: str = "detect",
    table: DensityTable = EN_62676_4_2015,
    target_height_m: float = 1.6,
    default_height_m: float = DEFAULT_CAMERA_HEIGHT_M,
) -> CameraArrays:
    """Poses of cameras that are *counted*, with the ground range of a level of detail.

    Raises
    ------
    InvalidInput : ``camera-not-counted`` with index and reason when ``classify`` says anything but counted.
    """
    rows = []
    for i, camera in enumerate(cameras):
        verdict = classify(camera, level=level, table=table)
        slant_m = camera_range_m(camera, level=level, table=table)
        if verdict.camera_class is not CameraClass.COUNTED or slant_m is None or camera.hfov_deg is None:
            raise InvalidInput("camera-not-counted", index=i, reason=verdict.reason)
        rows.append(_row(camera, slant_m, camera.hfov_deg, target_height_m, default_height_m))
    return _from_rows(rows)


def potential_arrays(
    cameras: Sequence[Camera],
    *,
    default_range_m: float,
    level: str = "detect",
    table: DensityTable = EN_62676_4_2015,
    target_height_m: float = 1.6,
    default_height_m: float = DEFAULT_CAMERA_HEIGHT_M,
) -> CameraArrays:
    """Poses that look all round, for cameras whose direction is not known or changes: what they *could* see.

    To be reported apart, never as coverage. ``default_range_m`` stands in where the range is unknown.
    """
    rows = []
    for camera in cameras:
        slant_m = camera_range_m(camera, level=level, table=table)
        rows.append(
            _row(camera, default_range_m if slant_m is None else slant_m, 360.0, target_height_m, default_height_m)
        )
    return _from_rows(rows)


def _row(
    camera: Camera, slant_m: float, hfov_deg: float, target_height_m: float, default_height_m: float
) -> tuple[float, ...]:
    height_m = default_height_m if camera.height_m is None else camera.height_m
    range_m = ground_range_m(slant_m, height_m=height_m, target_height_m=target_height_m)
    near_m = blind_foot_m(camera, height_m=height_m, target_height_m=target_height_m)
    return camera.x_m, camera.y_m, height_m, camera.azimuth_deg or 0.0, hfov_deg, range_m, near_m


def _from_rows(rows: list[tuple[float, ...]]) -> CameraArrays:
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(_CAMERA_RANGES))
    return CameraArrays(**{name: table[:, i] for i, (name, _, _) in enumerate(_CAMERA_RANGES)})


@dataclass(frozen=True, kw_only=True, eq=False)
class VisibleAreas:
    """What each camera sees.

    Parameters
    ----------
    polygons : object[n]; (multi)polygons in metres, empty where nothing is seen.
    viewpoints : float64[n, 2]; where the camera was taken to hang: moved out of the wall it is mounted on.
    inside_building : bool[n]; deeper inside a building than the tolerance of mounting: sees nothing, the record is wrong.
    """

    polygons: Geometries
    viewpoints: Floats
    inside_building: NDArray[np.bool_]


def visible_areas(
    cameras: CameraArrays,
    obstacles: Obstacles,
    *,
    target_height_m: float = 1.6,
    angular_step_deg: float = 1.0,
    mount_tolerance_m: float = 0.5,
) -> VisibleAreas:
    """Area of ground whose targets each camera sees among obstacles (model at the top of the module).

    A camera inside a footprint higher than its lens by at most ``mount_tolerance_m``, or on its outline, hangs on the
    wall: it is moved to the nearest free point outside and sees outward. Deeper inside it sees nothing and is flagged.

    Parameters
    ----------
    angular_step_deg : greatest step between corners of the inscribed circle of range, (0, 30].

    Raises
    ------
    InvalidInput : ``angular-step-invalid``.
    """
    if not 0.0 < angular_step_deg <= 30.0:
        raise InvalidInput("angular-step-invalid", value=str(angular_step_deg), minimum=0, maximum=30)
    viewpoints, inside, roofs = mount(
        np.column_stack([cameras.x_m, cameras.y_m]),
        cameras.height_m,
        obstacles,
        target_height_m=target_height_m,
        tolerance_m=mount_tolerance_m,
    )
    poses = _poses(cameras, viewpoints)
    poses[inside, 5] = 0.0
    extent_m = 0.0 if len(obstacles.edges) == 0 else float(np.max(np.ptp(obstacles.edges.reshape(-1, 2), axis=0)))
    cell_m = max(_GRID_CELL_M, extent_m / _LARGEST_GRID)
    grid = kernel.build_grid(obstacles.edges, cell_m)
    points, start, pairs, factors = kernel.rings(
        poses, target_height_m, math.radians(angular_step_deg), obstacles.edges, obstacles.edge_top_m, cell_m, grid
    )
    polygons = _polygons(points, start)
    _subtract_strips(polygons, viewpoints, obstacles, pairs, factors, roofs)
    _subtract_feet(polygons, viewpoints, cameras)
    return VisibleAreas(polygons=polygons, viewpoints=viewpoints, inside_building=inside)


def sector_areas(cameras: CameraArrays, *, angular_step_deg: float = 1.0) -> Geometries:
    """Sectors of the cameras as if nothing stood in the way: object[n], a superset of ``visible_areas``.

    Only exact for viewpoints that were not moved out of a wall; give ``cameras`` with those viewpoints to compare.
    """
    return _open_field(cameras, angular_step_deg, 0.0)


def circle_areas(cameras: CameraArrays, *, angular_step_deg: float = 1.0) -> Geometries:
    """Circles of range of the cameras, the buffer that is *not* coverage: object[n], a superset of ``sector_areas``."""
    return _open_field(cameras, angular_step_deg, 360.0)


def warm_up() -> None:
    """Compile the kernels (or load them from the cache) on a tiny case."""
    one = np.ones(1)
    camera = CameraArrays(
        x_m=0 * one, y_m=0 * one, height_m=4 * one, azimuth_deg=one, hfov_deg=90 * one, range_m=9 * one
    )
    visible_areas(camera, Obstacles.of([shapely.box(1.0, 1.0, 2.0, 2.0)]))


def _poses(cameras: CameraArrays, viewpoints: Floats) -> Floats:
    """Rows for the kernel; north-clockwise azimuth becomes the mathematical angle."""
    axis = np.radians(90.0 - cameras.azimuth_deg)
    half = np.where(cameras.hfov_deg >= 360.0, math.pi, np.radians(cameras.hfov_deg) / 2.0)
    return np.column_stack([viewpoints, cameras.height_m, axis, half, cameras.range_m])


def _open_field(cameras: CameraArrays, angular_step_deg: float, least_hfov_deg: float) -> Geometries:
    """Regular sectors; a circle keeps the corners of its camera's sector, so that it holds the sector exactly."""
    out = np.full(len(cameras), shapely.Polygon(), dtype=object)
    for i in range(len(cameras)):
        range_m, hfov_deg = cameras.range_m[i], cameras.hfov_deg[i]
        if range_m <= 0.0:
            continue
        half_deg = hfov_deg / 2.0
        steps = max(3, math.ceil(hfov_deg / angular_step_deg - 1e-9))
        angles = np.linspace(-half_deg, half_deg, steps + 1)
        whole = hfov_deg >= 360.0
        if least_hfov_deg >= 360.0 and not whole:
            rest = max(3, math.ceil((360.0 - hfov_deg) / angular_step_deg))
            angles = np.concatenate([angles, np.linspace(half_deg, 360.0 - half_deg, rest + 1)[1:-1]])
            whole = True
        directions = np.radians(90.0 - cameras.azimuth_deg[i] + angles)
        ring = np.column_stack([np.cos(directions), np.sin(directions)]) * range_m
        if not whole:
            ring = np.concatenate([[[0.0, 0.0]], ring])
        out[i] = shapely.Polygon(ring + np.array([cameras.x_m[i], cameras.y_m[i]]))
    return out


def _polygons(points: Floats, start: NDArray[np.int64]) -> Geometries:
    """Polygons of open rings in CSR; rings of fewer than three points are empty."""
    sizes = np.diff(start)
    polygons = np.full(len(sizes), shapely.Polygon(), dtype=object)
    full = sizes >= 3
    index = np.repeat(np.arange(len(sizes)), sizes)
    keep = full[index]
    if full.any():
        dense = np.cumsum(full) - 1
        rings = shapely.linearrings(points[keep], indices=dense[index[keep]])
        polygons[full] = shapely.polygons(rings)
    broken = ~shapely.is_valid(polygons)
    if broken.any():  # a hair-thin gap between walls can make neighbouring points of a ring swap
        polygons[broken] = only_area(shapely.make_valid(polygons[broken]))
    return polygons


def _without(area: shapely.Geometry, hidden: shapely.Geometry) -> shapely.Geometry:
    return only_area(np.array([shapely.difference(area, hidden)], dtype=object))[0]


def _subtract_strips(
    polygons: Geometries,
    viewpoints: Floats,
    obstacles: Obstacles,
    pairs: NDArray[np.int64],
    factors: Floats,
    roofs: NDArray[np.int64],
) -> None:
    """Take away, in place, what obstacles lower than the lens hide: trapezoids behind their edges, and their inside."""
    if len(pairs) == 0 and len(roofs) == 0:
        return
    camera, edge = pairs[:, 0], pairs[:, 1]
    eye = viewpoints[camera]
    a, b = obstacles.edges[edge, :2], obstacles.edges[edge, 2:]
    k = factors[:, None]
    trapezoids = shapely.polygons(np.stack([a, b, eye + k * (b - eye), eye + k * (a - eye)], axis=1))
    footprint = obstacles.edge_footprint[edge]
    of_building = footprint >= 0
    bodies = np.unique(np.concatenate([np.column_stack([camera, footprint])[of_building], roofs]), axis=0)
    hidden_of = np.concatenate([camera, bodies[:, 0]])
    hidden = np.concatenate([trapezoids, obstacles.footprints[bodies[:, 1]]])
    solid = shapely.area(hidden) > 1e-9  # an edge seen end-on hides nothing
    hidden_of, hidden = hidden_of[solid], hidden[solid]
    order = np.argsort(hidden_of, kind="stable")
    hidden_of, hidden = hidden_of[order], hidden[order]
    cut, first = np.unique(hidden_of, return_index=True)
    for i, group in zip(cut, np.split(hidden, first[1:]), strict=True):
        near = group[shapely.intersects(group, polygons[i])]
        if len(near):
            polygons[i] = _without(polygons[i], shapely.union_all(near))


def _subtract_feet(polygons: Geometries, viewpoints: Floats, cameras: CameraArrays) -> None:
    """Take away, in place, the blind foot of tilted cameras."""
    near_m = cameras.near_m
    if near_m is None or not near_m.any():
        return
    for i in np.flatnonzero(near_m > 0.0):
        if near_m[i] >= cameras.range_m[i]:
            polygons[i] = shapely.Polygon()
        else:
            foot = shapely.buffer(shapely.Point(viewpoints[i]), near_m[i], quad_segs=32)
            polygons[i] = _without(polygons[i], foot)
