"""Unpacking of .gz and .zip behind guards: the sizes a header claims are never trusted."""

from __future__ import annotations

import errno
import gzip
import lzma
import shutil
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from etl.readers.source import Limits
from geo_core.errors import DataQuality, InvalidInput, LimitExceeded, Unavailable

PIECE = 1 << 20
READABLE = (
    ".csv", ".tsv", ".tab", ".txt", ".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".jsonl", ".gpkg", ".parquet", ".geoparquet",
    ".pbf", ".osm", ".kml", ".gpx", ".shp", ".xlsx", ".xlsm",
)  # fmt: skip
DOCUMENTS = (".md", ".html", ".htm", ".pdf", ".rtf", ".doc", ".docx", ".png", ".jpg", ".jpeg", ".exe")
# What belongs to a shapefile; the first three must be there.
SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
MOST_ENTRIES = 10_000
BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    UnicodeError,
    struct.error,
)
PACKED = (".zip", ".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz", ".zst")


def _pour(source: Any, target: Path, packed_bytes: int, limits: Limits) -> None:
    written = 0
    try:
        with target.open("wb") as out:
            while piece := source.read(PIECE):
                written += len(piece)
                if written > limits.max_unpacked_bytes:
                    raise LimitExceeded("unpacked-too-large", limit_bytes=limits.max_unpacked_bytes)
                if written > limits.ratio_from_bytes and written > limits.max_ratio * max(packed_bytes, 1):
                    raise LimitExceeded("zip-bomb", max_ratio=limits.max_ratio)
                out.write(piece)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise Unavailable("disk-full", needed_bytes=written) from error
        raise


def unpack_gzip(path: Path, folder: Path, limits: Limits) -> Path:
    """Unpack ``path`` into ``folder``.

    Raises
    ------
    DataQuality : ``truncated-file``.
    LimitExceeded : ``zip-bomb``, ``unpacked-too-large``.
    Unavailable : ``disk-full``.
    """
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    target = folder / (name or "unpacked")
    try:
        with gzip.open(path) as source:
            _pour(source, target, path.stat().st_size, limits)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataQuality("truncated-file", format="gzip") from error
    return target


def archive_kind(path: Path) -> str:
    """Whether a ZIP file is a workbook (``xlsx``) or an archive (``zip``).

    Raises
    ------
    DataQuality : ``truncated-file``. InvalidInput : ``unsupported-format`` (a document of another office program).
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except BROKEN as error:
        raise DataQuality("truncated-file", format="zip") from error
    if "[Content_Types].xml" in names:
        if not any(name.lower() == "xl/workbook.xml" for name in names) and any(
            n.startswith(("word/", "ppt/")) for n in names
        ):
            raise InvalidInput("unsupported-format", name=path.name, found="Word or PowerPoint")
        return "xlsx"
    if "mimetype" in names and "content.xml" in names:
        raise InvalidInput("unsupported-format", name=path.name, found="OpenDocument")
    return "zip"


def unpack_zip(path: Path, folder: Path, limits: Limits, *, member: str | None = None) -> Path:
    """Unpack the one readable file of an archive, or the one named, into ``folder``; with a shapefile all its parts.

    Parameters
    ----------
    member : path inside the archive, or the last part of it.

    Raises
    ------
    InvalidInput : ``zip-content`` (not exactly one readable file), ``zip-member`` (none of that name, or several), ``zip-nested``,
        ``zip-encrypted``.
    DataQuality : ``truncated-file``.
    LimitExceeded, Unavailable : as :func:`unpack_gzip`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir() and not _is_litter(e.filename)]
            if len(entries) > MOST_ENTRIES:
                raise InvalidInput("zip-content", found=[e.filename for e in entries][:10], formats=list(READABLE))
            entry = _chosen(entries, member)
            wanted = [entry]
            if entry.filename.lower().endswith(".shp"):
                wanted += [e for e in entries if e is not entry and _belongs(e.filename, entry.filename)]
            targets = [folder / _own_name(e, entry) for e in wanted]
            for part, target in zip(wanted, targets, strict=True):
                if part.flag_bits & 1:
                    raise InvalidInput("zip-encrypted", name=part.filename)
                with archive.open(part) as source:
                    _pour(source, target, part.compress_size, limits)
            return targets[0]
    except BROKEN as error:
        raise DataQuality("truncated-file", format="zip") from error


def members(path: Path, *, member: str | None = None) -> tuple[tuple[str, ...], str | None]:
    """The files of an archive that could be read, and the one that is: None where it has to be said which.

    Raises
    ------
    DataQuality : ``truncated-file``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir() and not _is_litter(e.filename)]
    except BROKEN as error:
        raise DataQuality("truncated-file", format="zip") from error
    readable = tuple(e.filename for e in entries if e.filename.lower().endswith(READABLE))
    try:
        return readable, _chosen(entries, member).filename
    except InvalidInput:
        return readable, None


def _chosen(entries: list[zipfile.ZipInfo], member: str | None) -> zipfile.ZipInfo:
    names = [e.filename for e in entries]
    if member is not None:
        wanted = member.casefold().replace("\\", "/")
        found = [e for e in entries if e.filename.casefold().replace("\\", "/") == wanted]
        found = found or [e for e in entries if PurePosixPath(e.filename.replace("\\", "/")).name.casefold() == wanted]
        if len(found) != 1:
            raise InvalidInput("zip-member", member=member, found=names[:20])
        return found[0]
    packed = next((name for name in names if name.lower().endswith(PACKED)), None)
    if packed is not None:
        raise InvalidInput("zip-nested", name=packed)
    readable = [e for e in entries if e.filename.lower().endswith(READABLE)]
    if len(readable) > 1:
        # texts beside the data say whose it is
        readable = [e for e in readable if not e.filename.lower().endswith(".txt")] or readable
    if len(readable) > 1 and all(e.filename.lower().endswith(".kml") for e in readable):
        readable = [e for e in readable if e.filename.lower() == "doc.kml"] or readable  # the main file of a KMZ
    if not readable and len(entries) == 1 and not names[0].lower().endswith(DOCUMENTS):
        return entries[0]  # what it is will be seen in it
    if len(readable) != 1:
        raise InvalidInput("zip-content", found=names[:10], formats=list(READABLE))
    return readable[0]


def _belongs(name: str, shapes: str) -> bool:
    return name.casefold()[:-4] == shapes.casefold()[:-4] and name.lower().endswith(SHAPE_PARTS)


def _own_name(part: zipfile.ZipInfo, entry: zipfile.ZipInfo) -> str:
    """Only the last part of the name is used: a path inside an archive may point anywhere. Parts of a shapefile are named alike."""
    name = PurePosixPath(part.filename.replace("\\", "/")).name.replace("\x00", "")
    if entry.filename.lower().endswith(".shp"):
        return "shapes" + name[-4:].lower()
    return name[-100:] if name not in {"", ".", ".."} else "unpacked"


def _is_litter(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name in {".DS_Store", "Thumbs.db"}


def remove(folder: Path) -> None:
    """Delete a temporary folder and what is in it."""
    shutil.rmtree(folder, ignore_errors=True)
