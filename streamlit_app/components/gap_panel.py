"""The coverage gap: streets ranked by what no camera sees; table and map are one selection."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from streamlit_app.address import PlaceKind, Selection
from streamlit_app.components import facts, map_panel, state, warned
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.services import gaps, measures
from streamlit_app.widgets import table

_TABLE_PX = 420
_ZOOM = 15.5


def draw(context: Context) -> None:
    """Draw the panel."""
    words = context.words
    with told(words, key="gap"):
        _demand(context)
        late = facts.gap_at_hand(context) is None
        with st.spinner(words("ui.gap.computing")):
            found = facts.gap(context)
        if found is not None and late:
            st.rerun()  # the map, drawn before, can show it now
        if found is None:
            st.info(words("ui.gap.nothing"))
            return
        facts_told = "".join(f"<li>{escape(sentence)}</li>" for sentence in gaps.summary(found, words))
        st.html(f'<ul class="qorgan-facts">{facts_told}</ul>')
        above = warned.told_above(context, measures.event_layer(state.look(), context.layers))
        warned.draw(found, words, layer=str(found.get("layer") or "") or None, told=above)
        if gaps.is_stale(found):
            st.warning(words("ui.gap.stale"))
        if gaps.is_without_cameras(found):
            st.warning(words("ui.gap.no_cameras"))
        elif not gaps.is_enough(found):
            st.info(words("ui.gap.not_enough"))
        rows = gaps.rows(found, words)
        if not rows:
            if gaps.is_enough(found):  # else "none" would sound like good news
                st.success(words("ui.gap.none"))
            return
        chosen = state.look().selection
        picked = table(
            gaps.columns(str(found.get("demand")), words),
            rows,
            key="gap_table",
            caption=words("ui.gap.title"),
            selected=chosen.id if chosen and chosen.kind is PlaceKind.SEGMENT else None,
            is_selectable=True,
            height_px=_TABLE_PX,
        )
        st.caption(
            words("ui.gap.shown", n=len(rows), total=int((found.get("totals") or {}).get("segments_in_gap", len(rows))))
        )
        st.download_button(
            words("ui.download_csv"), gaps.as_csv(found), file_name="qorgan-gap.csv", mime="text/csv", on_click="ignore"
        )
        if picked is not None:
            _show(found, picked)


def _demand(context: Context) -> None:
    words = context.words
    st.session_state.setdefault("gap_demand_now", "events")
    st.session_state["gap_demand"] = st.session_state["gap_demand_now"]
    st.segmented_control(
        words("ui.gap.demand"),
        [gaps.EVENTS, gaps.STREETS],
        key="gap_demand",
        required=True,
        format_func=lambda demand: words(f"ui.gap.demand.{demand}"),
        on_change=lambda: st.session_state.__setitem__("gap_demand_now", st.session_state["gap_demand"]),
        label_visibility="collapsed",
    )


def _show(found: Mapping[str, Any], picked: str) -> None:
    row = next((one for one in found["rows"] if str(one["id"]) == picked), None)
    if row is not None:
        map_panel.select_and_look(
            Selection(kind=PlaceKind.SEGMENT, id=picked), longitude=row["lon"], latitude=row["lat"], zoom=_ZOOM
        )
        st.rerun()
