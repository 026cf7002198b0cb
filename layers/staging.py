"""What a load writes: the columns of a layer's table in COPY order, made from clean Arrow columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from sqlalchemy import types

from layers import copy_binary
from layers.copy_binary import Values
from layers.spec import Layer

# Left to their defaults by every load.
DEFAULTED = frozenset({"version", "updated_at"})


@dataclass(frozen=True, eq=False)
class Rows:
    """Clean rows on their way into a layer's table.

    Parameters
    ----------
    ids : int64, reserved from the sequence.
    source_id : Arrow string. row_hash : int64.
    lon, lat : degrees (EPSG:4326) of the point; NaN = no position. Ignored where ``geometry`` is given.
    geometry : shapely geometries (EPSG:4326) of layers that are not points.
    cell : uint64 res-11 cells, 0 = no position.
    territory_id : int32.
    flags : Arrow list<string>.
    columns : Arrow columns of the layer's fields and, for events, its times.
    """

    ids: NDArray[np.int64]
    source_id: pa.Array
    row_hash: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    geometry: NDArray[np.object_] | None
    cell: NDArray[np.uint64]
    territory_id: NDArray[np.int32]
    flags: pa.Array
    columns: Mapping[str, pa.Array]

    def __len__(self) -> int:
        return len(self.ids)

    def by_cell(self) -> NDArray[np.int64]:
        """The order in which the rows are stored: neighbours in space together, so that what a tile or a place asks for lies on few
        pages.
        """
        return np.argsort(self.cell).astype(np.int64, copy=False)


def kind_of(column_type: object) -> str:
    """The PostgreSQL type name of a model's column type."""
    match column_type:
        case types.SmallInteger():
            return "int2"
        case types.BigInteger():
            return "int8"
        case types.Integer():
            return "int4"
        case types.Double() | types.Float():
            return "float8"
        case types.Boolean():
            return "bool"
        case types.Date():
            return "date"
        case types.DateTime():
            return "timestamptz"
        case types.ARRAY():
            return "text[]"
        case _:
            return "text"


def copied_columns(layer: Layer) -> tuple[str, ...]:
    """Names of the table's columns a load writes, in COPY order."""
    return tuple(column.name for column in layer.model.__table__.columns if column.name not in DEFAULTED)


def encoded(
    layer: Layer, rows: Rows, *, workspace_id: int, batch_id: int, order: NDArray[np.int64] | None = None
) -> list[Values]:
    """The rows as COPY columns, in the order of :func:`copied_columns`; ``order`` says which row comes when."""
    count = len(rows)
    at = None if order is None else pa.array(order)
    out: list[Values] = []

    def put(values: pa.Array | pa.ChunkedArray, kind: str) -> None:
        if order is None:
            out.append(copy_binary.column(values, kind))
        elif kind in {"text", "bytea"}:  # letters are brought together, so that weaving walks straight through them
            out.append(copy_binary.column(values.take(at), kind))
        else:
            out.append(copy_binary.column(values, kind).taken(order))

    for column in layer.model.__table__.columns:
        match column.name:
            case name if name in DEFAULTED:
                continue
            case "workspace_id":
                out.append(copy_binary.constant(workspace_id, count, "int4"))
            case "batch_id":
                out.append(copy_binary.constant(batch_id, count, "int8"))
            case "id":
                put(pa.array(rows.ids), "int8")
            case "source_id":
                put(rows.source_id, "text")
            case "row_hash":
                put(pa.array(rows.row_hash), "int8")
            case "territory_id":
                put(pa.array(rows.territory_id), "int4")
            case "flags":
                put(rows.flags, "text[]")
            case "cell":
                put(pa.array(rows.cell.astype(np.int64), mask=rows.cell == 0), "int8")
            case "geom" if rows.geometry is None:
                points = copy_binary.points(rows.lon, rows.lat)
                out.append(points if order is None else points.taken(order))
            case "geom":
                shapes = shapely.set_srid(rows.geometry, 4326)
                put(pa.array(shapely.to_wkb(shapes, include_srid=True), type=pa.large_binary()), "bytea")
            case name:
                values = rows.columns.get(name)
                put(pa.nulls(count) if values is None else values, kind_of(column.type))
    return out
