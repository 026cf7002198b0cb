"""Cells as a file: CSV, GeoJSON, Parquet, Arrow, and columnar JSON."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from geo_core.cell_shapes import boundaries
from geo_core.errors import InvalidInput
from layers.queries.cells import CellAnswer

_COUNTS = frozenset({"count", "unknown_count"})
_DEGREES_DECIMALS = 7


def encode(answer: CellAnswer, form: str) -> bytes:
    """The cells as ``form``: csv, geojson, parquet, arrow or json.

    In tables ``cell`` is uint64 (in texts hexadecimal, as everyone writes it), ``area_m2`` the geodesic area, then one column per
    measure; unknown is null, in CSV empty. The totals, which also count rows without a position, travel as metadata of
    Parquet and Arrow and beside the cells of GeoJSON and JSON; CSV has no room for them.

    Raises
    ------
    InvalidInput : ``bad-parameter``.
    """
    if form not in WRITERS:
        raise InvalidInput("bad-parameter", name="format", value=form, expected=", ".join(WRITERS))
    return WRITERS[form](answer)


def as_columns(answer: CellAnswer) -> dict[str, Any]:
    """Plain values: ``cells`` in hexadecimal, ``area_m2`` and one list per measure; None = unknown."""
    return {
        "layer": answer.layer_id,
        "resolution": answer.resolution,
        "totals": _known(answer.totals),
        "cells": _hexadecimal(answer),
        "area_m2": answer.areas_m2.tolist(),
        "measures": {name: _nullable(_whole(name, values)) for name, values in answer.measures.items()},
    }


def _hexadecimal(answer: CellAnswer) -> list[str]:
    return [f"{cell:x}" for cell in answer.cells.tolist()]


def _whole(name: str, values: NDArray[np.float64]) -> NDArray[Any]:
    return values.astype(np.int64) if name in _COUNTS else values


def _nullable(values: NDArray[Any]) -> list[Any]:
    return [None if isinstance(v, float) and not math.isfinite(v) else v for v in values.tolist()]


def _known(totals: Mapping[str, float]) -> dict[str, float | int | None]:
    return {
        name: None if not math.isfinite(v) else int(v) if float(v).is_integer() else v for name, v in totals.items()
    }


def _table(answer: CellAnswer, cells: pa.Array) -> pa.Table:
    columns: dict[str, pa.Array] = {"cell": cells, "area_m2": pa.array(answer.areas_m2)}
    for name, values in answer.measures.items():
        columns[name] = pa.array(_whole(name, values), from_pandas=True)  # NaN becomes null
    about = {"layer": answer.layer_id, "resolution": answer.resolution, "totals": _known(answer.totals)}
    return pa.table(columns).replace_schema_metadata({"qorgan": json.dumps(about)})


def _csv(answer: CellAnswer) -> bytes:
    sink = io.BytesIO()
    table = _table(answer, pa.array(_hexadecimal(answer), type=pa.string()))
    pacsv.write_csv(table, sink, pacsv.WriteOptions(quoting_style="needed"))
    return sink.getvalue()


def _parquet(answer: CellAnswer) -> bytes:
    sink = io.BytesIO()
    pq.write_table(_table(answer, pa.array(answer.cells, type=pa.uint64())), sink, compression="zstd")
    return sink.getvalue()


def _arrow(answer: CellAnswer) -> bytes:
    table = _table(answer, pa.array(answer.cells, type=pa.uint64()))
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _geojson(answer: CellAnswer) -> bytes:
    columns = as_columns(answer)
    corners, counts = boundaries(answer.cells)
    corners = np.round(corners, _DEGREES_DECIMALS)
    features = []
    for i, cell in enumerate(columns["cells"]):
        ring = corners[i, : counts[i]].tolist()
        features.append(
            {
                "type": "Feature",
                "id": cell,
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
                "properties": {
                    "cell": cell,
                    "area_m2": columns["area_m2"][i],
                    **{name: values[i] for name, values in columns["measures"].items()},
                },
            }
        )
    about = {name: columns[name] for name in ("layer", "resolution", "totals")}
    return json.dumps({"type": "FeatureCollection", **about, "features": features}).encode()


def _json(answer: CellAnswer) -> bytes:
    return json.dumps(as_columns(answer)).encode()


WRITERS: Mapping[str, Callable[[CellAnswer], bytes]] = MappingProxyType(
    {"csv": _csv, "geojson": _geojson, "parquet": _parquet, "arrow": _arrow, "json": _json}
)
