"""Areas and lengths on the WGS84 ellipsoid, never on a sphere and never the H3 library's average.

Polygons and lines go to :class:`pyproj.Geod` (Karney, *Algorithms for geodesics*, J. Geodesy 87, 2013). Cells, which are many, small
and asked for again and again, are integrated along their true edges, great circles of the sphere on which H3 is built, with the
area element of the ellipsoid; tests hold the two together.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import shapely
from numba import njit
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from geo_core.cell_ids import Cells, as_cells, check_cells
from geo_core.cell_shapes import boundaries
from geo_core.errors import InvalidInput

WGS84_SEMI_MAJOR_M: Final = 6_378_137.0
WGS84_FLATTENING: Final = 1.0 / 298.257223563
_MOST_REMEMBERED_CELLS: Final = 1_000_000


@lru_cache(maxsize=1)
def geod() -> Geod:
    """The WGS84 ellipsoid for geodesic calculations."""
    return Geod(ellps="WGS84")


@njit(cache=True)
def _zone(sin_phi: float, e: float) -> float:
    """Authalic function q(φ)/2: area between equator and φ, per radian of longitude and a² (Snyder 1987, eq. 3-12)."""
    es = e * sin_phi
    return 0.5 * (1.0 - e * e) * (sin_phi / (1.0 - es * es) + np.arctanh(es) / e)


@njit(cache=True)
def _ring_areas_m2(
    lonlat: NDArray[np.float64], counts: NDArray[np.int64], semi_major_m: float, flattening: float
) -> NDArray[np.float64]:
    """Areas of rings whose edges are great circles of the sphere of geographic latitude."""
    e = np.sqrt(flattening * (2.0 - flattening))
    pole = _zone(1.0, e)
    # three Gauss-Legendre nodes per piece; an edge is cut so that no piece is longer than about 1°
    nodes = (-0.7745966692414834, 0.0, 0.7745966692414834)
    weights = (0.5555555555555556, 0.8888888888888888, 0.5555555555555556)
    out = np.empty(lonlat.shape[0])
    for n in range(lonlat.shape[0]):
        total = 0.0
        turn = 0.0
        for c in range(counts[n]):
            d = c + 1 if c + 1 < counts[n] else 0
            lam_0, phi_0 = np.radians(lonlat[n, c, 0]), np.radians(lonlat[n, c, 1])
            lam_1, phi_1 = np.radians(lonlat[n, d, 0]), np.radians(lonlat[n, d, 1])
            delta = lam_1 - lam_0
            delta -= 2.0 * np.pi * np.round(delta / (2.0 * np.pi))
            turn += delta
            if delta == 0.0:
                continue
            # on a great circle tan φ(λ) = [tan φ0 sin(λ1 − λ) + tan φ1 sin(λ − λ0)] / sin(λ1 − λ0)
            tan_0, tan_1, sin_delta = np.tan(phi_0), np.tan(phi_1), np.sin(delta)
            pieces = 1 + int(abs(delta) / 0.0175)
            half = 0.5 * delta / pieces
            for piece in range(pieces):
                for node in range(3):
                    t = half * (2.0 * piece + 1.0 + nodes[node])
                    tan_phi = (tan_0 * np.sin(delta - t) + tan_1 * np.sin(t)) / sin_delta
                    sin_phi = tan_phi / np.sqrt(1.0 + tan_phi * tan_phi)
                    total += weights[node] * half * _zone(sin_phi, e)
        area = abs(total)
        if abs(turn) > 6.0:  # the ring goes round a pole: what lies between it and the pole is inside
            area = 2.0 * np.pi * pole - area
        out[n] = area * semi_major_m * semi_major_m
    return out


class _Remembered:
    """Areas of cells seen by this process: sorted cells and their areas, forgotten as a whole when too many."""

    def __init__(self) -> None:
        self.content: tuple[Cells, NDArray[np.float64]] = (np.empty(0, np.uint64), np.empty(0))


_remembered = _Remembered()


def cell_areas_m2(cells: ArrayLike) -> NDArray[np.float64]:
    """Area of each H3 cell on WGS84.

    Parameters
    ----------
    cells : uint64[n], any resolutions, any order, repeats allowed.

    Returns
    -------
    float64[n], m². Within 1e-7 of :class:`pyproj.Geod` on the densified outline from resolution 0 to 11; the two cells that hold a pole
    within 1.1e-4.

    Raises
    ------
    InvalidInput : ``cell-invalid``, ``cells-not-integers``.

    Notes
    -----
    Remembers up to a million cells per process. Threads may race to remember; they only repeat work.
    """
    ids = as_cells(cells)
    wanted, inverse = np.unique(ids, return_inverse=True)
    known_cells, known_areas = _remembered.content
    place = np.searchsorted(known_cells, wanted)
    held = np.zeros(wanted.size, np.bool_)
    inside = place < known_cells.size
    held[inside] = known_cells[place[inside]] == wanted[inside]
    areas = np.empty(wanted.size)
    areas[held] = known_areas[place[held]]
    fresh = check_cells(wanted[~held])
    if fresh.size:
        lonlat, counts = boundaries(fresh)
        areas[~held] = _ring_areas_m2(lonlat, counts, WGS84_SEMI_MAJOR_M, WGS84_FLATTENING)
        if fresh.size + known_cells.size > _MOST_REMEMBERED_CELLS:
            known_cells, known_areas = known_cells[:0], known_areas[:0]
        if fresh.size <= _MOST_REMEMBERED_CELLS:
            merged = np.concatenate([known_cells, fresh])
            order = np.argsort(merged)
            _remembered.content = (merged[order], np.concatenate([known_areas, areas[~held]])[order])
    return areas[inverse].reshape(ids.shape)


def polygon_area_m2(geometry: BaseGeometry | None) -> float:
    """Geodesic area of a Polygon or MultiPolygon in lon, lat degrees (WGS84); its edges are geodesics; holes are taken off.

    Returns
    -------
    m², at least 0 whatever the direction of the rings; NaN for None or an empty geometry.

    Raises
    ------
    InvalidInput : ``geometry-not-polygon``, ``coordinates-out-of-range``.
    """
    if geometry is None or geometry.is_empty:
        return float("nan")
    if not isinstance(geometry, shapely.Polygon | shapely.MultiPolygon):
        raise InvalidInput("geometry-not-polygon", type=geometry.geom_type)
    check_lonlat(*shapely.get_coordinates(geometry).T)
    total = 0.0
    for part in [geometry] if isinstance(geometry, shapely.Polygon) else geometry.geoms:
        for sign, rings in ((1.0, [part.exterior]), (-1.0, list(part.interiors))):
            for ring in rings:
                lon, lat = shapely.get_coordinates(ring).T
                total += sign * abs(geod().polygon_area_perimeter(lon, lat)[0])
    return total


def line_lengths_m(lines: ArrayLike | NDArray[np.object_]) -> NDArray[np.float64]:
    """Geodesic length of each LineString or MultiLineString in lon, lat degrees (WGS84).

    Parameters
    ----------
    lines : object[n] of shapely geometries; None or empty gives NaN.

    Returns
    -------
    float64[n], metres.

    Raises
    ------
    InvalidInput : ``geometry-not-line``, ``coordinates-out-of-range``.
    """
    given = np.atleast_1d(np.asarray(lines, dtype=object))
    missing = shapely.is_missing(given) | shapely.is_empty(given)
    kinds = shapely.get_type_id(given)
    if not (missing | np.isin(kinds, (1, 2, 5))).all():
        odd = given[~(missing | np.isin(kinds, (1, 2, 5)))][0]
        raise InvalidInput("geometry-not-line", type=odd.geom_type)
    parts, owner = shapely.get_parts(given, return_index=True)
    coordinates, part = shapely.get_coordinates(parts, return_index=True)
    check_lonlat(coordinates[:, 0], coordinates[:, 1])
    out = np.zeros(given.size)
    if len(coordinates) > 1:
        joined = part[1:] == part[:-1]
        start, end = coordinates[:-1][joined], coordinates[1:][joined]
        length = geod().inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2] if len(start) else np.empty(0)
        out += np.bincount(owner[part[1:][joined]], weights=length, minlength=given.size)
    out[missing] = np.nan
    return out


def line_length_m(geometry: BaseGeometry | None) -> float:
    """Geodesic length of one line; see :func:`line_lengths_m`."""
    only = np.empty(1, dtype=object)
    only[0] = geometry
    return float(line_lengths_m(only)[0])


def check_lonlat(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> None:
    """Nothing, when all finite coordinates are degrees on Earth.

    Raises
    ------
    InvalidInput : ``coordinates-out-of-range`` with the first bad pair and how many are bad.
    """
    bad = (np.abs(lon) > 180.0) | (np.abs(lat) > 90.0)  # false for NaN
    if bad.any():
        first = int(np.argmax(bad))
        raise InvalidInput(
            "coordinates-out-of-range", lon=float(lon[first]), lat=float(lat[first]), count=int(bad.sum())
        )
