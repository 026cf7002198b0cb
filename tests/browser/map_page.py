"""A page with nothing but the map, for the browser test; addressed by ``?case=``."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import pydeck as pdk
import streamlit as st

from streamlit_app.map_component import (
    TEXT_KEYS,
    Legend,
    LegendItem,
    MapView,
    cell_layer,
    draw_map,
    feature_tiles,
    label_layer,
)

SERVICE = os.environ["QORGAN_TEST_SERVICE"]
TEXTS = dict.fromkeys(TEXT_KEYS, "?") | {
    "map_label": "Қала картасы",
    "loading": "Жүктелуде",
    "away": "Сервермен байланыс жоқ. {seconds} с кейін қайталаймыз.",
    "retry": "Қайталау",
    "refused": "Сервер бас тартты.",
    "empty": "Бұл жерде және осы кезеңде көрсететін ештеңе жоқ.",
    "legend": "Шартты белгілер",
    "none": "тіркелмеген (0)",
    "unknown": "дерек жоқ",
    "hidden": "дербес деректерді қорғау үшін жасырылған",
    "zoom_in": "Жақындату",
    "zoom_out": "Алыстату",
    "metres": "м",
    "kilometres": "км",
}
REDS = [(254, 224, 210), (252, 174, 145), (251, 106, 74), (203, 24, 29), (103, 0, 13)]
BLUES = [(222, 235, 247), (158, 202, 225), (49, 130, 189), (8, 69, 148)]
VIEWS = {"centre": (76.9674, 52.2873, 12.6), "east": (77.02, 52.30, 13.5)}

st.set_page_config(layout="wide", page_icon="🗺️")
st.markdown("<style>.block-container {padding: 1rem}</style>", unsafe_allow_html=True)
case = st.query_params.get("case", "cells")
theme = "dark" if case == "dark" else "light"
by = st.radio("Measure", ["crimes", "seen_share"], horizontal=True, key="measure")
place = st.radio("Place", list(VIEWS), horizontal=True, key="place")

if by == "crimes":
    cells = cell_layer(
        "cells",
        f"{SERVICE}/{'empty' if case == 'empty' else 'missing' if case == 'refused' else 'cells'}",
        measure="crimes",
        palette=REDS,
        breaks=None if case == "quantiles" else [2, 5, 15, 40],
    )
    legend = [
        Legend(
            layer_id="cells", title="Қылмыстар", unit="саны", denominator="2024 жыл, түнгі уақыт", note="Демо дерек"
        ),
        Legend(layer_id="lamps", title="Шамдар", items=[LegendItem(label="жарықдиодты", rgb=(20, 110, 200))]),
    ]
else:
    cells = cell_layer(
        "cells", f"{SERVICE}/cells", measure="seen_share", palette=BLUES, breaks=[0.1, 0.25, 0.5], zero_rgba=None
    )
    legend = [Legend(layer_id="cells", title="Камера көретін үлес", percent=True, denominator="ұяшық ауданынан")]

layers = [cells]
if case in ("cells", "dark"):
    layers.append(
        feature_tiles(
            "lamps",
            SERVICE + "/tiles/{z}/{x}/{y}",
            colour_field="kind",
            colours={"led": (20, 110, 200), "sodium": (230, 140, 20)},
            keep={"kind": ["led"]},
            radius_px=4,
        )
    )
if case == "stock":
    ring = [[76.95, 52.28], [76.96, 52.28], [76.955, 52.286], [76.95, 52.28]]
    row = {"position": [76.9674, 52.2873], "name": "Ғ", "path": ring, "to": [76.98, 52.29]}
    layers = [
        pdk.Layer("PolygonLayer", [{"polygon": ring}], id="area", get_polygon="polygon", get_fill_color=[0, 120, 0]),
        pdk.Layer("PathLayer", [row], id="path", get_path="path", get_width=20, get_color=[180, 0, 0]),
        pdk.Layer("ArcLayer", [row], id="arc", get_source_position="position", get_target_position="to"),
        pdk.Layer(
            "ScatterplotLayer",
            [row],
            id="dot",
            get_position="position",
            get_radius=150,
            get_fill_color=[0, 0, 200],
            pickable=True,
        ),
        pdk.Layer("H3HexagonLayer", [{"hex": "88216aa885fffff"}], id="hex", get_hexagon="hex"),
        pdk.Layer("HeatmapLayer", [row], id="heat", get_position="position"),
        pdk.Layer("GeoJsonLayer", {"type": "Point", "coordinates": [76.96, 52.29]}, id="geo", get_point_radius=60),
        label_layer("labels", [row], size_px=40),
    ]
elif case == "icons":
    outside = {"url": "https://icons.example.org/camera.png", "width": 64, "height": 64}
    layers = [pdk.Layer("IconLayer", [{"icon": outside, "at": [76.96, 52.28]}], get_icon="icon", get_position="at")]
elif case == "ground":
    layers = []
elif case == "labels":
    layers = [label_layer("labels", [{"position": [76.9674, 52.29], "name": "ӘҒҚҢӨҰҮҺІ әғқңөұүһі"}], size_px=30)]

longitude, latitude, zoom = VIEWS[place]
st.session_state["runs"] = st.session_state.get("runs", 0) + 1
event = draw_map(
    pdk.Deck(layers=layers, map_provider=None),
    key="map",
    view=MapView(longitude=longitude, latitude=latitude, zoom=zoom),
    view_token=place,
    texts=TEXTS,
    language="kk",
    theme="dark" if theme == "dark" else "light",
    height_px=520,
    map_style={"cells": f"{SERVICE}/style.json", "outside": f"{SERVICE}/style-outside.json"}.get(
        "cells" if case == "ground" else case
    ),
    attribution="© OpenStreetMap contributors",
    legend=legend if case not in ("stock", "labels") else [],
    origins=[SERVICE],
)
if event is not None and event.click is not None:
    st.session_state["last"] = {"click": asdict(event.click), "pick": asdict(event.pick) if event.pick else None}
st.code(
    json.dumps(
        {
            "runs": st.session_state["runs"],
            "view": asdict(event.view) if event and event.view else None,
            "last": st.session_state.get("last"),
        },
        ensure_ascii=False,
    ),
    language=None,
)
