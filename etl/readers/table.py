"""Where the names of a table's columns stand, what is above them, and which rows below are totals and notes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from geo_core.errors import DataQuality, InvalidInput

HEADER_WITHIN = 30  # exports put titles above the header
MOST_COLUMNS = 5000
FOOTER_WITHIN = 5  # lines of totals and notes below a table
TOTALS = ("итого", "всего", "жиыны", "барлығы", "total", "grand total", "sum", "gesamt", "합계", "계")
_VALUE = re.compile(r"[-+]?[\d\s.,:/'’%-]*\d[\d\s.,:/'’%-]*")

Row = Sequence[str | None]


@dataclass(frozen=True)
class Header:
    """The names of the columns and where they were found.

    Parameters
    ----------
    names : unique (``name``, ``name_2``); ``column_3`` where there is none.
    start : row of the first line of names, from 0.
    rows : lines of names, a line that only numbers the columns included.
    repeated : names that several columns have, as written.
    """

    names: tuple[str, ...]
    start: int
    rows: int
    repeated: tuple[str, ...] = ()


def find_header(
    rows: Sequence[Row],
    *,
    width: int,
    joined: Sequence[Row] | None = None,
    spans: Sequence[int] = (),
    start: int | None = None,
    count: int | None = None,
) -> Header:
    """Find the names in the first rows of a table.

    Parameters
    ----------
    rows : the first rows, blank ones included, each ``width`` cells; ragged rows are no candidates.
    joined : the same with the cells of merged ranges filled.
    spans : per row how many rows the tallest merged range takes that begins in it (2 where a range goes across columns).
    start, count : what the reader was told.

    Raises
    ------
    DataQuality : ``empty-file``, ``no-header`` (the row of names holds numbers only).
    InvalidInput : ``header-row-missing`` (told a row that is not there), ``too-many-columns``.
    """
    filled = [sum(bool(cell and cell.strip()) for cell in row) for row in rows]
    if not any(filled):
        raise DataQuality("empty-file")
    told = start is not None
    if start is None:
        start = _start(rows, filled, width)
        if count is None and _is_above(rows, start, width):
            start -= 1
    elif start >= len(rows) or not filled[start]:
        raise InvalidInput("header-row-missing", row=start + 1, rows=len(rows))
    if count is None:
        count = max(spans[start], 1) if start < len(spans) else 1
        if count == 1 and _goes_on(rows, start, width):
            count = 2
        if not told or len(spans):
            while start + count < len(rows) and _numbers_columns(rows[start + count]):
                count += 1
    count = min(count, len(rows) - start)
    lines = (joined or rows)[start : start + count]
    names = _names([line for k, line in enumerate(lines) if k == 0 or not _numbers_columns(line)], width)
    if all(is_value(name) for name in names if name) and any(names):
        raise DataQuality("no-header", first_row=[n[:40] for n in names[:10]])
    repeated = tuple(name for name, times in Counter(names).items() if name and times > 1)
    return Header(unique(names), start, count, repeated)


def _start(rows: Sequence[Row], filled: list[int], width: int) -> int:
    """The first row with about as many cells as rows have: titles above have fewer."""
    there = sorted(n for n in filled if n)
    typical = there[len(there) // 2]
    least = min(2, typical) if typical < 4 else typical // 2
    first = next(i for i, n in enumerate(filled) if n)
    return next(
        (i for i, row in enumerate(rows[: first + HEADER_WITHIN]) if filled[i] >= least and len(row) == width), first
    )


def _blank(cell: str | None) -> bool:
    return not (cell and cell.strip())


def is_value(cell: str) -> bool:
    """Whether a cell is a number, a date or a clock rather than a name."""
    return _VALUE.fullmatch(cell.strip()) is not None


def _complete_each_other(upper: Row, lower: Row) -> bool:
    if len(upper) != len(lower):
        return False
    pairs = [(not _blank(a), not _blank(b)) for a, b in zip(upper, lower, strict=True)]
    return (True, False) in pairs and (False, True) in pairs


def _is_above(rows: Sequence[Row], start: int, width: int) -> bool:
    """Whether the row above holds names of groups of columns."""
    if start == 0 or len(rows[start - 1]) != width or sum(not _blank(c) for c in rows[start - 1]) < 2:
        return False
    return _complete_each_other(rows[start - 1], rows[start]) and _are_names(rows, start, width)


def _goes_on(rows: Sequence[Row], start: int, width: int) -> bool:
    """Whether the names go on in the next row: each of the two has names where the other has none."""
    if start + 1 >= len(rows) or len(rows[start + 1]) != width or len(rows[start]) != width:
        return False
    return _complete_each_other(rows[start], rows[start + 1]) and _are_names(rows, start + 1, width)


def _are_names(rows: Sequence[Row], at: int, width: int) -> bool:
    """Whether a row holds only words where the rows below it hold mostly values."""
    row = rows[at]
    there = [k for k, cell in enumerate(row) if not _blank(cell)]
    if any(is_value(row[k] or "") for k in there):
        return False
    below = [r for r in rows[at + 1 : at + 51] if len(r) == width and not _numbers_columns(r)]
    cells = [cell for r in below for k in there if (cell := r[k]) and cell.strip()]
    return bool(cells) and sum(map(is_value, cells)) > 0.5 * len(cells)


def _numbers_columns(row: Row) -> bool:
    """Whether a row only numbers the columns, as official forms do: А, Б, 1, 2, 3, …"""
    cells = [cell.strip() for cell in row if cell and cell.strip()]
    while cells and len(cells[0]) == 1 and cells[0].isalpha():
        cells.pop(0)
    return len(cells) >= 4 and cells == [str(n) for n in range(1, len(cells) + 1)]


def _names(lines: Sequence[Row], width: int) -> list[str]:
    """One name per column: the parts of its lines, the name of a group before the name in it."""
    filled: list[list[str]] = []
    for number, line in enumerate(lines):
        cells = [" ".join((cell or "").split()) for cell in line] + [""] * (width - len(line))
        if number + 1 < len(lines):
            below = lines[number + 1]
            for k in range(1, width):
                # a group has a name below its own column too
                if not cells[k] and k < len(below) and not _blank(below[k]) and not _blank(below[k - 1]):
                    cells[k] = cells[k - 1]
        filled.append(cells)
    names = []
    for k in range(width):
        parts = dict.fromkeys(cells[k].lstrip("\ufeff") for cells in filled if cells[k])
        names.append(" / ".join(parts))
    return names


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names made different: ``name``, ``name_2``; ``column_3`` where there is none.

    Raises
    ------
    InvalidInput : ``too-many-columns``.
    """
    if len(names) > MOST_COLUMNS:
        raise InvalidInput("too-many-columns", found=len(names), limit=MOST_COLUMNS)
    out: dict[str, None] = {}
    for position, name in enumerate(names, start=1):
        candidate = name or f"column_{position}"
        copy = 2
        while candidate in out:
            candidate = f"{name or f'column_{position}'}_{copy}"
            copy += 1
        out[candidate] = None
    return tuple(out)


def is_footer(row: Row) -> bool:
    """Whether a row at the end of a table is one of totals, or a note: a word for a total and then numbers, or a lone text."""
    if len(row) < 3:
        return False
    cells = [cell.strip() for cell in row if cell and cell.strip()]
    if not cells:
        return False
    first = cells[0].casefold().rstrip(":. ")
    if first in TOTALS or any(first.startswith(word + " ") for word in TOTALS if not word.isascii()):
        return all(is_value(cell) for cell in cells[1:])
    return len(cells) == 1 and len(first) > 20 and " " in first


def footer_rows(rows: Sequence[Row]) -> int:
    """How many of the last rows are totals or notes."""
    count = 0
    for row in reversed(rows[-FOOTER_WITHIN:]):
        if not is_footer(row):
            break
        count += 1
    return count
