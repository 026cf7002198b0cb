"""The card of a place, the same for a cell, a street, an area and a single record; without one, of the whole workspace."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from streamlit_app.address import PlaceKind, Selection
from streamlit_app.components import edit_panel, editing_state, facts, state
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import MOST_RECORDS, LayerInfo
from streamlit_app.services import cards, charts, filters, measures
from streamlit_app.widgets import Column, copy_link, table

_TABLE_PX = 300


def draw(context: Context) -> None:
    """Draw the card of what is selected."""
    chosen = state.look().selection
    if done := editing_state.take_done():
        st.success(done)
    form = editing_state.now()
    if form is not None and context.workspace.can_edit:
        edit_panel.draw(context, form)
        return
    with told(context.words, key="card"):
        if chosen is not None and chosen.kind is PlaceKind.FEATURE:
            _record(context, chosen)
            return
        layer = measures.event_layer(state.look(), context.layers)
        shapes = context.shapes(
            {"segment": "street_segments", "area": "areas"}.get(chosen.kind.value if chosen else "", "")
        )
        name = cards.title(chosen, shapes, context.words, everywhere=context.workspace.title)
        _head(context, name, chosen)
        if layer is None:
            st.info(context.words("ui.place.no_events"))
            return
        _what(context, layer, chosen)


def _head(context: Context, name: str, chosen: Selection | None) -> None:
    words = context.words
    st.html(f'<h2 class="qorgan-card-title">{escape(name)}</h2>')
    if chosen is None:
        st.caption(words("ui.place.hint"))
        _new(context)
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        copy_link(key="copy_link", words=words)
        st.button(words("ui.place.clear"), key="clear_selection", type="tertiary", on_click=state.select, args=(None,))


def _what(context: Context, layer: LayerInfo, chosen: Selection | None) -> None:
    words, place = context.words, cards.place_query(chosen)
    profile = context.profile(layer, place)
    count, unsure = int(profile["count"]), int(profile.get("unknown_count") or 0)
    note = words.joined(
        filters.sentence(state.look(), layer, words), words.plural("ui.figure.perhaps", unsure) if unsure else ""
    )
    st.html(
        f'<p class="qorgan-count"><strong>{escape(words.number(count))}</strong> {escape(layer.title)}'
        f"<small>{escape(note)}</small></p>"
    )
    if chosen is not None and chosen.kind is PlaceKind.CELL:
        st.markdown(cards.seen_words(facts.seen_cells(context, cards.cell_level(chosen.id)), chosen.id, words))
    if count == 0:
        st.caption(words("common.nothing.none"))
    else:
        _charts(context, layer, profile)
    if context.workspace.can_record and chosen is not None:
        _records(context, layer, place)


def _charts(context: Context, layer: LayerInfo, profile: Mapping[str, Any]) -> None:
    words = context.words
    st.html(charts.shares_bar(cards.light_parts(profile, words), words))
    if cards.hours_known(profile):
        st.html(charts.heat_table(profile["hours_spread"], words))
    for note in (cards.spread_note(profile, words), cards.hour_note(profile, words)):
        if note:
            st.caption(note)
    if months := cards.months(profile):
        st.html(charts.bars(months, words))
    if note := cards.month_note(profile, words):
        st.caption(note)
    rows = cards.category_rows(profile, layer, words)
    if rows:
        columns = [
            Column(title=words("common.category")),
            Column(title=words("common.total"), align="end"),
            Column(title=words("ui.place.share"), align="end"),
        ]
        table(columns, rows, key="categories", caption=words("common.category"))


def _records(context: Context, layer: LayerInfo, place: Mapping[str, str]) -> None:
    words, slug = context.words, context.workspace.slug
    if not st.toggle(words("ui.place.show_records"), key="show_records", help=words("ui.place.records_help")):
        return
    found = context.gateway.records(slug, layer.id, {**filters.query_of(state.look(), layer), **place})
    features = found["features"]
    if not features:
        st.caption(words("common.nothing.none"))
        return
    columns, rows = cards.record_table(features, layer, words, zone=context.workspace.zone)
    table(columns, rows, key="records", caption=layer.title, height_px=_TABLE_PX)
    if found.get("next"):
        st.caption(words("ui.place.capped", n=MOST_RECORDS))


def _record(context: Context, chosen: Selection) -> None:
    words = context.words
    layer = context.layer(chosen.layer)
    if layer is None:
        st.info(words("ui.place.gone"))
        return
    _head(context, f"{layer.title} № {chosen.id}", chosen)
    found = context.gateway.record(context.workspace.slug, layer.id, chosen.id)
    rows = cards.field_rows(found["properties"], layer, words, zone=context.workspace.zone)
    columns = [Column(title=words("ui.place.field")), Column(title=words("ui.place.value"))]
    table(columns, rows, key="record", caption=layer.title)
    for warning in layer.warnings:
        st.caption(warning)
    if context.workspace.can_edit and layer.kind != "derived":
        st.button(
            words("ui.edit.edit"),
            key="edit_open",
            icon=":material/edit:",
            on_click=editing_state.open_record,
            args=(layer, found),
        )
        edit_panel.history(context, layer, str(chosen.id))


def _new(context: Context) -> None:
    """A record added by hand, where the reader may."""
    words = context.words
    able = {layer.id: layer for layer in context.layers if layer.can_add}
    if not context.workspace.can_edit or not able:
        return
    with st.popover(words("ui.edit.add"), icon=":material/add_location:"):
        chosen = st.selectbox(
            words("ui.upload.layer"), list(able), key="add_layer", format_func=lambda one: able[one].title
        )
        st.button(words("ui.edit.begin"), key="add_begin", on_click=editing_state.open_new, args=(able[str(chosen)],))
