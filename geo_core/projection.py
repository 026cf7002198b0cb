"""Metric plane coordinates for a workspace, and back.

Distances, buffers and visibility are computed in metres on a plane. A workspace gets a transverse Mercator centred on its own territory with
scale 1 on the central meridian; ``d`` metres east or west of it the scale is ``1 + d² / (2 R²)``: 3·10⁻⁵ at 50 km, 1.2·10⁻⁴ at 100 km. Directions of
cameras are azimuths from true north; on the plane they are turned by the grid convergence.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from geo_core.areas import check_lonlat
from geo_core.errors import InvalidInput

AnyCRS = CRS | str | int
Shapes = TypeVar("Shapes", BaseGeometry, NDArray[np.object_])


def local_projection(lon: ArrayLike, lat: ArrayLike) -> CRS:
    """Transverse Mercator on WGS84, in metres, centred on a territory.

    Parameters
    ----------
    lon, lat : degrees, scalars or arrays (the corners or bounds of the territory are enough); NaN is passed over. The centre is that of
        their bounds, rounded to 0.01°, so that a territory that grows by a courtyard keeps its projection.

    Returns
    -------
    CRS with origin (0, 0) at the centre, x east, y north. :func:`scale_error` says how far it may be trusted.

    Raises
    ------
    InvalidInput : ``coordinates-out-of-range``; ``position-missing`` when no coordinate is finite; ``territory-too-wide`` beyond 30° of longitude,
        where a transverse Mercator is off by more than a hundredth.
    """
    east, north = np.atleast_1d(np.asarray(lon, np.float64)), np.atleast_1d(np.asarray(lat, np.float64))
    if not (np.isfinite(east).any() and np.isfinite(north).any()):
        raise InvalidInput("position-missing")
    bounds = [float(np.nanmin(east)), float(np.nanmin(north)), float(np.nanmax(east)), float(np.nanmax(north))]
    check_lonlat(np.array(bounds[::2]), np.array(bounds[1::2]))
    if bounds[2] - bounds[0] > 30.0:
        raise InvalidInput("territory-too-wide", width_deg=bounds[2] - bounds[0], widest_deg=30.0)
    lon_0, lat_0 = round((bounds[0] + bounds[2]) / 2, 2), round((bounds[1] + bounds[3]) / 2, 2)
    return CRS.from_proj4(
        f"+proj=tmerc +lat_0={lat_0} +lon_0={lon_0} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
    )


def metric_crs(crs: AnyCRS | None) -> CRS:
    """The CRS itself, when it is one of plane coordinates in metres.

    Parameters
    ----------
    crs : anything pyproj understands (EPSG number, WKT, PROJ string).

    Raises
    ------
    InvalidInput : ``crs-missing``, ``crs-unknown``, ``crs-not-metric`` (degrees, feet).
    """
    known = _known_crs(crs)
    horizontal = known.sub_crs_list[0] if known.is_compound else known
    units = {(axis.unit_name or "").casefold() for axis in horizontal.axis_info[:2]}
    if not horizontal.is_projected or not units <= {"metre", "meter"}:
        raise InvalidInput("crs-not-metric", crs=known.name)
    return known


def _known_crs(crs: AnyCRS | None) -> CRS:
    if crs is None or crs == "":
        raise InvalidInput("crs-missing")
    try:
        return crs if isinstance(crs, CRS) else CRS.from_user_input(crs)
    except CRSError as fault:
        raise InvalidInput("crs-unknown", crs=str(crs)[:80]) from fault


@lru_cache(maxsize=64)
def _transformer(crs_wkt: str, to_metric: bool) -> Transformer:  # noqa: FBT001 (private, two call sites)
    metric, degrees = CRS.from_wkt(crs_wkt), CRS.from_epsg(4326)
    source, target = (degrees, metric) if to_metric else (metric, degrees)
    return Transformer.from_crs(source, target, always_xy=True)


def points_to_metric(
    lon: ArrayLike, lat: ArrayLike, *, crs: AnyCRS | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Plane coordinates of points.

    Parameters
    ----------
    lon, lat : float64[n], degrees WGS84; NaN = position unknown.
    crs : metric.

    Returns
    -------
    x, y : float64[n], metres; NaN where the position is unknown.

    Raises
    ------
    InvalidInput : ``coordinates-out-of-range``, ``outside-projection`` where the projection is not defined, and those of :func:`metric_crs`.
    """
    east, north = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    check_lonlat(np.atleast_1d(east).ravel(), np.atleast_1d(north).ravel())
    return _transform(east, north, metric_crs(crs), to_metric=True)


def points_to_lonlat(
    x: ArrayLike, y: ArrayLike, *, crs: AnyCRS | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degrees (lon, lat WGS84) of plane coordinates; the inverse of :func:`points_to_metric`."""
    return _transform(np.asarray(x, np.float64), np.asarray(y, np.float64), metric_crs(crs), to_metric=False)


def _transform(
    first: NDArray[np.float64], second: NDArray[np.float64], crs: CRS, *, to_metric: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = np.isfinite(first) & np.isfinite(second)
    out_first, out_second = np.full(first.shape, np.nan), np.full(second.shape, np.nan)
    a, b = _transformer(crs.to_wkt(), to_metric).transform(first[known], second[known])
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InvalidInput("outside-projection", crs=crs.name, count=int((~np.isfinite(a)).sum()))
    out_first[known], out_second[known] = a, b
    return out_first, out_second


def to_metric(geometries: Shapes, *, crs: AnyCRS | None) -> Shapes:
    """Geometries in plane coordinates.

    Parameters
    ----------
    geometries : one shapely geometry, or object[n] of them, in lon, lat degrees WGS84; None and empty ones stay as they are. Edges stay
        straight between their corners.
    crs : metric.

    Raises
    ------
    InvalidInput : as :func:`points_to_metric`; ``geometry-not-finite`` for a NaN coordinate.
    """
    return _transform_shapes(geometries, metric_crs(crs), to_metric=True)


def to_lonlat(geometries: Shapes, *, crs: AnyCRS | None) -> Shapes:
    """Geometries in lon, lat degrees WGS84; the inverse of :func:`to_metric`."""
    return _transform_shapes(geometries, metric_crs(crs), to_metric=False)


def _transform_shapes(geometries: Shapes, crs: CRS, *, to_metric: bool) -> Shapes:
    coordinates = shapely.get_coordinates(geometries)
    if not np.isfinite(coordinates).all():
        raise InvalidInput("geometry-not-finite")
    if to_metric:
        check_lonlat(coordinates[:, 0], coordinates[:, 1])

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack(_transform(points[:, 0], points[:, 1], crs, to_metric=to_metric), axis=1)

    return shapely.transform(geometries, moved)


def grid_convergence_deg(lon: ArrayLike, lat: ArrayLike, *, crs: AnyCRS | None) -> NDArray[np.float64]:
    """Angle from true north to the y axis of the plane at each point, clockwise positive.

    An azimuth from true north becomes one from the y axis by subtracting it: ``grid = azimuth - convergence``.

    Parameters
    ----------
    lon, lat : float64[n], degrees WGS84; NaN = unknown.
    crs : metric.

    Returns
    -------
    float64[n], degrees; NaN where the position is unknown.
    """
    return np.asarray(_factors(lon, lat, crs)[0], np.float64)


def scale_error(lon: ArrayLike, lat: ArrayLike, *, crs: AnyCRS | None) -> NDArray[np.float64]:
    """Largest relative error of a short distance on the plane at each point, in any direction: float64[n]; NaN where unknown."""
    _, semimajor, semiminor = _factors(lon, lat, crs)
    return np.fmax(np.abs(semimajor - 1.0), np.abs(semiminor - 1.0))


def _factors(
    lon: ArrayLike, lat: ArrayLike, crs: AnyCRS | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    east, north = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    check_lonlat(np.atleast_1d(east).ravel(), np.atleast_1d(north).ravel())
    plane = metric_crs(crs)
    known = np.isfinite(east) & np.isfinite(north)
    out = tuple(np.full(east.shape, np.nan) for _ in range(3))
    if not known.any():  # PROJ takes no empty arrays
        return out[0], out[1], out[2]
    found = Proj(plane).get_factors(east[known], north[known])
    for target, values in zip(
        out, (found.meridian_convergence, found.tissot_semimajor, found.tissot_semiminor), strict=True
    ):
        target[known] = values
    return out[0], out[1], out[2]
