"""Key figures above the map."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from streamlit_app.components import facts, state, warned
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import ApiProblem, LayerInfo
from streamlit_app.services import figures


def draw(context: Context, layer: LayerInfo) -> Callable[[], None]:
    """Numbers under the filter, each with its denominator and what is not known.

    Returns
    -------
    What adds the share that cameras see: to be called last, for it takes longest and nothing should wait for it.
    """
    with told(context.words, key="figures"):
        profile = context.profile(layer, {})
        found = figures.of_events(profile, layer, state.look(), context.words)
        slot = st.empty()
        warned.draw(profile, context.words, layer=layer.id)
        at_hand = facts.gap_at_hand(context)
        _show(slot, found + figures.of_coverage(at_hand, context.words))
        coverage = context.layer("camera_coverage")
        if at_hand is None and coverage is not None and coverage.rows and context.workspace.can_record:
            return lambda: _complete(context, slot, found)
    return lambda: None


def _complete(context: Context, slot: DeltaGenerator, found: list[figures.Figure]) -> None:
    try:
        _show(slot, found + figures.of_coverage(facts.gap(context), context.words))
    except ApiProblem:
        return  # told where the gap itself is asked for


def _show(slot: DeltaGenerator, found: list[figures.Figure]) -> None:
    cards = "".join(
        f"<li><span>{escape(one.title)}</span><strong>{escape(one.value)}</strong><small>{escape(one.note)}</small></li>"
        for one in found
    )
    slot.html(f'<ul class="qorgan-figures">{cards}</ul>')
