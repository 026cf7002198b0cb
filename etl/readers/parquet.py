"""Parquet and GeoParquet, streamed by row groups."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from etl.readers.ogr import geometries_of
from etl.readers.source import Limits, RawChunk, Source
from geo_core.errors import DataQuality, InvalidInput


@dataclass(eq=False)
class ParquetSource(Source):
    """A Parquet file; a ``geo`` entry in its metadata names the geometry column (WKB)."""

    file: pq.ParquetFile | None = None
    geometry: str | None = None

    @classmethod
    def open(cls, path: Path, limits: Limits) -> Self:
        """Read the footer.

        Raises
        ------
        DataQuality : ``truncated-file``.
        InvalidInput : ``geometry-encoding`` (only WKB is read).
        """
        try:
            file = pq.ParquetFile(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise DataQuality("truncated-file", format="parquet") from error
        names = [n for n in file.schema_arrow.names if not n.startswith("__index_level_")]
        geometry, crs = _geometry(file)
        return cls(
            limits=limits,
            format="parquet",
            header=tuple(n for n in names if n != geometry and not _is_covering(file, n)),
            crs=crs,
            has_geometry=geometry is not None,
            file=file,
            geometry=geometry,
        )

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        file = self.file
        if file is None:
            raise InvalidInput("source-closed")
        wanted = list(dict.fromkeys(self.header if columns is None else columns))
        reading = [*wanted, *([self.geometry] if self.geometry else [])]
        self.count(file.metadata.num_rows)
        seen = 0
        try:
            for batch in file.iter_batches(batch_size=self.limits.chunk_rows, columns=reading):
                rows = batch.num_rows
                geometry = None
                if self.geometry is not None:
                    column = batch.column(self.geometry)
                    if isinstance(column, pa.ExtensionArray):
                        column = column.storage
                    geometry = geometries_of(column)
                parts = {name: batch.column(name) for name in wanted}
                yield RawChunk(parts, np.arange(seen + 1, seen + rows + 1, dtype=np.int64), geometry)
                seen += rows
                self.progress = seen / max(file.metadata.num_rows, 1)
        except (pa.ArrowInvalid, OSError) as error:
            raise DataQuality("truncated-file", format="parquet", row=seen) from error

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            self.file = None


def _is_covering(file: pq.ParquetFile, name: str) -> bool:
    """GeoParquet 1.1 boxes and other nested columns are no attributes."""
    return pa.types.is_struct(file.schema_arrow.field(name).type)


def _geometry(file: pq.ParquetFile) -> tuple[str | None, str | None]:
    """Geometry column and its CRS as GeoParquet states them (no ``crs`` = OGC:CRS84, which is lon/lat)."""
    text = (file.schema_arrow.metadata or {}).get(b"geo")
    if text is None:
        return None, None
    try:
        geo: dict[str, Any] = json.loads(text)
        name = geo["primary_column"]
        column = geo["columns"][name]
    except (ValueError, KeyError, TypeError) as error:
        raise DataQuality("truncated-file", format="geoparquet") from error
    if column.get("encoding", "WKB") != "WKB":
        raise InvalidInput("geometry-encoding", found=str(column.get("encoding")))
    crs = column.get("crs", "OGC:CRS84")
    return name, json.dumps(crs) if isinstance(crs, dict) else crs
