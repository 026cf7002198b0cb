"""What the map tells the page: where the reader looks, where they clicked, what they hit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class MapView:
    """A camera over the map.

    Parameters
    ----------
    longitude, latitude : centre, degrees, WGS 84.
    zoom : Web Mercator zoom of 512-pixel tiles, the same number in pydeck and MapLibre.
    bearing, pitch : degrees; 0 is north up and straight down.
    bounds : west, south, east, north in degrees; only in views the map reports.
    """

    longitude: float
    latitude: float
    zoom: float
    bearing: float = 0.0
    pitch: float = 0.0
    bounds: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class MapClick:
    """Where the reader clicked or pressed Enter: degrees, WGS 84."""

    longitude: float
    latitude: float


@dataclass(frozen=True, kw_only=True)
class MapPick:
    """What lay under the click.

    Parameters
    ----------
    layer_id : id of the pydeck layer.
    object : its plain properties. For a cell layer: ``cell`` (hexadecimal), ``resolution``, ``values`` (measure → number
        or None) and ``states`` (measure → "known", "unknown" or "hidden").
    """

    layer_id: str
    object: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class DrawWish:
    """What the reader may draw.

    Parameters
    ----------
    kind : a pin, or the corners of an area.
    geometry : GeoJSON to begin with (degrees), None = empty. Of an area only its outer ring is taken.
    token : drawing begins anew only when this changes.
    """

    kind: Literal["point", "polygon"]
    token: str
    geometry: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class MapEvent:
    """The newest view, the click of this very run (None in every other run), and what is drawn.

    Parameters
    ----------
    drawn : GeoJSON of the present drawing, degrees; None while nothing was changed or it is not enough for a shape.
    """

    view: MapView | None
    click: MapClick | None
    pick: MapPick | None
    drawn: Mapping[str, Any] | None = None


def event_from(state: Mapping[str, Any], *, draw_token: str | None = None) -> MapEvent | None:
    """The event in what the component returned; None as long as the map has said nothing.

    Parameters
    ----------
    draw_token : of the present drawing; what was drawn for another one does not count.
    """
    view, click, drawn = state.get("view"), state.get("click"), state.get("drawn")
    if drawn is not None and (draw_token is None or drawn.get("token") != draw_token):
        drawn = None
    if view is None and click is None and drawn is None:
        return None
    pick = click.get("pick") if click else None
    return MapEvent(
        view=None
        if view is None
        else MapView(
            longitude=float(view["longitude"]),
            latitude=float(view["latitude"]),
            zoom=float(view["zoom"]),
            bearing=float(view["bearing"]),
            pitch=float(view["pitch"]),
            bounds=(
                float(view["bounds"][0]),
                float(view["bounds"][1]),
                float(view["bounds"][2]),
                float(view["bounds"][3]),
            ),
        ),
        click=None
        if click is None
        else MapClick(longitude=float(click["longitude"]), latitude=float(click["latitude"])),
        pick=None if pick is None else MapPick(layer_id=str(pick["layer_id"]), object=dict(pick["object"])),
        drawn=dict(drawn["geometry"]) if drawn and drawn.get("geometry") else None,
    )
