"""H3 cells: the cell of a point, and the one door to everything about cells.

``index_points`` is the only way a position becomes a cell; a row stores the cell of resolution 11 and every coarser cell is its parent
(``parents``, ``parent_sql``), never the cell of the point, so that parents equal the sum of their children.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo_core.areas import cell_areas_m2, check_lonlat
from geo_core.cell_ids import (
    FINEST_RESOLUTION,
    NO_CELL,
    ROW_RESOLUTION,
    Cells,
    are_cells,
    as_cells,
    check_cells,
    check_one_resolution,
    check_resolution,
    children_range,
    descendants,
    from_hex,
    parent_sql,
    parents,
    resolution_of,
    to_hex,
)
from geo_core.cell_kernel import index_finite
from geo_core.cell_shapes import MOST_CORNERS, boundaries, cell_polygons, centres, grid_disk, polygon_cells
from geo_core.cell_tables import CellGrid, CellTable, Share
from geo_core.errors import InvalidInput

__all__ = [
    "FINEST_RESOLUTION",
    "MOST_CORNERS",
    "NO_CELL",
    "ROW_RESOLUTION",
    "CellGrid",
    "CellTable",
    "Cells",
    "Share",
    "are_cells",
    "as_cells",
    "boundaries",
    "cell_areas_m2",
    "cell_polygons",
    "centres",
    "check_cells",
    "check_one_resolution",
    "check_resolution",
    "children_range",
    "descendants",
    "from_hex",
    "grid_disk",
    "index_points",
    "parent_sql",
    "parents",
    "polygon_cells",
    "resolution_of",
    "to_hex",
    "warm_up",
]


def index_points(lon: ArrayLike, lat: ArrayLike, resolution: int = ROW_RESOLUTION) -> NDArray[np.uint64]:
    """H3 cell of each point, equal to the bit to the library's ``latlng_to_cell``.

    Parameters
    ----------
    lon, lat : float64[n], degrees, WGS84. A coordinate that is NaN or infinite is a position nobody knows.
    resolution : 0–15; rows are stored at 11.

    Returns
    -------
    uint64[n]; 0 (``NO_CELL``) where a coordinate is not finite. Store it as NULL.

    Raises
    ------
    InvalidInput : ``coordinates-out-of-range`` for finite |lon| > 180 or |lat| > 90 (metres, or swapped), ``shapes-differ``,
        ``resolution-out-of-range``.

    Examples
    --------
    >>> index_points([71.43], [51.13], 9) == 0
    array([False])
    """
    check_resolution(resolution)
    east = np.ascontiguousarray(lon, dtype=np.float64)
    north = np.ascontiguousarray(lat, dtype=np.float64)
    if east.shape != north.shape or east.ndim != 1:
        raise InvalidInput("shapes-differ", lon=list(east.shape), lat=list(north.shape))
    finite = np.isfinite(east) & np.isfinite(north)
    check_lonlat(np.where(finite, east, np.nan), np.where(finite, north, np.nan))
    return index_finite(east, north, resolution)


def warm_up() -> None:
    """Compile (or load) the kernels of cells, sun and networks."""
    from geo_core.network import warm_up as warm_up_network
    from geo_core.sun import warm_up as warm_up_sun

    cells = index_points([71.43, np.nan], [51.13, 0.0])
    are_cells(cells)
    cell_areas_m2(cells[:1])
    warm_up_sun()
    warm_up_network()
