"""The look of this session: read from the address once, then the truth from which the address is written."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

import i18n
from streamlit_app.address import Camera, Look, Selection, decode, encode
from streamlit_app.widgets.browser import LANGUAGE_COOKIE

_LOOK, _WRITTEN, _WRITTEN_AT, _FLIGHTS = (f"qorgan.{name}" for name in ("look", "written", "written_at", "flights"))
# A rerun may carry the address as it was before our last change of it: only a quiet difference is the reader's doing.
_ECHO_S = 3.0


def look() -> Look:
    """What is seen now."""
    found = st.session_state.get(_LOOK)
    return found if isinstance(found, Look) else Look()


def change(**changes: Any) -> None:
    """See something else; widgets take their values from here in the next run."""
    st.session_state[_LOOK] = look().but(**changes)


def fly_to(camera: Camera) -> None:
    """Move the map."""
    change(camera=camera)
    st.session_state[_FLIGHTS] = st.session_state.get(_FLIGHTS, 0) + 1


def flight() -> int:
    """Changes when the map is to move; at all other times it stays where the reader left it."""
    return int(st.session_state.get(_FLIGHTS, 0))


def select(selection: Selection | None) -> None:
    """Choose a place, on the map and everywhere else."""
    change(selection=selection)


def read_address() -> None:
    """Take over the address at the start, and when the reader went back or changed it by hand.

    Turning to another page empties the query: that changes nothing of what is seen.
    """
    now = {name: str(st.query_params[name]) for name in st.query_params}
    written = st.session_state.get(_WRITTEN)
    if _LOOK not in st.session_state:
        st.session_state[_LOOK] = decode(now)
        return
    quiet = time.monotonic() - st.session_state.get(_WRITTEN_AT, 0.0) > _ECHO_S
    if now and written is not None and now != written and quiet:
        before = look()
        st.session_state[_LOOK] = decode(now)
        if look().camera != before.camera and look().camera is not None:
            st.session_state[_FLIGHTS] = flight() + 1


def write_address() -> None:
    """Put the look into the address; the browser asks nothing for it."""
    wanted = encode(look())
    now = {name: str(st.query_params[name]) for name in st.query_params}
    if now != wanted:
        st.query_params.from_dict(wanted)
        st.session_state[_WRITTEN_AT] = time.monotonic()
    st.session_state[_WRITTEN] = wanted


def language() -> str:
    """The reader's language: chosen, remembered by the browser, else the browser's own."""
    chosen = look().language or st.context.cookies.to_dict().get(LANGUAGE_COOKIE)
    if chosen in i18n.LANGUAGES:
        return str(chosen)
    return i18n.negotiate(st.context.headers.to_dict().get("Accept-Language") or st.context.locale)


def theme() -> str:
    """Light or dark: what the browser draws now."""
    return "dark" if (st.context.theme.type or look().theme) == "dark" else "light"


def enter(workspace: str) -> None:
    """See another workspace from the beginning; language and theme stay."""
    now = look()
    st.session_state[_LOOK] = Look(workspace=workspace, language=now.language, theme=now.theme)
    st.session_state[_FLIGHTS] = flight() + 1
