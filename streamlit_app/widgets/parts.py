"""How a component of ours is declared: its script and style lie beside this file."""

from __future__ import annotations

import functools
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

FOLDER = Path(__file__).resolve().parent


@functools.cache
def _source(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@functools.cache
def renderer(name: str) -> ComponentRenderer:
    """The component whose script is ``<name>.js`` here. Streamlit registers it again for every runtime by itself."""
    return st.components.v2.component(
        f"qorgan_{name}", html='<div class="root"></div>', css=_source("widgets.css"), js=_source(f"{name}.js")
    )


def nothing() -> None:
    """Without a callback Streamlit would not return the value."""
