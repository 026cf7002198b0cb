"""A layer on H3 cells: sums exact to the unit, unknown apart from zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from geo_core.areas import cell_areas_m2
from geo_core.cells import parent_sql
from geo_core.errors import InvalidInput
from layers import copy_out
from layers.queries.filters import Filter, where
from layers.spec import Aggregation, Layer
from layers.workspaces import WorkspaceInfo

RESOLUTIONS = range(7, 12)


@dataclass(frozen=True, kw_only=True, eq=False)
class CellAnswer:
    """Cells of one resolution with their measures.

    Parameters
    ----------
    cells : uint64, sorted, unique. Cells that are not listed have no row that passes or might: for events observed
        none inside the workspace's territory, unknown outside it.
    areas_m2 : geodesic areas (WGS84).
    measures : name → float64; NaN = unknown. ``unknown_count`` are rows that neither pass nor fail the filter. The sum of a column
        leaves out rows where it is unknown, and is itself unknown only where it is for all of them.
    totals : over all rows, also those without position: ``count``, ``unknown_count``, ``without_position``.
    """

    layer_id: str
    resolution: int
    cells: NDArray[np.uint64]
    areas_m2: NDArray[np.float64]
    measures: Mapping[str, NDArray[np.float64]]
    totals: Mapping[str, float]


def check_resolution(resolution: int) -> None:
    """Cells are served at 7–11.

    Raises
    ------
    InvalidInput
    """
    if resolution not in RESOLUTIONS:
        raise InvalidInput("unknown-resolution", resolution=resolution, lowest=RESOLUTIONS[0], highest=RESOLUTIONS[-1])


def cells(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, *, resolution: int, given: Filter | None = None
) -> CellAnswer:
    """The layer's measures on the cells of ``resolution``.

    A cell is the parent of the rows' res-11 cells, so each measure is the sum over its children exactly. Layers whose measures are
    shares come from what their derivation stored as numerators and denominators; a filter does not apply to them.

    Raises
    ------
    InvalidInput : resolution outside 7–11, or a filter the layer does not understand.
    """
    check_resolution(resolution)
    if any(measure.aggregation is Aggregation.SHARE for measure in layer.measures):
        return _shares(connection, workspace, layer, resolution)
    return _counts(connection, workspace, layer, resolution, given or Filter())


def _counts(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, resolution: int, given: Filter
) -> CellAnswer:
    clause = where(layer, workspace.id, given)
    passes = clause.passes
    summed = [m for m in layer.measures if m.aggregation is Aggregation.SUM and m.column]
    sums = "".join(
        f', coalesce((sum(t."{m.column}") FILTER (WHERE {passes}))::float8, '
        f"CASE WHEN count(*) FILTER (WHERE {passes}) = 0 THEN 0 ELSE 'NaN'::float8 END)"
        for m in summed
    )
    select = (
        f"SELECT coalesce({parent_sql('t.cell', resolution)}, 0)::int8, count(*) FILTER (WHERE {passes})::int8, "  # noqa: S608
        f"count(*) FILTER (WHERE ({passes}) IS NULL)::int8{sums} "
        f"FROM {layer.table} t WHERE {clause.sql} GROUP BY 1 ORDER BY 1"
    )
    kinds = [("cell", "int8"), ("count", "int8"), ("unknown_count", "int8"), *((m.name, "float8") for m in summed)]
    found = copy_out.arrays(connection, select, kinds, clause.params)
    placed = found["cell"] != 0
    totals = {name: float(found[name].sum()) for name in ("count", "unknown_count")}
    totals["without_position"] = float(found["count"][~placed].sum())
    ids = found["cell"][placed].astype(np.uint64)
    areas_m2 = cell_areas_m2(ids)
    measures: dict[str, NDArray[np.float64]] = {
        name: found[name][placed].astype(np.float64) for name, _ in kinds if name != "cell"
    }
    for measure in layer.measures:
        if measure.aggregation is Aggregation.DENSITY:
            measures[measure.name] = measures[measure.column or "count"] / (areas_m2 / 1e6)
    return CellAnswer(
        layer_id=layer.id, resolution=resolution, cells=ids, areas_m2=areas_m2, measures=measures, totals=totals
    )


def _shares(connection: Connection, workspace: WorkspaceInfo, layer: Layer, resolution: int) -> CellAnswer:
    measures: dict[str, NDArray[np.float64]] = {}
    totals: dict[str, float] = {}
    ids: NDArray[np.uint64] | None = None
    for measure in layer.measures:
        found = copy_out.arrays(
            connection,
            # A parent with any unknown part is known only for its known part: both sums leave the unknown out, and
            # the unknown area is told beside them.
            f"SELECT {parent_sql('s.cell', resolution)}::int8, coalesce(sum(s.numerator), 'NaN')::float8, "  # noqa: S608
            "coalesce(sum(s.denominator) FILTER (WHERE s.numerator IS NOT NULL), 0)::float8, "
            "coalesce(sum(s.denominator) FILTER (WHERE s.numerator IS NULL), 0)::float8 "
            "FROM cell_share s WHERE s.workspace_id = %(ws)s AND s.layer_id = %(layer)s AND s.measure = %(measure)s "
            "GROUP BY 1 ORDER BY 1",
            [("cell", "int8"), ("numerator", "float8"), ("denominator", "float8"), ("unknown_m2", "float8")],
            {"ws": workspace.id, "layer": layer.id, "measure": measure.name},
        )
        of_measure = found["cell"].astype(np.uint64)
        if ids is None:
            ids = of_measure
            measures["unknown_m2"] = found["unknown_m2"]
        elif not np.array_equal(ids, of_measure):
            raise InvalidInput("derivation-incomplete", layer=layer.id)
        with np.errstate(invalid="ignore", divide="ignore"):
            measures[measure.name] = found["numerator"] / found["denominator"]
        totals[f"{measure.name}.numerator_m2"] = float(np.nansum(found["numerator"]))
        totals[f"{measure.name}.denominator_m2"] = float(found["denominator"].sum())
    known = ids if ids is not None else np.empty(0, dtype=np.uint64)
    return CellAnswer(
        layer_id=layer.id,
        resolution=resolution,
        cells=known,
        areas_m2=cell_areas_m2(known),
        measures=measures,
        totals=totals,
    )


def rows(answer: CellAnswer) -> list[dict[str, Any]]:
    """One plain dict per cell, for small answers and tests."""
    return [
        {"cell": int(cell), **{name: float(values[i]) for name, values in answer.measures.items()}}
        for i, cell in enumerate(answer.cells)
    ]
