"""The coordinate system of a file: chosen from those that fit, shown on the map, or stated by its code."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from streamlit_app.components import state
from streamlit_app.components.context import Context
from streamlit_app.map_component import TEXT_KEYS, MapView, draw_map
from streamlit_app.services import levels, mappings, pieces, references

HEIGHT_PX = 340
_OTHER = "other"


def choose(context: Context, mapping: Mapping[str, Any], preview: Mapping[str, Any], *, suffix: str) -> dict[str, Any]:
    """Draw the choice and the map; the mapping in the system chosen."""
    words = context.words
    found = list(preview.get("references") or ())
    now = str(mapping.get("crs") or "EPSG:4326")
    if not found and not (mapping.get("lon") or mapping.get("wkt") or preview.get("has_geometry")):
        return dict(mapping)
    st.html(f"<h2 class='qorgan-h'>{escape(words('ui.crs.title'))}</h2>")
    doubts = [str(one["text"]) for one in preview.get("doubts") or () if one["target"] == "@crs"]
    if doubts:
        st.warning(" ".join(doubts))
    elif not found and preview.get("problem"):
        st.caption(words("ui.crs.none_fits"))
    choices = references.choices(found, now, context.workspace.bounds, words)
    options = [*choices, _OTHER]
    chosen = st.selectbox(
        words("ui.crs.label"),
        options,
        index=options.index(now) if now in options else 0,
        key=f"crs_{suffix}",
        format_func=lambda one: choices.get(one, words("ui.crs.other")),
        help=words("ui.crs.help"),
    )
    turned = False
    if chosen == _OTHER:
        written = st.text_input(words("ui.crs.code"), key=f"crs_code_{suffix}", placeholder="EPSG:32643", max_chars=40)
        chosen = references.as_code(written) or now
    elif str(chosen).endswith(references.TURNED):
        turned, chosen = True, str(chosen).removesuffix(references.TURNED)
    if found:
        _map(context, found, suffix=suffix)
    return mappings.with_reference(mapping, str(chosen), turned=turned)


def _map(context: Context, found: list[Mapping[str, Any]], *, suffix: str) -> None:
    """Where the first positions would lie in each of the systems."""
    words = context.words
    camera = levels.camera_over(context.workspace.bounds)
    theme = state.theme()
    drawn = references.drawn(found, words)
    draw_map(
        pieces.Deck(layers=list(drawn.layers), map_provider=None),
        key=f"crs_map_{suffix}",
        view=MapView(longitude=camera.longitude, latitude=camera.latitude, zoom=max(camera.zoom - 0.7, 2.0)),
        view_token=f"{context.workspace.slug}-{suffix}",
        texts={key: words(f"ui.map.{key}", seconds="{seconds}", n="{n}") for key in TEXT_KEYS},
        language=words.language,
        theme="dark" if theme == "dark" else "light",
        height_px=HEIGHT_PX,
        map_style=pieces.style_url(context.workspace.slug, theme=theme),
        legend=list(drawn.legends),
        report_view=False,
    )
    st.caption(words("ui.crs.map_note"))
