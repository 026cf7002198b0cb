"""What a reader may say about how a file is cut, and what there is to choose from: also where the file cannot be opened before."""

from __future__ import annotations

import sqlite3
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from etl.readers.opening import recognise
from etl.readers.sheets import Workbook
from etl.readers.source import Limits, Source
from etl.readers.unpacking import BROKEN, members, remove, unpack_gzip, unpack_zip
from geo_core.errors import QorganError
from layers.spec import TableReading

MOST = 500
_TEXT = ("encoding", "delimiter", "decimal", "header_row", "header_rows")
_OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "csv": _TEXT,
        "xlsx": ("sheet", "header_row", "header_rows", "decimal"),
        "geopackage": ("sheet",),
        "shapefile": ("encoding",),
    }
)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What can be said about how a file is cut.

    Parameters
    ----------
    format : as :func:`~etl.readers.opening.recognise` names it; of an archive, that of the file in it where one is chosen.
    options : names of :class:`~layers.spec.TableReading` that mean something for it.
    sheets, members : to choose from.
    """

    format: str
    options: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


def choices_of(source: Source) -> Choices:
    """Of an opened file."""
    return _made(source.format, source.sheets, source.members)


def choices_in(path: Path, reading: TableReading | None = None) -> Choices:
    """Of a file that could not be opened; what cannot be found out is left out.

    Parameters
    ----------
    reading : what was said already: the member of an archive is looked into.
    """
    member = reading.member if reading is not None else None
    try:
        kind = recognise(path)
        if kind not in {"zip", "gzip"}:
            return _made(kind, _sheets(path, kind), ())
        listed, chosen = members(path, member=member) if kind == "zip" else ((), path.name)
        if chosen is None:
            return _made(kind, (), listed)
        folder = Path(tempfile.mkdtemp(prefix="qorgan-unpack-"))
        try:
            inner = (
                unpack_zip(path, folder, Limits(), member=chosen)
                if kind == "zip"
                else unpack_gzip(path, folder, Limits())
            )
            inner_kind = recognise(inner)
            return _made(inner_kind, _sheets(inner, inner_kind), listed)
        finally:
            remove(folder)
    except QorganError:
        return Choices(format="")


def _made(kind: str, sheets: tuple[str, ...], listed: tuple[str, ...]) -> Choices:
    own = tuple(name for name in _OPTIONS.get(kind, ()) if name != "sheet" or len(sheets) > 1)
    options = (*(("member",) if len(listed) > 1 else ()), *own)
    return Choices(format=kind, options=options, sheets=sheets[:MOST], members=listed[:MOST])


def _sheets(path: Path, kind: str) -> tuple[str, ...]:
    if kind == "xlsx":
        try:
            with zipfile.ZipFile(path) as archive:
                return tuple(sheet.name for sheet in Workbook(archive, Limits(), path.name).sheets)
        except BROKEN:
            return ()
    if kind == "geopackage":
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
                rows = database.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'").fetchall()
        except sqlite3.Error:
            return ()
        return tuple(str(row[0]) for row in rows)
    return ()
