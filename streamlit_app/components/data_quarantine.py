"""Quarantine of an import: rejected rows by reason, mended in place or as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from streamlit_app.components import progress
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import Job, LayerInfo
from streamlit_app.gateway.client import MOST_REJECTED, SentFile
from streamlit_app.services import reports
from streamlit_app.widgets import table

_TABLE_PX = 360
_ROW, _JOB, _TOLD = "qorgan.mend_row", "qorgan.mend_job", "qorgan.mend_told"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def draw(context: Context, number: int, layer: LayerInfo | None, report: Mapping[str, Any]) -> None:
    """Behind a toggle: rows that wait; a row opens its form."""
    words, slug = context.words, context.workspace.slug
    if not st.toggle(words("ui.imports.show_rejected"), key=f"rejected_{number}"):
        return
    if message := st.session_state.pop(_TOLD, None):
        st.success(message)
    job = st.session_state.get(_JOB)
    if job is not None:
        progress.watch(context, int(job), key="mend", on_end=lambda done: _ended(context, done))
    codes = sorted(report.get("rejected_by_reason") or {})
    every = words("ui.quarantine.every_reason")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reason = st.selectbox(
            words("ui.report.reasons"),
            [every, *codes],
            key=f"mend_reason_{number}",
            format_func=lambda code: code if code == every else reports.reason_words(code, layer, words),
        )
        is_mended = st.toggle(words("ui.quarantine.show_mended"), key=f"mend_done_{number}")
    rows = context.gateway.rejected(slug, number, reason=None if reason == every else reason, mended=is_mended)
    if not rows:
        st.info(words("ui.quarantine.none_mended" if is_mended else "ui.quarantine.none"))
        return
    columns, made = reports.rejected_table(rows, layer, words)
    may_mend = context.workspace.can_edit and not is_mended
    picked = table(
        columns,
        made,
        key="rejected",
        caption=words("ui.report.rejected"),
        height_px=_TABLE_PX,
        selected=st.session_state.get(_ROW),
        is_selectable=may_mend,
    )
    if picked is not None:
        st.session_state[_ROW] = picked
        st.rerun()
    if len(rows) == MOST_REJECTED:
        st.caption(words("ui.place.capped", n=MOST_REJECTED))
    if not may_mend:
        return
    chosen = next((row for row in rows if str(row["row_number"]) == st.session_state.get(_ROW)), None)
    if chosen is None:
        st.caption(words("ui.quarantine.pick"))
    else:
        _form(context, number, layer, chosen)
    _files(context, number)


def _form(context: Context, number: int, layer: LayerInfo | None, row: Mapping[str, Any]) -> None:
    """Every value of the row as the source wrote it, to be changed; looked at first, then loaded."""
    words, at = context.words, int(row["row_number"])
    st.html(f"<h3 class='qorgan-h'>{words('ui.quarantine.row', row=at)}</h3>")
    st.warning(reports.reasons_words(row["reasons"], layer, words))
    names = [name for name in row["raw"] if name != "line" and not name.startswith("pseudonym:")]
    with st.form(f"mend_{number}_{at}", border=True):
        values = {
            name: st.text_input(
                name, value="" if row["raw"][name] is None else str(row["raw"][name]), key=f"mend_{number}_{at}_{name}"
            )
            for name in names
        }
        why = st.text_input(words("ui.quarantine.why"), key=f"mend_{number}_{at}:why", max_chars=1000)
        with st.container(horizontal=True):
            look = st.form_submit_button(words("ui.quarantine.check"))
            load = st.form_submit_button(words("ui.quarantine.load"), type="primary")
    if not (look or load):
        return
    before = {name: "" if row["raw"][name] is None else str(row["raw"][name]) for name in names}
    changes = {name: value or None for name, value in values.items() if value != before[name]}
    with told(words, key="mend"):
        found = context.gateway.mend(context.workspace.slug, number, at, changes, reason=why, dry_run=not load)
        if found.get("left"):
            st.error(
                words("ui.quarantine.still", reasons=reports.reasons_words(found["left"][0]["reasons"], layer, words))
            )
        elif load:
            st.session_state[_JOB] = found["job"]
            st.session_state.pop(_ROW, None)
            st.rerun()
        else:
            st.success(words("ui.quarantine.good"))


def _files(context: Context, number: int) -> None:
    """Out as a file, changed there, and back."""
    words, slug = context.words, context.workspace.slug
    with st.container(horizontal=True):
        for form, mime in (("xlsx", _XLSX), ("csv", "text/csv")):
            st.download_button(
                words(f"ui.quarantine.download_{form}"),
                lambda form=form: context.gateway.rejected_file(slug, number, form),  # type: ignore[misc]
                file_name=f"qorgan-rejected-{number}.{form}",
                mime=mime,
                key=f"mend_out_{form}_{number}",
                on_click="ignore",
            )
    sent = st.file_uploader(
        words("ui.quarantine.back"), key=f"mend_back_{number}", help=words("ui.quarantine.back_help")
    )
    if sent is None or not st.button(words("ui.quarantine.load_file"), key=f"mend_send_{number}"):
        return
    with told(words, key="mend_file"):
        found = context.gateway.mend_by_file(slug, number, SentFile(name=sent.name, content=sent))
        left = int(found["tried"]) - int(found["good"])
        if found.get("job") is None:
            st.error(
                words.plural("ui.quarantine.file_left", left, n=left) if left else words("ui.quarantine.unchanged")
            )
            return
        st.session_state[_JOB] = found["job"]
        st.rerun()


def _ended(context: Context, job: Job) -> None:
    """The job is over: what it did stands above the list."""
    st.session_state.pop(_JOB, None)
    words = context.words
    count = int((job.result or {}).get("mended") or 0)
    if count:
        st.session_state[_TOLD] = words.plural("ui.quarantine.done", count, n=count)
