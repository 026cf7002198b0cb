"""CSV and its relatives, streamed in blocks: Arrow's parser for clean blocks, Python's for dirty ones."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import shapely

from etl.formulas import unmarked_column
from etl.readers.dialect import DELIMITERS, RARE, Dialect, sniff, unblank
from etl.readers.encoding import Lines, decode_lines, guess, is_plain
from etl.readers.quoting import records
from etl.readers.source import Limits, RawChunk, Source
from etl.readers.table import FOOTER_WITHIN, footer_rows
from etl.records import RejectedRow, shown
from geo_core.errors import DataQuality
from layers.spec import TableReading

HEAD = 256 << 10
TAIL = 64 << 10
MOST_HEADER_BYTES = 2 << 20
WKT_NAMES = frozenset({"wkt", "geometry", "geom", "the_geom", "shape"})
NEWLINES_TRIED = 1000
_LINE_END = re.compile(rb"\r\n|\n|\r(?!$)")


@dataclass(frozen=True)
class _Block:
    columns: dict[str, pa.Array]
    kept: np.ndarray[tuple[int], np.dtype[np.int64]]  # row within the block, from 0
    rows: int
    rejected: list[tuple[int, str, str, dict[str, object]]]  # row within the block, line, code, params
    mixed: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None  # of ``kept``: was in another encoding
    size: int = 0


@dataclass(eq=False)
class DelimitedSource(Source):
    """A delimited text; see :class:`~etl.readers.source.Source`.

    A line in another encoding than the file's is read by its own with the flag ``encoding-mixed``; one that makes sense in none is
    rejected with ``bad-encoding``. A row of totals at the end is rejected with ``footer-row``.
    """

    path: Path = Path()
    encoding: str = "utf-8"
    stated: bool = False
    dialect: Dialect = field(default_factory=lambda: Dialect(",", ()))
    wkt: str | None = None
    footers: int = 0
    only_cr: bool = False
    _done: int = 0

    @classmethod
    def open(cls, path: Path, limits: Limits, reading: TableReading | None = None) -> Self:
        """Find encoding, separator and header, where ``reading`` does not state them.

        Raises
        ------
        DataQuality : ``empty-file``, ``no-header``, ``binary-file``.
        InvalidInput : ``too-many-columns``, ``header-row-missing``.
        """
        reading = reading or TableReading()
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD)
            # names may be many, but a first line without end is no table
            while len(head) < size and not (b"\n" in head or b"\r" in head):
                if len(head) > MOST_HEADER_BYTES:
                    raise DataQuality("line-too-long", limit_bytes=MOST_HEADER_BYTES)
                head += file.read(len(head))
        whole = len(head) == size
        found = guess(head, cut=not whole)
        encoding = reading.encoding or found.encoding
        if reading.encoding and codecs.lookup(reading.encoding).name == "utf-8" and head.startswith(codecs.BOM_UTF8):
            encoding = "utf-8-sig"
        text = _text_of(head, encoding, stated=reading.encoding is not None)
        if not whole and (end := max(text.rfind("\n"), text.rfind("\r"))) >= 0:
            text = text[: end + 1]
        if not text.strip("\ufeff \t\r\n\x00"):
            raise DataQuality("empty-file", name=path.name)
        dialect = sniff(text.lstrip("\ufeff"), reading)
        geometry = [n for n in dialect.header if n.casefold() in WKT_NAMES]
        source = cls(
            limits=limits,
            format="csv",
            header=tuple(n for n in dialect.header if n not in geometry[:1]),
            has_geometry=bool(geometry),
            decimal=reading.decimal,
            reading=TableReading(
                encoding=encoding.removesuffix("-sig"),
                delimiter=" " * dialect.blanks if dialect.blanks else dialect.delimiter,
                decimal=reading.decimal,
                header_row=dialect.first_line,
                header_rows=dialect.header_rows,
            ),
            path=path,
            encoding=encoding,
            stated=reading.encoding is not None,
            dialect=dialect,
            wkt=geometry[0] if geometry else None,
            only_cr="\n" not in text and "\r" in text,
        )
        source.footers = source._footers(size)
        if found.guessed and reading.encoding is None:
            source.warnings.add("encoding-guessed", encoding=encoding)
        if dialect.preamble:
            source.warnings.add("preamble-skipped", dialect.preamble, rows=dialect.preamble)
        for name in dialect.repeated:
            source.warnings.add("column-repeated", column=name)
        if dialect.header_rows > 1:
            source.warnings.add("header-joined", rows=dialect.header_rows)
        return source

    def looks_uncut(self) -> bool:
        """Whether the text has one column whose name holds what could be a separator."""
        return len(self.dialect.header) == 1 and any(
            mark.strip() and mark in self.dialect.header[0] for mark in (*DELIMITERS, *RARE, "~", "#", "!", "\\", "/")
        )

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        wanted = list(dict.fromkeys(self.header if columns is None else columns))
        if self.wkt is not None:
            wanted.append(self.wkt)
        if not wanted:
            wanted = [self.dialect.header[0]]
        seen = 0
        size = max(self.path.stat().st_size, 1)
        with self.path.open("rb") as file, ThreadPoolExecutor(1) as ahead:
            blocks = self._blocks(file)
            # the next block is read and parsed while this one is checked
            block = self._next(blocks, wanted)
            while block is not None:
                coming = ahead.submit(self._next, blocks, wanted)
                self._done += block.size
                self.progress = min(self._done / size, 1.0)
                if self.footers and self._done >= size - TAIL:
                    # only the last block has them, so it is waited for
                    block = block if coming.result() is not None else _without_footers(block, self.footers)
                yield from self._cut(block, seen)
                seen += block.rows
                self.count(seen)
                block = coming.result()

    def _footers(self, size: int) -> int:
        """How many of the last rows are totals or notes, by the end of the file."""
        if self.encoding.startswith("utf-16") or (self.stated and "16" in self.encoding):
            return 0
        with self.path.open("rb") as file:
            file.seek(max(size - TAIL, 0))
            tail = file.read()
        lines = tail.splitlines(keepends=True)[1:]
        text = _text_of(b"".join(lines[-4 * FOOTER_WITHIN :]), self.encoding, stated=self.stated)
        if self.dialect.blanks:
            text = unblank(text, self.dialect.blanks)
        rows = [r.cells or [] for r in records(_physical(text), self.dialect.delimiter)]
        there = [r for r in rows if r]
        if len(there) < 2 or any(len(r) != len(self.dialect.header) for r in there[-FOOTER_WITHIN:]):
            return 0  # ragged rows are rejected for that
        return footer_rows(there)

    def _next(self, blocks: Iterator[bytes], wanted: list[str]) -> _Block | None:
        data = next(blocks, None)
        return None if data is None else replace(self._parse(data, wanted), size=len(data))

    def _cut(self, block: _Block, before: int) -> Iterator[RawChunk]:
        rejected = tuple(
            RejectedRow(row_number=before + row + 1, raw={"line": shown(line)}, reasons=((code, params),))
            for row, line, code, params in block.rejected
        )
        step = self.limits.chunk_rows
        for start in range(0, max(len(block.kept), 1), step):
            part = {name: unmarked_column(column[start : start + step]) for name, column in block.columns.items()}
            geometry = None
            if self.wkt is not None:
                texts = part.pop(self.wkt).to_pylist()
                geometry = shapely.from_wkt(texts, on_invalid="ignore")
                broken = np.array(
                    [t is not None and bool(t.strip()) for t in texts], dtype=np.bool_
                ) & shapely.is_missing(geometry)
                # what cannot be read is an empty collection, so that it is told from no geometry
                geometry[broken] = shapely.GeometryCollection()
            flags = {} if block.mixed is None else {"encoding-mixed": block.mixed[start : start + step]}
            yield RawChunk(
                part,
                before + 1 + block.kept[start : start + step],
                geometry,
                rejected=rejected if start == 0 else (),
                flags=flags,
            )

    def _blocks(self, file: BinaryIO) -> Iterator[bytes]:
        """Whole lines of the body in the file's encoding (UTF-16 as UTF-8); the first block starts after the header."""
        wide = codecs.lookup(self.encoding).name.startswith(("utf-16", "utf-32"))
        decoder = codecs.getincrementaldecoder(self.encoding)("replace") if wide else None
        rest = b""
        first = True
        while True:
            piece = file.read(self.limits.block_bytes)
            last = len(piece) < self.limits.block_bytes
            if decoder is not None:
                piece = decoder.decode(piece, final=last).encode("utf-8", "surrogateescape")
            if self.only_cr:
                piece = piece.replace(b"\r", b"\n")
            data = rest + piece
            if first and data.startswith(codecs.BOM_UTF8):
                data = data[3:]
            if first:
                body = _after_lines(data, self.dialect.lines)
                if body is None and not last:
                    rest = data
                    continue
                data = body or b""
            # a block may be shorter than a record: wait for its end, but not for ever
            patient = not last and len(data) < 3 * self.limits.block_bytes
            cut = len(data) if last else _last_line_end(data, patient=patient)
            rest = data[cut:]
            if len(rest) > 4 * self.limits.block_bytes:
                raise DataQuality("line-too-long", limit_bytes=4 * self.limits.block_bytes)
            first = False
            body = data if cut == len(data) else data[:cut]
            if body and not body.isspace():
                yield body
            if last:
                return

    def _parse(self, data: bytes, wanted: list[str]) -> _Block:
        encoding = (
            "utf-8" if codecs.lookup(self.encoding).name.startswith(("utf-8", "utf-16", "utf-32")) else self.encoding
        )
        dirty = not (self.stated and encoding != "utf-8" and _decodes(data, encoding)) and not is_plain(data, encoding)
        if not dirty:
            if encoding != "utf-8" and not data.isascii():
                data = data.decode(encoding).encode()
            if self.dialect.blanks:
                data = unblank(data.decode(), self.dialect.blanks).encode()
            if b"\x00" not in data and not _has_quoted_line_end(data):
                try:
                    return self._parse_fast(data, wanted)
                except pa.ArrowInvalid:
                    pass
            return self._parse_slow(Lines(_physical(data.decode()), frozenset(), frozenset()), wanted)
        lines = decode_lines(data, encoding, strict=self.stated)
        if self.dialect.blanks:
            lines = replace(lines, texts=[unblank(text, self.dialect.blanks) for text in lines.texts])
        return self._parse_slow(lines, wanted)

    def _parse_fast(self, data: bytes, wanted: list[str]) -> _Block:
        bad: list[pacsv.InvalidRow] = []

        def set_aside(row: pacsv.InvalidRow) -> str:
            bad.append(row)
            return "skip"

        def read(*, threads: bool) -> pa.Table:
            return pacsv.read_csv(
                pa.BufferReader(data),
                read_options=pacsv.ReadOptions(
                    column_names=list(self.dialect.header),
                    use_threads=threads,
                    block_size=max(2 << 20, _longest_line(data) + 1),
                ),
                parse_options=pacsv.ParseOptions(delimiter=self.dialect.delimiter, invalid_row_handler=set_aside),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(self.dialect.header, pa.string()),
                    include_columns=wanted,
                    strings_can_be_null=True,
                    null_values=[""],
                    quoted_strings_can_be_null=True,
                ),
            )

        table = read(threads=True)
        if bad:  # only the parser with one thread knows the numbers of the rows
            bad.clear()
            table = read(threads=False)
        rows = table.num_rows + len(bad)
        kept = np.delete(np.arange(rows, dtype=np.int64), [row.number - 1 for row in bad])
        rejected = [
            (
                row.number - 1,
                row.text,
                "wrong-field-count",
                {"expected": row.expected_columns, "found": row.actual_columns},
            )
            for row in bad
        ]
        return _Block({n: table[n].combine_chunks() for n in wanted}, kept, rows, rejected)

    def _parse_slow(self, lines: Lines, wanted: list[str]) -> _Block:
        width = len(self.dialect.header)
        at = [self.dialect.header.index(name) for name in wanted]
        values: list[list[str | None]] = [[] for _ in wanted]
        kept: list[int] = []
        mixed: list[bool] = []
        rejected: list[tuple[int, str, str, dict[str, object]]] = []
        number = -1
        csv.field_size_limit(max(csv.field_size_limit(), 5 * self.limits.block_bytes))
        for record in records(lines.texts, self.dialect.delimiter):
            number += 1
            own = range(record.first, record.last + 1)
            line = lines.texts[record.first].rstrip("\r\n")
            if lines.unreadable and not lines.unreadable.isdisjoint(own):
                rejected.append((number, line, "bad-encoding", {"encoding": self.encoding}))
            elif record.cells is None:
                rejected.append((number, line, "broken-quotes", {}))
            elif len(record.cells) != width:
                rejected.append((number, line, "wrong-field-count", {"expected": width, "found": len(record.cells)}))
            elif any("\x00" in cell for cell in record.cells):
                rejected.append((number, line, "bad-encoding", {"encoding": self.encoding}))
            else:
                kept.append(number)
                mixed.append(bool(lines.mixed) and not lines.mixed.isdisjoint(own))
                for column, position in zip(values, at, strict=True):
                    column.append(record.cells[position] or None)
        columns = {n: pa.array(v, type=pa.string()) for n, v in zip(wanted, values, strict=True)}
        flags = np.array(mixed, dtype=np.bool_) if lines.mixed else None
        return _Block(columns, np.array(kept, dtype=np.int64), number + 1, rejected, flags)


def _without_footers(block: _Block, count: int) -> _Block:
    """A block whose last rows are rejected because they are totals or notes."""
    footer = block.kept >= block.rows - count
    rows = np.flatnonzero(footer).tolist()
    line = {k: "; ".join(v for c in block.columns.values() if (v := c[k].as_py())) for k in rows}
    stay = pa.array(~footer)
    return replace(
        block,
        columns={name: column.filter(stay) for name, column in block.columns.items()},
        kept=block.kept[~footer],
        rejected=[*block.rejected, *((int(block.kept[k]), line[k], "footer-row", {}) for k in rows)],
        mixed=None if block.mixed is None else block.mixed[~footer],
    )


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _text_of(data: bytes, encoding: str, *, stated: bool) -> str:
    """The head of a file as text; foreign lines are read by their own encoding."""
    if codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        return codecs.getincrementaldecoder(encoding)("replace").decode(data)
    return "".join(decode_lines(data, encoding, strict=stated).texts).encode("utf-8", "replace").decode()


def _physical(text: str) -> list[str]:
    """Lines with their ends; only carriage return and line feed end one, as in bytes."""
    return re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+", text)


def _longest_line(data: bytes) -> int:
    """Length of the longest line, in bytes; Arrow needs a whole one in what it parses at a time."""
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n"))
    return int(np.diff(ends, prepend=-1, append=len(data)).max(initial=0))


def _after_lines(data: bytes, lines: int) -> bytes | None:
    """What follows the first ``lines`` physical lines, None when they do not end here."""
    end = 0
    for _ in range(lines):
        found = _LINE_END.search(data, end)
        if found is None:
            return None
        end = found.end()
    return data[end:]


def _last_line_end(data: bytes, *, patient: bool) -> int:
    """One past the last line end that is not inside quotes.

    Where quotes never balance it is 0 while ``patient``, else one past the last line end: a stray quote must not swallow
    the rest of the file.
    """
    end = plain = data.rfind(b"\n")
    if b'"' not in data:
        return plain + 1
    quotes = data.count(b'"', 0, end + 1)
    for _ in range(NEWLINES_TRIED):
        if end < 0 or quotes % 2 == 0:
            break
        before = data.rfind(b"\n", 0, end)
        quotes -= data.count(b'"', before + 1, end + 1)
        end = before
    if end >= 0 and quotes % 2 == 0:
        return end + 1
    return 0 if patient else plain + 1


def _has_quoted_line_end(data: bytes) -> bool:
    """Whether a line end stands inside quotes: only then must the parser walk the block in one piece."""
    if b'"' not in data:
        return False
    letters = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero((letters == ord("\n")) | (letters == ord("\r")))
    before = np.searchsorted(np.flatnonzero(letters == ord('"')), ends)
    return bool((before % 2 == 1).any())
