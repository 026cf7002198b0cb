"""Shares of res-11 cells and street segments that cameras see; only what a change touches is computed again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from sqlalchemy import text

from geo_core.areas import cell_areas_m2
from geo_core.cells import (
    cell_polygons,
    centres,
    descendants,
    grid_disk,
    index_points,
    parent_sql,
    parents,
)
from geo_core.coverage import cell_shares, segment_shares, touched
from geo_core.projection import points_to_lonlat, to_metric
from layers import copy_binary
from layers.copy_binary import Values
from layers.derivation import Context, write
from layers.placing import placing
from layers.queries.run import mappings

RESOLUTION = 11
COARSEST = 7
GRID_M = 20.0
CELL_MEASURES = ("covered_share", "backup_share", "potential_share")
_EMPTY = np.empty(0, dtype=object)


def update(
    context: Context,
    stored: list[dict[str, Any]],
    geometry: NDArray[np.object_],
    state: NDArray[np.object_],
    before: dict[int, tuple[str, bytes | None]],
) -> dict[str, Any]:
    """Bring ``cell_share`` and ``segment_share`` up to date.

    Parameters
    ----------
    geometry : metric area of each camera, None where it sees nothing. state : its class.
    before : camera id → former state and lon/lat area.
    """
    counted = _of(geometry, state, ("counted",))
    potential = _of(geometry, state, ("potential", "ptz"))
    first = not context.before or not _has_shares(context)
    if first and not stored:
        # Of a city whose cameras nobody listed the coverage is unknown; it is not 0 on every cell.
        return {"cells_computed": 0, "segments_computed": 0}
    old, new = (_EMPTY, _EMPTY) if first else _changed(context, stored, geometry, state, before)
    cells = _update_cells(context, counted, potential, None if first else (old, new))
    afresh = first or "street_segments" in context.changed
    segments = _update_segments(context, counted, potential, None if afresh else (old, new))
    return {"cells_computed": cells, "segments_computed": segments}


def _of(geometry: NDArray[np.object_], state: NDArray[np.object_], wanted: tuple[str, ...]) -> NDArray[np.object_]:
    keep = np.isin(state, wanted) & ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    return geometry[keep]


def _has_shares(context: Context) -> bool:
    return bool(
        context.connection.execute(
            text("SELECT EXISTS (SELECT 1 FROM cell_share WHERE workspace_id = :ws AND layer_id = :layer)"),
            {"ws": context.workspace.id, "layer": context.layer.id},
        ).scalar_one()
    )


def _changed(
    context: Context,
    stored: list[dict[str, Any]],
    geometry: NDArray[np.object_],
    state: NDArray[np.object_],
    before: dict[int, tuple[str, bytes | None]],
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Former and present areas (metric) of the cameras whose area or class is not what it was."""
    former = {
        camera: (kind, to_metric(np.array([shapely.from_wkb(wkb)], dtype=object), crs=context.workspace.metric_crs)[0])
        for camera, (kind, wkb) in before.items()
        if wkb is not None
    }
    old: list[Any] = []
    new: list[Any] = []
    for row, shape, kind in zip(stored, geometry, state, strict=True):
        was = former.pop(row["id"], None)
        present = None if shape is None or shape.is_empty else shape
        if was is None and present is None:
            continue
        # Former areas went through degrees and back: a square decimetre of difference is no change.
        if (
            was is not None
            and present is not None
            and was[0] == kind
            and shapely.symmetric_difference(was[1], present).area < 0.1
        ):
            continue
        old += [was[1]] if was is not None else []
        new += [present] if present is not None else []
    old += [shape for _, shape in former.values()]
    return np.array(old, dtype=object), np.array(new, dtype=object)


def _update_cells(
    context: Context,
    counted: NDArray[np.object_],
    potential: NDArray[np.object_],
    changed: tuple[NDArray[np.object_], NDArray[np.object_]] | None,
) -> int:
    """Cells are kept where cameras are: every res-11 cell of the territory under a res-7 cell that some camera reaches.

    So the denominator of each parent from 7 up is whole, for a reader of one district too, and an oblast with cameras in one town
    does not store its steppe. A cell that is not kept is seen by nobody.
    """
    some = np.concatenate([counted, potential]) if changed is None else np.concatenate(changed)
    reached = _cells_under(some, context.workspace.metric_crs)
    if changed is None:
        context.connection.execute(
            text("DELETE FROM cell_share WHERE workspace_id = :ws AND layer_id = :layer"),
            {"ws": context.workspace.id, "layer": context.layer.id},
        )
    if not len(reached):
        return 0
    fresh = _not_kept(context, np.unique(parents(reached, COARSEST)))
    cells = np.unique(np.concatenate([reached, descendants(fresh, RESOLUTION)]) if len(fresh) else reached)
    where, whole = placing(context.connection, context.workspace)
    middle = centres(cells)
    shapely.prepare(whole)
    inside = shapely.contains_xy(whole, middle[:, 0], middle[:, 1])
    cells, middle = cells[inside], middle[inside]
    # Shares are taken in the metric plane, areas are geodesic: the plane's scale error cancels in the share.
    areas_m2 = cell_areas_m2(cells)
    values = {name: np.zeros(len(cells)) for name in CELL_MEASURES}
    at = np.flatnonzero(np.isin(cells, reached))
    shapes = to_metric(cell_polygons(cells[at]), crs=context.workspace.metric_crs)
    seen, maybe = cell_shares(counted, shapes), cell_shares(potential, shapes)
    for name, share in (
        ("covered_share", seen.seen_share),
        ("backup_share", seen.backup_share),
        ("potential_share", maybe.seen_share),
    ):
        values[name][at] = share * areas_m2[at]
    territory = where.territory_of(middle[:, 0], middle[:, 1])
    _replace(context, "cell_share", "cell", cells.astype(np.int64), values, areas_m2, territory)
    return len(at)


def _cells_under(areas: NDArray[np.object_], metric_crs: str) -> NDArray[np.uint64]:
    """Every res-11 cell that meets one of the areas, and a few beside them."""
    found = [np.empty(0, dtype=np.uint64)]
    for west, south, east, north in shapely.bounds(areas[~shapely.is_empty(areas)]):
        # The centres of neighbouring cells lie 43 m apart: a grid half as wide hits each cell in the box or its neighbour.
        x = np.linspace(west, east, int((east - west) / GRID_M) + 2)
        y = np.linspace(south, north, int((north - south) / GRID_M) + 2)
        lon, lat = points_to_lonlat(np.repeat(x, len(y)), np.tile(y, len(x)), crs=metric_crs)
        found.append(np.unique(index_points(lon, lat, RESOLUTION)))
    cells = np.unique(np.concatenate(found))
    return np.unique(grid_disk(cells, 1)) if len(cells) else cells


def _not_kept(context: Context, coarse: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Those of these res-7 cells none of whose children are stored."""
    rows = mappings(
        context.connection,
        f"SELECT DISTINCT {parent_sql('cell', COARSEST)} AS coarse FROM cell_share "  # noqa: S608
        "WHERE workspace_id = %(ws)s AND layer_id = %(layer)s",
        {"ws": context.workspace.id, "layer": context.layer.id},
    )
    kept = np.array([row["coarse"] for row in rows], dtype=np.int64).astype(np.uint64)
    return np.setdiff1d(coarse, kept)


def _update_segments(
    context: Context,
    counted: NDArray[np.object_],
    potential: NDArray[np.object_],
    changed: tuple[NDArray[np.object_], NDArray[np.object_]] | None,
) -> int:
    rows = mappings(
        context.connection,
        "SELECT id, territory_id, length_m, ST_AsBinary(geom) AS wkb FROM layer_street_segments "
        "WHERE workspace_id = %(ws)s ORDER BY id",
        {"ws": context.workspace.id},
    )
    if changed is None:
        context.connection.execute(
            text("DELETE FROM segment_share WHERE workspace_id = :ws AND layer_id = :layer"),
            {"ws": context.workspace.id, "layer": context.layer.id},
        )
    if not rows:
        return 0
    lines = to_metric(
        np.array(shapely.from_wkb([bytes(row["wkb"]) for row in rows]), dtype=object), crs=context.workspace.metric_crs
    )
    ids = np.array([row["id"] for row in rows], dtype=np.int64)
    length_m = np.array([row["length_m"] for row in rows], dtype=np.float64)
    territory = np.array([row["territory_id"] for row in rows], dtype=np.int32)
    if changed is not None:
        at = touched(*changed, lines) if sum(map(len, changed)) else np.empty(0, np.int64)
        lines, ids, length_m, territory = lines[at], ids[at], length_m[at], territory[at]
    if not len(ids):
        return 0
    values = {
        "covered_share": np.nan_to_num(segment_shares(counted, lines).seen_share) * length_m,
        "potential_share": np.nan_to_num(segment_shares(potential, lines).seen_share) * length_m,
    }
    _replace(context, "segment_share", "segment_id", ids, values, length_m, territory)
    return len(ids)


def _replace(
    context: Context,
    table: str,
    key: str,
    ids: NDArray[np.int64],
    values: dict[str, NDArray[np.float64]],
    denominators: NDArray[np.float64],
    territory: NDArray[np.int32],
) -> None:
    """Put these units' numerators and denominators in the place of the former ones."""
    ws, layer = context.workspace.id, context.layer.id
    names = f"workspace_id, layer_id, measure, {key}, numerator, denominator, territory_id"
    context.connection.exec_driver_sql(f"CREATE TEMP TABLE made (LIKE {table}) ON COMMIT DROP")
    count = len(ids)
    for measure, numerators in values.items():
        columns: list[Values] = [
            copy_binary.constant(ws, count, "int4"),
            copy_binary.column(pa.array([layer] * count, type=pa.string()), "text"),
            copy_binary.column(pa.array([measure] * count, type=pa.string()), "text"),
            copy_binary.column(pa.array(ids), "int8"),
            copy_binary.column(pa.array(numerators, from_pandas=True), "float8"),
            copy_binary.column(pa.array(denominators), "float8"),
            copy_binary.column(pa.array(territory), "int4"),
        ]
        write(context.connection, f"made ({names})", copy_binary.rows(columns))
    context.connection.exec_driver_sql(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM made "  # noqa: S608
        f"ON CONFLICT (workspace_id, layer_id, measure, {key}) DO UPDATE SET numerator = excluded.numerator, "
        "denominator = excluded.denominator, territory_id = excluded.territory_id"
    )
    context.connection.exec_driver_sql("DROP TABLE made")
