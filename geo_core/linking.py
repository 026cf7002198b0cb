"""What belongs to what: points to street segments and to areas, lines to what covers them."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from geo_core.areas import check_lonlat
from geo_core.errors import InvalidInput
from geo_core.projection import AnyCRS, metric_crs, points_to_metric, to_metric


def nearest_segment(
    lon: ArrayLike,
    lat: ArrayLike,
    lines: NDArray[np.object_],
    *,
    segment_ids: ArrayLike | None = None,
    max_distance_m: float,
    crs: AnyCRS | None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The nearest line of each point within a distance.

    Parameters
    ----------
    lon, lat : float64[n], degrees WGS84; NaN = position unknown.
    lines : object[m], LineStrings in lon, lat degrees (``StreetSegments.lines``).
    segment_ids : int64[m]; of lines equally near the one with the smallest id is taken. None = the smallest row.
    max_distance_m : inclusive, on the plane of ``crs``.
    crs : metric.

    Returns
    -------
    index : int64[n], row in ``lines``; -1 where none is near enough or the position is unknown.
    distance_m : float64[n]; NaN where the index is -1.

    Raises
    ------
    InvalidInput : ``crs-missing``, ``crs-not-metric``, ``shapes-differ``, ``distance-not-positive``, ``coordinates-out-of-range``.
    """
    plane = metric_crs(crs)
    if not max_distance_m > 0.0:
        raise InvalidInput("distance-not-positive", max_distance_m=max_distance_m)
    given = np.asarray(lines, dtype=object)
    ids = np.arange(given.size) if segment_ids is None else np.asarray(segment_ids)
    if ids.shape != given.shape:
        raise InvalidInput("shapes-differ", lines=list(given.shape), segment_ids=list(ids.shape))
    x, y = points_to_metric(lon, lat, crs=plane)
    index, distance = np.full(x.shape, -1, np.int64), np.full(x.shape, np.nan)
    known = np.flatnonzero(np.isfinite(x))
    if not given.size or not known.size:
        return index, distance
    # The tree returns all lines at the least distance; in the order of ids the first of them is the one wanted. It holds their straight
    # pieces, whose boxes are small: five times as fast as whole lines.
    order = np.argsort(ids, kind="stable")
    pieces, owner = _pieces(to_metric(given[order], crs=plane))
    (point, piece), metres = shapely.STRtree(pieces).query_nearest(
        shapely.points(x[known], y[known]),
        max_distance=np.nextafter(max_distance_m, np.inf),
        return_distance=True,
        all_matches=True,
    )
    line = owner[piece]
    near = metres <= max_distance_m
    point, line, metres = point[near], line[near], metres[near]
    sequence = np.lexsort([line, metres, point])
    one, first = np.unique(point[sequence], return_index=True)
    index[known[one]] = order[line[sequence][first]]
    distance[known[one]] = metres[sequence][first]
    return index, distance


def _pieces(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The straight pieces of lines, and the row of the line of each."""
    parts, row = shapely.get_parts(lines, return_index=True)
    coordinates, part = shapely.get_coordinates(parts, return_index=True)
    joined = np.flatnonzero(part[1:] == part[:-1])
    corners = np.stack([coordinates[joined], coordinates[joined + 1]], axis=1)
    pieces = shapely.linestrings(corners) if len(corners) else np.empty(0, object)
    return np.asarray(pieces, dtype=object), row[part[joined]].astype(np.int64)


def points_in_areas(lon: ArrayLike, lat: ArrayLike, areas: NDArray[np.object_]) -> NDArray[np.int64]:
    """The area that covers each point.

    Parameters
    ----------
    lon, lat : float64[n], degrees WGS84; NaN = position unknown.
    areas : object[m], Polygons or MultiPolygons in lon, lat degrees; edges straight in degrees. None and empty ones cover nothing.

    Returns
    -------
    int64[n], row of the area; a point on a border, or in several areas, has the smallest; -1 where none covers it or the position is unknown.

    Raises
    ------
    InvalidInput : ``geometry-not-polygon``, ``shapes-differ``, ``coordinates-out-of-range``.
    """
    east, north = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    if east.shape != north.shape or east.ndim != 1:
        raise InvalidInput("shapes-differ", lon=list(east.shape), lat=list(north.shape))
    check_lonlat(east, north)
    given = np.asarray(areas, dtype=object)
    present = np.flatnonzero(~(shapely.is_missing(given) | shapely.is_empty(given)))
    if not np.isin(shapely.get_type_id(given[present]), (3, 6)).all():
        raise InvalidInput(
            "geometry-not-polygon",
            type=str(given[present][~np.isin(shapely.get_type_id(given[present]), (3, 6))][0].geom_type),
        )
    out = np.full(east.shape, -1, np.int64)
    known = np.flatnonzero(np.isfinite(east) & np.isfinite(north))
    by_lon = known[np.argsort(east[known], kind="stable")]
    sorted_lon, sorted_lat = east[by_lon], north[by_lon]
    bounds = shapely.bounds(given[present])
    # Backwards, so that the smallest row is written last.
    for row, (west, south, right, top) in zip(present[::-1].tolist(), bounds[::-1].tolist(), strict=True):
        low, high = np.searchsorted(sorted_lon, west, "left"), np.searchsorted(sorted_lon, right, "right")
        band = slice(int(low), int(high))
        inside = np.flatnonzero((sorted_lat[band] >= south) & (sorted_lat[band] <= top)) + int(low)
        if not inside.size:
            continue
        area = given[row]
        shapely.prepare(area)
        out[by_lon[inside[shapely.intersects_xy(area, sorted_lon[inside], sorted_lat[inside])]]] = row
    return out


def share_of_lines(
    lines: NDArray[np.object_], cover: BaseGeometry | None, *, crs: AnyCRS | None
) -> NDArray[np.float64]:
    """Share of each line's length that lies within a cover.

    Parameters
    ----------
    lines : object[n], LineStrings or MultiLineStrings in lon, lat degrees.
    cover : Polygon or MultiPolygon (a union, so that nothing counts twice) in lon, lat degrees; None or empty covers nothing.
    crs : metric; both are measured on its plane.

    Returns
    -------
    float64[n] in [0, 1]: covered length / length; NaN where a line is missing or has no length.

    Raises
    ------
    InvalidInput : ``crs-missing``, ``crs-not-metric``, ``geometry-not-polygon``, ``geometry-invalid`` for a cover that crosses itself.
    """
    plane = metric_crs(crs)
    given = np.asarray(lines, dtype=object)
    flat = to_metric(given, crs=plane)
    length = shapely.length(flat)
    length = np.where(length > 0.0, length, np.nan)
    if cover is None or cover.is_empty:
        return length * 0.0
    if not isinstance(cover, shapely.Polygon | shapely.MultiPolygon):
        raise InvalidInput("geometry-not-polygon", type=cover.geom_type)
    if not cover.is_valid:
        raise InvalidInput("geometry-invalid", reason=shapely.is_valid_reason(cover))
    parts = to_metric(shapely.get_parts(cover), crs=plane)
    # Piece by piece: the intersection of a line that runs back over itself would count the way once, its length twice.
    pieces, owner = _pieces(flat)
    piece, part = shapely.STRtree(parts).query(pieces)
    shapely.prepare(parts)
    met = shapely.intersects(parts[part], pieces[piece])
    piece, part = piece[met], part[met]
    # Most pieces lie wholly inside or outside; only those on the border are cut, which is what takes long.
    whole = shapely.covers(parts[part], pieces[piece])
    inside = np.where(whole, shapely.length(pieces[piece]), 0.0)
    inside[~whole] = shapely.length(shapely.intersection(pieces[piece[~whole]], parts[part[~whole]]))
    covered = np.bincount(owner[piece], weights=inside, minlength=given.size)
    return np.minimum(covered / length, 1.0)
