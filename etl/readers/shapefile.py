"""Shapefile: its parts checked against each other, the encoding of its table found out where no ``.cpg`` tells it."""

from __future__ import annotations

import codecs
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyogrio

from etl.readers.encoding import guess
from etl.readers.ogr import FAULTS, OgrSource, quiet
from etl.readers.source import Limits
from geo_core.errors import DataQuality, InvalidInput
from layers.spec import TableReading

SAMPLE = 1 << 20
# Language driver ids of dBase that tell an encoding (others are left to the letters).
LANGUAGE_DRIVERS = {
    0x26: "cp866",
    0x65: "cp866",
    0xC9: "cp1251",
    0x4E: "cp949",
    0x79: "cp949",
    0x03: "cp1252",
    0x57: "cp1252",
}
# Ids that programs write whatever the texts are in: ArcGIS writes 0x57 for "ANSI".
VAGUE = frozenset({0x00, 0x57, 0x03})


@dataclass(frozen=True)
class _Table:
    records: int
    deleted: int
    driver: int
    texts: bytes


@dataclass(eq=False)
class ShapefileSource(OgrSource):
    """A shapefile with its parts beside it under the same name. Heights and measures of its points are left out by intake."""

    @classmethod
    def open(cls, path: Path, limits: Limits, reading: TableReading | None = None) -> Self:
        """Check that the parts are there, whole and agree.

        Raises
        ------
        InvalidInput : ``shapefile-incomplete`` (``.shx`` or ``.dbf`` is not there).
        DataQuality : ``truncated-file``, ``shapefile-disagrees`` (its parts count differently).
        """
        parts = {p.suffix.lower(): p for p in path.parent.glob("*") if p.stem == path.stem and p.is_file()}
        missing = [end for end in (".shx", ".dbf") if end not in parts]
        if missing:
            raise InvalidInput("shapefile-incomplete", missing=missing)
        shapes = _check_shapes(path, parts[".shx"])
        table = _check_table(parts[".dbf"])
        if shapes != table.records:
            raise DataQuality("shapefile-disagrees", shapes=shapes, rows=table.records)
        encoding, guessed = _encoding(parts.get(".cpg"), table, reading)
        try:
            with quiet():
                info = pyogrio.read_info(path, encoding=encoding)
        except FAULTS as error:
            raise DataQuality("truncated-file", format="shapefile") from error
        source = cls(
            limits=limits,
            format="shapefile",
            header=tuple(str(n) for n in info["fields"]),
            crs=info["crs"],
            has_geometry=True,
            path=path,
            table=str(info["layer_name"]),
            features=table.records - table.deleted,
            encoding=encoding,
            reading=TableReading(encoding=encoding),
        )
        if guessed:
            source.warnings.add("encoding-guessed", encoding=encoding)
        if info["crs"] is None:
            source.warnings.add("crs-not-stated")
        if table.deleted:
            source.warnings.add("deleted-records", table.deleted, rows=table.deleted)
        return source


def _check_shapes(path: Path, index: Path) -> int:
    """Number of shapes; both files must be as long as their headers say, and every shape must lie inside."""
    for part in (path, index):
        size = part.stat().st_size
        head = part.read_bytes()[:100] if size < SAMPLE else _first(part, 100)
        if (
            len(head) < 100
            or struct.unpack(">i", head[:4])[0] != 9994
            or struct.unpack(">i", head[24:28])[0] * 2 > size
        ):
            raise DataQuality("truncated-file", format="shapefile")
    length = struct.unpack(">i", _first(index, 28)[24:28])[0] * 2
    return max(0, (length - 100) // 8)


def _first(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        return file.read(count)


def _check_table(path: Path) -> _Table:
    """Number of rows and a sample of the texts of a dBase table.

    Raises
    ------
    DataQuality : ``truncated-file``.
    """
    head = _first(path, 32)
    if len(head) < 32:
        raise DataQuality("truncated-file", format="shapefile")
    records, header_size, record_size = struct.unpack("<IHH", head[4:12])
    if record_size < 1 or header_size < 33 or header_size + records * record_size > path.stat().st_size:
        raise DataQuality("truncated-file", format="shapefile")
    deleted = 0
    texts: list[bytes] = []
    with path.open("rb") as file:
        descriptors = file.read(header_size)[32:]
        spans, at = [], 1
        for start in range(0, len(descriptors) - 31, 32):
            if descriptors[start] == 0x0D:
                break
            size = descriptors[start + 16]
            if descriptors[start + 11] == ord("C"):
                spans.append((at, at + size))
            at += size
        names = b"\n".join(descriptors[s : s + 11].split(b"\x00")[0] for s in range(0, len(descriptors) - 31, 32))
        many = max(1, SAMPLE // record_size)
        for start in range(0, records, many):
            piece = file.read(many * record_size)
            deleted += piece[::record_size].count(b"*")
            if start == 0:
                rows = (piece[k : k + record_size] for k in range(0, len(piece), record_size))
                texts = [row[a:b].rstrip(b" \x00") for row in rows for a, b in spans]
    return _Table(records, deleted, head[29], names + b"\n" + b"\n".join(texts))


def _encoding(cpg: Path | None, table: _Table, reading: TableReading | None) -> tuple[str, bool]:
    """Encoding of the texts and whether it was guessed: stated, of the ``.cpg``, of the table's header, of the letters."""
    if reading is not None and reading.encoding is not None:
        return reading.encoding, False
    if cpg is not None:
        named = _first(cpg, 64).decode("ascii", "ignore").strip().strip("\x00\ufeff").lower()
        named = {
            "ansi 1251": "cp1251",
            "1251": "cp1251",
            "1252": "cp1252",
            "949": "cp949",
            "866": "cp866",
            "65001": "utf-8",
        }.get(named, named)
        try:
            return codecs.lookup(named).name, False
        except LookupError:
            pass
    if table.driver in LANGUAGE_DRIVERS and table.driver not in VAGUE:
        return LANGUAGE_DRIVERS[table.driver], False
    found = guess(table.texts, cut=False)
    if table.texts.isascii():
        return "utf-8", False
    # nothing in the file said so, not even where it is plainly UTF-8
    return found.encoding, True
