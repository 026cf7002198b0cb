"""Recognising a file by what is in it, never by its name, and opening the right reader."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path

from etl.readers.source import Limits, Source
from etl.readers.unpacking import archive_kind, members, remove, unpack_gzip, unpack_zip
from geo_core.errors import DataQuality, InvalidInput, NotFound
from layers.spec import Layer, SourceMapping, TableReading

HEAD = 4096
# Root elements of XML files, without prefix.
_ROOTS = {"kml": "kml", "gpx": "gpx", "osm": "osm-xml"}
_MAGIC = (
    (b"PAR1", "parquet"),
    (b"SQLite format 3\x00", "geopackage"),
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\x00\x00\x27\x0a", "shapefile"),
)
_FOREIGN = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"PK\x05\x06", "empty ZIP"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
)


def recognise(path: Path) -> str:
    """The format of a file by its first bytes.

    One of csv, geojson, geojson-seq, geopackage, parquet, shapefile, kml, gpx, osm-pbf, osm-xml, gzip, and of ZIP files zip, xlsx.

    Raises
    ------
    NotFound : ``no-such-file``.
    DataQuality : ``empty-file``, ``binary-file``, ``unreadable-file``.
    InvalidInput : ``unsupported-format``, ``xls-not-read``.
    """
    if not path.is_file():
        raise NotFound("no-such-file", name=path.name)
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe") and len(head) < HEAD:
        raise DataQuality("empty-file", name=path.name)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return archive_kind(path) if name == "zip" else name
    if head[4:20].find(b"OSMHeader") >= 0:
        return "osm-pbf"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidInput("xls-not-read", name=path.name)
    for magic, name in _FOREIGN:
        if head.startswith(magic):
            raise InvalidInput("unsupported-format", name=path.name, found=name)
    text = _as_bytes_of_text(head).lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        return _xml(text, path)
    if text.startswith(b"\x1e"):
        return "geojson-seq"
    if text.startswith((b"{", b"[")):
        return _json(path)
    if path.suffix.lower() == ".pbf":
        raise DataQuality("unreadable-file", name=path.name, format="osm-pbf")
    if not head.startswith((b"\xff\xfe", b"\xfe\xff")) and _looks_binary(head):
        raise DataQuality("binary-file", name=path.name)
    return "csv"


def _as_bytes_of_text(head: bytes) -> bytes:
    """UTF-16 as UTF-8, everything else as it is."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace").encode("utf-8", "replace")
    return head


def _xml(text: bytes, path: Path) -> str:
    """Which XML by its root element."""
    # declaration, comments and a document type come before the root
    root = re.search(
        rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)[\s/>]", re.sub(rb"<!--.*?-->", b"", text, flags=re.DOTALL)
    )
    kind = _ROOTS.get(root[1].decode().lower()) if root else None
    if kind is None:
        raise InvalidInput("unsupported-format", name=path.name, found="XML or HTML")
    return kind


def _json(path: Path) -> str:
    """Whether a JSON text is one document or a feature on each line."""
    from etl.readers.geojsonseq import is_sequence

    return "geojson-seq" if is_sequence(path) else "geojson"


def _looks_binary(head: bytes) -> bool:
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head)  # control characters no text has
    return b"\x00" in head[:256] or odd > len(head) // 50


def open_source(
    path: Path | str,
    *,
    layer: Layer | None = None,
    mapping: SourceMapping | None = None,
    reading: TableReading | None = None,
    limits: Limits | None = None,
) -> Source:
    """Open a file of any supported format.

    Parameters
    ----------
    path : the file, possibly packed (.gz, .zip with one readable file or one shapefile).
    layer : says which geometries are wanted of OSM data.
    mapping : its ``where`` filters OSM data, its ``reading`` says how the file is cut.
    reading : the same, where there is no mapping yet.
    limits : see :class:`Limits`.

    Raises
    ------
    NotFound, DataQuality, InvalidInput, LimitExceeded, Unavailable : with a code that says what to change.
    """
    limits = limits or Limits()
    path = Path(path)
    how = (mapping.reading if mapping is not None else None) or reading or TableReading()
    kind = recognise(path)
    if kind not in {"zip", "gzip"}:
        return _open(path, kind, layer, mapping, how, limits)
    folder = Path(tempfile.mkdtemp(prefix="qorgan-unpack-"))
    try:
        inner = (
            unpack_zip(path, folder, limits, member=how.member) if kind == "zip" else unpack_gzip(path, folder, limits)
        )
        inner_kind = recognise(inner)
        # a workbook is a ZIP file itself; it may come packed like any other file
        source = _open(inner, inner_kind, layer, mapping, how, limits)
        if kind == "zip":
            source.members, member = members(path, member=how.member)
            source.reading = replace(source.reading, member=member)
    except BaseException:
        remove(folder)
        raise
    close = source.close

    def close_and_remove() -> None:
        close()
        remove(folder)

    source.close = close_and_remove  # type: ignore[method-assign]
    return source


def _open(
    path: Path, kind: str, layer: Layer | None, mapping: SourceMapping | None, reading: TableReading, limits: Limits
) -> Source:
    # the heavy format libraries load only when their format is met
    match kind:
        case "zip" | "gzip":
            raise InvalidInput("zip-nested", name=path.name)
        case "parquet":
            from etl.readers.parquet import ParquetSource

            return ParquetSource.open(path, limits)
        case "geopackage":
            from etl.readers.geopackage import GeoPackageSource

            return GeoPackageSource.open(path, limits, reading)
        case "shapefile":
            from etl.readers.shapefile import ShapefileSource

            return ShapefileSource.open(path, limits, reading)
        case "xlsx":
            from etl.readers.workbook import WorkbookSource

            return WorkbookSource.open(path, limits, reading)
        case "geojson":
            from etl.readers.jsonrecords import open_json

            return open_json(path, limits)
        case "geojson-seq":
            from etl.readers.geojsonseq import GeoJsonSequence

            return GeoJsonSequence.open(path, limits)
        case "kml":
            from etl.readers.kml import KmlSource

            return KmlSource.open(path, limits)
        case "gpx":
            from etl.readers.gpx import GpxSource

            return GpxSource.open(path, limits)
        case "osm-pbf" | "osm-xml":
            from etl.readers.osm import OsmSource

            return OsmSource.open(path, limits, layer=layer, mapping=mapping, format=kind)
        case _:
            from etl.readers.delimited import DelimitedSource

            return DelimitedSource.open(path, limits, reading)
