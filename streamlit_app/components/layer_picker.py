"""Which layers lie on the map, and which measure colours it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from streamlit_app.address import Unit
from streamlit_app.components import state
from streamlit_app.components.context import Context
from streamlit_app.gateway import LayerInfo
from streamlit_app.services import levels
from streamlit_app.services.measures import Subject, area_kinds, subjects
from streamlit_app.services.shown import beside, default_layers, offered

_BY_ZOOM = 0


def draw(context: Context, subject: Subject) -> None:
    """In the sidebar: the measure, the unit it is counted on, and the layers beside it."""
    words = context.words
    with st.sidebar:
        st.html(f"<h2 class='qorgan-h'>{words('ui.picker.colour')}</h2>")
        _subject(context, subject)
        if subject.layer.has_time:
            _unit(context)
        if state.look().unit is Unit.AREAS and subject.layer.has_time:
            _area_kind(context)
        if state.look().unit is Unit.CELLS or not subject.layer.has_time:
            _level(context)
        st.html(f"<h2 class='qorgan-h'>{words('ui.picker.layers')}</h2>")
        _layers(context)


def _subject(context: Context, subject: Subject) -> None:
    every = {one.key: one for one in subjects(context.layers)}
    st.session_state["subject"] = subject.key
    st.selectbox(
        context.words("ui.picker.measure"),
        list(every),
        key="subject",
        format_func=lambda key: every[key].title(context.words) if key in every else key,
        on_change=_set_subject,
        label_visibility="collapsed",
    )


def _set_subject() -> None:
    layer, _, measure = str(st.session_state["subject"]).partition(".")
    state.change(subject=layer, measure=measure)


def _unit(context: Context) -> None:
    words = context.words
    st.session_state["unit"] = state.look().unit.value
    st.segmented_control(
        words("ui.picker.unit"),
        [unit.value for unit in Unit],
        key="unit",
        required=True,
        format_func=lambda unit: words(f"ui.unit.{unit}"),
        on_change=lambda: state.change(unit=Unit(st.session_state["unit"])),
        label_visibility="collapsed",
    )


def _area_kind(context: Context) -> None:
    kinds = area_kinds(context.shapes("areas"), context.layer("areas"))
    if len(kinds) < 2:
        return
    now = state.look().area_kind
    st.session_state["area_kind"] = now if now in kinds else next(iter(kinds))
    st.selectbox(
        context.words("ui.picker.area_kind"),
        list(kinds),
        key="area_kind",
        format_func=lambda kind: kinds.get(kind, kind),
        on_change=lambda: state.change(area_kind=st.session_state["area_kind"]),
    )


def _level(context: Context) -> None:
    words = context.words
    st.session_state["level"] = state.look().level or _BY_ZOOM
    st.selectbox(
        words("ui.picker.level"),
        [_BY_ZOOM, *levels.LEVELS],
        key="level",
        format_func=lambda level: words(f"ui.level.{level}") if level else words("ui.level.by_zoom"),
        on_change=lambda: state.change(level=st.session_state["level"] or None),
    )


def _layers(context: Context) -> None:
    words = context.words
    shown = beside(state.look(), context.layers)
    for kind, layers in offered(context.layers).items():
        there = [layer for layer in layers if layer.rows]
        if not there:
            continue
        st.caption(words(f"common.layer_kind.{kind}"))
        for layer in there:
            key = f"layer_{layer.id}"
            st.session_state[key] = layer.id in shown
            st.checkbox(layer.title, key=key, on_change=_turn, args=(context, layer.id, key))
    empty = [layer for layers in offered(context.layers).values() for layer in layers if not layer.rows]
    if empty:
        _empty(context, empty)


def _empty(context: Context, layers: Sequence[LayerInfo]) -> None:
    """Layers without a row, folded: what each would enable, and where to bring it in."""
    words = context.words
    with st.expander(words("ui.picker.empty_layers", n=len(layers))), st.container(key="empty_layers"):
        st.html(
            "".join(
                f"<p class='qorgan-empty-layer'><b>{escape(layer.title)}</b>"
                f"{f'<small>{escape(layer.enables)}</small>' if layer.enables else ''}</p>"
                for layer in layers
            )
        )
        if "data" in context.pages:
            st.page_link(context.pages["data"], label=words("ui.empty.to_data"))


def _turn(context: Context, layer_id: str, key: str) -> None:
    now = state.look().layers
    shown = list(default_layers(context.layers) if now is None else now)
    if st.session_state[key] and layer_id not in shown:
        shown.append(layer_id)
    elif not st.session_state[key] and layer_id in shown:
        shown.remove(layer_id)
    state.change(layers=tuple(shown))
