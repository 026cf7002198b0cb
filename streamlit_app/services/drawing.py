"""What lies on the map, as pydeck layers with the legend of each: made together, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pydeck as pdk

from streamlit_app.address import Look, PlaceKind, Selection
from streamlit_app.gateway import LayerInfo
from streamlit_app.map_component import Legend, LegendItem, cell_layer, feature_tiles
from streamlit_app.map_component.layers import DEFAULT_ZERO
from streamlit_app.services import filters
from streamlit_app.services.classes import Difference, Rgb, quantile_scale
from streamlit_app.services.measures import Subject
from streamlit_app.words import Words

PUBLIC_API = "/api"
MOST_DRAWN_CELLS = 9000
SUBJECT, SEGMENTS, AREAS, COMPARED = "subject", "subject-segments", "subject-areas", "subject-compared"
BESIDE = "beside"
COVERAGE, POTENTIAL = "camera_coverage", "camera_coverage-potential"
TILE_MAX_ZOOM = 16
DOTS_FROM_ZOOM = 13
POTENTIAL_RGB: Rgb = (223, 167, 40)
ACCENT: tuple[int, int, int, int] = (20, 90, 190, 255)
GAP_RGB: Rgb = (178, 24, 43)
THIN_RGB: Rgb = (190, 160, 160)
PLAN_RGB: Rgb = (0, 121, 140)
Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Layers of the map, bottom first, with their legends."""

    layers: tuple[pdk.Layer, ...] = ()
    legends: tuple[Legend, ...] = ()

    def __add__(self, other: Drawn) -> Drawn:
        return Drawn(layers=self.layers + other.layers, legends=self.legends + other.legends)


def cells_url(workspace: str, layer: LayerInfo, query: Mapping[str, Any], *, level: int) -> str:
    """Address of the binary cells; the revision in it makes the map ask again after a change of the rows."""
    given = {**query, "resolution": level, "f": "cells", "revision": layer.revision}
    return f"{PUBLIC_API}/w/{quote(workspace)}/layers/{layer.id}/cells?{urlencode(given)}"


def tiles_url(workspace: str, layer: LayerInfo) -> str:
    """Template of the vector tiles."""
    return f"{PUBLIC_API}/w/{quote(workspace)}/tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt?revision={layer.revision}"


def style_url(workspace: str, *, theme: str) -> str:
    """Address of the ground."""
    return f"{PUBLIC_API}/w/{quote(workspace)}/style.json?theme={theme}"


def subject_cells(look: Look, subject: Subject, *, workspace: str, level: int, words: Words) -> Drawn:
    """The coloured measure on H3 cells."""
    layer, measure = subject.layer, subject.measure
    palette = layer.palette
    breaks = layer.breaks if len(layer.breaks) + 1 == len(palette) and subject.is_share else None
    drawn = cell_layer(
        SUBJECT,
        cells_url(workspace, layer, filters.query_of(look, layer), level=level),
        measure=measure.name,
        palette=palette,
        breaks=breaks,
        # a share of zero is a value like any other
        zero_rgba=None if subject.is_share else DEFAULT_ZERO,
    )
    unit = "" if subject.is_share or measure.unit == "1" else _unit(measure.unit, words)
    denominator = words("ui.legend.of_cell_area") if subject.is_share else filters.sentence(look, layer, words)
    legend = Legend(
        layer_id=SUBJECT,
        title=subject.title(words),
        unit=unit,
        denominator=denominator,
        note=synthetic_note(layer, words),
        percent=subject.is_share,
    )
    return Drawn(layers=(drawn,), legends=(legend,))


def subject_segments(look: Look, layer: LayerInfo, found: Json, shapes: Mapping[int, Json], words: Words) -> Drawn:
    """Events per street segment; streets without an event stay pale: somebody looked, and there was nothing."""
    rows = found.get("rows", ())
    scale = quantile_scale([row["count"] for row in rows], layer.palette)
    counts = {int(row["id"]): row for row in rows}
    data = []
    for row, line in counts.items():
        shape = shapes.get(row)
        if shape is None or not shape.get("geometry"):
            continue
        data.append(
            {
                "id": str(row),  # ids of 63 bits are too long for a number of JavaScript
                "path": _rounded(shape["geometry"]["coordinates"]),
                "rgb": [*scale.rgb(line["count"]), 235],
                "name": name_of(line, words.language) or words("ui.place.unnamed_street"),
                "count": words.number(line["count"]),
            }
        )
    ordered = sorted(data, key=lambda one: int(counts[int(one["id"])]["count"]))
    totals = found.get("totals") or {}
    unplaced = int(totals.get("unplaced") or 0)
    legend = Legend(
        layer_id=SEGMENTS,
        title=words("ui.legend.per_segment", layer=layer.title),
        denominator=filters.sentence(look, layer, words),
        note=words.joined(
            words.plural("ui.legend.unplaced", unplaced) if unplaced else "", synthetic_note(layer, words)
        ),
        items=scale.items(words, shape="line", has_none=False, has_unknown=False),
    )
    return Drawn(layers=(_paths(SEGMENTS, ordered, width_px=5),), legends=(legend,))


def subject_areas(look: Look, layer: LayerInfo, found: Json, shapes: Mapping[int, Json], words: Words) -> Drawn:
    """Events per area: per 10,000 residents where the population is known, else as counted."""
    rows = [row for row in found.get("rows", ()) if int(row["id"]) in shapes]
    rated = sum(row.get("count_per_10k") is not None for row in rows) * 2 > len(rows)
    key = "count_per_10k" if rated else "count"
    scale = quantile_scale([row.get(key) for row in rows], layer.palette)
    features = []
    for row in rows:
        geometry = shapes[int(row["id"])].get("geometry")
        if geometry:
            properties = {
                "id": str(row["id"]),
                "rgb": [*scale.rgb(row.get(key)), 150],
                "name": name_of(row, words.language) or str(row.get("code") or ""),
                "count": words.number(row["count"]),
            }
            features.append(
                {
                    "type": "Feature",
                    "geometry": {**geometry, "coordinates": _rounded(geometry["coordinates"])},
                    "properties": properties,
                }
            )
    layer_of = pdk.Layer(
        "GeoJsonLayer",
        {"type": "FeatureCollection", "features": features},
        id=AREAS,
        get_fill_color="properties.rgb",
        get_line_color=[90, 90, 90, 200],
        line_width_min_pixels=1,
        pickable=True,
    )
    legend = Legend(
        layer_id=AREAS,
        title=words("ui.legend.per_area", layer=layer.title),
        unit=_unit("1/10k", words) if rated else "",
        denominator=filters.sentence(look, layer, words),
        note=synthetic_note(layer, words),
        items=scale.items(
            words,
            shape="area",
            has_none=any(row.get(key) == 0 for row in rows),
            has_unknown=any(row.get(key) is None for row in rows),
        ),
    )
    return Drawn(layers=(layer_of,), legends=(legend,))


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


def beside(workspace: str, shown: Sequence[LayerInfo], look: Look, words: Words, *, zoom: float) -> Drawn:
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
        layers.append(features(workspace, layer, look))
        shape = {"Point": "dot", "MultiPolygon": "area"}.get(layer.geometry, "line")
        far = from_zoom(layer, words, zoom=zoom)
        label = f"{layer.title} ({words.number(layer.rows)}){f', {far}' if far else ''}"
        items.append(LegendItem(label=label, rgb=layer.rgb, shape=shape))  # type: ignore[arg-type]
    if not layers:
        return Drawn()
    return Drawn(layers=tuple(layers), legends=(Legend(layer_id=BESIDE, title=words("ui.picker.layers"), items=items),))


def comparison(found: Json, words: Words, *, title: str, denominator: str) -> Drawn:
    """Differences per cell, diverging around zero."""
    cells, differences = list(found["cells"]), list(found["difference"])
    scale = Difference.of(differences)
    largest = sorted(range(len(cells)), key=lambda at: -abs(differences[at]))[:MOST_DRAWN_CELLS]
    data = [
        {
            "cell": cells[at],
            "rgb": [*scale.rgb(differences[at]), 60 if differences[at] == 0 else 205],
            "before": words.number(int(found["before"][at])),
            "after": words.number(int(found["after"][at])),
        }
        for at in largest
    ]
    legend = Legend(layer_id=COMPARED, title=title, denominator=denominator, items=scale.items(words))
    return Drawn(layers=(_hexagons(COMPARED, data, filled=True),), legends=(legend,))


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
                "path": _rounded(shape["geometry"]["coordinates"]),
                "rgb": [*THIN_RGB, 150] if thin else [*GAP_RGB, 240],
                "name": name_of(row, words.language) or words("ui.place.unnamed_street"),
                "count": words.number(row.get("unseen_night_events", row.get("unseen_m"))),
            }
        )
    items = [LegendItem(label=words("ui.gap.above"), rgb=GAP_RGB, shape="line")]
    if has_thin:
        items.append(LegendItem(label=words("common.not_enough_data"), rgb=THIN_RGB, shape="line"))
    return Drawn(
        layers=(_paths("gap", list(reversed(data)), width_px=6),),
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
        return Drawn(layers=(_hexagons("selection", [{"cell": chosen.id, "rgb": list(ACCENT)}], filled=False),))
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


def name_of(row: Json, language: str) -> str:
    """The name in the reader's language, else as it is written on the ground."""
    return str(row.get(f"name_{language}") or row.get("name") or row.get("name_ru") or row.get("name_kk") or "")


def synthetic_note(layer: LayerInfo, words: Words) -> str:
    """Said wherever numbers of a synthetic layer stand."""
    return words("ui.data.synthetic") if layer.is_synthetic else ""


def first_zoom(layer: LayerInfo) -> int:
    """From which zoom single features are drawn: dots over a whole city would only hide it."""
    return max(layer.min_zoom, DOTS_FROM_ZOOM if layer.geometry == "Point" else 0)


def from_zoom(layer: LayerInfo, words: Words, *, zoom: float) -> str:
    """Says why nothing of the layer is seen yet."""
    first = first_zoom(layer)
    return words("ui.legend.from_zoom", zoom=first) if zoom < first else ""


def _unit(unit: str, words: Words) -> str:
    key = f"common.unit.{unit}"
    return words(key) if words.has(key) else unit


def _paths(layer_id: str, data: list[dict[str, Any]], *, width_px: float) -> pdk.Layer:
    return pdk.Layer(
        "PathLayer",
        data,
        id=layer_id,
        get_path="path",
        get_color="rgb",
        get_width=width_px,
        width_units=pdk.types.String("pixels"),
        cap_rounded=True,
        joint_rounded=True,
        pickable=True,
    )


def _hexagons(layer_id: str, data: list[dict[str, Any]], *, filled: bool) -> pdk.Layer:
    return pdk.Layer(
        "H3HexagonLayer",
        data,
        id=layer_id,
        get_hexagon="cell",
        get_fill_color="rgb",
        get_line_color="rgb",
        filled=filled,
        stroked=not filled,
        extruded=False,
        high_precision=True,
        line_width_min_pixels=3,
        pickable=filled,
    )


def _rounded(coordinates: Any) -> Any:
    """Six digits are a decimetre; more would only make the message longer."""
    if isinstance(coordinates, (int, float)):
        return round(coordinates, 6)
    return [_rounded(part) for part in coordinates]
