"""Cells as a file: CSV, GeoJSON, Parquet, Arrow, and columnar JSON."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from geo_core.cell_shapes import boundaries
from geo_core.errors import InvalidInput
from layers.queries.cells import CellAnswer

_COUNTS = frozenset({"count", "unknown_count"})
_DEGREES_DECIMALS = 7

About = Mapping[str, Any]


def encode(answer: CellAnswer, form: str, *, about: About | None = None) -> bytes:
    """The cells as ``form``: csv, geojson, parquet, arrow or json; the same for files and for the API.

    In tables ``cell`` is uint64 (in texts hexadecimal, as everyone writes it), ``area_m2`` the geodesic area, then one column per
    measure; unknown is null, in CSV empty. The totals, which also count rows without a position, travel as metadata of
    Parquet and Arrow and beside the cells of GeoJSON and JSON; CSV has no room for them.

    Parameters
    ----------
    about : JSON values told beside the numbers (provenance, filter, revision), where the totals are.

    Raises
    ------
    InvalidInput : ``bad-parameter``.
    """
    if form not in WRITERS:
        raise InvalidInput("bad-parameter", name="format", value=form, expected=", ".join(WRITERS))
    return WRITERS[form](answer, about or {})


def as_columns(answer: CellAnswer) -> dict[str, Any]:
    """Plain values: ``cells`` in hexadecimal, ``area_m2`` and one list per measure; None = unknown."""
    return {
        **_head(answer),
        "cells": hexadecimal(answer.cells),
        "area_m2": answer.areas_m2.tolist(),
        "measures": {name: _nullable(_whole(name, values)) for name, values in answer.measures.items()},
    }


def hexadecimal(cells: NDArray[np.uint64]) -> list[str]:
    """Cells as everyone writes them."""
    return [f"{cell:x}" for cell in cells.tolist()]


def _head(answer: CellAnswer) -> dict[str, Any]:
    return {"layer": answer.layer_id, "resolution": answer.resolution, "totals": _known(answer.totals)}


def _whole(name: str, values: NDArray[np.float64]) -> NDArray[Any]:
    return values.astype(np.int64) if name in _COUNTS else values


def _nullable(values: NDArray[Any]) -> list[Any]:
    return [None if isinstance(v, float) and not math.isfinite(v) else v for v in values.tolist()]


def _known(totals: Mapping[str, float]) -> dict[str, float | int | None]:
    return {
        name: None if not math.isfinite(v) else int(v) if float(v).is_integer() else v for name, v in totals.items()
    }


def _dumps(value: Any) -> bytes:
    # arrays are written as they are, NaN as null
    return orjson.dumps(value, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    match value:
        case np.ndarray():
            return value.tolist()
        case np.generic():
            return value.item()
        case set() | frozenset():
            return sorted(value)
        case _:
            return str(value)


def _table(answer: CellAnswer, cells: pa.Array, about: About) -> pa.Table:
    columns: dict[str, pa.Array] = {"cell": cells, "area_m2": pa.array(answer.areas_m2)}
    for name, values in answer.measures.items():
        columns[name] = pa.array(_whole(name, values), from_pandas=True)  # NaN becomes null
    return pa.table(columns).replace_schema_metadata({"qorgan": _dumps({**_head(answer), **about}).decode()})


def _csv(answer: CellAnswer, about: About) -> bytes:
    sink = io.BytesIO()
    table = _table(answer, pa.array(hexadecimal(answer.cells), type=pa.string()), about)
    pacsv.write_csv(table, sink, pacsv.WriteOptions(quoting_style="needed"))
    return sink.getvalue()


def _parquet(answer: CellAnswer, about: About) -> bytes:
    sink = io.BytesIO()
    pq.write_table(_table(answer, pa.array(answer.cells, type=pa.uint64()), about), sink, compression="zstd")
    return sink.getvalue()


def _arrow(answer: CellAnswer, about: About) -> bytes:
    table = _table(answer, pa.array(answer.cells, type=pa.uint64()), about)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _geojson(answer: CellAnswer, about: About) -> bytes:
    corners, counts = boundaries(answer.cells)
    corners = np.round(corners, _DEGREES_DECIMALS)
    columns = {"area_m2": answer.areas_m2.tolist()}
    columns |= {name: _whole(name, values).tolist() for name, values in answer.measures.items()}
    features = []
    for i, cell in enumerate(hexadecimal(answer.cells)):
        ring = corners[i, : counts[i]].tolist()
        features.append(
            {
                "type": "Feature",
                "id": cell,
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
                "properties": {"cell": cell, **{name: values[i] for name, values in columns.items()}},
            }
        )
    return _dumps({"type": "FeatureCollection", **_head(answer), **about, "features": features})


def _json(answer: CellAnswer, about: About) -> bytes:
    measures = {name: _whole(name, values) for name, values in answer.measures.items()}
    return _dumps(
        {
            **_head(answer),
            "count": len(answer.cells),
            "cells": hexadecimal(answer.cells),
            "area_m2": answer.areas_m2,
            "measures": measures,
            **about,
        }
    )


WRITERS: Mapping[str, Callable[[CellAnswer, About], bytes]] = MappingProxyType(
    {"csv": _csv, "geojson": _geojson, "parquet": _parquet, "arrow": _arrow, "json": _json}
)
