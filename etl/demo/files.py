"""Import files, byte for byte the same from the same rows: GeoJSON, CSV, GeoParquet."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from etl.demo.frame import Floats

Row = Mapping[str, Any]


def dump_json(document: Any) -> str:
    """Compact JSON with one line break at the end; text stays readable."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def write_text(path: Path, text: str) -> None:
    """UTF-8 with Unix line ends on every platform."""
    path.write_bytes(text.encode())


def sha256_of(path: Path) -> str:
    """Hexadecimal digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def coordinates(points: Floats) -> list[list[float]]:
    """Positions of a GeoJSON line or ring."""
    return [[float(lon), float(lat)] for lon, lat in points]


def write_geojson(path: Path, rows: Sequence[Row], geometries: Sequence[Mapping[str, Any]]) -> None:
    """A FeatureCollection, one feature a line so that two versions can be compared."""
    features = [
        dump_json({"type": "Feature", "properties": dict(row), "geometry": geometry}).rstrip("\n")
        for row, geometry in zip(rows, geometries, strict=True)
    ]
    write_text(path, '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Comma-separated with a header; an unknown value is an empty cell."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(rows[0].keys())
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    write_text(path, buffer.getvalue())


def write_geoparquet(path: Path, rows: Sequence[Row], rings: Sequence[Floats]) -> None:
    """GeoParquet 1.1 with polygons as WKB in lon/lat (OGC:CRS84, its default).

    Uncompressed and without statistics of a library's choosing, so that bytes depend on the rows and pyarrow only.
    """
    polygons = np.array([shapely.Polygon(ring) for ring in rings])
    columns = {name: pa.array([row[name] for row in rows]) for name in rows[0]}
    columns["geometry"] = pa.array(shapely.to_wkb(polygons, byte_order=1).tolist(), type=pa.binary())
    west, south, east, north = (float(value) for value in shapely.total_bounds(polygons))
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Polygon"], "bbox": [west, south, east, north]}},
    }
    table = pa.table(columns).replace_schema_metadata({"geo": json.dumps(geo, separators=(",", ":"))})
    pq.write_table(table, path, compression="none", row_group_size=len(rows))
