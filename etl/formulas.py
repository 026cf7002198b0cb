"""Texts that a spreadsheet would run as formulas: marked in every CSV that is written, unmarked in every CSV that is read."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

# A text that begins so already has its marks doubled, so that reading gives back exactly what was written.
_BEGINS = re.compile(r"'*[=+\-@\t\r]")
_MARKED = r"^'('*[=+\-@\t\r])"


def marked(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula; numbers are none."""
    if not _BEGINS.match(text):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def unmarked(text: str) -> str:
    """What :func:`marked` was given."""
    return re.sub(_MARKED, r"\1", text)


def unmarked_column(column: pa.Array) -> pa.Array:
    """A column of texts without marks; others, and texts without any, as they are."""
    if not pa.types.is_string(column.type) or not pc.any(pc.starts_with(column, "'")).as_py():
        return column
    return pc.replace_substring_regex(column, _MARKED, r"\1")
