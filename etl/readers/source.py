"""What every reader offers: a header, a sample, chunks of raw columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from etl.records import RejectedRow, Tally
from geo_core.errors import InvalidInput, LimitExceeded
from layers.spec import TableReading

# Columns that only readers make; they start no OSM key and no sane header.
OSM_ID = "osm_id"
OSM_KIND = "osm_kind"
FROM_NODE = "from_node"
TO_NODE = "to_node"
OSM_FORMATS = frozenset({"osm-pbf", "osm-xml"})


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a source may ask for.

    Parameters
    ----------
    chunk_rows : rows per chunk, about.
    block_bytes : bytes of a text file parsed at a time.
    max_rows : of any source: about 24 bytes are kept per row to find duplicates, 0.6 GB at the limit.
    max_geojson_bytes : GeoJSON is read as a whole, at about eight times its size in memory.
    max_feature_bytes : one feature of a GeoJSON sequence, one element of an XML file with all it holds.
    max_strings_bytes : the shared texts of a workbook, which are kept in memory.
    max_unpacked_bytes, max_ratio : of a packed file; the ratio is judged from ``ratio_from_bytes`` unpacked on.
    """

    chunk_rows: int = 100_000
    block_bytes: int = 16 << 20
    max_rows: int = 25_000_000
    max_geojson_bytes: int = 128 << 20
    max_feature_bytes: int = 64 << 20
    max_strings_bytes: int = 256 << 20
    max_unpacked_bytes: int = 20 << 30
    max_ratio: int = 200
    ratio_from_bytes: int = 10 << 20


@dataclass(frozen=True, eq=False)
class RawChunk:
    """Consecutive rows as the source wrote them.

    Parameters
    ----------
    columns : source column → Arrow array, of whatever type the format stores.
    row_number : 1-based data row of each row of ``columns``.
    geometry : shapely geometries (None = the source has none there) in the source's CRS; None for sources with
        coordinate columns.
    node_ids : OSM nodes of each line.
    rejected : rows that could not even be cut into columns.
    clipped : lines that lost vertices outside the extract.
    flags : what the reader noticed about single rows of ``columns``: flag → mask.
    """

    columns: dict[str, pa.Array]
    row_number: NDArray[np.int64]
    geometry: NDArray[np.object_] | None = None
    node_ids: pa.ListArray | None = None
    rejected: tuple[RejectedRow, ...] = ()
    clipped: NDArray[np.bool_] | None = None
    flags: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.row_number)


@dataclass(eq=False)
class Source(ABC):
    """An opened file. Use it as a context manager; ``chunks`` may be walked once.

    Parameters
    ----------
    format : csv | xlsx | json | geojson | geojson-seq | geopackage | parquet | shapefile | kml | gpx | osm-pbf | osm-xml.
    header : the source's columns, geometry apart.
    crs : the CRS the file itself states, as anything pyproj accepts; None = it states none.
    has_geometry : rows carry a geometry of their own.
    open_ended : a column may be missing from a row without the file being at fault (GeoJSON, OSM).
    natural_id : column that identifies a row when the mapping names none (OSM).
    decimal : the decimal mark of numbers written as text ("," or "."); None = each number tells.
    reading : how the file was cut, told or found; what does not apply to its format, or was left to each value, is None.
    sheets : the sheets of a workbook, or the tables of a GeoPackage, one of which this is.
    members : the files of an archive one of which this is.
    warnings : what was noticed about the file as a whole; complete when the chunks are exhausted.
    progress : share of the file handed out so far, 0–1; stays 0 where it cannot be known.
    """

    limits: Limits
    format: str = ""
    header: tuple[str, ...] = ()
    crs: str | None = None
    has_geometry: bool = False
    open_ended: bool = False
    natural_id: str | None = None
    decimal: str | None = None
    reading: TableReading = field(default_factory=TableReading)
    sheets: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    warnings: Tally = field(default_factory=Tally)
    progress: float = 0.0

    @abstractmethod
    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        """Walk the rows. ``columns`` limits what is read; None reads all.

        Raises
        ------
        DataQuality : the file is truncated or broken.
        LimitExceeded : more than ``max_rows`` rows.
        """

    def sample(self, rows: int = 500) -> RawChunk:
        """The first rows, all columns."""
        for chunk in self.chunks():
            keep = slice(0, rows)
            return RawChunk(
                {name: column[keep] for name, column in chunk.columns.items()},
                chunk.row_number[keep],
                None if chunk.geometry is None else chunk.geometry[keep],
            )
        return RawChunk({name: pa.nulls(0, pa.string()) for name in self.header}, np.zeros(0, dtype=np.int64))

    def close(self) -> None:  # noqa: B027 - most readers hold nothing open
        """Let go of files and temporary folders."""

    def count(self, rows: int) -> None:
        """Refuse a source that has more rows than allowed."""
        if rows > self.limits.max_rows:
            raise LimitExceeded("too-many-rows", limit=self.limits.max_rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def resolve(header: Sequence[str], wanted: str) -> str | None:
    """The column of ``header`` meant by ``wanted``: exact, else the only one equal but for case and outer blanks.

    Raises
    ------
    InvalidInput : ``ambiguous-column``, two columns differ only in case.
    """
    if wanted in header:
        return wanted
    key = wanted.strip().casefold()
    alike = [name for name in header if name.strip().casefold() == key]
    if len(alike) > 1:
        raise InvalidInput("ambiguous-column", column=wanted, found=alike)
    return alike[0] if alike else None
