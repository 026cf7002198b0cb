"""What lies around points, as far as other layers of the workspace tell: roads, water, districts with a code.

Distances are measured on the plane of the workspace's middle latitude (a degree of longitude has one width): within 5 degrees of
latitude of it they err by less than a tenth, which no threshold here notices.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from etl.coercion.territory import Territory
from layers.queries.quality_places import PlacesNearby

FAR_FROM_ROAD_M = 200.0  # farther than this from every road is doubtful …
ROADS_REACH_M = 2_000.0  # … unless no road is within this: then the roads are not loaded there, and nothing is judged
ON_A_BRIDGE_M = 30.0  # so near a road in the water is a bridge or an embankment
OUTSIDE_DISTRICT_M = 100.0  # a point so near its district is on its border street
METRES_PER_DEGREE = 111_195.0
_FINEST_M = 50.0
_MOST_CELLS_A_SIDE = 2_000
_CODE = re.compile(r"\s*(\d{4,9})(?!\d)")

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Judges points by what lies around them.

    Parameters
    ----------
    nearby : shapes in lon/lat.
    """

    nearby: PlacesNearby

    @cached_property
    def _roads(self) -> RoadDistance | None:
        return RoadDistance(self.nearby.roads) if len(self.nearby.roads) else None

    @cached_property
    def _water(self) -> Territory | None:
        return Territory(shapely.unary_union(shapely.make_valid(self.nearby.water))) if len(self.nearby.water) else None

    def far_from_road(self, lon: Floats, lat: Floats) -> Marks:
        """Points more than 200 m from every road where there are roads; NaN is not far."""
        if self._roads is None:
            return np.zeros(len(lon), dtype=np.bool_)
        return self._roads.farther(lon, lat, FAR_FROM_ROAD_M) & ~self._roads.farther(lon, lat, ROADS_REACH_M)

    def in_water(self, lon: Floats, lat: Floats) -> Marks:
        """Points in standing or flowing water that are on no bridge; NaN is on dry land."""
        if self._water is None:
            return np.zeros(len(lon), dtype=np.bool_)
        wet = self._water.covers(lon, lat)
        if self._roads is not None and wet.any():
            at = np.flatnonzero(wet)
            wet[at] = self._roads.farther(lon[at], lat[at], ON_A_BRIDGE_M)
        return wet

    def outside_district(self, lon: Floats, lat: Floats, codes: pa.Array | None) -> Marks:
        """Points more than 100 m outside the district their row names; a code no district carries says nothing."""
        out = np.zeros(len(lon), dtype=np.bool_)
        if codes is None or not self._districts:
            return out
        encoded = codes.dictionary_encode()
        which = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        for k, text in enumerate(encoded.dictionary.to_pylist()):
            found = _CODE.match(text)
            shape = self._districts.get(found.group(1)) if found else None
            if shape is None:
                continue
            at = np.flatnonzero((which == k) & np.isfinite(lon))
            out[at] = ~shapely.intersects_xy(shape, lon[at], lat[at])
        return out

    @cached_property
    def _districts(self) -> Mapping[str, shapely.Geometry]:
        """Spelling of a code → its district with the tolerance around it. A spelling that could mean two districts means none."""
        found: dict[str, shapely.Geometry | None] = {}
        for code, shape in zip(self.nearby.district_codes, self.nearby.districts, strict=True):
            middle = shapely.centroid(shape)
            grown = _grown(shape, OUTSIDE_DISTRICT_M, shapely.get_y(middle))
            shapely.prepare(grown)
            for spelling in spellings(code):
                found[spelling] = None if spelling in found else grown
        return {code: shape for code, shape in found.items() if shape is not None}


def spellings(code: str) -> set[str]:
    """How registers write a unit of the KATO classifier: as it is, and as "19" with its first four digits."""
    digits = "".join(letter for letter in code if letter.isdigit())
    out = {digits}
    if len(digits) == 9:
        out.add("19" + digits[:4])
    return {one for one in out if len(one) >= 4}


class RoadDistance:
    """Whether points are farther from every road than some metres: a raster decides nearly all, the rest is measured."""

    def __init__(self, roads: NDArray[np.object_]) -> None:
        west, south, east, north = shapely.total_bounds(roads)
        self.scale = METRES_PER_DEGREE * np.array([np.cos(np.deg2rad((south + north) / 2.0)), 1.0])
        self._lines = shapely.transform(shapely.force_2d(roads), lambda c: c * self.scale)
        self._west, self._south = west * self.scale[0] - ROADS_REACH_M, south * self.scale[1] - ROADS_REACH_M
        wide = east * self.scale[0] + ROADS_REACH_M - self._west
        high = north * self.scale[1] + ROADS_REACH_M - self._south
        self._cell = max(_FINEST_M, wide / _MOST_CELLS_A_SIDE, high / _MOST_CELLS_A_SIDE)
        empty = np.ones((int(high / self._cell) + 1, int(wide / self._cell) + 1), dtype=np.bool_)
        vertices = shapely.get_coordinates(shapely.segmentize(self._lines, self._cell / 2.0))
        row, column = self._cells(vertices[:, 0], vertices[:, 1])
        empty[row, column] = False
        self._away: Floats = ndimage.distance_transform_edt(empty) * self._cell

    def _cells(self, x: Floats, y: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return ((y - self._south) // self._cell).astype(np.int64), ((x - self._west) // self._cell).astype(np.int64)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._lines)

    def farther(self, lon: Floats, lat: Floats, limit_m: float) -> Marks:
        """Points farther than ``limit_m`` from every road; NaN is not."""
        x, y = lon * self.scale[0], lat * self.scale[1]
        out = np.isfinite(x)
        at = np.flatnonzero(out)
        row, column = self._cells(x[at], y[at])
        high, wide = self._away.shape
        inside = (row >= 0) & (row < high) & (column >= 0) & (column < wide)
        at, row, column = at[inside], row[inside], column[inside]
        # a road passes within half a cell of a marked cell's vertices: two diagonals of a cell cover both ends
        error = 2.0 * np.sqrt(2.0) * self._cell
        away = self._away[row, column]
        out[at] = away > limit_m
        ask = at[np.abs(away - limit_m) <= error]
        if len(ask):
            _, distance = self._nearest(shapely.points(x[ask], y[ask]))
            out[ask] = distance > limit_m
        return out

    def _nearest(self, points: NDArray[np.object_]) -> tuple[NDArray[np.int64], Floats]:
        (which, nearest), distance = self._tree.query_nearest(points, return_distance=True, all_matches=False)
        order = np.argsort(which)
        return nearest[order], distance[order]


def _grown(shape: shapely.Geometry, by_m: float, lat: float) -> shapely.Geometry:
    scale = METRES_PER_DEGREE * np.array([np.cos(np.deg2rad(lat)), 1.0])
    plane = shapely.transform(shape, lambda c: c * scale)
    return shapely.transform(shapely.buffer(plane, by_m), lambda c: c / scale)
