"""The parts of an XLSX file: its sheets, shared texts, date styles, and the cells of a sheet row by row.

Read with expat straight from the archive: memory stays bounded whatever a sheet claims to hold, no entity is expanded, and a cell
whose formula was never computed or failed is told from an empty one, which table libraries do not tell.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from etl.readers.markup import Element, Refusing, elements, plain
from etl.readers.source import Limits
from etl.readers.unpacking import BROKEN
from geo_core.errors import DataQuality, InvalidInput, LimitExceeded

PIECE = 128 << 10
MOST_COLUMNS_OF_SHEET = 16_384
# Built-in number formats that are dates, with what they show (ECMA-376 part 1, 18.8.30).
_BUILT_IN = {**dict.fromkeys((14, 15, 16, 17, *range(27, 32), 34, 35, 36, *range(50, 59)), "date"),
             **dict.fromkeys((18, 19, 20, 21, 32, 33, 45, 46, 47), "clock"), 22: "moment"}  # fmt: skip
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]', re.IGNORECASE)
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}):([A-Z]{1,3}\d{1,7})"')
MOST_MERGES = 200_000


class Odd(Enum):
    """Cells that hold no value one could use."""

    ERROR = "error-cell"
    NOT_COMPUTED = "formula-without-value"


@dataclass(frozen=True)
class Clock:
    """A time of day without a date."""

    seconds: int

    def __str__(self) -> str:
        return f"{self.seconds // 3600:02}:{self.seconds // 60 % 60:02}"


Cell = str | float | bool | date | datetime | Clock | Odd


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, its part in the archive, whether a reader sees it."""

    name: str
    part: str
    visible: bool


class _Guarded:
    """A part of the archive that refuses to grow out of all proportion."""

    def __init__(self, archive: zipfile.ZipFile, name: str, limits: Limits) -> None:
        try:
            entry = archive.getinfo(name)
        except KeyError:
            raise DataQuality("broken-workbook", part=name) from None
        if entry.flag_bits & 1:
            raise InvalidInput("zip-encrypted", name=name)
        self.packed, self.limits, self.written = entry.compress_size, limits, 0
        self.size = entry.file_size
        try:
            self.file = archive.open(entry)
        except BROKEN as error:
            raise DataQuality("truncated-file", format="xlsx") from error

    def read(self, size: int = PIECE) -> bytes:
        try:
            piece = self.file.read(size)
        except (*BROKEN, OSError) as error:
            raise DataQuality("truncated-file", format="xlsx") from error
        self.written += len(piece)
        if self.written > self.limits.max_unpacked_bytes:
            raise LimitExceeded("unpacked-too-large", limit_bytes=self.limits.max_unpacked_bytes)
        if self.written > self.limits.ratio_from_bytes and self.written > self.limits.max_ratio * max(self.packed, 1):
            raise LimitExceeded("zip-bomb", max_ratio=self.limits.max_ratio)
        return piece


class Workbook:
    """An opened XLSX file.

    Raises
    ------
    DataQuality : ``truncated-file``, ``broken-workbook`` (a part is missing), ``broken-xml``.
    InvalidInput : ``unsupported-format``, ``zip-encrypted``, ``xml-doctype``. LimitExceeded : ``zip-bomb``, ``workbook-too-large``.
    """

    def __init__(self, archive: zipfile.ZipFile, limits: Limits, name: str) -> None:
        self.archive, self.limits = archive, limits
        main = self._target("", "officeDocument") or "xl/workbook.xml"
        if main.endswith(".bin"):
            raise InvalidInput("unsupported-format", name=name, found="XLSB")
        related = self._related(main)
        self.epoch_1904 = False
        self.sheets: list[Sheet] = []
        for element in self._elements(main, {"sheet", "workbookPr"}):
            if element.tag == "workbookPr":
                self.epoch_1904 = element.attributes.get("date1904") in {"1", "true"}
                continue
            kind, part = related.get(element.attributes.get("id", ""), ("", ""))
            if kind == "worksheet":
                visible = element.attributes.get("state", "visible") == "visible"
                self.sheets.append(Sheet(element.attributes.get("name", ""), part, visible))
        by_kind = dict(related.values())
        self.texts = self._texts(by_kind["sharedStrings"]) if "sharedStrings" in by_kind else []
        self.styles = self._styles(by_kind["styles"]) if by_kind.get("styles") in self._names else []

    @property
    def _names(self) -> dict[str, Any]:
        return self.archive.NameToInfo

    def _elements(self, part: str, tags: set[str]) -> Iterator[Element]:
        guarded: Any = _Guarded(self.archive, part, self.limits)
        return elements(guarded, frozenset(tags), format="xlsx", limit=self.limits.max_feature_bytes)

    def _related(self, part: str) -> dict[str, tuple[str, str]]:
        """Relation id → (kind, part)."""
        folder, _, name = part.rpartition("/")
        relations = f"{folder}/_rels/{name}.rels".lstrip("/")
        if relations not in self._names:
            return {}
        out = {}
        for element in self._elements(relations, {"Relationship"}):
            target = element.attributes.get("Target", "")
            if element.attributes.get("TargetMode") == "External":
                continue
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            out[element.attributes.get("Id", "")] = (element.attributes.get("Type", "").rpartition("/")[2], path)
        return out

    def _target(self, part: str, kind: str) -> str | None:
        return next((path for found, path in self._related(part).values() if found == kind), None)

    def _texts(self, part: str) -> list[str]:
        out: list[str] = []
        weight = 0
        for element in self._elements(part, {"si"}):
            text = _runs(element)
            weight += len(text)
            if weight > self.limits.max_strings_bytes:
                raise LimitExceeded("workbook-too-large", limit_bytes=self.limits.max_strings_bytes)
            out.append(text)
        return out

    def _styles(self, part: str) -> list[str | None]:
        """Per cell style: date, moment, clock, or None for everything else."""
        custom: dict[int, str | None] = {}
        out: list[str | None] = []
        for element in self._elements(part, {"numFmt", "cellXfs"}):
            if element.tag == "numFmt":
                custom[_whole(element.attributes.get("numFmtId"))] = _kind(element.attributes.get("formatCode", ""))
                continue
            for style in element.children:
                number = _whole(style.attributes.get("numFmtId"))
                out.append(custom[number] if number in custom else _BUILT_IN.get(number))
        return out

    def merged(self, sheet: Sheet) -> list[tuple[int, int, int, int]]:
        """Merged ranges as (first row, first column, last row, last column), from 1."""
        guarded = _Guarded(self.archive, sheet.part, self.limits)
        out, rest = [], b""
        while piece := guarded.read(1 << 20):
            data = rest + piece
            end = 0
            for found in _MERGE.finditer(data):
                (r1, c1), (r2, c2) = reference(found[1].decode()), reference(found[2].decode())
                out.append((min(r1, r2), min(c1, c2), max(r1, r2), max(c1, c2)))
                end = found.end()
                if len(out) > MOST_MERGES:
                    raise LimitExceeded("workbook-too-large", limit_bytes=self.limits.max_strings_bytes)
            rest = data[max(end, len(data) - 200) :]
        return out

    def rows(self, sheet: Sheet) -> Iterator[tuple[int, dict[int, Cell], float]]:
        """(row number, column → value, share of the sheet read) of every row that holds something; numbers from 1."""
        guarded = _Guarded(self.archive, sheet.part, self.limits)
        walk = _SheetWalk(self)
        while True:
            piece = guarded.read()
            walk.refusing.feed(piece, last=not piece)
            share = min(guarded.written / max(guarded.size, 1), 1.0)
            for number, cells in walk.found:
                yield number, cells, share
            walk.found.clear()
            if not piece:
                return

    def value(self, kind: str, style: int, text: str) -> Cell | None:
        """What a cell holds."""
        match kind:
            case "s":
                number = _whole(text)
                return (self.texts[number] or None) if 0 <= number < len(self.texts) else Odd.ERROR
            case "str" | "inlineStr":
                return text or None
            case "b":
                return text.strip() in {"1", "true"}
            case "e":
                return Odd.ERROR
            case "d":
                return text or None
        try:
            number_ = float(text)
        except ValueError:
            return text or None
        if "_" in text or number_ - number_ != 0:  # Python's own digits, infinity
            return Odd.ERROR
        shown_as = self.styles[style] if 0 <= style < len(self.styles) else None
        return number_ if shown_as is None else self._moment(number_, shown_as)

    def _moment(self, serial: float, kind: str) -> Cell:
        """A date serial as what its style shows; out of the calendar it stays a number."""
        if kind == "clock" and 0 <= serial < 1:
            return Clock(min(round(serial * 86_400), 86_399))
        if kind == "clock" or not 0 < serial < 2_958_466:
            return serial
        # Lotus 1-2-3 thought that 1900 was a leap year, and so does everybody since
        first = datetime(1904, 1, 1) if self.epoch_1904 else datetime(1899, 12, 30 if serial >= 60 else 31)  # noqa: DTZ001 - wall clock
        moment = first + timedelta(seconds=round(serial * 86_400))
        # a clock the style hides is known all the same
        return moment.date() if kind == "date" and serial == int(serial) else moment


class _SheetWalk:
    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.found: list[tuple[int, dict[int, Cell]]] = []
        self.row, self.column = 0, 0
        self.cells: dict[int, Cell] = {}
        self.kind, self.style = "n", 0
        self.text: list[str] = []
        self.weight = 0
        self.taking = self.computed = self.valued = False
        self.refusing = Refusing("xlsx")
        parser = self.refusing.parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = plain(name)
        if tag == "c":
            found = reference(attributes.get("r", ""))
            self.column = found[1] if found != (0, 0) else self.column + 1
            self.kind = attributes.get("t", "n")
            self.style = _whole(attributes.get("s", "0"))
            self.text, self.weight = [], 0
            self.computed = self.valued = False
        elif tag == "row":
            number = _whole(attributes.get("r", ""))
            self.row = number if number > 0 else self.row + 1
            self.column, self.cells = 0, {}
        elif tag in {"v", "t"}:
            self.taking = True
            self.valued = True
        elif tag == "f":
            self.computed = True
        elif tag == "rPh":
            self.kind = "phonetic" if self.kind == "inlineStr" else self.kind

    def _characters(self, data: str) -> None:
        if self.taking:
            self.text.append(data)
            self.weight += len(data)
            if self.weight > self.book.limits.max_feature_bytes:
                raise LimitExceeded("element-too-large", limit_bytes=self.book.limits.max_feature_bytes)

    def _end(self, name: str) -> None:
        tag = plain(name)
        if tag in {"v", "t"}:
            self.taking = False
        elif tag == "c":
            if not 1 <= self.column <= MOST_COLUMNS_OF_SHEET:
                raise DataQuality("broken-workbook", part="sheet")
            text = "".join(self.text)
            if self.valued and (text.strip() or self.kind != "n"):
                value = self.book.value(self.kind, self.style, text)
                if value is not None and not (isinstance(value, str) and not value.strip()):
                    self.cells[self.column] = value
            elif self.computed:
                self.cells[self.column] = Odd.NOT_COMPUTED
        elif tag == "row" and self.cells:
            self.found.append((self.row, self.cells))
            self.cells = {}


def _runs(element: Element) -> str:
    """The text of a shared string: plain, or in runs; reading aids (phonetics) are left out."""
    out = []
    for inner in element.children:
        if inner.tag == "t":
            out.append(inner.text)
        elif inner.tag == "r":
            out.extend(c.text for c in inner.children if c.tag == "t")
    return "".join(out)


def _kind(code: str) -> str | None:
    """What a number format shows: date, moment (date and clock), clock, or None."""
    bare = _LITERAL.sub("", code.partition(";")[0]).lower()
    day, clock = bool(re.search(r"[yd]", bare)), bool(re.search(r"[hs]", bare))
    if "general" in bare or not (day or clock or re.fullmatch(r"[^0#?]*m+[^0#?]*", bare)):
        return None
    return "moment" if day and clock else "clock" if clock else "date"


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else -1


def reference(text: str) -> tuple[int, int]:
    """Row and column, from 1, of ``B12``; (0, 0) where it is none."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        return 0, 0
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column
