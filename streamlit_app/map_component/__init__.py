"""The map component: one Streamlit component, one bundle, one way to describe a map (pydeck)."""

from streamlit_app.map_component.component import TEXT_KEYS, draw_map
from streamlit_app.map_component.events import DrawWish, MapClick, MapEvent, MapPick, MapView
from streamlit_app.map_component.layers import cell_layer, feature_tiles, label_layer
from streamlit_app.map_component.legends import Hatch, Legend, LegendItem

__all__ = [
    "TEXT_KEYS",
    "DrawWish",
    "Hatch",
    "Legend",
    "LegendItem",
    "MapClick",
    "MapEvent",
    "MapPick",
    "MapView",
    "cell_layer",
    "draw_map",
    "feature_tiles",
    "label_layer",
]
