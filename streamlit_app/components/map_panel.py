"""The map of the situation: draws the look, and turns moves and clicks into a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from geo_core.cell_ids import to_hex
from geo_core.cells import index_points
from streamlit_app.address import Camera, PlaceKind, Selection, Tool, Unit
from streamlit_app.components import connection, editing_state, facts, notices, state
from streamlit_app.components.context import Context
from streamlit_app.gateway import ApiProblem
from streamlit_app.map_component import TEXT_KEYS, DrawWish, MapEvent, MapView, draw_map
from streamlit_app.services import coloured, editing, filters, labels, levels, measures, overlays, pieces
from streamlit_app.services.measures import Subject
from streamlit_app.services.picks import selection_of
from streamlit_app.services.pieces import Drawn
from streamlit_app.services.shown import beside

KEY = "situation_map"
HEIGHT_PX = 560
_BOUNDS = "qorgan.bounds"


@st.fragment
def draw(context: Context, subject: Subject | None) -> None:
    """Draw the map. Moving it reruns only this."""
    with notices.guarded(context.words):
        _draw(context, subject)


def _draw(context: Context, subject: Subject | None) -> None:
    _moved(context)
    look = state.look()
    camera = look.camera or levels.camera_over(context.workspace.bounds)
    level = look.level or levels.level_for(camera.zoom)
    theme = state.theme()
    problems: list[ApiProblem] = []
    drawn = _drawn(context, subject, level=level, zoom=camera.zoom, problems=problems) + overlays.labels(
        _labels(context, camera.zoom), theme=theme
    )
    event = draw_map(
        pieces.Deck(layers=list(drawn.layers), map_provider=None),
        key=KEY,
        view=MapView(longitude=camera.longitude, latitude=camera.latitude, zoom=camera.zoom),
        view_token=_token(context),
        # the map counts the seconds itself
        texts={key: context.words(f"ui.map.{key}", seconds="{seconds}", n="{n}") for key in TEXT_KEYS},
        language=context.words.language,
        theme="dark" if theme == "dark" else "light",
        height_px=HEIGHT_PX,
        map_style=pieces.style_url(context.workspace.slug, theme=theme),
        attribution=_attribution(context),
        legend=list(drawn.legends),
        tooltips=_tooltips(context),
        draw=_wish(context),
    )
    for problem in problems:
        st.caption(problem.detail)
    state.write_address()
    if event is not None:
        _take(event, context, level=level)


def _drawn(context: Context, subject: Subject | None, *, level: int, zoom: float, problems: list[ApiProblem]) -> Drawn:
    look, words, slug = state.look(), context.words, context.workspace.slug

    def attempt(make: Callable[[], Drawn]) -> Drawn:
        """A layer that is refused leaves the others standing."""
        try:
            return make()
        except ApiProblem as problem:
            problems.append(problem)
            return Drawn()

    drawn = Drawn()
    if subject is not None:
        drawn = attempt(lambda: _subject(context, subject, level=level))
    shown = [context.by_id[layer_id] for layer_id in beside(look, context.layers)]
    coloured = subject.layer.id if subject is not None else ""
    drawn += overlays.beside(slug, shown, look, words, zoom=zoom, coloured=coloured)
    if look.tool is Tool.GAP:
        found = facts.gap_at_hand(context) or {}
        drawn += attempt(lambda: overlays.gap(found.get("rows", ()), context.shapes("street_segments"), words))
    if look.tool is Tool.PLAN and look.plan is not None:
        drawn += attempt(lambda: overlays.plan(facts.plan(context, look.plan or 0).get("sites", {}), words))
    return drawn + attempt(lambda: overlays.selection(look.selection, _selected_shapes(context)))


def _subject(context: Context, subject: Subject, *, level: int) -> Drawn:
    look, words, slug = state.look(), context.words, context.workspace.slug
    compared = facts.comparison(context, subject.layer, level=level) if look.tool is Tool.COMPARE else None
    if compared is not None and look.before and look.after:
        periods = (
            f"{words.period(look.before.first, look.before.last)} → {words.period(look.after.first, look.after.last)}"
        )
        return coloured.comparison(
            compared, words, title=words("ui.compare.difference", layer=subject.layer.title), denominator=periods
        )
    if subject.layer.has_time and look.unit is not Unit.CELLS:
        query = filters.query_of(look, subject.layer)
        key = (look.unit, slug, context.revisions, subject.layer.id, tuple(sorted(query.items())))
        if look.unit is Unit.SEGMENTS:
            ask = context.gateway.segments
            found = connection.remembered(key, lambda: ask(slug, subject.layer.id, query), seconds=connection.LONG_S)
            return coloured.subject_segments(look, subject.layer, found, context.shapes("street_segments"), words)
        found = connection.remembered(
            key, lambda: context.gateway.areas(slug, subject.layer.id, query), seconds=connection.LONG_S
        )
        shapes = context.shapes("areas")
        kinds = measures.area_kinds(shapes, context.layer("areas"))
        kind = look.area_kind if look.area_kind in kinds else next(iter(kinds), "")
        return coloured.subject_areas(look, subject.layer, found, shapes, words, kind=kind)
    return coloured.subject_cells(look, subject, workspace=slug, level=level, words=words)


def _selected_shapes(context: Context) -> Mapping[int, Mapping[str, Any]]:
    chosen = state.look().selection
    if chosen is None or chosen.kind not in (PlaceKind.SEGMENT, PlaceKind.AREA):
        return {}
    return context.shapes("street_segments" if chosen.kind is PlaceKind.SEGMENT else "areas")


def _labels(context: Context, zoom: float) -> list[dict[str, Any]]:
    bounds = st.session_state.get(_BOUNDS) or context.workspace.bounds
    box = labels.rounded_box(bounds, zoom)
    key = ("labels", context.workspace.slug, context.words.language, box, int(zoom * 2), context.revisions)
    try:
        found = connection.remembered(
            key, lambda: context.gateway.labels(context.workspace.slug, box, zoom), seconds=connection.LONG_S
        )
    except ApiProblem:
        return []  # a map without names is still a map; what failed shows where it matters
    return labels.uncluttered(found, zoom=zoom)


def _attribution(context: Context) -> str:
    found = {one for layer in context.layers if layer.rows for one in layer.status.get("attributions") or ()}
    return " · ".join(sorted(found)[:4])


def _tooltips(context: Context) -> dict[str, str]:
    words = context.words
    place = "{name}\n{count}"
    compared = f"{words('ui.compare.before')}: {{before}}\n{words('ui.compare.after')}: {{after}}"
    return {
        "gap": place,
        "plan": "№ {number}",
        coloured.SEGMENTS: place,
        coloured.AREAS: place,
        coloured.COMPARED: compared,
    }


def _token(context: Context) -> str:
    return f"{context.workspace.slug}-{state.flight()}"


def _moved(context: Context) -> None:
    """Where the map looks since the last run; a view from before it was sent elsewhere does not count."""
    view = (st.session_state.get(KEY) or {}).get("view")
    if not view or view.get("token") != _token(context):
        return
    st.session_state[_BOUNDS] = tuple(view["bounds"])
    camera = Camera(
        longitude=round(view["longitude"], 5), latitude=round(view["latitude"], 5), zoom=round(view["zoom"], 2)
    )
    state.change(camera=camera)


def _wish(context: Context) -> DrawWish | None:
    """What may be drawn for the form that is open."""
    form = editing_state.now()
    layer = context.layer(form.layer) if form is not None else None
    if form is None or layer is None or not context.workspace.can_edit:
        return None
    return editing.wish(form, layer)


def _take(event: MapEvent, context: Context, *, level: int) -> None:
    """A click selects, and what is drawn goes to the form; then the whole page follows."""
    if editing_state.draw(event.drawn):
        st.rerun(scope="app")
    if event.click is None:
        return
    look = state.look()
    cell = str(to_hex(index_points([event.click.longitude], [event.click.latitude], level))[0])
    chosen = selection_of(event.pick, cell=cell, layers=context.by_id)
    state.select(chosen)
    if look.tool is Tool.GAP and chosen.kind is not PlaceKind.SEGMENT:
        state.change(tool=Tool.PLACE)
    st.rerun(scope="app")


def select_and_look(selection: Selection, *, longitude: float, latitude: float, zoom: float) -> None:
    """Choose a place in a table: the map goes there."""
    state.select(selection)
    state.fly_to(Camera(longitude=longitude, latitude=latitude, zoom=zoom))
