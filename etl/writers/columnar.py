"""Records as Arrow, GeoParquet and GeoPackage, a chunk at a time: memory does not grow with the layer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyproj import CRS

from layers.spec import FieldType, Layer

Record = dict[str, Any]

CHUNK_ROWS = 20_000
GEOMETRY = "geometry"
_ARROW = {
    FieldType.TEXT: pa.string(),
    FieldType.CODE: pa.string(),
    FieldType.DATE: pa.string(),
    FieldType.INTEGER: pa.int64(),
    FieldType.REAL: pa.float64(),
    FieldType.BOOLEAN: pa.bool_(),
}
_WGS84 = CRS.from_epsg(4326)


def batches(records: Iterable[Record], names: list[str], layer: Layer) -> Iterator[pa.RecordBatch]:
    """Records as batches of at most ``CHUNK_ROWS`` rows: the columns ``names`` and the geometry as WKB; null = unknown."""
    schema = schema_of(names, layer)
    coming = iter(records)
    while chunk := list(islice(coming, CHUNK_ROWS)):
        texts = np.array([json.dumps(r["geometry"]) if r["geometry"] else None for r in chunk], dtype=object)
        columns = [pa.array([record[name] for record in chunk], type=schema.field(name).type) for name in names]
        wkb = pa.array(shapely.to_wkb(shapely.from_geojson(texts)), type=pa.binary())
        yield pa.record_batch([*columns, wkb], schema=schema)


def schema_of(names: list[str], layer: Layer) -> pa.Schema:
    """Columns in order, the geometry last; what is no field of the layer (id, times) is text."""
    types = {field.name: _ARROW[field.type] for field in layer.fields}
    return pa.schema([*((name, types.get(name, pa.string())) for name in names), (GEOMETRY, pa.binary())])


def write_arrow(records: Iterable[Record], names: list[str], layer: Layer, out: Path) -> int:
    """An Arrow stream; how many rows."""
    count = 0
    schema = schema_of(names, layer)
    with pa.OSFile(str(out), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches(records, names, layer):
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def write_parquet(records: Iterable[Record], names: list[str], layer: Layer, out: Path) -> int:
    """GeoParquet 1.1, a row group per chunk; how many rows."""
    about = {
        "version": "1.1.0",
        "primary_column": GEOMETRY,
        "columns": {GEOMETRY: {"encoding": "WKB", "geometry_types": _kinds(layer), "crs": _WGS84.to_json_dict()}},
    }
    schema = schema_of(names, layer).with_metadata({"geo": json.dumps(about)})
    count = 0
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in batches(records, names, layer):
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
            count += batch.num_rows
    return count


def write_geopackage(records: Iterable[Record], names: list[str], layer: Layer, out: Path) -> int:
    """A GeoPackage of one table, through GDAL's Arrow stream; how many rows."""
    count = 0
    failure: list[BaseException] = []

    def watched() -> Iterator[pa.RecordBatch]:
        nonlocal count
        try:
            for batch in batches(records, names, layer):
                count += batch.num_rows
                yield batch
        except BaseException as error:
            failure.append(error)  # GDAL would make a text of it
            raise

    stream = pa.RecordBatchReader.from_batches(schema_of(names, layer), watched())
    try:
        pyogrio.write_arrow(
            stream,
            out,
            driver="GPKG",
            layer=layer.id,
            geometry_name=GEOMETRY,
            geometry_type=next(iter(_kinds(layer)), "Unknown"),
            crs=_WGS84.to_wkt(),
        )
    except RuntimeError as error:  # what GDAL raises, whatever went wrong behind the stream
        if failure:
            raise failure[0] from error
        raise
    return count


def _kinds(layer: Layer) -> list[str]:
    """The one kind of its shapes; none where they are mixed."""
    return [] if layer.geometry == "Geometry" else [layer.geometry]
