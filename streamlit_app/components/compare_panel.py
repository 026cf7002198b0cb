"""Two periods side by side; where they cannot be compared the reason is told instead of a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from streamlit_app.address import Days
from streamlit_app.components import facts, state, warned
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import LayerInfo
from streamlit_app.services import filters, levels, measures
from streamlit_app.services.periods import overlap, suggested_pair, years
from streamlit_app.widgets import Column, Preset, period_calendar, table
from streamlit_app.widgets.table import Row


def draw(context: Context) -> None:
    """Draw the panel."""
    words = context.words
    layer = measures.event_layer(state.look(), context.layers)
    if layer is None:
        st.info(words("ui.place.no_events"))
        return
    for which in ("before", "after"):
        _period(context, layer, which)
    look = state.look()
    if look.before is None or look.after is None:
        st.caption(words("ui.compare.hint"))
        pair = suggested_pair(layer)
        if pair is not None:
            label = f"{words.period(pair[0].first, pair[0].last)} → {words.period(pair[1].first, pair[1].last)}"
            st.button(label, key="compare_years", on_click=lambda: state.change(before=pair[0], after=pair[1]))
        return
    if overlap((look.before, look.after)):
        st.info(words("error.periods-overlap"))
        return
    with told(words, key="compare"):
        found = facts.comparison(context, layer, level=look.level or _level(context))
        if found is not None:
            above = warned.told_above(context, layer)
            warned.draw(found, words, layer=layer.id, told=above)  # before the numbers: they are read with it in mind
            _result(context, layer, found["totals"])


def _level(context: Context) -> int:
    camera = state.look().camera or levels.camera_over(context.workspace.bounds)
    return levels.level_for(camera.zoom)


def _period(context: Context, layer: LayerInfo, which: str) -> None:
    words = context.words
    now: Days | None = getattr(state.look(), which)
    shown = words("ui.compare.choose") if now is None else words.period(now.first, now.last)
    with st.popover(f"{words(f'ui.compare.{which}')}: {shown}", width="stretch"):
        offered = [Preset(title=words.period(year.first, year.last), days=year) for year in years(layer)]
        picked = period_calendar(now, key=f"compare_{which}", words=words, presets=offered)
        if isinstance(picked, Days):
            state.change(**{which: picked})
            st.rerun()


def _result(context: Context, layer: LayerInfo, totals: Mapping[str, Any]) -> None:
    words = context.words

    def per_day(name: str) -> str:
        return words.number(totals[name] / max(int(totals[f"days_{name}"]), 1))

    rows = [
        Row(
            id=name,
            cells=(
                words(f"ui.compare.{name}"),
                words.number(int(totals[name])),
                words.number(int(totals[f"days_{name}"])),
                per_day(name),
            ),
        )
        for name in ("before", "after")
    ]
    columns = [
        Column(title=words("common.period")),
        Column(title=layer.title, align="end"),
        Column(title=words("ui.compare.days"), align="end"),
        Column(title=words("ui.compare.per_day"), align="end"),
    ]
    table(columns, rows, key="compared", caption=words("ui.compare.title"))
    if totals.get("ratio") is not None:
        ratio = words.interval(totals["ratio"], totals["ratio_low"], totals["ratio_high"])
        st.markdown(words("ui.compare.ratio", ratio=ratio))
        low, high = totals["ratio_low"], totals["ratio_high"]
        verdict = "more" if low > 1 else "fewer" if high < 1 else "same"
        st.markdown(f"**{words(f'ui.compare.verdict.{verdict}')}**")
    unsure = int(totals.get("unknown_before") or 0) + int(totals.get("unknown_after") or 0)
    if unsure:
        st.caption(words.plural("ui.figure.perhaps", unsure))
    look = filters.sentence(state.look().but(days=None), layer, words)
    st.caption(words.joined(words("ui.compare.filter_note"), look if state.look().is_filtered else ""))
