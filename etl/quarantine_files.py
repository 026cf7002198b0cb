"""Rejected rows as a file to be mended in a spreadsheet, and that file read again."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from etl.coercion.numbers import as_text
from etl.formulas import marked, unmarked
from etl.readers import open_source
from geo_core.errors import InvalidInput

ROW, REASONS = "rejected_row", "rejected_because"
Sentence = Callable[[Any], str]


def as_csv(rows: Sequence[Mapping[str, Any]], sentence: Sentence) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets want; ``sentence`` tells the reasons of a row."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\r\n")
    for line in _table(rows, sentence):
        writer.writerow([marked(value or "") for value in line])
    return b"\xef\xbb\xbf" + sink.getvalue().encode("utf-8", "replace")


def as_xlsx(rows: Sequence[Mapping[str, Any]], sentence: Sentence) -> bytes:
    """A workbook in which every value is a text, so that no spreadsheet turns it into something else."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("quarantine")
    sheet.freeze_panes = "C2"
    for line in _table(rows, sentence):
        cells = []
        for value in line:
            cell = openpyxl.cell.WriteOnlyCell(sheet, None if value is None else ILLEGAL_CHARACTERS_RE.sub("", value))
            cell.data_type = "n" if value is None else "s"
            cell.number_format = "@"
            cells.append(cell)
        sheet.append(cells)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def _table(rows: Sequence[Mapping[str, Any]], sentence: Sentence) -> list[list[str | None]]:
    names = list(dict.fromkeys(name for row in rows for name in row["raw"]))
    lines: list[list[str | None]] = [[ROW, REASONS, *names]]
    for row in rows:
        values = [None if (value := row["raw"].get(name)) is None else _plain(value) for name in names]
        lines.append([str(row["row_number"]), sentence(row["reasons"]), *values])
    return lines


def _plain(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def read_mended(path: Path) -> dict[int, dict[str, str | None]]:
    """Row number → column → text, of a file written above and changed.

    Raises
    ------
    InvalidInput : ``not-a-quarantine-file``, ``repeated-rejected-row``; what is wrong with the file.
    """
    out: dict[int, dict[str, str | None]] = {}
    is_book = path.suffix.lower() != ".csv"  # of CSV the reader takes the marks away
    with open_source(path) as source:
        if ROW not in source.header:
            raise InvalidInput("not-a-quarantine-file", column=ROW, header=list(source.header)[:50])
        names = [name for name in source.header if name not in {ROW, REASONS}]
        for chunk in source.chunks():
            columns = {name: as_text(chunk.columns[name]).to_pylist() for name in (ROW, *names)}
            for at, number in enumerate(columns[ROW]):
                if number is None:
                    continue
                try:
                    row = int(float(number))
                except ValueError:
                    raise InvalidInput("not-a-quarantine-file", column=ROW, header=[number[:50]]) from None
                if row in out:
                    raise InvalidInput("repeated-rejected-row", row=row)
                out[row] = {name: _unmarked(columns[name][at]) if is_book else columns[name][at] for name in names}
    return out


def _unmarked(value: str | None) -> str | None:
    """A workbook made of the marked CSV still holds the marks."""
    return None if value is None else unmarked(value)


def changes_in(
    mended: Mapping[int, Mapping[str, str | None]], before: Mapping[int, Mapping[str, Any]]
) -> dict[int, dict[str, str | None]]:
    """What was changed against the rows as they are kept; rows nobody changed are left out.

    Parameters
    ----------
    before : row number → raw values.
    """
    out: dict[int, dict[str, str | None]] = {}
    for number, values in mended.items():
        if number not in before:
            continue
        was = {name: None if value in (None, "") else _plain(value).strip() for name, value in before[number].items()}
        change = {n: v for n, v in values.items() if (v.strip() if v else None) != was.get(n)}
        if change:
            out[number] = change
    return out
