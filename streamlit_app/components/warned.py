"""Warnings of an answer, beside the numbers they are about: small, so that the map stays in sight."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from html import escape
from typing import Any

import streamlit as st

from streamlit_app.components.context import Context
from streamlit_app.gateway import ApiProblem, LayerInfo
from streamlit_app.services import warnings
from streamlit_app.words import Words


def draw(
    found: Mapping[str, Any], words: Words, *, layer: str | None = None, told: Collection[str] = frozenset()
) -> None:
    """One note with every sentence; nothing where there is nothing to warn of.

    Parameters
    ----------
    told : sentences that stand elsewhere on the page already.
    """
    lines = [f"<li>{escape(one)}</li>" for one in warnings.sentences(found, words, layer=layer) if one not in told]
    if lines:
        st.html(f'<ul class="qorgan-warned" role="note">{"".join(lines)}</ul>')


def told_above(context: Context, layer: LayerInfo | None) -> frozenset[str]:
    """What stands under the key figures."""
    if layer is None:
        return frozenset()
    try:
        return frozenset(warnings.sentences(context.profile(layer, {}), context.words, layer=layer.id))
    except ApiProblem:
        return frozenset()
