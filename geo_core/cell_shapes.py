"""Where H3 cells lie: neighbours, cells of a polygon, centres, outlines. Only here and in the kernel lat comes before lon."""

from __future__ import annotations

from itertools import chain
from typing import Any, Final

import numpy as np
import shapely
from h3.api import basic_int as h3
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from geo_core.cell_ids import Cells, check_cells, check_resolution
from geo_core.errors import InvalidInput, LimitExceeded

MOST_CORNERS: Final = 10  # five or six, and one more on each edge that crosses an edge of the icosahedron
MOST_CELLS_OF_A_POLYGON: Final = 5_000_000


def _sorted(cells: Any) -> Cells:
    return np.unique(np.fromiter(cells, np.uint64))


def grid_disk(cells: ArrayLike, steps: int) -> Cells:
    """All cells within ``steps`` neighbour steps (inclusive) of any of the cells: sorted, unique uint64.

    Raises
    ------
    InvalidInput : ``cell-invalid``; ``steps-negative``.
    """
    if steps < 0:
        raise InvalidInput("steps-negative", steps=steps)
    ids = np.unique(check_cells(cells))
    return _sorted(chain.from_iterable(h3.grid_disk(cell, steps) for cell in ids.tolist()))


def polygon_cells(geometry: BaseGeometry, resolution: int) -> Cells:
    """Cells whose centre lies within a polygon: sorted, unique uint64.

    So every cell of a partition belongs to one part, and a polygon smaller than a cell may have none; take the cell of a point of it
    (:func:`geo_core.cells.index_points`) when it must not vanish.

    Parameters
    ----------
    geometry : Polygon or MultiPolygon in lon, lat degrees, holes allowed; edges are straight in degrees. A polygon that spans 180° of
        longitude or more is refused: cut it at the antimeridian.
    resolution : 0–15.

    Raises
    ------
    InvalidInput : ``geometry-not-polygon``, ``coordinates-out-of-range``, ``polygon-too-wide``, ``resolution-out-of-range``.
    LimitExceeded : ``too-many-cells`` when the polygon would take more than 5 million.
    """
    check_resolution(resolution)
    if not isinstance(geometry, shapely.Polygon | shapely.MultiPolygon):
        raise InvalidInput("geometry-not-polygon", type=getattr(geometry, "geom_type", type(geometry).__name__))
    if geometry.is_empty:
        return np.empty(0, np.uint64)
    west, south, east, north = geometry.bounds
    if not (west >= -180.0 and east <= 180.0 and south >= -90.0 and north <= 90.0):
        raise InvalidInput("coordinates-out-of-range", bounds=[west, south, east, north])
    estimate = geometry.area * np.cos(np.radians((south + north) / 2)) * 111.2**2
    estimate /= h3.average_hexagon_area(resolution, "km^2")
    if estimate > MOST_CELLS_OF_A_POLYGON:
        raise LimitExceeded("too-many-cells", estimate=int(estimate), limit=MOST_CELLS_OF_A_POLYGON)
    parts = [geometry] if isinstance(geometry, shapely.Polygon) else list(geometry.geoms)
    found: list[Cells] = []
    for part in parts:
        if part.is_empty:
            continue
        if part.bounds[2] - part.bounds[0] >= 180.0:
            raise InvalidInput("polygon-too-wide", width_deg=part.bounds[2] - part.bounds[0])
        rings = [
            [(lat, lon) for lon, lat in shapely.get_coordinates(ring)[:-1].tolist()]
            for ring in (part.exterior, *part.interiors)
        ]
        found.append(np.fromiter(h3.h3shape_to_cells(h3.LatLngPoly(*rings), resolution), np.uint64))
    return np.unique(np.concatenate(found))


def centres(cells: ArrayLike) -> NDArray[np.float64]:
    """Centre of each cell: float64[n, 2], lon, lat in degrees, WGS84.

    Raises
    ------
    InvalidInput : ``cell-invalid``.
    """
    ids = check_cells(cells)
    latlng = np.fromiter(chain.from_iterable(map(h3.cell_to_latlng, ids.tolist())), np.float64, 2 * ids.size)
    return np.ascontiguousarray(latlng.reshape(-1, 2)[:, ::-1])


def boundaries(cells: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Corners of each cell, counterclockwise, not closed.

    Returns
    -------
    lonlat : float64[n, 10, 2], lon, lat in degrees; NaN past the cell's corners. Longitudes of a cell are unrolled about its first
        corner, so that a cell on the antimeridian is whole and may reach beyond ±180°.
    counts : int64[n], number of corners (5–10).

    Raises
    ------
    InvalidInput : ``cell-invalid``.
    """
    ids = check_cells(cells)
    rings = [h3.cell_to_boundary(cell) for cell in ids.tolist()]
    counts = np.fromiter(map(len, rings), np.int64, ids.size)
    flat = np.fromiter(chain.from_iterable(chain.from_iterable(rings)), np.float64, 2 * int(counts.sum())).reshape(
        -1, 2
    )
    out = np.full((ids.size, MOST_CORNERS, 2), np.nan)
    present = np.arange(MOST_CORNERS) < counts[:, None]
    out[present] = flat[:, ::-1]
    turn = out[:, :, 0] - out[:, :1, 0]
    out[:, :, 0] -= 360.0 * np.round(turn / 360.0)
    return out, counts


def cell_polygons(cells: ArrayLike) -> NDArray[np.object_]:
    """Outline of each cell as a shapely Polygon in lon, lat degrees (longitudes as in :func:`boundaries`): object[n]."""
    lonlat, counts = boundaries(cells)
    closed = np.concatenate([lonlat, np.full((len(lonlat), 1, 2), np.nan)], axis=1)
    rows = np.arange(len(lonlat))
    closed[rows, counts] = lonlat[:, 0]
    present = np.arange(MOST_CORNERS + 1) <= counts[:, None]
    rings = shapely.linearrings(closed[present], indices=np.repeat(rows, counts + 1))
    return np.asarray(shapely.polygons(rings), dtype=object)
