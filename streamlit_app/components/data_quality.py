"""An import beside what was there: months that hold too few or nothing, and breaks of registration to judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from streamlit_app.components import connection
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import LayerInfo
from streamlit_app.services import batch_quality
from streamlit_app.widgets import table

_TABLE_PX = 320
_TOLD = "qorgan.break_told"


def draw(context: Context, number: int, layer: LayerInfo) -> None:
    """Behind a toggle, because counting months of a large layer takes a moment."""
    words, slug = context.words, context.workspace.slug
    if not st.toggle(words("ui.quality.show"), key=f"quality_{number}"):
        return
    if message := st.session_state.pop(_TOLD, None):
        st.success(message)
    by_district = st.toggle(words("ui.quality.by_district"), key=f"quality_districts_{number}")
    with told(words, key="quality"):
        found = connection.remembered(
            ("quality", slug, number, by_district, layer.revision),
            lambda: context.gateway.quality(slug, number, by_district=by_district),
            seconds=connection.LONG_S,
        )
        for line in batch_quality.findings(found, words):
            st.warning(line)
        for proposal in found.get("proposed_breaks") or ():
            _proposal(context, layer, proposal)
        for accepted in found.get("accepted_breaks") or ():
            st.caption(batch_quality.accepted_words(accepted, words))
        columns, rows = batch_quality.month_table(found, words)
        if rows:
            table(columns, rows, key="quality_months", caption=words("ui.quality.months"), height_px=_TABLE_PX)
            st.caption(words("ui.quality.method"))
        if by_district:
            columns, rows = batch_quality.district_table(found, words)
            table(columns, rows, key="quality_districts", caption=words("ui.quality.by_district"), height_px=_TABLE_PX)


def _proposal(context: Context, layer: LayerInfo, proposal: Mapping[str, Any]) -> None:
    """The evidence, and for administrators a way to accept it with a reason. Nothing is assumed."""
    words, day = context.words, str(proposal["day"])
    with st.container(border=True):
        st.markdown(batch_quality.break_words(proposal, words))
        if not context.workspace.can_administer:
            st.caption(words("ui.quality.ask_administrator"))
            return
        why = st.text_input(words("ui.quality.why"), key=f"break_why_{day}", max_chars=1000)
        if st.button(words("ui.quality.accept"), key=f"break_{day}", disabled=not why.strip()):
            with told(words, key="break"):
                context.gateway.accept_break(context.workspace.slug, layer.id, day, why)
                connection.forget()
                st.session_state[_TOLD] = words("ui.quality.accepted_now", day=words.date(day))
                st.rerun()
