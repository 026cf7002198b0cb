"""The report of an import: what became of every row, and why some were not loaded."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from streamlit_app.components.context import Context
from streamlit_app.gateway import LayerInfo
from streamlit_app.services import reports
from streamlit_app.widgets import Column, table


def draw(context: Context, report: Mapping[str, Any], layer: LayerInfo | None, *, key: str) -> None:
    """Counts, reasons, notes on rows and on the file."""
    words = context.words
    if failed := reports.failure(report, words):
        st.warning(f"**{words('ui.report.failed')}.** {failed}")
    if "read" not in report:
        return  # it failed before the first row
    parts = "".join(
        f"<li><span>{escape(name)}</span><strong>{escape(value)}</strong></li>"
        for name, value in reports.counts(report, words)
    )
    st.html(f'<ul class="qorgan-figures">{parts}</ul>')
    reasons = reports.reason_rows(report, layer, words)
    if reasons:
        columns = [Column(title=words("ui.report.reasons")), Column(title=words("ui.report.rows"), align="end")]
        table(columns, reasons, key=f"{key}_reasons", caption=words("ui.report.reasons"))
    flags = reports.flag_rows(report, layer, words)
    if flags:
        columns = [Column(title=words("ui.report.flagged")), Column(title=words("ui.report.rows"), align="end")]
        table(columns, flags, key=f"{key}_flags", caption=words("ui.report.flagged"))
    notes = reports.warning_rows(report, layer, words)
    if notes:
        columns = [Column(title=words("ui.report.notes")), Column(title=words("ui.report.rows"), align="end")]
        table(columns, notes, key=f"{key}_notes", caption=words("ui.report.notes"))
