"""Street lamps as a city's inventory has them: a quarter of unknown state, heights often missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etl.demo.frame import Floats
from etl.demo.sketch import Rng
from etl.demo.streets import Edge

# class → spacing m, offset from the axis m, height m, lamp power W of the sodium lamp it was built with
_BUILT = {
    "primary": (34.0, 10.0, 11.0, 250.0),
    "secondary": (36.0, 9.0, 10.0, 250.0),
    "tertiary": (38.0, 8.0, 9.0, 150.0),
    "residential": (44.0, 5.0, 7.5, 100.0),
    "living_street": (46.0, 4.5, 6.5, 70.0),
    "service": (48.0, 4.0, 6.0, 70.0),
    "pedestrian": (28.0, 3.0, 4.5, 70.0),
    "footway": (36.0, 2.5, 4.5, 70.0),
}
_LM_PER_W = {"led": 120.0, "sodium": 95.0, "mercury": 48.0}
UNKNOWN_SHARE, BROKEN_SHARE = 0.25, 0.07


@dataclass(frozen=True, kw_only=True, eq=False)
class Lamp:
    """A lamp; None is what the inventory does not know."""

    xy: Floats
    status: str
    height_m: float | None
    power_w: float | None
    flux_lm: float | None
    light_source: str
    part_night: bool | None


def _lamp(xy: Floats, height: float, power: float, rng: Rng, *, dead: bool) -> Lamp:
    source = str(rng.choice(["led", "sodium", "mercury", "unknown"], p=[0.44, 0.38, 0.10, 0.08]))
    draw = rng.random()
    status = "unknown" if draw < UNKNOWN_SHARE else "broken" if dead or draw < UNKNOWN_SHARE + BROKEN_SHARE else "works"
    watts = {"led": power * 0.4, "mercury": power * 1.6}.get(source, power)
    measured = source != "unknown" and rng.random() < 0.7
    return Lamp(
        xy=xy,
        status=status,
        height_m=height if rng.random() < 0.6 else None,
        power_w=watts if measured else None,
        flux_lm=round(watts * _LM_PER_W[source], -1) if measured else None,
        light_source=source,
        part_night=bool(rng.random() < 0.10) if rng.random() < 0.8 else None,
    )


def lamps(edges: list[Edge], rng: Rng) -> list[Lamp]:
    """Lamps along lit streets; a tenth of the unlit streets still has its dead ones standing."""
    found: list[Lamp] = []
    for edge in edges:
        built = _BUILT.get(edge.highway_class)
        dead = not edge.is_lit
        if built is None or edge.level < 0 or (dead and (rng.random() > 0.10 or edge.zone in "GW")):
            continue
        spacing, offset, height, power = built
        count = max(1, round(edge.length_m / spacing))
        for k in range(count):
            point, direction = edge.along((k + 0.5) / count)
            left = 1.0 if k % 2 and edge.highway_class != "footway" else -1.0
            side = np.array([direction[1], -direction[0]]) * offset * left
            found.append(_lamp(point + side + rng.uniform(-0.8, 0.8, 2), height, power, rng, dead=dead))
    return found
