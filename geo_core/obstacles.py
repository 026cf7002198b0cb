"""Buildings and walls that stand in the way, and where a camera hangs on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo_core.errors import InvalidInput

Floats = NDArray[np.float64]
Geometries = NDArray[np.object_]
GeometriesLike = Sequence[shapely.Geometry | None] | Geometries

DEFAULT_TOP_HEIGHT_M = 9.0
"""Height of an obstacle whose height is unknown: three storeys, higher than usual cameras, so it hides all beyond."""

_OUTWARD_M = 0.02  # a camera on or just inside a wall is moved this far out of it


@dataclass(frozen=True, kw_only=True, eq=False)
class Obstacles:
    """Buildings and free-standing walls with their heights; make it with ``Obstacles.of``.

    Parameters
    ----------
    footprints : polygons[b], metres; footprint_top_m float64[b], no NaN.
    edges : float64[m, 4] (x0, y0, x1, y1) of all outlines and walls; edge_top_m float64[m], no NaN.
    edge_footprint : int64[m], the footprint an edge belongs to, −1 for walls.
    unknown_heights : how many footprints and walls had no height and got the default.
    """

    footprints: Geometries
    footprint_top_m: Floats
    edges: Floats
    edge_top_m: Floats
    edge_footprint: NDArray[np.int64]
    unknown_heights: int

    @classmethod
    def of(
        cls,
        footprints: GeometriesLike = (),
        top_height_m: ArrayLike | None = None,
        *,
        walls: GeometriesLike = (),
        wall_top_height_m: ArrayLike | None = None,
        unknown_top_m: float = DEFAULT_TOP_HEIGHT_M,
    ) -> Obstacles:
        """Obstacles from polygons (multipolygons, holes allowed) and lines, in metres.

        Parameters
        ----------
        footprints : polygons[b]; empty ones and None hide nothing.
        top_height_m : float[b] above ground, NaN = unknown and becomes ``unknown_top_m``; None = all unknown.
        walls, wall_top_height_m : the same for lines without inside.

        Raises
        ------
        InvalidInput : ``obstacles-invalid`` when lengths differ, a height is negative or infinite, or a geometry is of
            another kind.
        """
        polygons, polygon_top, a = _with_heights(footprints, top_height_m, unknown_top_m, {3, 6}, "footprints")
        lines, line_top, b = _with_heights(walls, wall_top_height_m, unknown_top_m, {1, 2, 5}, "walls")
        polygon_edges, polygon_owner = _edges_of(polygons)
        line_edges, line_owner = _edges_of(lines)
        return cls(
            footprints=polygons,
            footprint_top_m=polygon_top,
            edges=np.concatenate([polygon_edges, line_edges]),
            edge_top_m=np.concatenate([polygon_top[polygon_owner], line_top[line_owner]]),
            edge_footprint=np.concatenate([polygon_owner, np.full(len(line_owner), -1, np.int64)]),
            unknown_heights=a + b,
        )


def _with_heights(
    shapes: GeometriesLike, tops: ArrayLike | None, unknown_top_m: float, kinds: set[int], name: str
) -> tuple[Geometries, Floats, int]:
    geometries = np.array(shapes, dtype=object).reshape(-1)
    heights = np.full(len(geometries), np.nan) if tops is None else np.array(tops, dtype=np.float64).reshape(-1)
    if len(heights) != len(geometries) or bool(np.any(np.isinf(heights) | (heights < 0))):
        raise InvalidInput("obstacles-invalid", field=name, reason="heights")
    usable = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    geometries, heights = geometries[usable], heights[usable]
    if not set(np.unique(shapely.get_type_id(geometries)).tolist()) <= kinds:
        raise InvalidInput("obstacles-invalid", field=name, reason="geometry-type")
    unknown = np.isnan(heights)
    return geometries, np.where(unknown, unknown_top_m, heights), int(unknown.sum())


def _edges_of(geometries: Geometries) -> tuple[Floats, NDArray[np.int64]]:
    """Every straight piece of outlines (holes too) or lines, with the position of the geometry it is of."""
    if len(geometries) == 0:
        return np.empty((0, 4)), np.empty(0, np.int64)
    parts, owner = shapely.get_parts(geometries, return_index=True)
    if shapely.get_type_id(parts[0]) == 3:
        parts, ring_owner = shapely.get_rings(parts, return_index=True)
        owner = owner[ring_owner]
    points, line = shapely.get_coordinates(parts, return_index=True)
    same = (line[1:] == line[:-1]) & np.any(points[1:] != points[:-1], axis=1)
    edges = np.concatenate([points[:-1], points[1:]], axis=1)[same]
    return np.ascontiguousarray(edges), owner[line[:-1][same]].astype(np.int64)


def mount(
    position: Floats, lens_m: Floats, obstacles: Obstacles, *, target_height_m: float, tolerance_m: float
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.int64]]:
    """Where cameras hang: viewpoints outside walls, cameras deep inside, (camera, footprint) pairs of cameras over a roof.

    Parameters
    ----------
    position : float64[n, 2], metres; lens_m float64[n], height of the lens above ground.
    tolerance_m : a camera at most this deep inside a footprint higher than its lens hangs on the wall and is moved out.

    Returns
    -------
    viewpoints float64[n, 2], inside bool[n], roofs int64[q, 2].
    """
    viewpoints = position.copy()
    inside = np.zeros(len(position), dtype=bool)
    if len(obstacles.footprints) == 0 or len(position) == 0:
        return viewpoints, inside, np.empty((0, 2), np.int64)
    tree = shapely.STRtree(obstacles.footprints)
    at, of = tree.query(shapely.points(viewpoints), predicate="dwithin", distance=tolerance_m + 2.0 * _OUTWARD_M)
    lens, top = lens_m[at], obstacles.footprint_top_m[of]
    blocks = top >= np.where(lens > target_height_m, lens, np.nextafter(lens, np.inf))
    over = ~blocks & (top > target_height_m)
    roofs = np.column_stack([at[over], of[over]]).astype(np.int64)
    at, of = at[blocks], of[blocks]
    touching = shapely.dwithin(shapely.points(viewpoints[at]), obstacles.footprints[of], _OUTWARD_M / 4.0)
    for i in np.unique(at[touching]):
        moved = _outside(viewpoints[i], shapely.union_all(obstacles.footprints[of[at == i]]), tolerance_m)
        if moved is None:
            inside[i] = True
        else:
            viewpoints[i] = moved
    return viewpoints, inside, roofs


def _outside(point: Floats, solid: shapely.Geometry, tolerance_m: float) -> Floats | None:
    """Nearest free point just outside a wall, in the middle of the free directions; None when too deep inside.

    Works for walls, corners inner and outer, holes, and footprints that touch: directions are tried, not derived.
    """
    outline = shapely.boundary(solid)
    origin = shapely.Point(point)
    if shapely.contains(solid, origin) and shapely.distance(outline, origin) > tolerance_m:
        return None
    wall = shapely.get_coordinates(shapely.shortest_line(outline, origin))[0]
    turn = np.linspace(0.0, 2.0 * math.pi, 72, endpoint=False)
    around = wall + _OUTWARD_M * np.column_stack([np.cos(turn), np.sin(turn)])
    free = ~shapely.intersects_xy(solid, around[:, 0], around[:, 1])
    if not free.any():
        return None
    runs = np.flatnonzero(free & ~np.roll(free, 1))  # where a run of free directions begins
    if len(runs) == 0:
        return around[0]
    lengths = [int(np.argmin(np.append(np.roll(free, -r), False))) for r in runs]
    best = int(np.argmax(lengths))
    return around[(runs[best] + lengths[best] // 2) % len(turn)]
