"""From what cameras see to shares of cells, streets and points.

Coverage is always the union: ground that three cameras see counts once, and is *backup* (seen by two or more) once.
Only areas of cameras that are counted belong in here; potential cameras are summed up apart by a second call.
All geometry is in one local metric projection.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from geo_core.errors import InvalidInput
from geo_core.polygonal import only_area

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Geometries = NDArray[np.object_]


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share that names its parts.

    Parameters
    ----------
    covered, total : numerator and denominator, same unit; what is unknown is in neither.
    unknown : of the same unit, what could not be told.
    """

    covered: float
    total: float
    unknown: float = 0.0

    @property
    def share(self) -> float:
        """``covered / total`` in [0, 1]; NaN where nothing is known."""
        return self.covered / self.total if self.total > 0 else math.nan


@dataclass(frozen=True, kw_only=True, eq=False)
class CoveredMeasure:
    """Seen part of each cell (m²) or line (m); float64[n] each.

    Parameters
    ----------
    seen : seen by at least one camera.
    backup : seen by at least two.
    total : whole area or length.
    """

    seen: Floats
    backup: Floats
    total: Floats

    @property
    def seen_share(self) -> Floats:
        """``seen / total``; NaN where the total is zero."""
        return _ratio(self.seen, self.total)

    @property
    def backup_share(self) -> Floats:
        """``backup / total``; NaN where the total is zero."""
        return _ratio(self.backup, self.total)

    def overall(self) -> Share:
        """Seen and whole measure of everything together."""
        return Share(covered=math.fsum(self.seen), total=math.fsum(self.total))


@dataclass(frozen=True, kw_only=True)
class Honesty:
    """What the same cameras seem to cover when drawn as circles, as sectors, and what they truly see (unions, m²).

    Parameters
    ----------
    circle_m2, sector_m2, true_m2 : areas of unions; true ≤ sector ≤ circle.
    region_m2 : area of the region they were clipped to; NaN without one.
    """

    circle_m2: float
    sector_m2: float
    true_m2: float
    region_m2: float = math.nan

    @property
    def circle_overstatement(self) -> float:
        """How many times the circles overstate what is seen; inf when nothing is seen, NaN without cameras."""
        return _times(self.circle_m2, self.true_m2)

    @property
    def sector_overstatement(self) -> float:
        """How many times the sectors overstate what is seen; inf when nothing is seen, NaN without cameras."""
        return _times(self.sector_m2, self.true_m2)


def cell_shares(polygons: Geometries, cells: Geometries) -> CoveredMeasure:
    """Seen and backup area of each cell.

    Parameters
    ----------
    polygons : what each camera sees; empty ones see nothing.
    cells : polygons of the cells, valid.
    """
    seen, backup = np.zeros(len(cells)), np.zeros(len(cells))
    at, of = _pairs(cells, polygons)
    pieces = only_area(shapely.intersection(cells[at], polygons[of]))
    for cell, group in _groups(at, pieces):
        once, twice = group[0], None
        for piece in group[1:]:
            again = only_area(np.array([shapely.intersection(once, piece)], dtype=object))[0]
            twice = again if twice is None else shapely.union(twice, again)
            once = shapely.union(once, piece)
        seen[cell] = shapely.area(once)
        backup[cell] = 0.0 if twice is None else shapely.area(twice)
    total = shapely.area(cells)
    return CoveredMeasure(seen=np.minimum(seen, total), backup=np.minimum(backup, seen), total=total)


def segment_shares(polygons: Geometries, lines: Geometries) -> CoveredMeasure:
    """Seen and backup length of each line.

    Every straight piece of a line is cut by the polygons into intervals, and the intervals are counted on the piece: exact
    for loops and lines that cross themselves, and lengths never count double.

    Parameters
    ----------
    polygons : what each camera sees.
    lines : LineStrings or MultiLineStrings.
    """
    parts, part_of = shapely.get_parts(lines, return_index=True)
    points, index = shapely.get_coordinates(parts, return_index=True)
    same = (index[1:] == index[:-1]) & np.any(points[1:] != points[:-1], axis=1)
    start, end, owner = points[:-1][same], points[1:][same], part_of[index[:-1][same]]
    length = np.hypot(*(end - start).T)
    total = _sums(owner, length, len(lines))
    pieces = np.asarray(shapely.linestrings(np.stack([start, end], axis=1)), dtype=object)
    at, of = _pairs(pieces, polygons)
    cut = shapely.intersection(pieces[at], polygons[of])
    runs, pair = shapely.get_parts(cut, return_index=True)
    straight = shapely.get_type_id(runs) == 1  # a piece may also touch an area in a point
    runs, pair = runs[straight], pair[straight]
    piece = at[pair]
    way = (end - start)[piece]
    along = [np.einsum("ij,ij->i", p - start[piece], way) / length[piece] ** 2 for p in _ends(runs)]
    seen, backup = _depths(piece, np.minimum(*along), np.maximum(*along), len(pieces))
    return CoveredMeasure(
        seen=_sums(owner, seen * length, len(lines)),
        backup=_sums(owner, backup * length, len(lines)),
        total=total,
    )


def points_seen(polygons: Geometries, xy: ArrayLike) -> Integers:
    """How many cameras see each point: int64[n]; a point on the edge of an area is seen.

    Parameters
    ----------
    xy : float64[n, 2], finite (a place that is not known cannot be seen or unseen: leave it out).
    """
    matrix = point_matrix(polygons, xy)
    return np.asarray(matrix.sum(axis=0), dtype=np.int64).reshape(-1)


def point_matrix(polygons: Geometries, xy: ArrayLike) -> sparse.csr_array:
    """Which camera sees which point: CSR bool[camera, point], edges inclusive.

    Raises
    ------
    InvalidInput : ``coordinates-invalid`` when a coordinate is not finite.
    """
    places = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    if not bool(np.isfinite(places).all()):
        raise InvalidInput("coordinates-invalid", number=int((~np.isfinite(places).all(axis=1)).sum()))
    shapely.prepare(polygons)
    camera, point = shapely.STRtree(np.asarray(shapely.points(places), dtype=object)).query(
        polygons, predicate="intersects"
    )
    return _matrix(camera, point, np.ones(len(camera), dtype=bool), (len(polygons), len(places)))


def cell_matrix(polygons: Geometries, cells: Geometries) -> sparse.csr_array:
    """Share of each cell that each camera sees alone: CSR float64[camera, cell], in (0, 1]."""
    at, of = _pairs(cells, polygons)
    share = shapely.area(shapely.intersection(cells[at], polygons[of])) / shapely.area(cells[at])
    some = share > 0
    return _matrix(of[some], at[some], np.minimum(share[some], 1.0), (len(polygons), len(cells)))


def touched(before: Geometries, after: Geometries, features: Geometries) -> Integers:
    """Positions of the cells or lines whose figures can differ when areas of cameras changed.

    Parameters
    ----------
    before, after : areas of the changed cameras only; a new camera has none before, a removed one none after.
    features : cells or lines.
    """
    areas = np.concatenate([before, after])
    areas = areas[~(shapely.is_missing(areas) | shapely.is_empty(areas))]
    shapely.prepare(areas)
    return np.unique(shapely.STRtree(features).query(areas, predicate="intersects")[1]).astype(np.int64)


def honesty(
    circles: Geometries, sectors: Geometries, visible: Geometries, *, region: shapely.Geometry | None = None
) -> Honesty:
    """Areas of the unions of circles, sectors and true views of the same cameras, clipped to a region if given."""

    def area(geometries: Geometries) -> float:
        whole = shapely.union_all(geometries)
        return float(shapely.area(whole if region is None else shapely.intersection(whole, region)))

    return Honesty(
        circle_m2=area(circles),
        sector_m2=area(sectors),
        true_m2=area(visible),
        region_m2=math.nan if region is None else float(shapely.area(region)),
    )


def _pairs(features: Geometries, polygons: Geometries) -> tuple[Integers, Integers]:
    """(feature, polygon) pairs that intersect, sorted by feature and then polygon."""
    shapely.prepare(polygons)
    polygon, feature = shapely.STRtree(features).query(polygons, predicate="intersects")
    order = np.lexsort((polygon, feature))
    return feature[order].astype(np.int64), polygon[order].astype(np.int64)


def _groups(at: Integers, pieces: Geometries) -> list[tuple[int, Geometries]]:
    """Pieces of positive area by feature; ``at`` is sorted."""
    some = shapely.area(pieces) > 0
    at, pieces = at[some], pieces[some]
    features, first = np.unique(at, return_index=True)
    return list(zip(features.tolist(), np.split(pieces, first[1:]), strict=True)) if len(features) else []


def _ends(lines: Geometries) -> tuple[Floats, Floats]:
    points, index = shapely.get_coordinates(lines, return_index=True)
    if len(lines) == 0:
        return np.empty((0, 2)), np.empty((0, 2))
    first = np.flatnonzero(np.r_[True, index[1:] != index[:-1]])
    return points[first], points[np.r_[first[1:], len(points)] - 1]


def _depths(piece: Integers, low: Floats, high: Floats, number: int) -> tuple[Floats, Floats]:
    """Share of each piece that lies in at least one, and in at least two, of its intervals within [0, 1]."""
    of = np.concatenate([piece, piece])
    place = np.clip(np.concatenate([low, high]), 0.0, 1.0)
    step = np.repeat([1, -1], len(piece))
    order = np.lexsort((place, of))  # at one place the order does not matter: the length between is zero
    of, place, depth = of[order], place[order], np.cumsum(step[order])  # every piece closes what it opens
    length = np.diff(place, append=place[-1:]) * (np.diff(of, append=-1) == 0)
    return (
        _sums(of, length * (depth >= 1), number),
        _sums(of, length * (depth >= 2), number),
    )


def _sums(of: Integers, values: Floats, number: int) -> Floats:
    return np.bincount(of, weights=values, minlength=number).astype(np.float64)


def _matrix(rows: Integers, columns: Integers, values: NDArray[np.generic], shape: tuple[int, int]) -> sparse.csr_array:
    out = sparse.csr_array((values, (rows, columns)), shape=shape)
    out.sort_indices()
    return out


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def _times(large: float, small: float) -> float:
    if small > 0:
        return large / small
    return math.inf if large > 0 else math.nan
