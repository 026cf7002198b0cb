"""Long work: what runs, how far it is, how it ended; what is not over can be cancelled."""

from __future__ import annotations

import streamlit as st

from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.components.progress import tell_why_it_waits
from streamlit_app.gateway import Job
from streamlit_app.services import reports
from streamlit_app.widgets import Column, table
from streamlit_app.widgets.table import Row

_EVERY_S = 2.0
_MOST_ENDED = 20


@st.fragment(run_every=_EVERY_S)
def draw(context: Context) -> None:
    """Draw the list, anew every two seconds."""
    words = context.words
    with told(words, key="jobs"):
        jobs = context.gateway.jobs(context.workspace.slug)
        if not jobs:
            st.info(words("ui.jobs.none"))
            return
        tell_why_it_waits(context, *jobs)
        for job in [one for one in jobs if not one.is_over]:
            _running(context, job)
        over = [one for one in jobs if one.is_over][:_MOST_ENDED]
        columns = [
            Column(title="№", align="end"),
            Column(title=words("ui.job")),
            Column(title=words("ui.report.state")),
            Column(title=words("ui.report.when")),
            Column(title=words("ui.job.why")),
        ]
        rows = [_row(context, job) for job in over]
        if rows:
            table(columns, rows, key="jobs", caption=words("ui.data.jobs"))


def _running(context: Context, job: Job) -> None:
    words = context.words
    told_of = words.joined(
        f"№ {job.id}", reports.job_words(job, context.by_id, words), job.doing or reports.state_words(job.state, words)
    )
    st.progress(job.progress, text=told_of)
    st.button(
        words("common.button.cancel"),
        key=f"cancel_{job.id}",
        on_click=context.gateway.cancel,
        args=(context.workspace.slug, job.id),
    )


def _row(context: Context, job: Job) -> Row:
    words = context.words
    return Row(
        id=str(job.id),
        cells=(
            str(job.id),
            reports.job_words(job, context.by_id, words),
            reports.state_words(job.state, words),
            words.moment(job.created_at, context.workspace.zone),
            job.error,
        ),
        tone="bad" if job.state == "failed" else "",
    )
