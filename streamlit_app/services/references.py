"""Coordinate systems a reader chooses between, in words and on the map."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pydeck as pdk

from streamlit_app.map_component import Legend, LegendItem
from streamlit_app.services.pieces import Drawn
from streamlit_app.words import GAP, Words

Json = Mapping[str, Any]
TURNED = "#turned"
"""Ends the option of a system with longitude and latitude swapped."""
# Readable for colour-blind readers, on light and dark ground (Okabe and Ito).
COLOURS: tuple[tuple[int, int, int], ...] = (
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (86, 180, 233),
)
DEGREES, WEB = "EPSG:4326", "EPSG:3857"


def choices(found: Sequence[Json], now: str, bounds: tuple[float, float, float, float], words: Words) -> dict[str, str]:
    """Option → words: systems that fit with the share of positions inside, then the usual ones; ``now`` is among them.

    Parameters
    ----------
    bounds : west, south, east, north of the workspace in degrees: its UTM zone is among the usual systems.
    """
    out: dict[str, str] = {}
    for one in found:
        key = str(one["crs"]) + (TURNED if one["turned"] else "")
        out[key] = label(one, words)
    west, south, east, north = bounds
    zone = min(max(int(((west + east) / 2 + 180) // 6) + 1, 1), 60)
    utm = f"EPSG:{(32600 if south + north >= 0 else 32700) + zone}"
    usual = {DEGREES: words("ui.crs.degrees"), utm: f"{utm}{GAP}UTM {zone}", WEB: f"{WEB}{GAP}Web Mercator"}
    for crs, title in usual.items():
        out.setdefault(crs, title)
    out.setdefault(now, now)
    return out


def label(one: Json, words: Words) -> str:
    """A system with what it would mean."""
    inside = words("ui.crs.inside", share=float(one["inside_share"]))
    parts = [str(one["crs"]), str(one["name"]), inside]
    if one["turned"]:
        parts.append(words("ui.crs.turned"))
    return GAP.join(parts)


def drawn(found: Sequence[Json], words: Words) -> Drawn:
    """The first positions in each system, each in its own colour; the likeliest on top."""
    shown = list(zip(found, COLOURS, strict=False))
    layers = tuple(
        pdk.Layer(
            "ScatterplotLayer",
            [{"position": point} for point in one["points"]],
            id=f"crs-{at}",
            get_position="position",
            get_fill_color=[*rgb, 190],
            get_radius=4 if at == 0 else 3,
            radius_units=pdk.types.String("pixels"),
            pickable=False,
        )
        for at, (one, rgb) in reversed(list(enumerate(shown)))
    )
    items = [LegendItem(label=label(one, words), rgb=rgb) for one, rgb in shown]
    return Drawn(layers=layers, legends=(Legend(layer_id="crs-0", title=words("ui.crs.legend"), items=items),))


def as_code(written: str) -> str | None:
    """The code of a system as it is usually written, of "32643" or "epsg 32643"; None where nothing is written.

    What is no code goes to the API as it is, which says so.
    """
    plain = written.strip()
    if not plain:
        return None
    found = re.fullmatch(r"(?:epsg)?\s*[: ]?\s*(\d{4,6})", plain, re.IGNORECASE)
    return f"EPSG:{found[1]}" if found else plain
