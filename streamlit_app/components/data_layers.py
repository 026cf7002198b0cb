"""Layers as they stand: source, licence, freshness, completeness, made up or not."""

from __future__ import annotations

import streamlit as st

from streamlit_app.components.context import Context
from streamlit_app.services import reports
from streamlit_app.widgets import Column, table

_CHOSEN = "qorgan.data_layer"


def draw(context: Context) -> None:
    """The table; a row opens what is known of the layer field by field."""
    words = context.words
    st.caption(words("ui.data.layers_note"))
    picked = table(
        reports.layer_columns(words),
        reports.layer_rows(context.layers, words, zone=context.workspace.zone),
        key="layers",
        caption=words("ui.data.layers"),
        selected=st.session_state.get(_CHOSEN),
        is_selectable=True,
    )
    if picked is not None:
        st.session_state[_CHOSEN] = picked
        st.rerun()
    layer = context.layer(str(st.session_state.get(_CHOSEN)))
    if layer is None:
        return
    st.html(f"<h2 class='qorgan-h'>{layer.title}</h2>")
    st.markdown(layer.description)
    if layer.enables and not layer.rows:
        st.info(layer.enables)
    for warning in layer.warnings:
        st.markdown(f"- {warning}")
    sources = "; ".join(layer.status.get("attributions") or ())
    if sources:
        st.markdown(f"{words('common.source')}: {sources}")
    rows = reports.completeness_rows(layer, words)
    if rows:
        columns = [Column(title=words("ui.place.field")), Column(title=words("ui.data.known"), align="end")]
        table(columns, rows, key="completeness", caption=words("ui.data.completeness"))
