"""How a file is cut: folded, what was found; opened, what the reader says instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from streamlit_app.components.context import Context
from streamlit_app.services import reading

_FOUND = ""
_MOST_ROWS = 1000
_EVERY = ("member", "sheet", "encoding", "delimiter", "decimal", *reading.ROWS)


def told(suffix: str) -> dict[str, Any]:
    """What the reader has said of this file; nothing = all of it is found out."""
    said = {name: st.session_state.get(_key(name, suffix)) for name in _EVERY}
    return {name: value for name, value in said.items() if value not in (None, _FOUND)}


def draw(context: Context, preview: Mapping[str, Any], *, suffix: str) -> None:
    """Draw what can be said; it is taken at the next run, by :func:`told`."""
    words = context.words
    options = reading.options_of(preview)
    if not options:
        return
    found = preview.get("reading") or {}
    is_stuck = not preview.get("columns")
    title = words.joined(words("ui.reading.title"), reading.summary(preview, words))
    with st.expander(title, expanded=is_stuck, key=f"reading_{suffix}"):
        st.caption(words("ui.reading.note"))
        for at in range(0, len(options), 3):
            for place, name in zip(st.columns(3), options[at : at + 3], strict=False):
                with place:
                    if name in reading.ROWS:
                        _number(context, name, found.get(name), suffix)
                    else:
                        _choice(context, name, found.get(name), reading.values_of(name, preview), suffix)


def _choice(context: Context, name: str, found: Any, values: tuple[str, ...], suffix: str) -> None:
    words = context.words
    by_itself = words("ui.reading.by_itself")
    if found is not None and _key(name, suffix) not in told_keys(suffix):
        by_itself = words("ui.reading.found", found=reading.value_words(name, found, words))
    st.selectbox(
        words(f"ui.reading.{name}"),
        [_FOUND, *values],
        key=_key(name, suffix),
        format_func=lambda one: reading.value_words(name, one, words) if one != _FOUND else by_itself,
    )


def _number(context: Context, name: str, found: Any, suffix: str) -> None:
    words = context.words
    st.number_input(
        words(f"ui.reading.{name}"),
        1,
        _MOST_ROWS,
        None,
        key=_key(name, suffix),
        placeholder=words("ui.reading.by_itself") if found is None else words("ui.reading.found", found=found),
        help=words(f"ui.reading.{name}_help"),
    )


def told_keys(suffix: str) -> set[str]:
    """Keys of what the reader has said: beside those nothing is called found."""
    return {_key(name, suffix) for name in told(suffix)}


def _key(name: str, suffix: str) -> str:
    return f"reading_{name}_{suffix}"
