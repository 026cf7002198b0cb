"""Cells in the forms readers ask for: columnar JSON, Arrow, CSV, GeoJSON, and the map's own binary."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from api.answers import to_json
from geo_core import cell_wire
from geo_core.cell_shapes import boundaries
from layers.queries.cells import CellAnswer
from layers.spec import Aggregation, Layer

# By the short name of ``?f=``; the first answers readers who do not say.
FORMATS: Mapping[str, str] = {
    "json": "application/json",
    "arrow": "application/vnd.apache.arrow.stream",
    "csv": "text/csv",
    "geojson": "application/geo+json",
    "cells": cell_wire.MEDIA_TYPE,
}
_SHARE_STEP = 0.0001
_AREA = "area_m2"
_COUNTS = frozenset({"count", "unknown_count"})
_DEGREES_DECIMALS = 7


def hex_cells(cells: NDArray[np.uint64]) -> list[str]:
    """Cells as everyone writes them."""
    return [f"{cell:x}" for cell in cells.tolist()]


def described_measures(layer: Layer, names: list[str]) -> list[dict[str, Any]]:
    """Unit, way up the tree and denominator of each measure."""
    declared = {measure.name: measure for measure in layer.measures}
    found: list[dict[str, Any]] = []
    for name in names:
        measure = declared.get(name)
        if measure is None:
            found.append(
                {"name": name, "unit": "m2" if name.endswith("_m2") else "1", "aggregation": "sum", "denominator": None}
            )
            continue
        denominator = {Aggregation.DENSITY: _AREA, Aggregation.SHARE: measure.denominator}.get(measure.aggregation)
        found.append(
            {
                "name": name,
                "unit": measure.unit,
                "aggregation": measure.aggregation.value,
                "denominator": denominator,
            }
        )
    return found


def encode(layer: Layer, answer: CellAnswer, about: Mapping[str, Any], *, form: str) -> bytes:
    """The answer as ``form``, one of ``FORMATS``.

    Parameters
    ----------
    about : what is told beside the numbers (provenance, filter, revision), JSON values.
    """
    writers: dict[str, Callable[[Layer, CellAnswer, Mapping[str, Any]], bytes]] = {
        "json": as_json,
        "arrow": as_arrow,
        "csv": lambda _, found, __: as_csv(found),
        "geojson": as_geojson,
        "cells": as_wire,
    }
    return writers[form](layer, answer, about)


def as_json(layer: Layer, answer: CellAnswer, about: Mapping[str, Any]) -> bytes:
    """Columns: ``cells`` in hexadecimal and one list per measure, null = unknown."""
    return to_json(
        {
            "layer": layer.id,
            "resolution": answer.resolution,
            "count": len(answer.cells),
            "cells": hex_cells(answer.cells),
            _AREA: answer.areas_m2,
            "measures": {name: _plain(name, values) for name, values in answer.measures.items()},
            "described": described_measures(layer, list(answer.measures)),
            "totals": dict(answer.totals),
            **about,
        }
    )


def as_arrow(layer: Layer, answer: CellAnswer, about: Mapping[str, Any]) -> bytes:
    """One record batch; ``cell`` is uint64; unknown is null; the rest travels as metadata of the schema."""
    metadata = {
        "qorgan": to_json(
            {"layer": layer.id, "resolution": answer.resolution, "totals": dict(answer.totals), **about}
        ).decode()
    }
    table = _table(answer, pa.array(answer.cells, type=pa.uint64())).replace_schema_metadata(metadata)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def as_csv(answer: CellAnswer) -> bytes:
    """A header and one line per cell; unknown is empty."""
    sink = io.BytesIO()
    table = _table(answer, pa.array(hex_cells(answer.cells), type=pa.string()))
    pacsv.write_csv(table, sink, pacsv.WriteOptions(quoting_style="needed"))
    return sink.getvalue()


def as_geojson(layer: Layer, answer: CellAnswer, about: Mapping[str, Any]) -> bytes:
    """Hexagons (lon/lat) with their measures; null = unknown."""
    corners, counts = boundaries(answer.cells)
    corners = np.round(corners, _DEGREES_DECIMALS)
    columns = {name: _plain(name, values).tolist() for name, values in answer.measures.items()}
    features = []
    for i, cell in enumerate(hex_cells(answer.cells)):
        ring = corners[i, : counts[i]].tolist()
        features.append(
            {
                "type": "Feature",
                "id": cell,
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
                "properties": {
                    "cell": cell,
                    _AREA: float(answer.areas_m2[i]),
                    **{name: values[i] for name, values in columns.items()},
                },
            }
        )
    return to_json(
        {
            "type": "FeatureCollection",
            "layer": layer.id,
            "resolution": answer.resolution,
            "totals": dict(answer.totals),
            **about,
            "features": features,
        }
    )


def as_wire(layer: Layer, answer: CellAnswer, about: Mapping[str, Any]) -> bytes:
    """The map's binary; shares are rounded to 0.0001."""
    described = described_measures(layer, list(answer.measures))
    shares = {one["name"]: _SHARE_STEP for one in described if one["aggregation"] == Aggregation.SHARE.value}
    header = json.loads(to_json({"layer": layer.id, "totals": dict(answer.totals), **about}))
    return cell_wire.encode_cells(
        answer.cells,
        answer.measures,
        header,
        resolution=answer.resolution,
        units={one["name"]: one["unit"] for one in described},
        precision=shares,
    )


def _table(answer: CellAnswer, cells: pa.Array) -> pa.Table:
    columns: dict[str, pa.Array] = {"cell": cells, _AREA: pa.array(answer.areas_m2)}
    for name, values in answer.measures.items():
        columns[name] = pa.array(_plain(name, values), from_pandas=True)  # NaN becomes null
    return pa.table(columns)


def _plain(name: str, values: NDArray[np.float64]) -> NDArray[Any]:
    """Counts as whole numbers; everything else, which may be unknown, as it is."""
    return values.astype(np.int64) if name in _COUNTS else values
