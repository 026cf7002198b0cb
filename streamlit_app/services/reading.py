"""How a file was cut into rows and columns, in the reader's words; and what can be said about it instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streamlit_app.words import Words

Json = Mapping[str, Any]
ENCODINGS = ("utf-8", "cp1251", "cp866", "koi8-r", "utf-16", "cp949", "cp1252", "latin-1")
DELIMITERS = (",", ";", "\t", "|", ":", " ", "  ")
DECIMALS = (",", ".")
ROWS = ("header_row", "header_rows")
_NAMED = {"\t": "tab", " ": "blank", "  ": "blanks"}


def options_of(preview: Json) -> tuple[str, ...]:
    """Names of what can be said about this file, the most telling first."""
    return tuple((preview.get("choices") or {}).get("options") or ())


def values_of(name: str, preview: Json) -> tuple[str, ...]:
    """What there is to choose from."""
    choices = preview.get("choices") or {}
    given: Mapping[str, tuple[str, ...]] = {
        "encoding": ENCODINGS,
        "delimiter": DELIMITERS,
        "decimal": DECIMALS,
        "sheet": tuple(choices.get("sheets") or ()),
        "member": tuple(choices.get("members") or ()),
    }
    return given.get(name, ())


def value_words(name: str, value: Any, words: Words) -> str:
    """A value as a reader says it."""
    if name == "encoding":
        return str(value).upper()
    if name == "delimiter":
        named = _NAMED.get(str(value))
        return words(f"ui.reading.{named}") if named else f"«{value}»"
    if name == "decimal":
        return words("ui.reading.comma" if value == "," else "ui.reading.point")
    return str(value)


def summary(preview: Json, words: Words) -> str:
    """How it was cut in one line: what is worth a word."""
    found, options = preview.get("reading") or {}, options_of(preview)
    told = []
    for name in options:
        value = found.get(name)
        # names in the first line are what everybody expects
        if value is None or (name in ROWS and value == 1):
            continue
        told.append(f"{words(f'ui.reading.{name}')}: {value_words(name, value, words)}")
    return words.joined(*told)
