"""pydeck layers only our map can draw: cells of the API, and vector tiles of its features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pydeck as pdk

from streamlit_app.map_component.legends import Hatch, Rgb

Rgba = tuple[int, int, int, int]
DEFAULT_ZERO: Rgba = (206, 220, 228, 140)  # pale and see-through: somebody looked, and there was nothing


def cell_layer(
    layer_id: str,
    url: str,
    *,
    measure: str,
    palette: Sequence[Rgb],
    breaks: Sequence[float] | None = None,
    zero_rgba: Rgba | None = DEFAULT_ZERO,
    thin: tuple[str, float] | None = None,
    alpha: int = 200,
    pickable: bool = True,
) -> pdk.Layer:
    """H3 cells of the API, coloured by one measure; the others are there for picks and for a change of colour.

    Cells are fetched once per `url`: another `measure`, `breaks` or `palette` recolours without asking again. Unknown cells
    are hatched, hidden ones dotted; neither takes a colour of the palette.

    Parameters
    ----------
    url : address of the binary cells (media type ``application/vnd.qorgan.cells``).
    measure : name of the measure that colours.
    palette : one RGB per class, two to seven.
    breaks : inclusive upper bounds of all classes but the last (one fewer than colours). None: the bounds the API put into
        the message's header (``breaks`` of the measure), else quantiles of the known values.
    zero_rgba : colour of an observed zero, apart from the classes; None where zero is a value like any other (shares,
        differences).
    thin : measure and bound; cells where that measure is lower are faded, since their number stands on little.
    alpha : 0–255.
    """
    if breaks is not None and len(breaks) + 1 != len(palette):
        raise ValueError("a palette has one colour more than it has breaks")
    if breaks is not None and list(breaks) != sorted(set(breaks)):
        raise ValueError("breaks must increase")
    if not 2 <= len(palette) <= 7:
        raise ValueError("two to seven classes")
    optional: dict[str, Any] = {}
    if breaks is not None:
        optional["breaks"] = list(breaks)
    if zero_rgba is not None:
        optional["zero_color"] = list(zero_rgba)
    if thin is not None:
        optional |= {"thin_measure": _text(thin[0]), "thin_below": thin[1]}
    return pdk.Layer(
        "QorganCellLayer",
        url,
        id=layer_id,
        measure=_text(measure),
        palette=[list(rgb) for rgb in palette],
        alpha=alpha,
        pickable=pickable,
        **optional,
    )


def feature_tiles(
    layer_id: str,
    url_template: str,
    *,
    rgb: Rgb = (90, 90, 90),
    colour_field: str | None = None,
    colours: Mapping[str, Rgb] | None = None,
    breaks: Sequence[float] | None = None,
    palette: Sequence[Rgb] | None = None,
    keep: Mapping[str, Sequence[str | int | float | None]] | None = None,
    hatches: Mapping[str, Hatch] | None = None,
    radius_px: float = 5.0,
    width_px: float = 2.0,
    min_zoom: int = 0,
    max_zoom: int = 14,
    pickable: bool = True,
) -> pdk.Layer:
    """Features of one layer as vector tiles, drawn as dots, lines or areas by their geometry.

    Parameters
    ----------
    url_template : address with ``{z}``, ``{x}``, ``{y}``; answers Mapbox vector tiles.
    rgb : colour of all features, or of codes that `colours` does not name.
    colour_field : property that colours; features without it are grey.
    colours : code → RGB, for a property of codes.
    breaks, palette : classes for a property of numbers, as in `cell_layer`.
    keep : property → values shown (others are hidden without asking again); None among them keeps features without a value.
    hatches : code of `colour_field` → lines instead of a plain fill, which let through what lies below; for areas.
    radius_px : radius of points, pixels.
    width_px : width of lines and outlines, pixels.
    min_zoom, max_zoom : zooms the API has tiles for; beyond the last one its tiles are magnified.
    """
    if (breaks is None) != (palette is None) or (palette is not None and len(breaks or ()) + 1 != len(palette)):
        raise ValueError("a palette has one colour more than it has breaks")
    optional: dict[str, Any] = {}
    if colour_field is not None:
        optional["color_field"] = _text(colour_field)
    if colours is not None:
        optional["colors"] = [[code, list(one)] for code, one in colours.items()]
    if palette is not None:
        optional |= {"breaks": list(breaks or ()), "palette": [list(one) for one in palette]}
    if keep is not None:
        optional["keep"] = [[field, list(values)] for field, values in keep.items()]
    if hatches is not None:
        optional["hatches"] = [[code, name] for code, name in hatches.items()]
    return pdk.Layer(
        "QorganFeatureTiles",
        url_template,
        id=layer_id,
        color=list(rgb),
        get_point_radius=radius_px,
        point_radius_units=_text("pixels"),
        point_radius_min_pixels=2,
        get_line_width=width_px,
        line_width_units=_text("pixels"),
        line_width_min_pixels=1,
        min_zoom=min_zoom,
        max_zoom=max_zoom,
        pickable=pickable,
        **optional,
    )


def label_layer(
    layer_id: str,
    data: str | Sequence[Mapping[str, Any]],
    *,
    position: str = "position",
    text: str = "name",
    size_px: float = 13.0,
    rgb: Rgb = (40, 44, 50),
    halo_rgb: Rgb = (255, 255, 255),
) -> pdk.Layer:
    """Names from rows (``{"position": [lon, lat], "name": …}``), every alphabet, with a halo; drawn above all data.

    Parameters
    ----------
    data : rows, or the address of a JSON list of them.
    position, text : names of the rows' keys.
    """
    return pdk.Layer(
        "TextLayer",
        data,
        id=layer_id,
        get_position=position,
        get_text=text,
        get_size=size_px,
        get_color=list(rgb),
        character_set=_text("auto"),  # the default set drops every Cyrillic letter
        font_family=_text('"Noto Sans", "DejaVu Sans", sans-serif'),
        font_settings={"sdf": True, "fontSize": 48, "buffer": 6, "radius": 12},
        outline_width=3,
        outline_color=[*halo_rgb, 230],
        pickable=False,
    )


def _text(value: str) -> Any:
    """A plain string: pydeck takes bare strings for expressions over the row."""
    return pdk.types.String(value)
