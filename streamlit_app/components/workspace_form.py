"""A new territory: names, time zone, border. For whoever may make one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import streamlit as st

import i18n
from streamlit_app.components import connection, state
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import Gateway
from streamlit_app.services import founding, zones
from streamlit_app.words import Words

_BOX, _FILE = "box", "file"
_SIDES = ("west", "south", "east", "north")


def draw_part(context: Context) -> None:
    """The form as a part of the page of data."""
    draw(context.words, context.gateway)


def draw(words: Words, gateway: Gateway) -> None:
    """Draw the form; a workspace that was made is entered at once."""
    st.html(f"<h2 class='qorgan-h'>{words('ui.workspace.new')}</h2>")
    st.caption(words("ui.workspace.new_note"))
    titles = {
        code: column.text_input(words(f"ui.workspace.title_{code}"), key=f"workspace_title_{code}", max_chars=200)
        for code, column in zip(i18n.LANGUAGES, st.columns(len(i18n.LANGUAGES)), strict=True)
    }
    left, right = st.columns(2)
    slug = left.text_input(
        words("ui.workspace.slug"), key="workspace_slug", max_chars=40, help=words("ui.workspace.slug_help")
    )
    named = zones.titles(words.language, now=dt.datetime.now(dt.UTC))
    zone = right.selectbox(
        words("ui.workspace.zone"),
        list(named),
        key="workspace_zone",
        format_func=lambda one: named.get(one, one),
        help=words("ui.workspace.zone_help"),
    )
    by = st.radio(
        words("ui.workspace.border"),
        (_BOX, _FILE),
        key="workspace_border",
        horizontal=True,
        format_func=lambda one: words(f"ui.workspace.border.{one}"),
    )
    border = _box(words) if by == _BOX else _file(words)
    if not st.button(words("ui.workspace.new"), key="workspace_make", type="primary"):
        return
    lacks = [
        *([words(f"ui.workspace.title_{words.language}")] if not any(one.strip() for one in titles.values()) else []),
        *([words("ui.workspace.slug")] if not slug.strip() else []),
        *([words("ui.workspace.border")] if border is None else []),
    ]
    if lacks or border is None:
        st.warning(words("ui.workspace.needed", fields=", ".join(lacks)))
        return
    with told(words, key="workspace"):
        made = gateway.create_workspace(founding.request(slug=slug, titles=titles, zone=str(zone), **border))
        connection.forget()
        state.enter(made.slug)
        st.rerun()


def _box(words: Words) -> dict[str, Any] | None:
    given = [
        column.number_input(
            words(f"ui.workspace.{side}"),
            -180.0 if side in ("west", "east") else -90.0,
            180.0 if side in ("west", "east") else 90.0,
            value=None,
            step=0.01,
            format="%.4f",
            key=f"workspace_{side}",
        )
        for side, column in zip(_SIDES, st.columns(len(_SIDES)), strict=True)
    ]
    if any(one is None for one in given):
        return None
    west, south, east, north = (float(one or 0.0) for one in given)
    return {"box": (west, south, east, north), "territory": None}


def _file(words: Words) -> dict[str, Any] | None:
    given = st.file_uploader(words("ui.workspace.border.file"), type=["geojson", "json"], key="workspace_file")
    if given is None:
        return None
    try:
        return {"box": None, "territory": founding.border_of(given.getvalue())}
    except founding.BadFileError as fault:
        st.warning(words(str(fault)))
        return None
