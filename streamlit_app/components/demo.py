"""The demonstration: one press loads it as a workspace of its own, a job one can leave."""

from __future__ import annotations

from html import escape

import streamlit as st

from streamlit_app.components import connection, progress, state
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import ApiProblem, Gateway, Job
from streamlit_app.words import Words

NAME = "pavlodar"
KIND = "demo"
_JOB, _ENDED = "qorgan.demo_job", "qorgan.demo_ended"  # (workspace, job); how it ended where it was not well


def offer(words: Words, gateway: Gateway) -> None:
    """The button; the reader is taken to the demonstration's own workspace."""
    if not st.button(words("ui.empty.load_demo"), key="load_demo", type="primary"):
        return
    with told(words, key="demo"):
        slug, job = gateway.load_demo(NAME)
        connection.forget()
        st.session_state.pop(_ENDED, None)
        st.session_state[_JOB] = (slug, job)
        state.enter(slug)
        st.rerun()


def is_coming(context: Context) -> bool:
    """Show how far the loading into this workspace is; False where none runs."""
    job = _running(context)
    if job is None:
        return False
    words = context.words
    st.html(f"<h1 class='qorgan-title'>{escape(context.workspace.title)}</h1>")
    st.markdown(words("ui.empty.loading_demo"))
    progress.watch(context, job, key="demo", on_end=_ended)
    return True


def how_it_ended(words: Words) -> None:
    """Why the demonstration is not there, when it was asked for."""
    ended = st.session_state.get(_ENDED)
    if isinstance(ended, Job):
        st.warning(words.joined(words("ui.empty.demo_ended"), ended.error))


def _running(context: Context) -> int | None:
    """The job that loads this workspace: started here, or found again."""
    mine = st.session_state.get(_JOB)
    if mine is not None:
        return int(mine[1]) if mine[0] == context.workspace.slug else None
    if not context.workspace.is_synthetic or any(layer.rows for layer in context.layers):
        return None
    slug = context.workspace.slug
    try:
        jobs = connection.remembered(("demo-jobs", slug), lambda: context.gateway.jobs(slug))
    except ApiProblem:
        return None  # the page below tells what is wrong
    found = next((job.id for job in jobs if job.kind == KIND and not job.is_over), None)
    if found is not None:
        st.session_state[_JOB] = (slug, found)
    return found


def _ended(job: Job) -> None:
    st.session_state.pop(_JOB, None)
    if job.state != "done":
        st.session_state[_ENDED] = job
