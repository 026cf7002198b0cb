"""Parquet and GeoParquet, streamed by row groups."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from etl.readers.ogr import geometries_of
from etl.readers.soundness import sound
from etl.readers.source import Limits, RawChunk, Source
from etl.readers.table import MOST_COLUMNS
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
        schema = file.schema_arrow
        names = [n for n in schema.names if not n.startswith("__index_level_")]
        if len(names) > MOST_COLUMNS:
            raise InvalidInput("too-many-columns", found=len(names), limit=MOST_COLUMNS)
        twice = next((n for n, times in Counter(names).items() if times > 1), None)
        if twice is not None:
            raise InvalidInput("ambiguous-column", column=twice, found=[n for n in names if n == twice])
        geometry, crs = _geometry(file)
        return cls(
            limits=limits,
            format="parquet",
            # GeoParquet 1.1 boxes and other nested objects are no attributes
            header=tuple(n for n in names if n != geometry and not pa.types.is_struct(schema.field(n).type)),
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
                yield sound(RawChunk(parts, np.arange(seen + 1, seen + rows + 1, dtype=np.int64), geometry))
                seen += rows
                self.progress = seen / max(file.metadata.num_rows, 1)
        except (pa.ArrowInvalid, OSError) as error:
            raise DataQuality("truncated-file", format="parquet", row=seen) from error

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            self.file = None


def _geometry(file: pq.ParquetFile) -> tuple[str | None, str | None]:
    """Geometry column and its CRS as GeoParquet states them (no ``crs`` = OGC:CRS84, which is lon/lat)."""
    text = (file.schema_arrow.metadata or {}).get(b"geo")
    if text is None:
        return None, None
    try:
        geo: dict[str, Any] = json.loads(text)
        name = geo["primary_column"]
        column = geo["columns"][name]
        crs = column.get("crs", "OGC:CRS84")
        kind = file.schema_arrow.field(name).type
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataQuality("truncated-file", format="geoparquet") from error
    if column.get("encoding", "WKB") != "WKB":
        raise InvalidInput("geometry-encoding", found=str(column.get("encoding")))
    if isinstance(kind, pa.ExtensionType):
        kind = kind.storage_type
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)):
        raise InvalidInput("geometry-encoding", found=str(kind))
    if crs is not None and not isinstance(crs, dict | str):
        raise DataQuality("unknown-crs", crs=str(crs)[:100])
    return name, json.dumps(crs) if isinstance(crs, dict) else crs
