"""What stands around every page: navigation, workspace, language, theme; and whose the data are."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

import i18n
from streamlit_app.components import connection, empty, notices, state
from streamlit_app.components.context import Context
from streamlit_app.gateway import ApiProblem, Workspace
from streamlit_app.services.streamlit_words import dictionary
from streamlit_app.widgets import settle_browser
from streamlit_app.words import Words

_STYLE = Path(__file__).resolve().parents[1] / "style.css"
Pages = Mapping[str, Any]


def dress(words: Words) -> None:
    """Style, language and theme of the whole document."""
    st.html(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>")
    settle_browser(
        language=words.language,
        theme=state.look().theme,
        actual_theme=st.context.theme.type,
        dictionary=dictionary(words),
    )


def sidebar(words: Words, pages: Pages) -> None:
    """Name, pages, language and theme; what needs the API comes later, so that it stands when the API is away."""
    with st.sidebar:
        st.html(f'<p class="qorgan-name">{words("ui.product")}</p>')
        with st.container(key="nav", gap="small"):
            for name, page in pages.items():
                st.page_link(page, label=words(f"page.{name}.title"))


def settings_below(words: Words) -> None:
    """Language and theme, at the foot of the sidebar."""
    with st.sidebar:
        st.session_state["language"] = words.language
        st.segmented_control(
            words("common.language"),
            i18n.LANGUAGES,
            key="language",
            format_func=lambda code: words(f"common.language.{code}"),
            required=True,
            on_change=lambda: state.change(language=st.session_state["language"]),
        )
        st.session_state["dark_theme"] = state.theme() == "dark"
        st.toggle(words("ui.dark_theme"), key="dark_theme", on_change=_turn_theme)


def _turn_theme() -> None:
    state.change(theme="dark" if st.session_state["dark_theme"] else "light")


def open_workspace(words: Words, pages: Pages) -> Context | None:
    """The chosen workspace with its layers; None when the page has to end here, after saying why."""
    gateway = connection.gateway(words.language)
    try:
        found = connection.remembered(("workspaces", words.language), gateway.workspaces)
        if not found:
            empty.start(words, gateway)
            return None
        workspace = next((one for one in found if one.slug == state.look().workspace), found[0])
        if workspace.slug != state.look().workspace:
            state.change(workspace=workspace.slug)
        _picker(found, workspace, words)
        layers = connection.remembered(
            ("layers", workspace.slug, words.language), lambda: gateway.layers(workspace.slug)
        )
    except ApiProblem as problem:
        notices.tell(problem, words, key="frame")
        return None
    context = Context(
        words=words,
        gateway=gateway,
        workspace=workspace,
        workspaces=tuple(found),
        layers=tuple(layers),
        pages=pages,
    )
    if context.is_synthetic:
        st.html(f'<p class="qorgan-badge" role="note">{words("common.synthetic")}</p>')
    return context


def _picker(found: list[Workspace], chosen: Workspace, words: Words) -> None:
    titles = {one.slug: one.title for one in found}
    with st.sidebar:
        if len(found) == 1:
            st.html(f'<p class="qorgan-place">{escape(chosen.title)}</p>')
            return
        st.session_state["workspace"] = chosen.slug
        st.selectbox(
            words("ui.workspace"),
            list(titles),
            key="workspace",
            format_func=lambda slug: titles.get(slug, slug),
            on_change=lambda: state.enter(st.session_state["workspace"]),
        )
