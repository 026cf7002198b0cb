"""The measure that colours the map: on cells, streets, areas, or as the difference of two periods; the legend is made with it."""

from __future__ import annotations

from collections.abc import Mapping

import pydeck as pdk

from streamlit_app.address import Look, Tool
from streamlit_app.gateway import LayerInfo
from streamlit_app.map_component import Legend, cell_layer
from streamlit_app.map_component.layers import DEFAULT_ZERO
from streamlit_app.services import filters
from streamlit_app.services.classes import Difference, quantile_scale
from streamlit_app.services.measures import Subject
from streamlit_app.services.pieces import (
    Drawn,
    Json,
    cells_url,
    fine,
    hexagons,
    name_of,
    outline,
    paths,
    rounded,
    synthetic_note,
    unit_words,
)
from streamlit_app.words import Words

MOST_DRAWN_CELLS = 9000
_FULL, _PALE = 200, 75
SUBJECT, SEGMENTS, AREAS, COMPARED = "subject", "subject-segments", "subject-areas", "subject-compared"


def subject_cells(look: Look, subject: Subject, *, workspace: str, level: int, words: Words) -> Drawn:
    """The coloured measure on H3 cells; pale where a gap or a plan is looked at."""
    layer, measure = subject.layer, subject.measure
    palette = layer.palette
    breaks = layer.breaks if len(layer.breaks) + 1 == len(palette) and subject.is_share else None
    drawn = cell_layer(
        SUBJECT,
        cells_url(workspace, layer, filters.query_of(look, layer), level=level),
        measure=measure.name,
        palette=palette,
        breaks=breaks,
        alpha=_PALE if look.tool in (Tool.GAP, Tool.PLAN) else _FULL,
        # a share of zero is a value like any other
        zero_rgba=None if subject.is_share else DEFAULT_ZERO,
    )
    unit = "" if subject.is_share or measure.unit == "1" else unit_words(measure.unit, words)
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
                "path": rounded(shape["geometry"]["coordinates"]),
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
    return Drawn(layers=(paths(SEGMENTS, ordered, width_px=5),), legends=(legend,))


def subject_areas(
    look: Look, layer: LayerInfo, found: Json, shapes: Mapping[int, Json], words: Words, *, kind: str
) -> Drawn:
    """Events per area of one kind: per 10,000 residents where the population is known, else as counted."""
    rows = [row for row in found.get("rows", ()) if int(row["id"]) in shapes and row.get("kind") == kind]
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
                    "geometry": fine(outline(geometry)),
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
        unit=unit_words("1/10k", words) if rated else "",
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
    return Drawn(layers=(hexagons(COMPARED, data, filled=True),), legends=(legend,))
