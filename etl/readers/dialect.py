"""Where the header of a delimited text is and which character separates its fields."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass

from geo_core.errors import DataQuality, InvalidInput

DELIMITERS = (",", ";", "\t", "|")
HEADER_WITHIN = 10  # exports put a title or two above the header


@dataclass(frozen=True)
class Dialect:
    """How to cut a text into fields.

    Parameters
    ----------
    delimiter : one character.
    header : column names, made unique (``name``, ``name_2``).
    preamble : rows above the header, left out.
    """

    delimiter: str
    header: tuple[str, ...]
    preamble: int


def _rows(text: str, delimiter: str, limit: int = 200) -> list[list[str]]:
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row and any(cell.strip() for cell in row):
                rows.append(row)
            if len(rows) == limit:
                break
    except csv.Error:
        pass
    return rows


def sniff(text: str) -> Dialect:
    """Find delimiter and header in the beginning of a text (whole lines).

    Raises
    ------
    DataQuality : ``empty-file``, ``no-header`` (the first row holds numbers).
    InvalidInput : ``too-many-columns``.
    """
    best: tuple[float, int, str, list[list[str]]] | None = None
    for delimiter in DELIMITERS:
        rows = _rows(text, delimiter)
        if not rows:
            continue
        width, count = Counter(len(row) for row in rows).most_common(1)[0]
        # a separator that gives more than one field nearly everywhere beats one that gives more fields now and then
        score = count / len(rows) if width > 1 else 0.0
        candidate = (round(score, 1), width, delimiter, rows)
        if best is None or candidate[:2] > best[:2]:
            best = candidate
    if best is None:
        raise DataQuality("empty-file")
    _, _, delimiter, rows = best
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    preamble = next((i for i, row in enumerate(rows[:HEADER_WITHIN]) if len(row) == width), 0)
    names = [cell.strip().lstrip("\ufeff") for cell in rows[preamble]]
    if all(_is_number(name) for name in names if name) and any(names):
        raise DataQuality("no-header", first_row=[n[:40] for n in names[:10]])
    return Dialect(delimiter, _unique(names), preamble)


def _unique(names: list[str]) -> tuple[str, ...]:
    out: list[str] = []
    for position, name in enumerate(names, start=1):
        candidate = name or f"column_{position}"
        copy = 2
        while candidate in out:
            candidate = f"{name or f'column_{position}'}_{copy}"
            copy += 1
        out.append(candidate)
    if len(out) > 5000:
        raise InvalidInput("too-many-columns", found=len(out), limit=5000)
    return tuple(out)


def _is_number(text: str) -> bool:
    try:
        float(text.strip().replace(",", "."))
    except ValueError:
        return False
    return True
