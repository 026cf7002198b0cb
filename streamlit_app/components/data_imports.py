"""Imports: report, rejected rows, undo, which asks first and names what goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from streamlit_app.components import connection, data_quality, data_quarantine, data_report
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.services import reports
from streamlit_app.widgets import table

_CHOSEN, _TOLD = "qorgan.import", "qorgan.import_told"
_TABLE_PX = 360


def draw(context: Context) -> None:
    """The list; a row opens its report."""
    words, slug = context.words, context.workspace.slug
    with told(words, key="imports"):
        batches = connection.remembered(("imports", slug), lambda: context.gateway.imports(slug))
        if not batches:
            st.info(words("ui.imports.none"))
            return
        if message := st.session_state.pop(_TOLD, None):
            st.success(message)
        columns, rows = reports.import_rows(batches, context.by_id, words, zone=context.workspace.zone)
        picked = table(
            columns,
            rows,
            key="imports",
            caption=words("ui.data.imports"),
            selected=st.session_state.get(_CHOSEN),
            is_selectable=True,
            height_px=_TABLE_PX,
        )
        if picked is not None:
            st.session_state[_CHOSEN] = picked
            st.rerun()
        chosen = next((one for one in batches if str(one["id"]) == st.session_state.get(_CHOSEN)), None)
        if chosen is not None:
            _one(context, chosen)


def _one(context: Context, batch: Mapping[str, Any]) -> None:
    words = context.words
    number = int(batch["id"])
    layer = context.layer(str(batch["layer_id"]))
    report = dict(batch.get("report") or {})
    st.html(f"<h2 class='qorgan-h'>{words('ui.imports.one', number=number)}</h2>")
    digest = f"SHA-256 {batch['sha256']}" if batch.get("sha256") else ""
    st.caption(
        words.joined(reports.licence_words(batch.get("licence"), words), str(batch.get("attribution") or ""), digest)
    )
    if report:
        data_report.draw(context, report, layer, key="import_report")
    if int(report.get("rejected") or 0):
        data_quarantine.draw(context, number, layer, report)
    if layer is not None and layer.kind == "event" and batch["state"] == "loaded":
        data_quality.draw(context, number, layer)
    if batch["state"] == "loaded" and context.workspace.can_edit:
        _undo(context, batch)


def _undo(context: Context, batch: Mapping[str, Any]) -> None:
    """Two steps: the first names what goes."""
    words, number = context.words, int(batch["id"])
    report = batch.get("report") or {}
    with st.popover(words("common.button.undo")):
        layer = context.layer(str(batch["layer_id"]))
        st.markdown(
            words(
                "ui.imports.undo_asks",
                source=reports.source_words(batch, words),
                layer=layer.title if layer else str(batch["layer_id"]),
                loaded=int(report.get("loaded") or 0),
                updated=int(report.get("updated") or 0),
            )
        )
        if st.button(words("ui.imports.undo_sure"), key=f"undo_{number}", type="primary"):
            with told(words, key="undo"):
                found = context.gateway.undo(context.workspace.slug, number)
                connection.forget()
                st.session_state[_TOLD] = words(
                    "ui.imports.undone",
                    removed=int(found.get("removed") or 0),
                    restored=int(found.get("restored") or 0),
                )
                st.rerun()
