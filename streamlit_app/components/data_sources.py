"""Connected services: what is asked when, what came of it, now, no longer; and a new one."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from streamlit_app.components import connection, progress
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.services import connected

_JOBS, _TOLD, _TURN = (f"qorgan.sources.{name}" for name in ("jobs", "told", "turn"))
_UNITS = ("d", "h")
_MOST_EVERY = 365
_NIGHT = "03:30"


def draw(context: Context) -> None:
    """The list, and below it the form of a new one."""
    words, slug = context.words, context.workspace.slug
    st.caption(words("ui.sources.note"))
    with told(words, key="sources"):
        found = context.gateway.sources(slug)
        if message := st.session_state.pop(_TOLD, None):
            st.success(message)
        for one in found:
            _one(context, one)
        if not found:
            st.info(words("ui.sources.none"))
        if context.workspace.can_edit:
            with st.expander(words("ui.sources.add"), expanded=not found):
                _add(context)


def _one(context: Context, one: Mapping[str, Any]) -> None:
    words, number = context.words, int(one["id"])
    zone = context.workspace.zone
    layer = context.layer(str(one["layer_id"]))
    with st.container(border=True, key=f"source_{number}"):
        st.html(
            f"<h2 class='qorgan-h'>{escape(layer.title if layer else str(one['layer_id']))}</h2>"
            f"<p class='qorgan-address'>{escape(str(one['url']))}</p>"
        )
        lines = [
            (words("ui.sources.schedule"), connected.schedule_words(one, words)),
            (words("ui.sources.last"), connected.outcome_words(one, words, zone=zone)),
            (words("ui.sources.next"), words.moment(one["next_run_at"], zone)),
            (words("ui.sources.condition"), str(one.get("condition") or "")),
        ]
        st.html(
            "<dl class='qorgan-lines'>"
            + "".join(f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in lines if said)
            + "</dl>"
        )
        if one.get("error"):
            st.warning(str(one["error"].get("detail") or ""))
        job = _jobs().get(number) or (one.get("job_id") if one["state"] in ("queued", "running") else None)
        if job is not None:
            progress.watch(context, int(job), key=f"source_{number}", on_end=lambda _: _ended(number))
        if context.workspace.can_edit:
            _deeds(context, number, one, is_running=job is not None)


def _deeds(context: Context, number: int, one: Mapping[str, Any], *, is_running: bool) -> None:
    """Ask now; ask no longer, which asks first."""
    words, slug = context.words, context.workspace.slug
    with st.container(horizontal=True, gap="small"):
        if st.button(words("ui.sources.run"), key=f"source_run_{number}", disabled=is_running):
            with told(words, key=f"source_run_{number}"):
                _jobs()[number] = context.gateway.run_source(slug, number)
                st.rerun()
        with st.popover(words("ui.sources.remove")):
            st.markdown(words("ui.sources.remove_asks", address=str(one["url"])))
            if st.button(words("ui.sources.remove_sure"), key=f"source_remove_{number}", type="primary"):
                with told(words, key=f"source_remove_{number}"):
                    context.gateway.remove_source(slug, number)
                    st.session_state[_TOLD] = words("ui.sources.removed")
                    st.rerun()


def _jobs() -> dict[int, int]:
    """Connection → job that was started here."""
    jobs: dict[int, int] = st.session_state.setdefault(_JOBS, {})
    return jobs


def _ended(number: int) -> None:
    """What came of it, the list tells."""
    _jobs().pop(number, None)


def _add(context: Context) -> None:
    """The form: layer, address, mapping, how often, which part; refusals are told below it."""
    words, slug = context.words, context.workspace.slug
    turn = st.session_state.get(_TURN, 0)  # a new one after each connection: the form is empty again

    def key(name: str) -> str:
        return f"source_{name}_{turn}"

    able = {layer.id: layer.title for layer in context.layers if layer.kind != "derived"}
    layer_id = str(
        st.selectbox(words("ui.upload.layer"), list(able), key=key("layer"), format_func=lambda one: able.get(one, one))
    )
    layer = context.layer(layer_id)
    if layer is None:
        return
    url = st.text_input(
        words("ui.sources.address"),
        key=key("url"),
        max_chars=2000,
        placeholder="https://…/FeatureServer/1",
        help=words("ui.sources.address_help"),
    )
    kept = {
        str(one["id"]): one["mapping"] for one in context.gateway.kept_mappings(slug, layer.id) if one.get("mapping")
    }
    names = list(dict.fromkeys([*kept, *layer.mappings]))
    if not names:
        st.info(words("ui.sources.no_mapping"))
        return
    name = str(
        st.selectbox(
            words("ui.sources.mapping"), names, key=key(f"mapping_{layer.id}"), help=words("ui.sources.mapping_help")
        )
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        every = st.number_input(words("ui.sources.every"), 1, _MOST_EVERY, 1, key=key("every"))
        unit = st.segmented_control(
            words("ui.sources.unit"),
            _UNITS,
            default="d",
            required=True,
            key=key("unit"),
            format_func=lambda one: words("ui.sources.days" if one == "d" else "ui.sources.hours"),
            label_visibility="collapsed",
        )
        at = (
            # Streamlit's own field of a time names its halves in English
            st.text_input(
                words("ui.sources.at_clock"), _NIGHT, key=key("at"), max_chars=5, help=words("ui.sources.at_help")
            ).strip()
            if unit == "d"
            else None
        )
    where = st.text_input(
        words("ui.sources.where"), key=key("where"), max_chars=2000, help=words("ui.sources.where_help")
    )
    synthetic = st.checkbox(words("ui.upload.synthetic"), key=key("synthetic"), value=context.workspace.is_synthetic)
    if not st.button(words("ui.sources.connect"), key="source_connect", type="primary"):
        return
    with told(words, key="source_connect"):
        asked = connected.wanted(
            layer=layer.id,
            url=url,
            mapping=kept.get(name, name),
            every=int(every),
            unit=str(unit),
            at=at,
            where=where,
            synthetic=synthetic,
        )
        context.gateway.add_source(slug, asked)
        st.session_state[_TURN] = turn + 1
        st.session_state[_TOLD] = words("ui.sources.added")
        connection.forget()
        st.rerun()
