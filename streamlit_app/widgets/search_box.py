"""A field that finds streets, places and roads while one types; what is chosen comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from streamlit_app.widgets.parts import nothing, renderer
from streamlit_app.words import Words


@dataclass(frozen=True, kw_only=True)
class Hit:
    """What the reader chose. ``position``: lon, lat; ``bounds``: west, south, east, north; degrees. ``segment``: of a street, or ""."""

    kind: str
    layer: str
    id: str
    position: tuple[float, float]
    bounds: tuple[float, float, float, float]
    segment: str = ""


def search_field(*, key: str, url: str, words: Words, on_pick: Callable[[], None] | None = None) -> Hit | None:
    """Draw the field; what was chosen in this run, else None.

    Parameters
    ----------
    url : of the search of a workspace, on this origin.
    """
    chosen = renderer("search_box")(
        key=key,
        data={
            "url": url,
            "language": words.language,
            "label": words("ui.search.label"),
            "placeholder": words("ui.search.placeholder"),
            "nothing": words("ui.search.nothing"),
            "failed": words("ui.search.failed"),
        },
        on_pick_change=on_pick or nothing,
    )
    return hit_of(chosen.get("pick"))


def hit_of(given: Any) -> Hit | None:
    """What the browser told; what is no hit counts as none."""
    if not isinstance(given, dict):
        return None
    try:
        lon, lat = (float(part) for part in given["position"])
        west, south, east, north = (float(part) for part in given["bbox"])
        number = int(given["id"])
        segment = str(int(given["segment"])) if given.get("segment") else ""
        kind, layer = str(given["kind"]), str(given["layer"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    inside = -180 <= west <= east <= 180 and -90 <= south <= north <= 90 and -180 <= lon <= 180 and -90 <= lat <= 90
    if not inside or number < 1:
        return None
    bounds = (west, south, east, north)
    return Hit(kind=kind, layer=layer, id=str(number), position=(lon, lat), bounds=bounds, segment=segment)
