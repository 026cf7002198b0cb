"""Recognising a file by what is in it and opening the right reader."""

from __future__ import annotations

import tempfile
from pathlib import Path

from etl.readers.source import Limits, Source
from etl.readers.unpacking import remove, unpack_gzip, unpack_zip
from geo_core.errors import DataQuality, InvalidInput, NotFound
from layers.spec import Layer, SourceMapping

HEAD = 4096


def recognise(path: Path) -> str:
    """The format of a file by its first bytes: csv, geojson, geopackage, parquet, osm-pbf, zip or gzip.

    Raises
    ------
    NotFound : ``no-such-file``.
    DataQuality : ``empty-file``, ``binary-file``.
    InvalidInput : ``unsupported-format``.
    """
    if not path.is_file():
        raise NotFound("no-such-file", name=path.name)
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise DataQuality("empty-file", name=path.name)
    for magic, name in (
        (b"PAR1", "parquet"),
        (b"SQLite format 3\x00", "geopackage"),
        (b"PK\x03\x04", "zip"),
        (b"\x1f\x8b", "gzip"),
    ):
        if head.startswith(magic):
            return name
    if head[4:20].find(b"OSMHeader") >= 0:
        return "osm-pbf"
    for magic, name in (
        (b"%PDF", "PDF"),
        (b"\xd0\xcf\x11\xe0", "Excel 97"),
        (b"\x89PNG", "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"Rar!", "RAR"),
        (b"7z\xbc\xaf", "7-Zip"),
        (b"PK\x05\x06", "empty ZIP"),
    ):
        if head.startswith(magic):
            raise InvalidInput("unsupported-format", name=path.name, found=name)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        raise InvalidInput("unsupported-format", name=path.name, found="XML or HTML")
    if text.startswith((b"{", b"[")):
        return "geojson"
    if path.suffix.lower() == ".pbf":
        raise DataQuality("unreadable-file", name=path.name, format="osm-pbf")
    if not head.startswith((b"\xff\xfe", b"\xfe\xff")) and _looks_binary(head):
        raise DataQuality("binary-file", name=path.name)
    return "csv"


def _looks_binary(head: bytes) -> bool:
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head)  # control characters no text has
    return b"\x00" in head or odd > len(head) // 50


def open_source(
    path: Path | str,
    *,
    layer: Layer | None = None,
    mapping: SourceMapping | None = None,
    limits: Limits | None = None,
) -> Source:
    """Open a file of any supported format.

    Parameters
    ----------
    path : the file, possibly packed (.gz, .zip with one readable file).
    layer : says which geometries are wanted of OSM data.
    mapping : its ``where`` filters OSM data.
    limits : see :class:`Limits`.

    Raises
    ------
    NotFound, DataQuality, InvalidInput, LimitExceeded, Unavailable : with a code that says what to change.
    """
    limits = limits or Limits()
    path = Path(path)
    kind = recognise(path)
    if kind not in {"zip", "gzip"}:
        return _open(path, kind, layer, mapping, limits)
    folder = Path(tempfile.mkdtemp(prefix="qorgan-unpack-"))
    try:
        inner = (unpack_zip if kind == "zip" else unpack_gzip)(path, folder, limits)
        inner_kind = recognise(inner)
        source = _open(inner, inner_kind, layer, mapping, limits)
    except BaseException:
        remove(folder)
        raise
    close = source.close

    def close_and_remove() -> None:
        close()
        remove(folder)

    source.close = close_and_remove  # type: ignore[method-assign]
    return source


def _open(path: Path, kind: str, layer: Layer | None, mapping: SourceMapping | None, limits: Limits) -> Source:
    # the heavy format libraries load only when their format is met
    if kind in {"zip", "gzip"}:
        raise InvalidInput("zip-nested", name=path.name)
    if kind == "parquet":
        from etl.readers.parquet import ParquetSource

        return ParquetSource.open(path, limits)
    if kind == "geopackage":
        from etl.readers.geopackage import GeoPackageSource

        return GeoPackageSource.open(path, limits)
    if kind == "geojson":
        from etl.readers.geojson import GeoJsonSource

        return GeoJsonSource.open(path, limits)
    if kind == "osm-pbf":
        from etl.readers.osm import OsmSource

        return OsmSource.open(path, limits, layer=layer, mapping=mapping)
    from etl.readers.delimited import DelimitedSource

    return DelimitedSource.open(path, limits)
