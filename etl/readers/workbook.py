"""XLSX: one sheet of a workbook as a table, streamed."""

from __future__ import annotations

import zipfile
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from etl.readers.sheets import Cell, Clock, Odd, Sheet, Workbook
from etl.readers.source import Limits, RawChunk, Source, resolve
from etl.readers.table import FOOTER_WITHIN, find_header, footer_rows
from etl.readers.unpacking import BROKEN
from etl.records import RejectedRow, shown
from geo_core.errors import DataQuality, InvalidInput
from layers.spec import TableReading

SAMPLE_ROWS = 200
FLAGS = (Odd.ERROR.value, Odd.NOT_COMPUTED.value, "merged-filled")
Merge = tuple[int, int, int, int]


@dataclass(eq=False)
class WorkbookSource(Source):
    """The sheet of a workbook that is named, or the visible one with the fullest table.

    A cell with an error or with a formula nobody computed is unknown, its row flagged. A text in cells merged over several rows holds
    for each of them (``merged-filled``); a number does not, or it would count several times. A row of totals at the end is rejected with
    ``footer-row``.
    """

    archive: zipfile.ZipFile | None = None
    book: Workbook | None = None
    sheet: Sheet = field(default_factory=lambda: Sheet("", "", visible=True))
    body_from: int = 1
    columns_at: dict[str, int] = field(default_factory=dict)  # header name → column, from 1
    merges: list[Merge] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path, limits: Limits, reading: TableReading | None = None) -> Self:
        """Find the sheet and its header.

        Raises
        ------
        DataQuality : ``truncated-file``, ``broken-workbook``, ``broken-xml``, ``empty-file``, ``no-header``.
        InvalidInput : ``no-such-sheet``, ``header-row-missing``, ``xml-doctype``, ``zip-encrypted``. LimitExceeded : ``zip-bomb``, …
        """
        reading = reading or TableReading()
        try:
            archive = zipfile.ZipFile(path)
        except BROKEN as error:
            raise DataQuality("truncated-file", format="xlsx") from error
        try:
            book = Workbook(archive, limits, path.name)
            source = cls(limits=limits, format="xlsx", decimal=reading.decimal, archive=archive, book=book)
            source.sheet = source._chosen(book, reading.sheet)
            source.sheets = tuple(s.name for s in book.sheets)
            source._read_header(book, reading)
        except BaseException:
            archive.close()
            raise
        return source

    def _chosen(self, book: Workbook, wanted: str | None) -> Sheet:
        names = [s.name for s in book.sheets]
        if wanted is not None:
            found = resolve(names, wanted)
            if found is None:
                raise InvalidInput("no-such-sheet", name=wanted, found=names[:50])
            return book.sheets[names.index(found)]
        visible = [s for s in book.sheets if s.visible] or book.sheets
        if not visible:
            raise DataQuality("empty-file")
        if len(visible) == 1:
            return visible[0]
        fullness = [_fullness(book, sheet) for sheet in visible]
        best = visible[fullness.index(max(fullness))]
        others = [s.name for s, full in zip(visible, fullness, strict=True) if full and s is not best]
        if others:
            self.warnings.add("sheet-chosen", sheet=best.name, others=others[:20])
        return best

    def _read_header(self, book: Workbook, reading: TableReading) -> None:
        first = list(islice(book.rows(self.sheet), SAMPLE_ROWS))
        if not first:
            raise DataQuality("empty-file")
        self.merges = book.merged(self.sheet)
        until = min(first[-1][0], first[0][0] + 5 * SAMPLE_ROWS)
        width = _table_width([cells for _, cells, _ in first])
        grid: list[list[str | None]] = [[None] * width for _ in range(until)]
        for number, cells, _ in first:
            if number <= until:
                for column, cell in cells.items():
                    if column <= width:
                        grid[number - 1][column - 1] = as_text(cell)
        joined = [row[:] for row in grid]
        spans = [1] * until
        for top, left, bottom, right in self.merges:
            if top > until or left > width:
                continue
            if grid[top - 1][left - 1]:
                spans[top - 1] = max(spans[top - 1], bottom - top + 1, 2 if right > left else 1)
            for r in range(top, min(bottom, until, top + 50) + 1):
                for c in range(left, min(right, width) + 1):
                    joined[r - 1][c - 1] = grid[top - 1][left - 1]
        start = None if reading.header_row is None else reading.header_row - 1
        found = find_header(grid, width=width, joined=joined, spans=spans, start=start, count=reading.header_rows)
        self.body_from = found.start + found.rows + 1
        # columns without a name count where rows have something in them
        used = {c for number, cells, _ in first if number >= self.body_from for c in cells}
        named = {k + 1 for k in range(width) if any(row[k] for row in joined[found.start : self.body_from - 1])}
        self.columns_at = {name: k + 1 for k, name in enumerate(found.names) if k + 1 in used | named}
        self.header = tuple(self.columns_at)
        self.reading = TableReading(
            sheet=self.sheet.name, decimal=reading.decimal, header_row=found.start + 1, header_rows=found.rows
        )
        preamble = sum(any(row) for row in grid[: found.start])
        if preamble:
            self.warnings.add("preamble-skipped", preamble, rows=preamble)
        for name in found.repeated:
            self.warnings.add("column-repeated", column=name)
        if found.rows > 1:
            self.warnings.add("header-joined", rows=found.rows)

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        wanted = list(dict.fromkeys(self.header if columns is None else columns))
        if self.book is None:
            raise InvalidInput("source-closed")
        body = self._body(self.book)
        waiting: deque[tuple[dict[int, Cell], bool]] = deque()
        rows: list[tuple[dict[int, Cell], bool]] = []
        seen = 0
        for row in body:
            waiting.append(row)
            if len(waiting) <= FOOTER_WITHIN:
                continue
            rows.append(waiting.popleft())
            if len(rows) >= self.limits.chunk_rows:
                yield self._chunk(rows, wanted, seen, 0)
                seen += len(rows)
                self.count(seen)
                rows = []
        last = [[as_text(cells.get(at)) for at in self.columns_at.values()] for cells, _ in waiting]
        rows.extend(waiting)
        self.progress = 1.0
        if rows:
            yield self._chunk(rows, wanted, seen, min(footer_rows(last), len(rows) - 1 if not seen else len(rows)))
        self.count(seen + len(rows))

    def _body(self, book: Workbook) -> Iterator[tuple[dict[int, Cell], bool]]:
        """(column → value, whether merged cells were filled) of each row below the header."""
        inside = set(self.columns_at.values())
        tall: deque[Merge] = deque(sorted(m for m in self.merges if m[2] > m[0] and m[2] >= self.body_from))
        standing: dict[int, tuple[int, str]] = {}  # column → (last row, text)
        for number, cells, share in book.rows(self.sheet):
            self.progress = share
            outside = len(cells.keys() - inside)
            while tall and tall[0][0] <= number:
                top, left, bottom, right = tall.popleft()
                text = cells.get(left) if top == number else None
                if isinstance(text, str):
                    standing.update(dict.fromkeys(range(left, right + 1), (bottom, text)))
            if number < self.body_from:
                continue
            if outside:
                self.warnings.add("cells-outside-header", outside, row=number)
            if not inside & cells.keys():
                continue
            fills = {
                c: text for c, (bottom, text) in standing.items() if number <= bottom and c in inside and c not in cells
            }
            yield {**fills, **cells}, bool(fills)

    def _chunk(
        self, rows: list[tuple[dict[int, Cell], bool]], wanted: list[str], before: int, footers: int
    ) -> RawChunk:
        body = rows[: len(rows) - footers]
        inside = set(self.columns_at.values())
        flags = {}
        for odd in Odd:
            flags[odd.value] = np.array(
                [any(v is odd for c, v in cells.items() if c in inside) for cells, _ in body], dtype=np.bool_
            )
        flags["merged-filled"] = np.array([filled for _, filled in body], dtype=np.bool_)
        parts = {name: column_of([cells.get(self.columns_at[name]) for cells, _ in body]) for name in wanted}
        rejected = tuple(
            RejectedRow(
                row_number=before + len(body) + k + 1,
                raw={"line": shown("; ".join(filter(None, map(as_text, cells.values()))))},
                reasons=(("footer-row", {}),),
            )
            for k, (cells, _) in enumerate(rows[len(body) :])
        )
        numbers = np.arange(before + 1, before + len(body) + 1, dtype=np.int64)
        return RawChunk(parts, numbers, rejected=rejected, flags={k: m for k, m in flags.items() if m.any()})

    def close(self) -> None:
        if self.archive is not None:
            self.archive.close()
        self.archive = self.book = None


def _fullness(book: Workbook, sheet: Sheet) -> int:
    """How many cells the table at the beginning of a sheet has."""
    rows = [cells for _, cells, _ in islice(book.rows(sheet), SAMPLE_ROWS)]
    return sum(len(cells) for cells in rows if len(cells) > 1)


def _table_width(rows: list[dict[int, Cell]]) -> int:
    """The last column that belongs to the table: stray cells far to the right of it do not."""
    uses = Counter(column for cells in rows for column in cells)
    often = [column for column, times in uses.items() if times > 1]
    last = max(often or uses)
    while last + 1 in uses:
        last += 1
    return last


def as_text(cell: Cell | None) -> str | None:
    """A cell as text: whole numbers without a point, dates as ISO 8601; None for what holds no value."""
    match cell:
        case None | Odd():
            return None
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell == int(cell) and abs(cell) < 1e15 else repr(cell)
        case datetime():
            return cell.isoformat(sep=" ")
        case date():
            return cell.isoformat()
        case Clock():
            return str(cell)
        case _:
            return cell


def column_of(cells: list[Cell | None]) -> pa.Array:
    """One Arrow column: as typed where all cells agree, else text."""
    values: list[Any] = [None if isinstance(c, Odd) else c for c in cells]
    kinds = {type(v) for v in values if v is not None}
    if kinds == {float}:
        return pa.array(values, type=pa.float64())
    if kinds == {bool}:
        return pa.array(values, type=pa.bool_())
    if kinds == {datetime}:
        return pa.array(values, type=pa.timestamp("us"))
    if kinds == {date}:
        return pa.array(values, type=pa.date32())
    return pa.array([as_text(v) for v in values], type=pa.string())
