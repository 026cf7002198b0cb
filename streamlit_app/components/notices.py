"""What went wrong, calmly: what happened, what to do, a reference; the rest of the page stays usable."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from streamlit_app.components import connection
from streamlit_app.gateway import ApiProblem
from streamlit_app.services.pieces import PUBLIC_API
from streamlit_app.widgets import sign_in_form
from streamlit_app.words import Words

_log = logging.getLogger(__name__)


def tell(problem: ApiProblem, words: Words, *, key: str) -> None:
    """The problem where it happened."""
    if problem.needs_sign_in:
        st.info(words("ui.sign_in.title"))
        sign_in_form(api=PUBLIC_API, words=words)
        return
    text = problem.detail or words("error.api-away")
    if problem.reference:
        text = f"{text}\n\n{words('common.reference', reference=problem.reference)}"
    (st.warning if problem.is_away else st.info)(text)
    if problem.is_away:
        st.button(words("common.button.retry"), key=f"retry_{key}", on_click=connection.forget)


@contextmanager
def told(words: Words, *, key: str) -> Iterator[None]:
    """Whatever the API refuses inside is told in place, and the page goes on below."""
    try:
        yield
    except ApiProblem as problem:
        tell(problem, words, key=key)


@contextmanager
def guarded(words: Words) -> Iterator[None]:
    """A fault of ours: the log gets it whole, the reader a sentence; never a trace, never a link to somewhere else."""
    try:
        yield
    except Exception:  # noqa: BLE001 - whatever it is: the rest of the page is to be drawn
        _log.exception("a part of the page failed")
        st.error(words("ui.streamlit.fault"))
