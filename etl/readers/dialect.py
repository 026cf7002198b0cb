"""How a delimited text is cut: which character separates its fields, and where its header is."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from etl.readers.table import find_header, is_value
from geo_core.errors import DataQuality
from layers.spec import TableReading

DELIMITERS = (",", ";", "\t", "|")
RARE = (":", "^", "  ")  # stand in texts and times too: asked only when the usual ones cut nothing
HEAD_ROWS = 200
_OUTSIDE_QUOTES = r'"(?:[^"]|"")*"|[ \t]{%d,}|\t'


@dataclass(frozen=True)
class Dialect:
    """How to cut a text into fields.

    Parameters
    ----------
    delimiter : one character.
    header : column names, made unique (``name``, ``name_2``).
    preamble : rows above the header that are not blank, left out.
    lines : physical lines of the text up to the end of the header.
    header_rows : lines of names.
    repeated : names that several columns have.
    first_line : physical line on which the names begin, from 1.
    blanks : runs of at least so many blanks part the fields and become ``delimiter``; 0 = they do not.
    """

    delimiter: str
    header: tuple[str, ...]
    preamble: int = 0
    lines: int = 1
    header_rows: int = 1
    repeated: tuple[str, ...] = ()
    blanks: int = 0
    first_line: int = 1


@dataclass(frozen=True)
class _Cut:
    rows: list[list[str]]
    lines: list[int]  # physical lines up to the end of each row


def unblank(text: str, least: int) -> str:
    """A text whose fields are parted by runs of blanks as one parted by tabs; what is in quotes stays."""
    pattern = re.compile(_OUTSIDE_QUOTES % least)
    mended = (
        pattern.sub(lambda m: m[0] if m[0].startswith('"') else "\t", line.strip(" \t"))
        for line in re.split(r"(\r\n|\n|\r)", text)[::2]
    )
    return "\n".join(mended)


def _cut(text: str, delimiter: str) -> _Cut:
    found = _Cut([], [])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    there = 0
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    try:
        for row in reader:
            found.rows.append(row)
            found.lines.append(reader.line_num)
            there += any(cell.strip() for cell in row)
            if there == HEAD_ROWS:
                break
    except csv.Error:
        pass
    return found


def _blank(row: Sequence[str]) -> bool:
    return not any(cell.strip() for cell in row)


def _score(cut: _Cut) -> tuple[float, int]:
    """How well a delimiter cuts: share of the rows that get the commonest width, less where the header is cut amid words; that width."""
    rows = [row for row in cut.rows if not _blank(row)]
    if not rows:
        return 0.0, 0
    width, count = Counter(len(row) for row in rows).most_common(1)[0]
    if width < 2:
        return 0.0, width
    first = next(row for row in rows if len(row) == width)
    names = [cell for cell in first if cell.strip()]
    # a decimal comma cuts rows evenly too, but not the header
    foul = sum(is_value(name) or any(d in name for d in DELIMITERS) for name in names)
    return round(count / len(rows) * (1 - foul / (2 * max(len(names), 1))), 1), width


def _choose(text: str) -> tuple[str, _Cut]:
    cuts = {d: _cut(text, d) for d in DELIMITERS}
    best = max(cuts, key=lambda d: _score(cuts[d]))
    if _score(cuts[best])[1] > 1:
        return best, cuts[best]
    for delimiter in RARE:
        cut = _cut(unblank(text, 2), "\t") if delimiter == "  " else _cut(text, delimiter)
        share, width = _score(cut)
        # one colon in every line may well be a clock; a table has more
        if share >= 0.9 and width > 2:
            return delimiter, cut
    return best, cuts[best]


def sniff(text: str, reading: TableReading | None = None) -> Dialect:
    """Find delimiter and header in the beginning of a text (whole lines); what ``reading`` states is taken.

    Raises
    ------
    DataQuality : ``empty-file``, ``no-header`` (the first row holds numbers).
    InvalidInput : ``too-many-columns``, ``header-row-missing``.
    """
    reading = reading or TableReading()
    if reading.delimiter is None:
        delimiter, cut = _choose(text)
    else:
        delimiter = reading.delimiter
        cut = (
            _cut(unblank(text, len(delimiter)), "\t")
            if delimiter.isspace() and delimiter != "\t"
            else _cut(text, delimiter)
        )
    blanks = len(delimiter) if delimiter.strip(" ") == "" else 0
    rows = [row for row in cut.rows if not _blank(row)]
    if not rows:
        raise DataQuality("empty-file")
    start, count = None, reading.header_rows
    if reading.header_row is not None:
        # the row that begins on the line named; rows may take several lines
        begins = [0, *cut.lines[:-1]]
        start = next((i for i, line in enumerate(begins) if line >= reading.header_row - 1), len(begins))
        width = len(cut.rows[start]) if start < len(cut.rows) else 1
    else:
        width = Counter(len(row) for row in rows).most_common(1)[0][0]
    found = find_header(cut.rows, width=width, start=start, count=count)
    last = found.start + found.rows - 1
    return Dialect(
        delimiter="\t" if blanks else delimiter,
        header=found.names,
        preamble=sum(not _blank(row) for row in cut.rows[: found.start]),
        lines=cut.lines[last],
        header_rows=found.rows,
        repeated=found.repeated,
        blanks=blanks,
        first_line=[0, *cut.lines][found.start] + 1,
    )
