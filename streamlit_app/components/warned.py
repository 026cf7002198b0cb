"""Warnings of an answer, beside the numbers they are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from streamlit_app.services import warnings
from streamlit_app.words import Words


def draw(found: Mapping[str, Any], words: Words, *, layer: str | None = None) -> None:
    """One box with every sentence; nothing where there is nothing to warn of."""
    told = warnings.sentences(found, words, layer=layer)
    if told:
        st.warning("\n\n".join(told))
