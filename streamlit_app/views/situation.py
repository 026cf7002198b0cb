"""What is going on in my territory?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from streamlit_app.address import Tool
from streamlit_app.components import (
    card_panel,
    compare_panel,
    demo,
    empty,
    figures_row,
    filter_bar,
    gap_panel,
    layer_picker,
    map_panel,
    plan_panel,
    search_box,
    state,
)
from streamlit_app.components.context import Context
from streamlit_app.services import measures

_PANELS: Mapping[Tool, Callable[[Context], None]] = {
    Tool.PLACE: card_panel.draw,
    Tool.GAP: gap_panel.draw,
    Tool.PLAN: plan_panel.draw,
    Tool.COMPARE: compare_panel.draw,
}


def show(context: Context) -> None:
    """Map first, numbers beside it."""
    if demo.is_coming(context):
        return
    subject = measures.chosen(state.look(), context.layers)
    layer = measures.event_layer(state.look(), context.layers)
    if not any(one.rows for one in context.layers):
        empty.situation(context)
        return
    search_box.draw(context)
    complete: Callable[[], None] = _nothing
    if subject is not None:
        layer_picker.draw(context, subject)
    if layer is not None:
        filter_bar.draw(context, layer)
        complete = figures_row.draw(context, layer)
    with st.container(key="situation", horizontal=True, gap="small"):
        with st.container(key="map", width="stretch"):
            map_panel.draw(context, subject)
        with st.container(key="panel", width=430):
            _tools(context)
            _PANELS[state.look().tool](context)
    complete()


def _nothing() -> None:
    """There are no figures to complete."""


def _tools(context: Context) -> None:
    words = context.words
    st.session_state["tool"] = state.look().tool.value
    st.segmented_control(
        words("ui.tool"),
        [tool.value for tool in Tool],
        key="tool",
        required=True,
        format_func=lambda tool: words(f"ui.tool.{tool}"),
        on_change=lambda: state.change(tool=Tool(st.session_state["tool"])),
        label_visibility="collapsed",
        width="stretch",
    )
