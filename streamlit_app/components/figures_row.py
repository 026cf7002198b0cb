"""Key figures above the map."""

from __future__ import annotations

from html import escape

import streamlit as st

from streamlit_app.components import facts, state
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import ApiProblem, LayerInfo
from streamlit_app.services import figures


def draw(context: Context, layer: LayerInfo) -> None:
    """Numbers under the filter, each with its denominator and what is not known."""
    with told(context.words, key="figures"):
        found = figures.of_events(context.profile(layer, {}), layer, state.look(), context.words)
        coverage = context.layer("camera_coverage")
        if coverage is not None and coverage.rows and context.workspace.can_record:
            found += _coverage(context)
        cards = "".join(
            f"<li><span>{escape(one.title)}</span><strong>{escape(one.value)}</strong><small>{escape(one.note)}</small></li>"
            for one in found
        )
        st.html(f'<ul class="qorgan-figures">{cards}</ul>')


def _coverage(context: Context) -> list[figures.Figure]:
    try:
        return figures.of_coverage(facts.gap(context), context.words)
    except ApiProblem:
        return []  # told where the gap itself is asked for
