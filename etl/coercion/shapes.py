"""Lines and areas: type, emptiness, validity, mending, a representative point."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from etl.coercion.positions import Floats, shapes_to_lonlat
from etl.findings import Findings

Shapes = NDArray[np.object_]
MENDED_AREA_CHANGE = 0.001
_POINT, _LINE, _POLYGON, _MULTIPOINT, _MULTILINE, _MULTIPOLYGON = 0, 1, 3, 4, 5, 6
_WANTED: dict[str, frozenset[int]] = {
    "Point": frozenset({_POINT, _MULTIPOINT}),
    "LineString": frozenset({_LINE, _MULTILINE}),
    "MultiLineString": frozenset({_LINE, _MULTILINE}),
    "Polygon": frozenset({_POLYGON, _MULTIPOLYGON}),
    "MultiPolygon": frozenset({_POLYGON, _MULTIPOLYGON}),
    "Geometry": frozenset({_POINT, _LINE, _POLYGON, _MULTIPOINT, _MULTILINE, _MULTIPOLYGON}),
}


def points_of(shapes: Shapes, findings: Findings, *, from_shapes: bool) -> tuple[Floats, Floats]:
    """x, y of point geometries (NaN = none given).

    ``from_shapes``: a line or area becomes a point on its surface with the flag ``point-from-shape`` (a school is mapped as
    its ground); otherwise it is rejected as ``wrong-geometry-type``. Empty shapes are rejected as ``empty-geometry``.
    """
    present = ~shapely.is_missing(shapes)
    empty = present & shapely.is_empty(shapes)
    findings.reject("empty-geometry", empty)
    kind = shapely.get_type_id(shapes)
    usable = present & ~empty
    alone = usable & (kind == _MULTIPOINT) & (shapely.get_num_geometries(shapes) == 1)
    out = shapes.copy()
    out[alone] = shapely.get_geometry(shapes[alone], 0)
    other = usable & (kind != _POINT) & ~alone
    if from_shapes:
        out[other] = shapely.point_on_surface(shapes[other])
        findings.flag("point-from-shape", other)
    else:
        findings.reject("wrong-geometry-type", other, values=lambda rows: _names(shapes[rows]), expected="Point")
        out[other] = None
    out[empty] = None
    return shapely.get_x(out), shapely.get_y(out)


def check_shapes(
    shapes: Shapes, wanted: str, crs: str, findings: Findings, *, clipped: NDArray[np.bool_] | None = None
) -> Shapes:
    """Shapes of the wanted type in EPSG:4326; rows that have none are rejected and hold None.

    Rejects ``missing-position``, ``empty-geometry``, ``outside-extract``, ``wrong-geometry-type``, ``invalid-geometry``. An invalid
    area is mended where that changes its size by less than 0.1 % (flag ``geometry-repaired``).
    """
    present = ~shapely.is_missing(shapes)
    findings.reject("missing-position", ~present)
    empty = present & shapely.is_empty(shapes)
    gone = empty & clipped if clipped is not None else np.zeros(len(shapes), dtype=np.bool_)
    findings.reject("outside-extract", gone)
    findings.reject("empty-geometry", empty & ~gone)
    out = shapes.copy()
    out[~present | empty] = None
    kind = shapely.get_type_id(out)
    wrong = (kind >= 0) & ~np.isin(kind, list(_WANTED[wanted]))
    findings.reject("wrong-geometry-type", wrong, values=lambda rows: _names(shapes[rows]), expected=wanted)
    out[wrong] = None
    out = shapes_to_lonlat(out, crs)
    lost = ~shapely.is_missing(out) & ~np.isfinite(shapely.bounds(out)).all(axis=1)
    findings.reject("position-out-of-range", lost)
    out[lost] = None
    out = _mended(out, findings)
    return _as_wanted(out, wanted, findings)


def _mended(shapes: Shapes, findings: Findings) -> Shapes:
    broken = ~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)
    if not broken.any():
        return shapes
    at = np.flatnonzero(broken)
    before = shapely.area(shapes[at])
    mended = shapely.make_valid(shapes[at])
    areal = np.isin(shapely.get_type_id(shapes[at]), (_POLYGON, _MULTIPOLYGON))
    for i in np.flatnonzero(areal & (shapely.get_type_id(mended) == 7)):
        # threads left over by mending are no part of an area
        parts = [g for g in shapely.get_parts(mended[i]) if shapely.get_type_id(g) in (_POLYGON, _MULTIPOLYGON)]
        mended[i] = shapely.union_all(parts) if parts else None
    after = shapely.area(mended)
    same = areal & (np.abs(after - before) < MENDED_AREA_CHANGE * np.maximum(after, before)) & (after > 0)
    good = np.zeros(len(shapes), dtype=np.bool_)
    good[at[same]] = True
    findings.flag("geometry-repaired", good)
    findings.reject("invalid-geometry", broken & ~good, values=lambda rows: list(shapely.is_valid_reason(shapes[rows])))
    out = shapes.copy()
    mended[~same] = None
    out[at] = mended
    return out


def _as_wanted(shapes: Shapes, wanted: str, findings: Findings) -> Shapes:
    kind = shapely.get_type_id(shapes)
    out = shapes.copy()
    if wanted == "MultiPolygon":
        at = np.flatnonzero(kind == _POLYGON)
        if len(at):
            out[at] = shapely.multipolygons(shapes[at], indices=np.arange(len(at)))
    elif wanted == "MultiLineString":
        at = np.flatnonzero(kind == _LINE)
        if len(at):
            out[at] = shapely.multilinestrings(shapes[at], indices=np.arange(len(at)))
    elif wanted in {"LineString", "Polygon"}:
        many = kind == (_MULTILINE if wanted == "LineString" else _MULTIPOLYGON)
        if many.any():
            joined = shapely.line_merge(shapes[many]) if wanted == "LineString" else shapes[many]
            single = shapely.get_num_geometries(joined) == 1
            first = np.asarray(shapely.get_geometry(joined, 0), dtype=object)
            first[~single] = None
            out[many] = first
            apart = np.zeros(len(shapes), dtype=np.bool_)
            apart[np.flatnonzero(many)[~single]] = True
            findings.reject("wrong-geometry-type", apart, values=lambda rows: _names(shapes[rows]), expected=wanted)
    return out


def representative(shapes: Shapes) -> tuple[Floats, Floats]:
    """Lon, lat of a point that lies on each shape: the middle of a line, inside an area; NaN where there is none."""
    lines = shapely.get_type_id(shapes) == _LINE
    points = np.full(len(shapes), None, dtype=object)
    points[lines] = shapely.line_interpolate_point(shapes[lines], 0.5, normalized=True)
    points[~lines] = shapely.point_on_surface(shapes[~lines])
    return shapely.get_x(points), shapely.get_y(points)


def _names(shapes: Shapes) -> list[str]:
    return [g.geom_type if g is not None else "" for g in shapes]
