"""Many records at once: out as a table, changed there, the difference looked at, applied as one batch; and the latest edits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from streamlit_app.components import connection
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import LayerInfo, SentFile
from streamlit_app.services import editing as rules
from streamlit_app.widgets import Column, table

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHOWN, _APPLIED, _TURN = (f"qorgan.table_edit.{name}" for name in ("shown", "applied", "turn"))
_TABLE_PX = 360


def draw(context: Context) -> None:
    """The steps, and below them what was edited last."""
    words = context.words
    if not context.workspace.can_edit:
        st.info(words("ui.upload.not_allowed"))
        return
    able = {one.id: one.title for one in context.layers if one.kind != "derived" and (one.rows or one.can_add)}
    if not able:
        st.caption(words("common.nothing.none"))
        return
    chosen = st.selectbox(
        words("ui.upload.layer"), list(able), key="table_edit_layer", format_func=lambda one: able.get(one, one)
    )
    layer = context.layer(str(chosen))
    if layer is None:
        return
    done = st.session_state.pop(_APPLIED, None)
    if done:
        st.success(words("ui.table_edit.applied", **done))
    st.markdown(words("ui.table_edit.note"))
    _out(context, layer)
    _back(context, layer)
    _latest(context, layer)


def _out(context: Context, layer: LayerInfo) -> None:
    words, slug = context.words, context.workspace.slug
    st.download_button(
        words("ui.table_edit.download"),
        data=lambda: context.gateway.table(slug, layer.id),
        file_name=f"{slug}-{layer.id}.xlsx",
        mime=_XLSX,
        key=f"table_out_{layer.id}",
        icon=":material/download:",
        on_click="ignore",
    )


def _back(context: Context, layer: LayerInfo) -> None:
    words, slug = context.words, context.workspace.slug
    # a new key after a table was applied: the field is empty again
    turn = st.session_state.get(_TURN, 0)
    given = st.file_uploader(words("ui.table_edit.file"), type=["xlsx"], key=f"table_back_{layer.id}_{turn}")
    if given is None:
        st.session_state.pop(_SHOWN, None)
        return
    file = SentFile(name=given.name, content=given)
    with told(words, key="table_edit"):
        key = (slug, layer.id, given.file_id, words.language)
        shown = st.session_state.get(_SHOWN)
        if shown is None or shown[0] != key:
            shown = (key, context.gateway.table_difference(slug, layer.id, file))
            st.session_state[_SHOWN] = shown
        _difference(context, layer, file, shown[1])


def _difference(context: Context, layer: LayerInfo, file: SentFile, found: Mapping[str, Any]) -> None:
    words, counts = context.words, found["counts"]
    st.markdown(words("ui.table_edit.counts", unchanged=found["unchanged"], **counts))
    if not found["lines"]:
        st.info(words("ui.edit.nothing"))
        return
    columns = [Column(title=words(f"ui.table_edit.column.{n}")) for n in ("row", "kind", "record", "what", "problem")]
    table(
        columns,
        rules.difference_rows(found, layer, words),
        key="table_difference",
        caption=words("ui.table_edit.difference"),
        height_px=_TABLE_PX,
    )
    faulty = counts["fault"] + counts["conflict"]
    able = len(found["lines"]) - faulty
    leave_out = bool(faulty) and st.checkbox(
        words.plural("ui.table_edit.leave_out", faulty), key="table_leave_out", disabled=not able
    )
    reason = st.text_input(words("ui.edit.reason"), key="table_reason", max_chars=1000)
    ready = able > 0 and (not faulty or leave_out)
    if st.button(words("ui.table_edit.apply"), type="primary", key="table_apply", disabled=not ready):
        done = context.gateway.apply_table(
            context.workspace.slug,
            layer.id,
            file,
            expect=str(found["fingerprint"]),
            reason=reason,
            leave_out=leave_out,
        )
        st.session_state[_APPLIED] = done
        st.session_state.pop(_SHOWN, None)
        st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
        connection.forget()
        st.rerun()


def _latest(context: Context, layer: LayerInfo) -> None:
    words = context.words
    st.html(f"<h2 class='qorgan-h'>{words('ui.edit.latest')}</h2>")
    with told(words, key="latest_edits"):
        edits = context.gateway.edits(context.workspace.slug, layer.id)
        if not edits:
            st.caption(words("ui.edit.no_history"))
            return
        columns = [Column(title=words(f"ui.edit.column.{name}")) for name in ("when", "who", "what", "why")]
        rows = rules.edit_rows(edits, layer, words, zone=context.workspace.zone)
        table(columns, rows, key="latest_edits", caption=words("ui.edit.latest"), height_px=_TABLE_PX)
        able = {int(edit["id"]): row for edit, row in zip(edits, rows, strict=True) if edit["undoable"]}
        if able:
            chosen = st.selectbox(
                words("ui.edit.undo_which"),
                list(able),
                key=f"undo_which_{layer.id}",
                format_func=lambda one: " · ".join(part for part in able[one].cells if part),
                index=None,
                placeholder="…",
            )
            if chosen is not None and st.button(words("ui.edit.undo"), key=f"undo_{layer.id}"):
                context.gateway.undo_edit(context.workspace.slug, layer.id, int(chosen))
                connection.forget()
                st.rerun()
