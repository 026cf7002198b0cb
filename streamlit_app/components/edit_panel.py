"""The form of one record: its fields, its place on the map, why; and what was done to it before."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from streamlit_app.address import PlaceKind, Selection
from streamlit_app.components import connection, editing_state, state
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import LayerInfo
from streamlit_app.gateway.answers import Field
from streamlit_app.services import editing as rules
from streamlit_app.services.editing import Editing
from streamlit_app.widgets import Column, table


def draw(context: Context, form: Editing) -> None:
    """Draw the open form."""
    words, layer = context.words, context.layer(form.layer)
    if layer is None:
        editing_state.close()
        return
    title = words("ui.edit.new", layer=layer.title) if form.is_new else f"{layer.title} № {form.row}"
    st.html(f'<h2 class="qorgan-card-title">{escape(title)}</h2>')
    _place(context, form, layer)
    with st.form(key=f"edit_{form.token}", border=False, enter_to_submit=False):
        after = {one.name: _field(one, form.before.get(one.name), form, context) for one in layer.fields}
        reason = st.text_input(words("ui.edit.reason"), key=f"edit_reason_{form.token}", max_chars=1000)
        saves = st.form_submit_button(words("ui.edit.save"), type="primary")
    st.button(words("common.button.cancel"), key="edit_cancel", on_click=editing_state.close)
    if saves:
        _save(context, form, layer, after, reason)
    if not form.is_new:
        _remove(context, form, layer)


def history(context: Context, layer: LayerInfo, row: str) -> None:
    """What was done to a record, newest first; the newest edit can be taken back."""
    words, slug = context.words, context.workspace.slug
    if not st.toggle(words("ui.edit.history"), key=f"history_{layer.id}_{row}"):
        return
    with told(words, key="history"):
        edits = context.gateway.edits(slug, layer.id, row=row)
        if not edits:
            st.caption(words("ui.edit.no_history"))
            return
        columns = [Column(title=words(f"ui.edit.column.{name}")) for name in ("when", "who", "what", "why")]
        table(
            columns,
            rules.edit_rows(edits, layer, words, zone=context.workspace.zone),
            key="edits",
            caption=words("ui.edit.history"),
        )
        newest = edits[0]
        if newest["undoable"] and st.button(words("ui.edit.undo"), key=f"undo_edit_{newest['id']}"):
            context.gateway.undo_edit(slug, layer.id, int(newest["id"]))
            _done(words("ui.edit.undone"))


def _place(context: Context, form: Editing, layer: LayerInfo) -> None:
    words = context.words
    if not layer.geometry:
        return
    if not rules.can_draw(layer, form.geometry):
        st.caption(words("ui.edit.too_detailed"))
        return
    if not form.moves:
        st.button(words("ui.edit.move"), key="edit_move", icon=":material/edit_location:", on_click=editing_state.move)
        return
    is_point = layer.geometry == "Point"
    st.caption(words("ui.edit.hint_point" if is_point else "ui.edit.hint_area"))
    drawn = editing_state.drawn()
    if drawn is not None and is_point:
        lon, lat = drawn["coordinates"]
        st.caption(words("ui.edit.position", lat=f"{lat:.6f}", lon=f"{lon:.6f}"))


def _field(one: Field, value: Any, form: Editing, context: Context) -> Any:
    """The widget of a field; an emptied one means not known."""
    words, key = context.words, f"edit_{form.token}_{one.name}"
    title = f"{one.title} *" if one.required else one.title
    if one.codes:
        options = list(one.codes)
        at = options.index(value) if value in options else None
        return st.selectbox(
            title,
            options,
            index=at,
            key=key,
            format_func=lambda code: one.codes.get(code, code),
            placeholder=words("common.no_data"),
        )
    match one.type:
        case "boolean":
            at = None if value is None else [True, False].index(bool(value))
            return st.selectbox(
                title,
                [True, False],
                index=at,
                key=key,
                format_func=lambda said: words("common.yes" if said else "common.no"),
                placeholder=words("common.no_data"),
            )
        case "integer":
            return st.number_input(title, value=None if value is None else int(value), step=1, key=key)
        case "real":
            return st.number_input(title, value=None if value is None else float(value), key=key, format="%g")
        case "date":
            # Streamlit's own calendar speaks English
            return rules.day_of(
                st.text_input(title, rules.day_words(value), key=key, max_chars=10, placeholder="31.05.2024")
            )
        case _:
            return st.text_input(title, value=value or "", key=key, max_chars=4000).strip() or None


def _save(context: Context, form: Editing, layer: LayerInfo, after: dict[str, Any], reason: str) -> None:
    words, slug = context.words, context.workspace.slug
    place = rules.place_of(layer, editing_state.drawn())
    with told(words, key="edit"):
        if form.is_new:
            values = {name: value for name, value in after.items() if value is not None}
            made = context.gateway.add_record(slug, layer.id, {"values": values, "reason": reason, **place})
            state.select(Selection(kind=PlaceKind.FEATURE, layer=layer.id, id=str(made["id"])))
            _done(words("ui.edit.added"))
        changes = rules.changed(form.before, after)
        if not changes and not place:
            st.info(words("ui.edit.nothing"))
            return
        wanted = {"changes": changes, "reason": reason, **place}
        context.gateway.change_record(slug, layer.id, str(form.row), version=form.version, wanted=wanted)
        _done(words("ui.edit.saved"))


def _remove(context: Context, form: Editing, layer: LayerInfo) -> None:
    words = context.words
    with st.expander(words("ui.edit.remove")):
        st.caption(words("ui.edit.remove_note"))
        why = st.text_input(words("ui.edit.reason"), key=f"remove_reason_{form.token}", max_chars=1000)
        if st.button(words("ui.edit.remove_now"), key=f"remove_{form.token}"):
            with told(words, key="remove"):
                context.gateway.remove_record(
                    context.workspace.slug, layer.id, str(form.row), version=form.version, reason=why
                )
                state.select(None)
                _done(words("ui.edit.removed"))


def _done(text: str) -> None:
    """Close the form, forget what was kept of the numbers, and show the page anew."""
    editing_state.close(done=text)
    connection.forget()
    st.rerun(scope="app")
