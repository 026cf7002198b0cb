"""What lies beside the coloured measure: single things, coverage, the gap, a plan, the selection, names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import pydeck as pdk

from streamlit_app.address import Look, PlaceKind, Selection
from streamlit_app.gateway import LayerInfo
from streamlit_app.map_component import Hatch, Legend, LegendItem, feature_tiles
from streamlit_app.services import filters
from streamlit_app.services.classes import Rgb
from streamlit_app.services.pieces import TILE_MAX_ZOOM, Drawn, Json, hexagons, name_of, paths, rounded, tiles_url
from streamlit_app.words import Words

BESIDE = "beside"
COVERAGE, POTENTIAL = "camera_coverage", "camera_coverage-potential"
COMPLETENESS = "completeness"
# Levels that are drawn; a complete district stays as it is.
INCOMPLETE_RGB: Mapping[str, Rgb] = MappingProxyType(
    {"partial": (223, 194, 125), "poor": (166, 97, 26), "unknown": (140, 140, 150)}
)
INCOMPLETE_HATCH: Mapping[str, Hatch] = MappingProxyType({"partial": "sparse", "poor": "dense", "unknown": "unknown"})
# What doubtful numbers of a coloured layer stand on, where that is not the layer itself.
_STANDS_ON: Mapping[str, tuple[str, ...]] = MappingProxyType({COVERAGE: ("cameras", "buildings")})
DOTS_FROM_ZOOM = 13
POTENTIAL_RGB: Rgb = (223, 167, 40)
ACCENT: tuple[int, int, int, int] = (20, 90, 190, 255)
GAP_RGB: Rgb = (178, 24, 43)
THIN_RGB: Rgb = (190, 160, 160)
PLAN_RGB: Rgb = (0, 121, 140)


def coverage(workspace: str, layer: LayerInfo) -> tuple[pdk.Layer, ...]:
    """What counted cameras see, and apart from it what cameras without direction might see."""
    url = tiles_url(workspace, layer)

    def one(layer_id: str, state: str, rgb: Rgb) -> pdk.Layer:
        return feature_tiles(
            layer_id,
            url,
            rgb=rgb,
            keep={"state": [state]},
            width_px=1,
            min_zoom=layer.min_zoom,
            max_zoom=TILE_MAX_ZOOM,
            pickable=False,
        )

    return one(POTENTIAL, "potential", POTENTIAL_RGB), one(COVERAGE, "counted", layer.rgb)


def incomplete(workspace: str, layer: LayerInfo, look: Look, *, coloured: str) -> tuple[pdk.Layer, list[LegendItem]]:
    """Districts whose data are not complete: of the subjects chosen, else of those the coloured layer stands on, else of all.

    Hatched, so that the cells below keep their colours. Subjects lie over one another: a district darkens with what it lacks; a complete
    one is left as it is.
    """
    of = _STANDS_ON.get(coloured, (coloured,))
    own = [code for code in layer.categories if code.rpartition("_")[0] in of]
    subjects = list(filters.categories_of(look, layer)) or own
    keep = {"level": list(INCOMPLETE_RGB), **({"subject": subjects} if subjects else {})}
    titles: Mapping[str, str] = next((field.codes for field in layer.fields if field.name == "level"), {})
    drawn = feature_tiles(
        layer.id,
        tiles_url(workspace, layer),
        rgb=layer.rgb,
        colour_field="level",
        colours=INCOMPLETE_RGB,
        keep=keep,
        hatches=INCOMPLETE_HATCH,
        width_px=1.5,
        min_zoom=layer.min_zoom,
        max_zoom=TILE_MAX_ZOOM,
    )
    items = [
        LegendItem(label=f"{layer.title}: {titles.get(level, level)}", rgb=rgb, shape=INCOMPLETE_HATCH[level])
        for level, rgb in INCOMPLETE_RGB.items()
    ]
    return drawn, items


def features(workspace: str, layer: LayerInfo, look: Look) -> pdk.Layer:
    """Single devices, places, lines or areas of a layer, from its own zoom on."""
    kept = filters.categories_of(look, layer)
    return feature_tiles(
        layer.id,
        tiles_url(workspace, layer),
        rgb=layer.rgb,
        keep={layer.category_field: list(kept)} if kept and layer.category_field else None,
        radius_px=4.5,
        width_px=1.5,
        min_zoom=first_zoom(layer),
        max_zoom=TILE_MAX_ZOOM,
    )


def beside(
    workspace: str, shown: Sequence[LayerInfo], look: Look, words: Words, *, zoom: float, coloured: str = ""
) -> Drawn:
    """The layers beside the coloured one, in one entry of the legend: a tall legend hides the map."""
    layers: list[pdk.Layer] = []
    items: list[LegendItem] = []
    for layer in shown:
        if layer.id == COVERAGE:
            layers += coverage(workspace, layer)
            items += [
                LegendItem(label=layer.categories.get("counted", layer.title), rgb=layer.rgb, shape="area"),
                LegendItem(label=layer.categories.get("potential", layer.title), rgb=POTENTIAL_RGB, shape="area"),
            ]
            continue
        if layer.id == COMPLETENESS:
            districts, named = incomplete(workspace, layer, look, coloured=coloured)
            layers.append(districts)
            items += named
            continue
        layers.append(features(workspace, layer, look))
        shape = {"Point": "dot", "MultiPolygon": "area"}.get(layer.geometry, "line")
        far = from_zoom(layer, words, zoom=zoom)
        label = f"{layer.title} ({words.number(layer.rows)}){f', {far}' if far else ''}"
        items.append(LegendItem(label=label, rgb=layer.rgb, shape=shape))  # type: ignore[arg-type]
    if not layers:
        return Drawn()
    return Drawn(layers=tuple(layers), legends=(Legend(layer_id=BESIDE, title=words("ui.picker.layers"), items=items),))


def gap(rows: Iterable[Json], shapes: Mapping[int, Json], words: Words) -> Drawn:
    """Ranked streets of the coverage gap; where the data do not suffice they are pale and named so."""
    data = []
    has_thin = False
    for row in rows:
        shape = shapes.get(int(row["id"]))
        if shape is None or not shape.get("geometry"):
            continue
        thin = row.get("class") == "not-enough-data"
        has_thin |= thin
        data.append(
            {
                "id": str(row["id"]),
                "path": rounded(shape["geometry"]["coordinates"]),
                "rgb": [*THIN_RGB, 150] if thin else [*GAP_RGB, 240],
                "name": name_of(row, words.language) or words("ui.place.unnamed_street"),
                "count": words.number(row.get("unseen_night_events", row.get("unseen_m"))),
            }
        )
    items = [LegendItem(label=words("ui.gap.above"), rgb=GAP_RGB, shape="line")]
    if has_thin:
        items.append(LegendItem(label=words("common.not_enough_data"), rgb=THIN_RGB, shape="line"))
    return Drawn(
        layers=(paths("gap", list(reversed(data)), width_px=6),),
        legends=(Legend(layer_id="gap", title=words("ui.gap.title"), items=items),),
    )


def plan(sites: Json, words: Words) -> Drawn:
    """Chosen sites and what each would see."""
    areas, dots = [], []
    for feature in sites.get("features", ()):
        properties = feature["properties"]
        if properties.get("area"):
            areas.append({"type": "Feature", "geometry": properties["area"], "properties": {}})
        dots.append(
            {
                "position": feature["geometry"]["coordinates"],
                "number": str(properties.get("number", "")),
                "id": properties.get("number"),
            }
        )
    return Drawn(
        layers=(
            pdk.Layer(
                "GeoJsonLayer",
                {"type": "FeatureCollection", "features": areas},
                id="plan-areas",
                get_fill_color=[*PLAN_RGB, 70],
                get_line_color=[*PLAN_RGB, 200],
                line_width_min_pixels=1,
            ),
            pdk.Layer(
                "ScatterplotLayer",
                dots,
                id="plan",
                get_position="position",
                get_fill_color=[*PLAN_RGB, 255],
                get_line_color=[255, 255, 255, 255],
                stroked=True,
                line_width_min_pixels=1.5,
                get_radius=7,
                radius_units=pdk.types.String("pixels"),
                pickable=True,
            ),
        ),
        legends=(
            Legend(
                layer_id="plan",
                title=words("ui.plan.title"),
                items=[LegendItem(label=words("ui.plan.site"), rgb=PLAN_RGB, shape="dot")],
            ),
        ),
    )


def selection(chosen: Selection | None, shapes: Mapping[int, Json]) -> Drawn:
    """A frame around the selected place."""
    if chosen is None:
        return Drawn()
    if chosen.kind is PlaceKind.CELL:
        return Drawn(layers=(hexagons("selection", [{"cell": chosen.id, "rgb": list(ACCENT)}], filled=False),))
    shape = shapes.get(int(chosen.id)) if chosen.kind in (PlaceKind.SEGMENT, PlaceKind.AREA) else None
    if shape is None or not shape.get("geometry"):
        return Drawn()
    frame = pdk.Layer(
        "GeoJsonLayer",
        {"type": "Feature", "geometry": shape["geometry"], "properties": {}},
        id="selection",
        filled=False,
        stroked=True,
        get_line_color=list(ACCENT),
        get_line_width=4,
        line_width_units=pdk.types.String("pixels"),
    )
    return Drawn(layers=(frame,))


def labels(rows: Sequence[Json], *, theme: str) -> Drawn:
    """Names on the ground, above all data."""
    if not rows:
        return Drawn()
    dark = theme == "dark"
    layer = pdk.Layer(
        "TextLayer",
        list(rows),
        id="labels",
        get_position="position",
        get_text="name",
        get_size="size",
        get_angle="angle",
        get_color=[226, 230, 235] if dark else [52, 58, 66],
        character_set=pdk.types.String("auto"),
        font_family=pdk.types.String('"Noto Sans", "DejaVu Sans", sans-serif'),
        font_settings={"sdf": True, "fontSize": 48, "buffer": 6, "radius": 12},
        outline_width=3,
        outline_color=[20, 24, 28, 235] if dark else [255, 255, 255, 235],
        pickable=False,
    )
    return Drawn(layers=(layer,))


def first_zoom(layer: LayerInfo) -> int:
    """From which zoom single features are drawn: dots over a whole city would only hide it."""
    return max(layer.min_zoom, DOTS_FROM_ZOOM if layer.geometry == "Point" else 0)


def from_zoom(layer: LayerInfo, words: Words, *, zoom: float) -> str:
    """Says why nothing of the layer is seen yet."""
    first = first_zoom(layer)
    return words("ui.legend.from_zoom", zoom=first) if zoom < first else ""
