"""What each camera truly sees among the buildings, and the share of cells and streets seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo_core.camera import Camera, CameraClass, CameraKind, CameraStatus, Classification, camera_range_m, classify
from geo_core.projection import grid_convergence_deg, points_to_metric, to_lonlat, to_metric
from geo_core.visibility import (
    CameraArrays,
    Obstacles,
    camera_arrays,
    circle_areas,
    potential_arrays,
    sector_areas,
    visible_areas,
)
from layers.catalog.camera_coverage import shares
from layers.derivation import Context, derived_rows, digest, replace_rows
from layers.placing import placing
from layers.queries.run import mappings

# EN 62676-4: the level a camera of a public place is there for at least; other levels belong to their own measures.
LEVEL = "detect"
# What a camera of unknown range could see, for the potential ring only: a usual 1080p camera with 90° detects up to 38 m.
POTENTIAL_RANGE_M = 38.4
METRES_PER_LEVEL = 3.0

_POSE = ("kind", "status", "azimuth_deg", "hfov_deg", "tilt_deg", "height_m", "width_px", "range_m")
_KINDS = {"unknown": CameraKind.FIXED}


def run(context: Context) -> dict[str, Any]:
    """Derive areas of cameras that are new or changed (all when buildings changed), then the shares they touch."""
    stored = mappings(
        context.connection,
        "SELECT id, version, ST_X(geom) AS lon, ST_Y(geom) AS lat, " + ", ".join(_POSE) + " "
        "FROM layer_cameras WHERE workspace_id = %(ws)s ORDER BY id",
        {"ws": context.workspace.id},
    )
    context.tell(0.05, "job.doing.buildings")
    obstacles, unknown_heights = _obstacles(context)
    context.tell(0.2, "job.doing.visibility")
    verdicts, geometry, figures = _areas(context, stored, obstacles)
    before = _former(context)
    done = replace_rows(context, _rows(context, stored, verdicts, geometry, figures))
    context.tell(0.6, "job.doing.shares")
    state = np.array([v.camera_class.value for v in verdicts], dtype=object)
    report = shares.update(context, stored, geometry, state, before)
    counts = {kind.value: int((state == kind.value).sum()) for kind in CameraClass}
    return {
        "cameras": len(stored),
        **counts,
        "level": LEVEL,
        "buildings": len(obstacles.footprints),
        "buildings_without_height": unknown_heights,
        "rows": done,
        **report,
        "honesty": figures["honesty"],
    }


def camera_of(row: dict[str, Any], x_m: float, y_m: float, convergence_deg: float) -> Camera:
    """A row of the layer ``cameras`` in the plane, whose y axis is turned from true north by the convergence there."""
    return Camera(
        x_m=x_m,
        y_m=y_m,
        height_m=row["height_m"],
        azimuth_deg=None if row["azimuth_deg"] is None else (row["azimuth_deg"] - convergence_deg) % 360.0,
        hfov_deg=row["hfov_deg"],
        tilt_deg=row["tilt_deg"],
        sensor_px=row["width_px"],
        range_m=row["range_m"],
        kind=_KINDS.get(row["kind"]) or CameraKind(row["kind"]),
        status=CameraStatus(row["status"]),
    )


def obstacles_of(rows: list[dict[str, Any]], metric_crs: str) -> Obstacles:
    """Footprints with the height they have: height, else levels × 3 m, else unknown (the default of ``Obstacles``)."""
    shapes = np.array(shapely.from_wkb([bytes(row["wkb"]) for row in rows]), dtype=object)
    top_m = np.array(
        [
            row["height_m"]
            if row["height_m"] is not None
            else row["levels"] * METRES_PER_LEVEL
            if row["levels"] is not None
            else np.nan
            for row in rows
        ],
        dtype=np.float64,
    )
    return Obstacles.of(to_metric(shapes, crs=metric_crs) if len(rows) else shapes, top_m)


def _obstacles(context: Context) -> tuple[Obstacles, int]:
    rows = mappings(
        context.connection,
        "SELECT ST_AsBinary(geom) AS wkb, height_m, levels FROM layer_buildings WHERE workspace_id = %(ws)s ORDER BY id",
        {"ws": context.workspace.id},
    )
    made = obstacles_of(rows, context.workspace.metric_crs)
    return made, made.unknown_heights


def _areas(
    context: Context, stored: list[dict[str, Any]], obstacles: Obstacles
) -> tuple[list[Classification], NDArray[np.object_], dict[str, Any]]:
    crs = context.workspace.metric_crs
    lon = np.array([row["lon"] for row in stored], dtype=np.float64)
    lat = np.array([row["lat"] for row in stored], dtype=np.float64)
    x_m, y_m = points_to_metric(lon, lat, crs=crs)
    turned_deg = grid_convergence_deg(lon, lat, crs=crs)
    cameras = [
        camera_of(r, float(x), float(y), float(t)) for r, x, y, t in zip(stored, x_m, y_m, turned_deg, strict=True)
    ]
    verdicts = [classify(camera, level=LEVEL) for camera in cameras]
    geometry = np.full(len(stored), None, dtype=object)
    visible_m2 = np.full(len(stored), np.nan)
    sector_m2, circle_m2 = visible_m2.copy(), visible_m2.copy()
    blind = np.zeros(len(stored), dtype=np.bool_)
    unions: dict[str, float] = {}
    for kinds in ((CameraClass.COUNTED,), (CameraClass.POTENTIAL, CameraClass.PTZ)):
        chosen = np.array([i for i, v in enumerate(verdicts) if v.camera_class in kinds], dtype=np.int64)
        if not len(chosen):
            continue
        some = [cameras[i] for i in chosen]
        counted = kinds == (CameraClass.COUNTED,)
        arrays: CameraArrays = (
            camera_arrays(some, level=LEVEL)
            if counted
            else potential_arrays(some, level=LEVEL, default_range_m=POTENTIAL_RANGE_M)
        )
        seen = visible_areas(arrays, obstacles)
        sectors, circles = sector_areas(arrays), circle_areas(arrays)
        geometry[chosen] = seen.polygons
        blind[chosen] = seen.inside_building
        for figures, shapes in ((visible_m2, seen.polygons), (sector_m2, sectors), (circle_m2, circles)):
            figures[chosen] = shapely.area(shapes)
        if counted:
            names = ("visible_union_m2", "sector_union_m2", "circle_union_m2")
            shapes3 = (seen.polygons, sectors, circles)
            unions = {n: float(shapely.area(shapely.union_all(s))) for n, s in zip(names, shapes3, strict=True)}
    verdicts = [
        Classification(CameraClass.BLIND, "inside-building") if b else v for v, b in zip(verdicts, blind, strict=True)
    ]
    ranges = [camera_range_m(camera, level=LEVEL) for camera in cameras]
    return (
        verdicts,
        geometry,
        {
            "visible_m2": visible_m2,
            "sector_m2": sector_m2,
            "circle_m2": circle_m2,
            "range_m": ranges,
            "honesty": unions,
        },
    )


def _former(context: Context) -> dict[int, tuple[str, bytes | None]]:
    """State and area (WKB) of each camera as they were last made."""
    rows = mappings(
        context.connection,
        "SELECT camera_id, state, ST_AsBinary(geom) AS wkb FROM layer_camera_coverage WHERE workspace_id = %(ws)s",
        {"ws": context.workspace.id},
    )
    return {row["camera_id"]: (row["state"], bytes(row["wkb"]) if row["wkb"] else None) for row in rows}


def _rows(
    context: Context,
    stored: list[dict[str, Any]],
    verdicts: list[Classification],
    geometry: NDArray[np.object_],
    figures: dict[str, Any],
) -> Any:
    lon = np.array([row["lon"] for row in stored], dtype=np.float64)
    lat = np.array([row["lat"] for row in stored], dtype=np.float64)
    some = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    degrees = np.full(len(stored), None, dtype=object)
    if some.any():
        degrees[some] = to_lonlat(_multi(geometry[some]), crs=context.workspace.metric_crs)
    where, _ = placing(context.connection, context.workspace)
    numbers = {
        name: pa.array(figures[name], type=pa.float64(), from_pandas=True)
        for name in ("visible_m2", "sector_m2", "circle_m2")
    }
    return derived_rows(
        context,
        source_id=[f"camera {row['id']}" for row in stored],
        row_hash=[
            digest(
                row["id"],
                *(row[n] for n in _POSE),
                row["lon"],
                row["lat"],
                v.camera_class.value,
                v.reason,
                round(float(area), 3),
            )
            for row, v, area in zip(stored, verdicts, figures["visible_m2"], strict=True)
        ],
        geometry=degrees,
        lon=lon,
        lat=lat,
        territory_id=where.territory_of(lon, lat),
        columns={
            "camera_id": pa.array([row["id"] for row in stored], type=pa.int64()),
            "state": pa.array([v.camera_class.value for v in verdicts], type=pa.string()),
            "reason": pa.array([v.reason for v in verdicts], type=pa.string()),
            "range_m": pa.array(figures["range_m"], type=pa.float64()),
            **numbers,
        },
    )


def _multi(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    parts, index = shapely.get_parts(shapes, return_index=True)
    return np.asarray(shapely.multipolygons(parts, indices=index), dtype=object)
