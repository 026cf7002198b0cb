"""Feature tables through GDAL's Arrow stream: what GeoPackage and shapefiles share."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyogrio
import pyogrio.errors
import shapely

from etl.readers.soundness import sound
from etl.readers.source import RawChunk, Source
from geo_core.errors import DataQuality

FAULTS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.FieldError,
    pyogrio.errors.GeometryError,
    pyogrio.errors.CRSError,
    pa.ArrowException,
    RuntimeError,
    OSError,
    UnicodeError,
)


@contextmanager
def quiet() -> Iterator[None]:
    """GDAL's remarks on a file are no warnings of our program: what matters of them is checked and told by us."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


@dataclass(eq=False)
class OgrSource(Source):
    """One feature table.

    Parameters
    ----------
    table : its name.
    features : how many rows the file itself says it has: fewer read is a broken file.
    encoding : of its texts where GDAL must be told.
    """

    path: Path = Path()
    table: str = ""
    features: int = 0
    encoding: str | None = None

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        wanted = list(dict.fromkeys(self.header if columns is None else columns))
        seen = 0
        try:
            with (
                quiet(),
                pyogrio.open_arrow(
                    self.path,
                    layer=self.table,
                    columns=wanted,
                    batch_size=self.limits.chunk_rows,
                    use_pyarrow=True,
                    encoding=self.encoding,
                ) as (meta, reader),
            ):
                geometry_name = meta["geometry_name"] or "wkb_geometry"
                for batch in reader:
                    rows = batch.num_rows
                    column = batch.column(geometry_name)
                    if isinstance(column, pa.ExtensionArray):
                        column = column.storage
                    shapes = geometries_of(column)
                    parts = {name: batch.column(name) for name in wanted}
                    yield sound(RawChunk(parts, np.arange(seen + 1, seen + rows + 1, dtype=np.int64), shapes))
                    seen += rows
                    self.progress = min(seen / max(self.features, 1), 1.0)
                    self.count(seen)
        except FAULTS as error:
            raise DataQuality("truncated-file", format=self.format, row=seen) from error
        if seen < self.features:
            # GDAL ends quietly where a page or a record cannot be read
            raise DataQuality("truncated-file", format=self.format, row=seen)


def geometries_of(column: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Shapely geometries of WKB; what cannot be read is an empty collection, so that it is told from no geometry."""
    wkb = column.to_numpy(zero_copy_only=False)
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    broken = shapely.is_missing(shapes) & np.array([w is not None for w in wkb], dtype=np.bool_)
    if broken.any():
        shapes[broken] = shapely.GeometryCollection()
    return shapes
