"""Can I trust this?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from streamlit_app.components import (
    data_edits,
    data_imports,
    data_jobs,
    data_layers,
    data_sources,
    data_upload,
    empty,
    workspace_form,
)
from streamlit_app.components.context import Context

_PARTS: Mapping[str, Callable[[Context], None]] = {
    "layers": data_layers.draw,
    "upload": data_upload.draw,
    "services": data_sources.draw,
    "edits": data_edits.draw,
    "imports": data_imports.draw,
    "jobs": data_jobs.draw,
    "workspaces": workspace_form.draw_part,
}
_NOW = "qorgan.data_part"


def show(context: Context) -> None:
    """Layers, a file on its way in, services, edits, imports, jobs."""
    words = context.words
    st.html(f"<h1 class='qorgan-title'>{words('page.data.question')}</h1>")
    parts = [name for name in _PARTS if name != "workspaces" or empty.reader(context.gateway).may_create_workspaces]
    if st.session_state.get(_NOW) not in parts:
        st.session_state[_NOW] = parts[0]
    st.session_state["data_part"] = st.session_state[_NOW]
    st.segmented_control(
        words("page.data.title"),
        parts,
        key="data_part",
        required=True,
        format_func=lambda name: words(f"ui.data.{name}"),
        on_change=lambda: st.session_state.__setitem__(_NOW, st.session_state["data_part"]),
        label_visibility="collapsed",
    )
    _PARTS[st.session_state[_NOW]](context)
