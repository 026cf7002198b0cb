"""CSV and its relatives, streamed in blocks: Arrow's parser for clean blocks, Python's for dirty ones."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import shapely

from etl.readers.dialect import DELIMITERS, Dialect, sniff
from etl.readers.encoding import guess
from etl.readers.source import Limits, RawChunk, Source
from etl.records import RejectedRow, shown
from geo_core.errors import DataQuality

HEAD = 256 << 10
WKT_NAMES = frozenset({"wkt", "geometry", "geom", "the_geom", "shape"})
NEWLINES_TRIED = 1000


@dataclass(frozen=True)
class _Block:
    columns: dict[str, pa.Array]
    kept: np.ndarray[tuple[int], np.dtype[np.int64]]  # row within the block, from 0
    rows: int
    rejected: list[tuple[int, str, str, dict[str, object]]]  # row within the block, line, code, params
    size: int = 0


@dataclass(eq=False)
class DelimitedSource(Source):
    """A delimited text; see :class:`~etl.readers.source.Source`."""

    path: Path = Path()
    encoding: str = "utf-8"
    dialect: Dialect = field(default_factory=lambda: Dialect(",", (), 0))
    wkt: str | None = None
    _done: int = 0

    @classmethod
    def open(cls, path: Path, limits: Limits) -> Self:
        """Find encoding, separator and header.

        Raises
        ------
        DataQuality : ``empty-file``, ``no-header``, ``binary-file``.
        """
        with path.open("rb") as file:
            head = file.read(HEAD)
        encoding, guessed = guess(head)
        text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
        if len(head) == HEAD and "\n" in text:
            text = text[: text.rindex("\n") + 1]
        dialect = sniff(text)
        geometry = [n for n in dialect.header if n.casefold() in WKT_NAMES]
        source = cls(
            limits=limits,
            format="csv",
            header=tuple(n for n in dialect.header if n not in geometry[:1]),
            has_geometry=bool(geometry),
            path=path,
            encoding=encoding,
            dialect=dialect,
            wkt=geometry[0] if geometry else None,
        )
        if guessed:
            source.warnings.add("encoding-guessed", encoding=encoding)
        if dialect.preamble:
            source.warnings.add("preamble-skipped", dialect.preamble, rows=dialect.preamble)
        return source

    def looks_uncut(self) -> bool:
        """Whether the text has one column whose name holds what could be a separator."""
        return len(self.dialect.header) == 1 and any(
            mark in self.dialect.header[0] for mark in (*DELIMITERS, ":", "^", "~")
        )

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        wanted = list(dict.fromkeys(self.header if columns is None else columns))
        if self.wkt is not None:
            wanted.append(self.wkt)
        if not wanted:
            wanted = [self.dialect.header[0]]
        seen = 0
        with self.path.open("rb") as file, ThreadPoolExecutor(1) as ahead:
            blocks = self._blocks(file)
            # the next block is read and parsed while this one is checked
            following = ahead.submit(self._next, blocks, wanted)
            while (block := following.result()) is not None:
                following = ahead.submit(self._next, blocks, wanted)
                self._done += block.size
                self.progress = min(self._done / max(self.path.stat().st_size, 1), 1.0)
                yield from self._cut(block, seen)
                seen += block.rows
                self.count(seen)

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
            part = {name: column[start : start + step] for name, column in block.columns.items()}
            geometry = None
            if self.wkt is not None:
                texts = part.pop(self.wkt).to_pylist()
                geometry = shapely.from_wkt(texts, on_invalid="ignore")
            yield RawChunk(
                part, before + 1 + block.kept[start : start + step], geometry, rejected=rejected if start == 0 else ()
            )

    def _blocks(self, file: BinaryIO) -> Iterator[bytes]:
        """Whole lines of the body as UTF-8 with what cannot be decoded left as it is; the first block starts after the header."""
        recode = self.encoding not in {"utf-8", "utf-8-sig"}
        # a byte the encoding does not know stays a byte that is not UTF-8, so that its row is rejected and not altered
        errors = "replace" if self.encoding == "utf-16" else "surrogateescape"
        decoder = codecs.getincrementaldecoder(self.encoding)(errors) if recode else None
        rest = b""
        first = True
        while True:
            piece = file.read(self.limits.block_bytes)
            last = len(piece) < self.limits.block_bytes
            if decoder is not None:
                piece = decoder.decode(piece, final=last).encode("utf-8", "surrogateescape")
            data = rest + piece
            if first and len(data) >= 3 and data.startswith(codecs.BOM_UTF8):
                data = data[3:]
            if first:
                body = _after_rows(data, self.dialect.preamble + 1)
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
        try:
            return self._parse_fast(data, wanted)
        except pa.ArrowInvalid:
            return self._parse_slow(data, wanted)

    def _parse_fast(self, data: bytes, wanted: list[str]) -> _Block:
        bad: list[pacsv.InvalidRow] = []

        def set_aside(row: pacsv.InvalidRow) -> str:
            bad.append(row)
            return "skip"

        def read(*, threads: bool) -> pa.Table:
            return pacsv.read_csv(
                pa.BufferReader(data),
                read_options=pacsv.ReadOptions(
                    column_names=list(self.dialect.header), use_threads=threads, block_size=2 << 20
                ),
                parse_options=pacsv.ParseOptions(
                    delimiter=self.dialect.delimiter,
                    newlines_in_values=_has_quoted_line_end(data),
                    invalid_row_handler=set_aside,
                ),
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

    def _parse_slow(self, data: bytes, wanted: list[str]) -> _Block:
        text = data.decode("utf-8", "surrogateescape")
        width = len(self.dialect.header)
        at = [self.dialect.header.index(name) for name in wanted]
        values: list[list[str | None]] = [[] for _ in wanted]
        kept: list[int] = []
        rejected: list[tuple[int, str, str, dict[str, object]]] = []
        number = -1
        reader = csv.reader(io.StringIO(text.replace("\x00", "\ufffd"), newline=""), delimiter=self.dialect.delimiter)
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise DataQuality("broken-csv", detail=str(error)) from error
            if row is None:
                break
            if not row:
                continue
            number += 1
            line = self.dialect.delimiter.join(row)
            if len(row) != width:
                rejected.append((number, line, "wrong-field-count", {"expected": width, "found": len(row)}))
            elif any("\udc80" <= c <= "\udcff" for c in line) if not line.isascii() else False:
                rejected.append((number, line, "bad-encoding", {"encoding": self.encoding}))
            else:
                kept.append(number)
                for column, position in zip(values, at, strict=True):
                    column.append(row[position] or None)
        columns = {n: pa.array(v, type=pa.string()) for n, v in zip(wanted, values, strict=True)}
        return _Block(columns, np.array(kept, dtype=np.int64), number + 1, rejected)


def _after_rows(data: bytes, rows: int) -> bytes | None:
    """What follows the first ``rows`` rows that are not blank, None when they do not end here; quoted line ends do not end a row."""
    start = 0
    while rows:
        end = data.find(b"\n", start)
        while end >= 0 and data.count(b'"', start, end) % 2:
            end = data.find(b"\n", end + 1)
        if end < 0:
            return None
        if data[start:end].strip(b" \t\r\n,;|"):
            rows -= 1
        start = end + 1
    return data[start:]


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
    before = np.searchsorted(np.flatnonzero(letters == ord('"')), np.flatnonzero(letters == ord("\n")))
    return bool((before % 2 == 1).any())
