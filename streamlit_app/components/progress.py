"""A job one can watch, leave, find again and cancel."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from streamlit_app.components import connection
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import Job
from streamlit_app.services.reports import state_words

_EVERY_S = 1.0


@st.fragment(run_every=_EVERY_S)
def watch(context: Context, job_id: int, *, key: str, on_end: Callable[[Job], None]) -> None:
    """Show how far the job is, once a second; the page around it stays usable.

    Parameters
    ----------
    on_end : called once when it is over; the page is then drawn anew.
    """
    words = context.words
    with told(words, key=f"job_{key}"):
        job = context.gateway.job(context.workspace.slug, job_id)
        if job.is_over:
            connection.forget()
            on_end(job)
            st.rerun(scope="app")
        tell_why_it_waits(context, job)
        st.progress(job.progress, text=job.doing or state_words(job.state, words))
        st.button(
            words("common.button.cancel"),
            key=f"cancel_{key}",
            on_click=context.gateway.cancel,
            args=(context.workspace.slug, job_id),
        )


def tell_why_it_waits(context: Context, *jobs: Job) -> None:
    """Say that nobody works while one of the jobs waits."""
    if not any(job.is_waiting for job in jobs):
        return
    for note in connection.remembered(("service-notes", context.words.language), context.gateway.service_notes):
        st.warning(note)
