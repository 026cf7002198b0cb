"""Entry of the interface: ``streamlit run streamlit_app/app.py``, or mounted by ``asgi.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from streamlit_app.components import frame, notices, state
from streamlit_app.components.context import Context
from streamlit_app.views import data, situation
from streamlit_app.words import Words

ICON = "🛡️"  # an icon by name would be fetched from outside


def main() -> None:
    """Draw the page of the address."""
    state.read_address()
    words = Words(state.language())
    st.set_page_config(page_title=words("ui.product"), page_icon=ICON, layout="wide", initial_sidebar_state="auto")

    pages: dict[str, Any] = {}

    def page(name: str, show: Callable[[Context], None], path: str) -> st.Page:
        def run() -> None:
            with notices.guarded(words):
                context = frame.open_workspace(words, pages)
                if context is not None:
                    show(context)
            frame.settings_below(words)

        return st.Page(run, title=words(f"page.{name}.title"), url_path=path, default=not path)

    pages |= {"situation": page("situation", situation.show, ""), "data": page("data", data.show, "data")}
    chosen = st.navigation(list(pages.values()), position="hidden")
    frame.dress(words)
    frame.sidebar(words, pages)
    chosen.run()
    state.write_address()


main()
