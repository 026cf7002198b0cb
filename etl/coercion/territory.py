"""Whether points lie in a workspace's territory, quickly for millions, and how far outside."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

FAR_M = 100_000.0
GRID = 256
GRID_FROM_POINTS = 20_000
_OUTSIDE, _INSIDE, _ASK = 0, 1, 2


def transformed(shapes: Any, transformer: pyproj.Transformer) -> Any:
    """A shape or an array of shapes in another CRS, in x, y order; coordinates that cannot be converted become inf."""

    def convert(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = transformer.transform(coordinates[:, 0], coordinates[:, 1], errcheck=False)
        return np.column_stack([x, y])

    return shapely.transform(shapes, convert)


class Territory:
    """A polygon in EPSG:4326 with a raster beside it: only points in cells on the boundary are tested exactly."""

    def __init__(self, polygon: BaseGeometry) -> None:
        self.polygon = polygon
        shapely.prepare(polygon)

    def covers(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points inside or on the boundary; NaN is outside."""
        if len(lon) < GRID_FROM_POINTS:
            with np.errstate(invalid="ignore"):
                return shapely.intersects_xy(self.polygon, lon, lat)
        west, south, east, north = self.polygon.bounds
        out = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        at = np.flatnonzero(out)
        column = ((lon[at] - west) * (GRID / (east - west))).astype(np.int64).clip(0, GRID - 1)
        row = ((lat[at] - south) * (GRID / (north - south))).astype(np.int64).clip(0, GRID - 1)
        kind = self._raster[row, column]
        out[at] = kind == _INSIDE
        ask = at[kind == _ASK]
        out[ask] = shapely.intersects_xy(self.polygon, lon[ask], lat[ask])
        return out

    def far(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points more than about 100 km (to 1 km) outside; NaN is not far."""
        return np.isfinite(lon) & np.isfinite(lat) & ~self.near(lon, lat)

    def near(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points inside or at most about 100 km outside; NaN and inf are not near."""
        known = np.isfinite(lon) & np.isfinite(lat)
        out = np.zeros(len(lon), dtype=np.bool_)
        out[known] = shapely.intersects_xy(self._near, lon[known], lat[known])
        return out

    @cached_property
    def centre(self) -> tuple[float, float]:
        """Lon, lat of a point in the middle."""
        point = self.polygon.centroid
        return point.x, point.y

    @cached_property
    def _raster(self) -> NDArray[np.uint8]:
        west, south, east, north = self.polygon.bounds
        width, height = (east - west) / GRID, (north - south) / GRID
        x, y = np.meshgrid(west + (np.arange(GRID) + 0.5) * width, south + (np.arange(GRID) + 0.5) * height)
        kind: NDArray[np.uint8] = np.asarray(shapely.intersects_xy(self.polygon, x, y), dtype=np.uint8)
        edge = shapely.get_coordinates(shapely.segmentize(self.polygon.boundary, min(width, height) / 2))
        column = ((edge[:, 0] - west) / width).astype(np.int64).clip(0, GRID - 1)
        row = ((edge[:, 1] - south) / height).astype(np.int64).clip(0, GRID - 1)
        # a boundary vertex every half cell, widened by one cell: no boundary passes through an unmarked cell
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                kind[(row + dy).clip(0, GRID - 1), (column + dx).clip(0, GRID - 1)] = _ASK
        return kind

    @cached_property
    def _near(self) -> Any:
        lon, lat = self.centre
        local = f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m"
        there = pyproj.Transformer.from_crs("EPSG:4326", local, always_xy=True)
        metres = transformed(self.polygon, there)
        grown = shapely.segmentize(shapely.simplify(metres, 500.0).buffer(FAR_M), 50_000.0)
        back = pyproj.Transformer.from_crs(local, "EPSG:4326", always_xy=True)
        near = transformed(grown, back)
        shapely.prepare(near)
        return near
