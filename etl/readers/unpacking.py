"""Unpacking of .gz and .zip behind guards: the sizes a header claims are never trusted."""

from __future__ import annotations

import errno
import gzip
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from etl.readers.source import Limits
from geo_core.errors import DataQuality, InvalidInput, LimitExceeded, Unavailable

PIECE = 1 << 20
READABLE = (".csv", ".tsv", ".txt", ".geojson", ".json", ".gpkg", ".parquet", ".geoparquet", ".pbf")
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


def unpack_zip(path: Path, folder: Path, limits: Limits) -> Path:
    """Unpack the one readable file of an archive into ``folder``.

    Raises
    ------
    InvalidInput : ``zip-content`` (not exactly one readable file), ``zip-nested``, ``zip-encrypted``.
    DataQuality : ``truncated-file``.
    LimitExceeded, Unavailable : as :func:`unpack_gzip`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir() and not _is_litter(e.filename)]
            if any(e.filename.lower().endswith(PACKED) for e in entries):
                raise InvalidInput(
                    "zip-nested", name=next(e.filename for e in entries if e.filename.lower().endswith(PACKED))
                )
            readable = [e for e in entries if e.filename.lower().endswith(READABLE)]
            if len(readable) != 1:
                raise InvalidInput("zip-content", found=[e.filename for e in entries][:10], formats=list(READABLE))
            entry = readable[0]
            if entry.flag_bits & 1:
                raise InvalidInput("zip-encrypted", name=entry.filename)
            # only the last part of the name is used: a path inside an archive may point anywhere
            target = folder / (PurePosixPath(entry.filename.replace("\\", "/")).name or "unpacked")
            with archive.open(entry) as source:
                _pour(source, target, entry.compress_size, limits)
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError) as error:
        raise DataQuality("truncated-file", format="zip") from error
    return target


def _is_litter(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name in {".DS_Store", "Thumbs.db"}


def remove(folder: Path) -> None:
    """Delete a temporary folder and what is in it."""
    shutil.rmtree(folder, ignore_errors=True)
