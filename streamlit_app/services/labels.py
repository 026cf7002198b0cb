"""Names that do not lie on one another: the most important first, each in a box of its own."""

from __future__ import annotations

from collections.abc import Sequence
from math import asinh, cos, pi, radians, sin, tan
from typing import Any

SIZE_PX = {"area": 14.0, "street": 12.0, "place": 12.0}
_LETTER = 0.58  # width of a letter in sizes
_GAP_PX = 10.0
_WORLD_PX = 512
MOST = 120


def uncluttered(rows: Sequence[dict[str, Any]], *, zoom: float) -> list[dict[str, Any]]:
    """Rows of the API's labels that fit beside one another at this zoom, greedily by rank."""
    scale = _WORLD_PX * 2**zoom
    taken: list[tuple[float, float, float, float]] = []
    kept = []
    for row in sorted(rows, key=lambda one: one.get("rank", 0)):
        longitude, latitude = row["position"]
        x = (longitude + 180) / 360 * scale
        y = (0.5 - asinh(tan(radians(max(min(latitude, 85), -85)))) / (2 * pi)) * scale
        size = SIZE_PX.get(row.get("kind", ""), 12.0)
        long, turn = len(str(row["name"])) * size * _LETTER, radians(float(row.get("angle_deg") or 0.0))
        half_wide = (abs(cos(turn)) * long + abs(sin(turn)) * size) / 2 + _GAP_PX
        half_high = (abs(sin(turn)) * long + abs(cos(turn)) * size) / 2 + _GAP_PX / 2
        box = (x - half_wide, y - half_high, x + half_wide, y + half_high)
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            continue
        taken.append(box)
        kept.append(
            {
                "position": [round(longitude, 6), round(latitude, 6)],
                "name": str(row["name"]),
                "angle": round(float(row.get("angle_deg") or 0.0), 1),
                "size": size,
            }
        )
        if len(kept) == MOST:
            break
    return kept


def rounded_box(bounds: tuple[float, float, float, float], zoom: float) -> str:
    """The box a little larger and on a grid, so that small moves ask for the same names."""
    step = 90 / 2 ** max(int(zoom), 1)
    west, south, east, north = bounds
    low = [step * (value // step) for value in (west, south)]
    high = [step * (value // step + 1) for value in (east, north)]
    found = (max(low[0], -180), max(low[1], -85), min(high[0], 180), min(high[1], 85))
    return ",".join(f"{value:.5f}" for value in found)
