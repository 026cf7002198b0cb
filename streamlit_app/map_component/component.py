"""The one map of the application: draws a pydeck description, returns view, click and pick, asks nothing from outside."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import pydeck as pdk
import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.components.v2.types import ComponentRenderer

from streamlit_app.map_component.events import DrawWish, MapEvent, MapView, event_from
from streamlit_app.map_component.legends import Legend

TEXT_KEYS: Final = (
    "map_label",  # name of the map for screen readers
    "loading",
    "away",  # may contain {seconds}
    "retry",
    "refused",
    "empty",
    "legend",
    "none",  # observed none
    "unknown",
    "hidden",
    "zoom_in",
    "zoom_out",
    "reset_north",
    "metres",
    "kilometres",
    "no_webgl",
    "pin",  # name of the pin for screen readers
    "corner",  # of a drawn area, contains {n}
)
"""Texts the map needs, in the reader's language; the catalogues keep them as ``map.<key>``."""

MOST_INLINE_BYTES: Final = 1_000_000
"""Rows inside a description are slow (50,000 rows: 13 s); above this they must come by address."""

_PACKAGE: Final = "qorgan"
_NAME: Final = f"{_PACKAGE}.map"
_FRONTEND: Final = Path(__file__).parent / "frontend"


def draw_map(
    deck: pdk.Deck,
    *,
    key: str,
    view: MapView,
    view_token: str | int,
    texts: Mapping[str, str],
    language: str,
    theme: Literal["light", "dark"] = "light",
    height_px: int = 620,
    map_style: str | None = None,
    attribution: str = "",
    legend: Sequence[Legend] = (),
    tooltips: Mapping[str, str] | None = None,
    request_headers: Mapping[str, str] | None = None,
    origins: Sequence[str] = (),
    min_zoom: float = 2.0,
    max_zoom: float = 20.0,
    rotate: bool = False,
    report_view: bool = True,
    draw: DrawWish | None = None,
    on_view: Callable[[], None] | None = None,
    on_click: Callable[[], None] | None = None,
) -> MapEvent | None:
    """Draw the map and return what the reader did with it.

    Parameters
    ----------
    deck : the description; its layers and tooltip-free looks are drawn, its view and basemap are not used (`view`,
        `map_style`). Data above one megabyte must be given by address.
    key : Streamlit key. As long as it stays, the map is never built anew.
    view : where to look first.
    view_token : the camera moves to `view` only when this changes, so that a rerun never makes the map jump.
    texts : the reader's words for every key of `TEXT_KEYS`.
    language : "kk", "ru" or "en": numbers in the legend, language of the API's answers.
    theme : looks of panels, and of the ground where there is no basemap.
    height_px : height, CSS pixels.
    map_style : address of a MapLibre style of our own API; None draws no basemap. Names in it need no glyph server.
    attribution : sources of what is shown ("© OpenStreetMap contributors").
    legend : entries of the legend; colours of cells come from the layers themselves.
    tooltips : layer id → text with ``{property}`` in it, shown at the pointer as plain text.
    request_headers : sent with every request of the map (who asks).
    origins : origins beside the page's own that may be asked (an API on another port). All others are refused.
    min_zoom, max_zoom : limits of the camera.
    rotate : let the reader turn and tilt the map.
    report_view : rerun the script when the view has been still for a quarter of a second after a move.
    draw : what the reader may draw now; clicks then go to the drawing. None = nothing.
    on_view, on_click : called before that rerun, as Streamlit callbacks are.

    Returns
    -------
    MapEvent or None
        None until the map has reported something.

    Raises
    ------
    ValueError
        A text is missing, or the description carries too much data (faults of the page, not of the reader).
    """
    missing = [name for name in TEXT_KEYS if not texts.get(name)]
    if missing:
        raise ValueError(f"the map lacks texts: {', '.join(missing)}")
    description = deck.to_json()
    if len(description) > MOST_INLINE_BYTES:
        raise ValueError(f"the description carries {len(description)} bytes: give its data by address")
    data: dict[str, Any] = {
        "deck": description,
        "view": {
            "longitude": view.longitude,
            "latitude": view.latitude,
            "zoom": view.zoom,
            "bearing": view.bearing,
            "pitch": view.pitch,
        },
        "view_token": view_token,
        "texts": {name: texts[name] for name in TEXT_KEYS},
        "language": language,
        "theme": theme,
        "height_px": height_px,
        "map_style": map_style,
        "attribution": attribution,
        "legend": [entry.to_wire() for entry in legend],
        "tooltips": dict(tooltips or {}),
        "headers": dict(request_headers or {}),
        "origins": list(origins),
        "min_zoom": min_zoom,
        "max_zoom": max_zoom,
        "rotate": rotate,
        "report_view": report_view,
        "draw": None if draw is None else {"token": draw.token, "kind": draw.kind, "geometry": draw.geometry},
    }
    renderer = _renderer_on_this_runtime()
    state = renderer(
        key=key,
        data=data,
        height=height_px,
        on_view_change=on_view or _nothing,
        on_click_change=on_click or _nothing,
        on_drawn_change=_nothing,
    )
    return event_from(state, draw_token=None if draw is None else draw.token)


def _nothing() -> None:
    """Without a callback Streamlit would not return the value."""


def _renderer_on_this_runtime() -> ComponentRenderer:
    """The component, declared to the runtime at hand (every test of a page has one of its own).

    Streamlit finds bundles of installed packages only; declaring ours by hand lets the application run from a checkout and
    has the bundle fetched once as a file instead of being sent through the socket with every run.
    """
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(_NAME) is None:
        manager.register_from_manifest(
            ComponentManifest(name=_PACKAGE, version="1", components=[ComponentConfig(name="map", asset_dir="dist")]),
            _FRONTEND,
        )
    return _renderer()


@functools.cache
def _renderer() -> ComponentRenderer:
    return st.components.v2.component(
        _NAME, html='<div class="qorgan-map"></div>', css="qorgan-map.*.css", js="qorgan-map.*.js"
    )
