"""GeoPackage: one feature table of it."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyogrio
import pyogrio.errors

from etl.readers.ogr import FAULTS, OgrSource, quiet
from etl.readers.source import Limits, resolve
from etl.readers.unpacking import remove
from geo_core.errors import DataQuality, InvalidInput
from layers.spec import TableReading


@dataclass(eq=False)
class GeoPackageSource(OgrSource):
    """The one feature table of a GeoPackage, or the one named."""

    link: Path | None = None

    @classmethod
    def open(cls, path: Path, limits: Limits, reading: TableReading | None = None) -> Self:
        """Read the catalogue. Only tables and views the catalogue names are looked at; nothing in the file is run but what reads them.

        Raises
        ------
        DataQuality : ``truncated-file``, ``no-rows``.
        InvalidInput : ``several-layers``, ``no-such-table``.
        """
        wanted = reading.sheet if reading is not None else None
        # GDAL goes by the name
        link = None if path.suffix.lower() == ".gpkg" else Path(tempfile.mkdtemp(prefix="qorgan-gpkg-")) / "in.gpkg"
        if link is not None:
            link.symlink_to(path.resolve())
        try:
            source = cls._opened(link or path, limits, wanted)
        except BaseException:
            if link is not None:
                remove(link.parent)
            raise
        source.link = link
        return source

    @classmethod
    def _opened(cls, path: Path, limits: Limits, wanted: str | None) -> Self:
        try:
            with quiet(), closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
                database.execute("PRAGMA schema_version").fetchone()
                tables = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
                table = _chosen(tables, wanted, path)
                info = pyogrio.read_info(path, layer=table)
                quoted = table.replace('"', '""')
                features = int(database.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0])  # noqa: S608
        except (*FAULTS, sqlite3.Error) as error:
            raise DataQuality("truncated-file", format="geopackage") from error
        source = cls(
            limits=limits,
            format="geopackage",
            header=tuple(str(n) for n in info["fields"]),
            crs=info["crs"],
            has_geometry=True,
            path=path,
            table=table,
            features=features,
            sheets=tuple(tables),
            reading=TableReading(sheet=table),
        )
        if info["crs"] is None:
            source.warnings.add("crs-not-stated")
        return source

    def close(self) -> None:
        if self.link is not None:
            remove(self.link.parent)
            self.link = None


def _chosen(tables: list[str], wanted: str | None, path: Path) -> str:
    if wanted is not None:
        found = resolve(tables, wanted)
        if found is None:
            raise InvalidInput("no-such-table", name=wanted, found=tables[:20])
        return found
    if len(tables) > 1:
        raise InvalidInput("several-layers", found=tables[:20])
    if not tables:
        raise DataQuality("no-rows", name=path.name)
    return tables[0]
