"""GeoPackage through GDAL's Arrow stream."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyogrio
import pyogrio.errors
import shapely

from etl.readers.source import Limits, RawChunk, Source
from geo_core.errors import DataQuality, InvalidInput


@dataclass(eq=False)
class GeoPackageSource(Source):
    """The one feature table of a GeoPackage."""

    path: Path = Path()
    table: str = ""
    features: int = 0

    @classmethod
    def open(cls, path: Path, limits: Limits) -> Self:
        """Read the catalogue.

        Raises
        ------
        DataQuality : ``truncated-file``, ``no-rows``.
        InvalidInput : ``several-layers``.
        """
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                database.execute("PRAGMA schema_version").fetchone()
            tables = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
            if len(tables) > 1:
                raise InvalidInput("several-layers", found=tables[:20])
            if not tables:
                raise DataQuality("no-rows", name=path.name)
            info = pyogrio.read_info(path, layer=tables[0])
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, sqlite3.DatabaseError) as error:
            raise DataQuality("truncated-file", format="geopackage") from error
        return cls(
            limits=limits,
            format="geopackage",
            header=tuple(str(n) for n in info["fields"]),
            crs=info["crs"],
            has_geometry=True,
            path=path,
            table=tables[0],
            features=int(info["features"]),
        )

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        wanted = list(dict.fromkeys(self.header if columns is None else columns))
        seen = 0
        try:
            with pyogrio.open_arrow(
                self.path, layer=self.table, columns=wanted, batch_size=self.limits.chunk_rows, use_pyarrow=True
            ) as (meta, reader):
                geometry_name = meta["geometry_name"] or "wkb_geometry"
                for batch in reader:
                    rows = batch.num_rows
                    column = batch.column(geometry_name)
                    if isinstance(column, pa.ExtensionArray):
                        column = column.storage
                    geometry = shapely.from_wkb(column.to_numpy(zero_copy_only=False), on_invalid="ignore")
                    parts = {name: batch.column(name) for name in wanted}
                    yield RawChunk(parts, np.arange(seen + 1, seen + rows + 1, dtype=np.int64), geometry)
                    seen += rows
                    self.progress = min(seen / max(self.features, 1), 1.0)
                    self.count(seen)
        except (
            pyogrio.errors.DataSourceError,
            pyogrio.errors.FeatureError,
            pa.ArrowException,
            RuntimeError,
            OSError,
        ) as error:
            raise DataQuality("truncated-file", format="geopackage", row=seen) from error
