"""The one filter bar of every layer, chart and table; it never moves the map."""

from __future__ import annotations

from datetime import date

import streamlit as st

import i18n
from streamlit_app.address import Days, Hours
from streamlit_app.components import state
from streamlit_app.components.context import Context
from streamlit_app.gateway import LayerInfo
from streamlit_app.services import filters
from streamlit_app.services.periods import presets
from streamlit_app.widgets import period_calendar
from streamlit_app.words import Words

_LIGHT = {"any": None, "dark": True, "light": False}


def draw(context: Context, layer: LayerInfo) -> None:
    """Period, hours, weekdays, light, categories; each button says what it is set to."""
    words = context.words
    look = state.look()
    with st.container(key="filters", horizontal=True, gap="small", vertical_alignment="center"):
        with st.popover(f"{words('common.period')}: {filters.period_words(look, layer, words)}"):
            _period(layer, words)
        with st.popover(_hours_title(words)):
            _hours(words)
        days = look.weekdays
        shown = words("common.all") if days is None else filters.weekdays_words(days, words)
        with st.popover(f"{words('ui.filter.weekdays')}: {shown}"):
            _weekdays(words)
        with st.popover(f"{words('ui.filter.light')}: {words(_light_key(look.dark))}"):
            _light(words)
        _categories(context, layer)
        if look.is_filtered:
            st.button(words("common.button.reset"), key="reset_filters", type="tertiary", on_click=_reset)


def _reset() -> None:
    state.change(days=None, hours=None, weekdays=None, dark=None, categories={})


def _period(layer: LayerInfo, words: Words) -> None:
    last = layer.status.get("day_to")
    picked = period_calendar(
        state.look().days,
        key="period",
        words=words,
        presets=presets(layer, words),
        shown=date.fromisoformat(str(last)[:10]) if last else None,
    )
    if picked != "":
        state.change(days=picked if isinstance(picked, Days) else None)
        st.rerun()


def _hours_title(words: Words) -> str:
    hours = state.look().hours
    shown = words("common.all") if hours is None else i18n.hour_range(hours.first, hours.last)
    return f"{words('ui.filter.hours')}: {shown}"


def _hours(words: Words) -> None:
    hours = state.look().hours
    st.session_state["hour_first"] = hours.first if hours else 0
    st.session_state["hour_last"] = hours.last if hours else 23
    first, last = st.columns(2)
    whole = list(range(24))
    first.selectbox(
        words("ui.filter.hour_first"), whole, key="hour_first", format_func=i18n.hour_name, on_change=_set_hours
    )
    last.selectbox(
        words("ui.filter.hour_last"),
        whole,
        key="hour_last",
        format_func=lambda hour: i18n.hour_name(hour + 1),
        on_change=_set_hours,
    )
    st.caption(words("ui.filter.hours_note"))
    row = st.container(horizontal=True, gap="small")
    row.button(words("ui.filter.night_hours"), key="hours_night", on_click=lambda: state.change(hours=Hours(22, 5)))
    row.button(words("common.all"), key="hours_all", on_click=lambda: state.change(hours=None))


def _set_hours() -> None:
    hours = Hours(int(st.session_state["hour_first"]), int(st.session_state["hour_last"]))
    whole = (hours.last - hours.first) % 24 == 23
    state.change(hours=None if whole else hours)


def _weekdays(words: Words) -> None:
    st.session_state["weekdays"] = sorted(state.look().weekdays or ())
    st.pills(
        words("ui.filter.weekdays"),
        list(range(1, 8)),
        key="weekdays",
        selection_mode="multi",
        format_func=lambda day: i18n.weekday_name(day, words.language),
        on_change=_set_weekdays,
    )
    st.caption(words("ui.filter.none_is_all"))


def _set_weekdays() -> None:
    chosen = frozenset(int(day) for day in st.session_state["weekdays"])
    state.change(weekdays=None if len(chosen) in (0, 7) else chosen)


def _light_key(dark: bool | None) -> str:  # noqa: FBT001 - the filter has three values
    return "common.all" if dark is None else ("common.dark" if dark else "common.light")


def _light(words: Words) -> None:
    st.session_state["light"] = {None: "any", True: "dark", False: "light"}[state.look().dark]
    st.segmented_control(
        words("ui.filter.light"),
        list(_LIGHT),
        key="light",
        required=True,
        format_func=lambda name: words(_light_key(_LIGHT[name])),
        on_change=lambda: state.change(dark=_LIGHT[st.session_state["light"]]),
    )
    st.caption(words("ui.filter.light_note"))


def _categories(context: Context, layer: LayerInfo) -> None:
    words = context.words
    if not layer.categories:
        return
    codes = filters.categories_of(state.look(), layer)
    shown = words("common.all") if not codes else str(len(codes))
    key = f"categories_{layer.id}"
    with st.popover(f"{words('common.category')}: {shown}"):
        st.session_state[key] = list(codes)
        st.pills(
            layer.title,
            list(layer.categories),
            key=key,
            selection_mode="multi",
            format_func=lambda code: layer.categories.get(code, code),
            on_change=lambda: _set_categories(layer.id, key),
        )
        st.caption(words("ui.filter.none_is_all"))


def _set_categories(layer_id: str, key: str) -> None:
    chosen = tuple(st.session_state[key])
    kept = {name: codes for name, codes in state.look().categories.items() if name != layer_id}
    state.change(categories={**kept, layer_id: chosen} if chosen else kept)
