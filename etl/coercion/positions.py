"""Coordinates: from any CRS to lon/lat, and the faults coordinates have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyproj
import pyproj.exceptions
import shapely
from numpy.typing import NDArray

from etl.coercion.territory import Territory, transformed
from etl.findings import Findings
from geo_core.errors import DataQuality, InvalidInput

Floats = NDArray[np.float64]
TOO_MANY = 0.5  # a fault of more than half of the positions is a fault of the file
AT_ZERO = 1e-6
SAMPLE = 200


@dataclass
class PositionTotals:
    """How the positions of a whole file are; judged at its end."""

    positioned: int = 0
    swapped: int = 0
    in_metres: int = 0
    far: int = 0
    metres_sample: Floats | None = None

    def judge(self, territory: Territory | None) -> None:
        """Refuse a file whose positions are wrong as a whole.

        Raises
        ------
        DataQuality : ``coordinates-swapped``, ``coordinates-in-metres`` (``guess`` = the CRS that would fit), ``far-outside-workspace``.
        """
        if not self.positioned:
            return
        for code, count in (
            ("coordinates-swapped", self.swapped),
            ("coordinates-in-metres", self.in_metres),
            ("far-outside-workspace", self.far),
        ):
            if count > TOO_MANY * self.positioned:
                more = {"guess": guess_crs(self.metres_sample, territory)} if code == "coordinates-in-metres" else {}
                raise DataQuality(code, rows=count, share=round(count / self.positioned, 3), **more)


@lru_cache(maxsize=32)
def _reference(crs: str) -> tuple[pyproj.CRS, pyproj.Transformer | None]:
    try:
        found = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise InvalidInput("unknown-crs", crs=crs[:100]) from error
    if found.is_geographic and found.to_epsg() in {4326, None} and (found.name in {"WGS 84", "WGS 84 (CRS84)"}):
        return found, None
    try:
        return found, pyproj.Transformer.from_crs(found, "EPSG:4326", always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise InvalidInput("unknown-crs", crs=crs[:100]) from error


def check_crs(crs: str) -> None:
    """Refuse what is no CRS.

    Raises
    ------
    InvalidInput : ``unknown-crs``.
    """
    _reference(crs)


def is_degrees(crs: str) -> bool:
    """Whether coordinates of that CRS are lon/lat."""
    return bool(_reference(crs)[0].is_geographic)


def to_lonlat(x: Floats, y: Floats, crs: str) -> tuple[Floats, Floats]:
    """EPSG:4326 of coordinates in x, y order; what cannot be converted is inf."""
    transformer = _reference(crs)[1]
    if transformer is None:
        return x, y
    lon, lat = transformer.transform(x, y, errcheck=False)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def shapes_to_lonlat(shapes: NDArray[np.object_], crs: str) -> NDArray[np.object_]:
    """Shapes in EPSG:4326, without heights."""
    shapes = shapely.force_2d(shapes)
    transformer = _reference(crs)[1]
    if transformer is None:
        return shapes
    return np.asarray(transformed(shapes, transformer))


def check_positions(
    x: Floats, y: Floats, crs: str, findings: Findings, totals: PositionTotals, territory: Territory | None
) -> tuple[Floats, Floats]:
    """Lon, lat of points in ``crs`` (NaN = none); faulty rows are rejected and become NaN.

    Rejects ``null-island``, ``coordinates-swapped``, ``coordinates-in-metres``, ``position-out-of-range``, ``far-outside-workspace`` (more than 100 km);
    flags ``outside-territory``.
    """
    present = np.isfinite(x) & np.isfinite(y)
    totals.positioned += int(present.sum())

    def shown(rows: NDArray[np.int64]) -> list[str]:
        return [f"{x[r]:.10g}, {y[r]:.10g}" for r in rows.tolist()]

    bad = present & (np.abs(x) < AT_ZERO) & (np.abs(y) < AT_ZERO)
    findings.reject("null-island", bad, values=shown)
    lon, lat = to_lonlat(np.where(present, x, np.nan), np.where(present, y, np.nan), crs)
    with np.errstate(invalid="ignore"):
        inside_world = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    wrong = present & ~bad & ~inside_world
    doubtful = present & ~bad
    if territory is not None:
        covered = territory.covers(lon, lat)
        doubtful &= ~covered
        at = np.flatnonzero(doubtful)
        far = np.zeros(len(x), dtype=np.bool_)
        far[at] = wrong[at] | territory.far(np.where(wrong[at], np.nan, lon[at]), np.where(wrong[at], np.nan, lat[at]))
        swapped = np.zeros(len(x), dtype=np.bool_)
        turned = np.flatnonzero(far)
        if len(turned):
            swapped[turned] = territory.covers(*to_lonlat(y[turned], x[turned], crs))
    else:
        covered = inside_world
        far = np.zeros(len(x), dtype=np.bool_)
        swapped = far.copy()
    findings.reject("coordinates-swapped", swapped, values=shown)
    metres = wrong & ~swapped & (np.abs(x) > 1000) & (np.abs(y) > 1000) & is_degrees(crs)
    findings.reject("coordinates-in-metres", metres, values=shown)
    if metres.any() and totals.metres_sample is None:
        rows = np.flatnonzero(metres)[:SAMPLE]
        totals.metres_sample = np.column_stack([x[rows], y[rows]])
    findings.reject("position-out-of-range", wrong & ~swapped & ~metres, values=shown)
    beyond = far & ~swapped & ~wrong
    findings.reject("far-outside-workspace", beyond, values=shown)
    totals.swapped += int(swapped.sum())
    totals.in_metres += int(metres.sum())
    totals.far += int((far & ~swapped & ~metres).sum())
    if territory is not None:
        findings.flag("outside-territory", present & ~bad & ~wrong & ~swapped & ~beyond & ~covered)
    lost = ~present | bad | wrong | swapped | beyond
    return np.where(lost, np.nan, lon), np.where(lost, np.nan, lat)


def guess_crs(sample: Floats | None, territory: Territory | None) -> str | None:
    """The projected CRS in which most points would lie in the territory, or else near it; None = none of those tried.

    Tried: Web Mercator, the UTM zone and the Gauss-Krüger zone of the territory.
    """
    if sample is None or territory is None:
        return None
    lon, lat = territory.centre
    zone = int((lon + 180) // 6) + 1
    candidates = ["EPSG:3857", f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"]
    if zone >= 32 and lat > 0:
        candidates.append(f"EPSG:{28400 + zone - 30}")  # Pulkovo 1942, zones 2–32
    best: str | None = None
    best_share = TOO_MANY
    for test in (territory.covers, territory.near):
        for crs in candidates:
            share = float(np.mean(test(*to_lonlat(sample[:, 0].copy(), sample[:, 1].copy(), crs))))
            if share > best_share:
                best, best_share = crs, share
        if best is not None:
            break
    return best
