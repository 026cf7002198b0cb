"""Pages without data teach: what belongs here, how to bring it in."""

from __future__ import annotations

import streamlit as st

from streamlit_app.components import state
from streamlit_app.components.context import Context

DEMO_COMMAND = "./run qorgan demo pavlodar"


def situation(context: Context) -> None:
    """No layer has rows yet."""
    words = context.words
    st.html(f"<h1 class='qorgan-title'>{words('ui.empty.title')}</h1>")
    st.markdown(words("ui.empty.what"))
    st.markdown(words("ui.empty.how"))
    st.page_link(context.pages["data"], label=words("ui.empty.to_data"))
    demo = next((one for one in context.workspaces if one.is_synthetic and one.slug != context.workspace.slug), None)
    if demo is not None:
        st.button(words("ui.empty.open_demo"), key="open_demo", on_click=state.enter, args=(demo.slug,))
    else:
        st.markdown(words("ui.empty.demo"))
        st.code(DEMO_COMMAND, language=None)
