"""Which record is being edited, and what was drawn for it: kept in the session, never in the address."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from streamlit_app.gateway import LayerInfo
from streamlit_app.services.editing import Editing, editing_of

_NOW, _DRAWN, _DONE = (f"qorgan.editing.{name}" for name in ("now", "drawn", "done"))


def now() -> Editing | None:
    """The form that is open."""
    found = st.session_state.get(_NOW)
    return found if isinstance(found, Editing) else None


def open_record(layer: LayerInfo, record: Mapping[str, Any]) -> None:
    """Open the form of a record."""
    _open(editing_of(layer, record, token=secrets.token_hex(4)))


def open_new(layer: LayerInfo) -> None:
    """Open an empty form; its place is to be set on the map."""
    _open(Editing(layer=layer.id, token=secrets.token_hex(4), moves=bool(layer.geometry)))


def move() -> None:
    """Let the place be drawn."""
    editing = now()
    if editing is not None:
        st.session_state[_NOW] = replace(editing, moves=True)


def close(*, done: str = "") -> None:
    """Close the form; ``done`` is told once."""
    for key in (_NOW, _DRAWN):
        st.session_state.pop(key, None)
    if done:
        st.session_state[_DONE] = done


def take_done() -> str:
    """What was just done, told once."""
    return str(st.session_state.pop(_DONE, ""))


def drawn() -> Mapping[str, Any] | None:
    """GeoJSON of what is drawn for the open form."""
    return st.session_state.get(_DRAWN)


def draw(geometry: Mapping[str, Any] | None) -> bool:
    """Keep what the map says is drawn; whether that is new."""
    if geometry is None or geometry == st.session_state.get(_DRAWN):
        return False
    st.session_state[_DRAWN] = geometry
    return True


def _open(editing: Editing) -> None:
    st.session_state.pop(_DRAWN, None)
    st.session_state[_NOW] = editing
