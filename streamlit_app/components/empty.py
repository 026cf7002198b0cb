"""Pages without data teach: what belongs here, how to bring it in, and a demonstration to look at."""

from __future__ import annotations

import streamlit as st

from streamlit_app.components import connection, demo, state, workspace_form
from streamlit_app.components.context import Context
from streamlit_app.gateway import ApiProblem, Gateway, Reader
from streamlit_app.words import Words


def reader(gateway: Gateway) -> Reader:
    """What the reader may do; nothing where the API does not say."""
    try:
        return connection.remembered(("me",), gateway.me, seconds=connection.LONG_S)
    except ApiProblem:
        return Reader()


def situation(context: Context) -> None:
    """No layer has rows yet."""
    words = context.words
    st.html(f"<h1 class='qorgan-title'>{words('ui.empty.title')}</h1>")
    demo.how_it_ended(words)
    st.markdown(words("ui.empty.what"))
    st.markdown(words("ui.empty.how"))
    st.page_link(context.pages["data"], label=words("ui.empty.to_data"))
    there = next((one for one in context.workspaces if one.is_synthetic and one.slug != context.workspace.slug), None)
    if there is not None:
        st.button(words("ui.empty.open_demo"), key="open_demo", on_click=state.enter, args=(there.slug,))
    elif reader(context.gateway).may_load_demos:
        st.markdown(words("ui.empty.demo"))
        demo.offer(words, context.gateway)


def start(words: Words, gateway: Gateway) -> None:
    """No workspace is open to the reader: whoever may makes the first, the others are told whom to ask."""
    may = reader(gateway)
    if not (may.may_load_demos or may.may_create_workspaces):
        st.info(words("ui.no_workspace"))
        return
    st.html(f"<h1 class='qorgan-title'>{words('ui.start.title')}</h1>")
    st.markdown(words("ui.start.what"))
    if may.may_load_demos:
        demo.offer(words, gateway)
    if may.may_create_workspaces:
        workspace_form.draw(words, gateway)
