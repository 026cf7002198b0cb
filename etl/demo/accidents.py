"""Road accidents of the demo city: on the network, at junctions, and at three truly bad places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etl.demo.frame import Floats, to_xy
from etl.demo.risk import draw
from etl.demo.sketch import Rng
from etl.demo.spots import ARTERIAL
from etl.demo.streets import Edge, junctions
from etl.demo.sun import altitude_deg

# Rows per year at scale 1. From 2024 accidents without casualties are on record too: a registration break, as in the real
# layer of Astana, where 2024 has 2.2 times the rows of 2023 with nearly the same deaths.
BREAK_DATE = "2024-01-01"
PER_YEAR = {2022: 190, 2023: 185, 2024: 415, 2025: 410}
DAMAGE_ONLY_SHARE = 0.54  # from the break on
FATAL_SHARE = 0.06  # of accidents with casualties; Astana 2012-2023: about 6 %
# Shares of the types among the records of Astana 2011-2024, rounded
TYPES = {
    "pedestrian": 0.45,
    "collision": 0.35,
    "obstacle": 0.05,
    "parked": 0.03,
    "cyclist": 0.04,
    "rollover": 0.02,
    "animal": 0.002,
    "other": 0.058,
}
TYPES_DAMAGE = {"collision": 0.72, "obstacle": 0.13, "parked": 0.12, "other": 0.03}


@dataclass(frozen=True, kw_only=True)
class HotSection:
    """A place that is dangerous by itself.

    Parameters
    ----------
    u, v : river coordinates of its middle; ``half_m`` how far accidents scatter along (u) and across (v).
    share : of all accidents.
    type : the type that dominates there; ``dark`` when it happens after sunset.
    """

    key: str
    u: float
    v: float
    half_u_m: float
    half_v_m: float
    share: float
    type: str
    dark: bool


HOT_SECTIONS = (
    HotSection(
        key="avenue-bridge", u=1520, v=3100, half_u_m=25, half_v_m=25, share=0.055, type="collision", dark=False
    ),
    HotSection(
        key="market-crossing", u=1260, v=3100, half_u_m=85, half_v_m=6, share=0.045, type="pedestrian", dark=False
    ),
    HotSection(key="rail-street", u=3760, v=1560, half_u_m=6, half_v_m=90, share=0.11, type="pedestrian", dark=True),
)
_CLASS_WEIGHT = {
    "primary": 5.0,
    "secondary": 3.2,
    "tertiary": 1.5,
    "residential": 0.35,
    "living_street": 0.2,
    "service": 0.08,
}
_HOURS = (1.6, 1.2, 1, 0.8, 0.8, 1, 1.8, 4, 6, 5, 4.5, 4.5, 5, 5.2, 5.4, 6, 6.8, 8, 8.2, 7, 5.5, 4.4, 3.4, 2.4)
_MONTHS = (0.9, 0.8, 0.8, 0.8, 1.0, 1.1, 1.15, 1.2, 1.2, 1.15, 1.0, 0.95)


@dataclass(frozen=True, kw_only=True, eq=False)
class Accident:
    """One accident card; None is what the card leaves empty."""

    category: str
    severity: str
    killed: int
    injured: int
    light: str
    street_light: str | None
    surface: str
    weather: str | None
    defects: str | None
    occurred: str
    road_ref: str | None
    km: float | None
    xy: Floats


def _positions(edges: list[Edge], count: int, rng: Rng) -> tuple[Floats, list[Edge]]:
    """Somewhere on the network by class and length; over half within 20 m of a junction."""
    usable = [edge for edge in edges if not edge.on_foot]
    weights = np.array([_CLASS_WEIGHT.get(e.highway_class, 0.05) * e.length_m**0.8 for e in usable])
    weights *= np.exp(rng.normal(0.0, 0.45, len(usable)))
    nodes = junctions(usable)
    arms = {node: sum(_CLASS_WEIGHT.get(e.highway_class, 0.0) for e in meeting) for node, (_, meeting) in nodes.items()}
    chosen = draw(weights / weights.sum(), count, rng)
    xy = np.empty((count, 2))
    streets: list[Edge] = []
    for row, index in enumerate(chosen):
        edge = usable[index]
        share = float(rng.uniform(0.05, 0.95))
        if rng.random() < 0.56:
            near = rng.exponential(7.0) / edge.length_m
            first = arms[edge.from_node] >= arms[edge.to_node]
            share = min(near, 0.5) if first == (rng.random() < 0.75) else 1 - min(near, 0.5)
        point, direction = edge.along(share)
        xy[row] = point + np.array([direction[1], -direction[0]]) * rng.uniform(-4, 4)
        streets.append(edge)
    return xy, streets


def _times(year: int, count: int, rng: Rng) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    start = np.datetime64(f"{year}-01-01")
    days = start + np.arange(int((np.datetime64(f"{year + 1}-01-01") - start).astype(int)))
    month = days.astype("datetime64[M]").astype(int) % 12
    weekday = (days.astype(int) + 3) % 7
    weights = np.array(_MONTHS)[month] * np.where(weekday == 4, 1.2, np.where(weekday == 6, 0.9, 1.0))
    hours = draw(np.array(_HOURS) / sum(_HOURS), count, rng)
    minutes = rng.integers(0, 60, count)
    minutes = np.where(rng.random(count) < 0.35, minutes // 15 * 15, minutes)
    moments = days[draw(weights / weights.sum(), count, rng)].astype("datetime64[m]")
    return np.asarray(moments + (hours * 60 + minutes).astype("timedelta64[m]"))


def _surface(month: int, rng: Rng) -> tuple[str, str | None]:
    cold = month in {11, 12, 1, 2, 3}
    surface = str(
        rng.choice(
            ["сухая", "обледеневшая", "заснеженная", "мокрая"], p=[0.45, 0.25, 0.2, 0.1] if cold else [0.88, 0, 0, 0.12]
        )
    )
    weather = {"мокрая": "дождь", "заснеженная": "снег"}.get(surface, "ясно" if rng.random() < 0.85 else "пасмурно")
    return surface, None if rng.random() < 0.04 else weather


def accidents(edges: list[Edge], rng: Rng, *, scale: float) -> list[Accident]:
    """All accidents in order of time."""
    listed: list[tuple[np.datetime64, Accident]] = []
    arterials = [edge for edge in edges if edge.highway_class in ARTERIAL and edge.level == 0]
    middles = np.array([edge.along(0.5)[0] for edge in arterials])
    for year, expected in PER_YEAR.items():
        count = max(1, round(expected * scale))
        moments = np.sort(_times(year, count, rng))
        altitude = altitude_deg(moments)
        xy, streets = _positions(edges, count, rng)
        damage = rng.random(count) < (DAMAGE_ONLY_SHARE if year >= int(BREAK_DATE[:4]) else 0.0)
        hot = draw(np.array([*(s.share for s in HOT_SECTIONS), 1 - sum(s.share for s in HOT_SECTIONS)]), count, rng)
        for i in range(count):
            table = TYPES_DAMAGE if damage[i] else TYPES
            category = list(table)[int(draw(np.array(list(table.values())), 1, rng)[0])]
            street, point = streets[i], xy[i]
            section = HOT_SECTIONS[hot[i]] if hot[i] < len(HOT_SECTIONS) else None
            if section is not None and not (section.dark and altitude[i] > 0):
                place = np.array([section.u, section.v]) + rng.uniform(-1, 1, 2) * (section.half_u_m, section.half_v_m)
                point = to_xy(place)
                street = arterials[int(np.hypot(*(middles - point).T).argmin())]
                if not damage[i] and rng.random() < 0.75:
                    category = section.type
            dark = altitude[i] <= -0.8
            light = "day" if not dark else "dusk" if altitude[i] > -6 else "night"
            lamp = None if not dark else "on" if street.is_lit else "none" if rng.random() < 0.7 else "off"
            fatal = not damage[i] and rng.random() < FATAL_SHARE * (1.8 if lamp in {"none", "off"} else 0.9)
            killed = (1 if rng.random() < 0.92 else 2) if fatal else 0
            injured = 0 if damage[i] else int(rng.geometric(0.84)) - (1 if fatal else 0)
            surface, weather = _surface(int(moments[i].astype("datetime64[M]").astype(int)) % 12 + 1, rng)
            slippery = surface in {"обледеневшая", "заснеженная"} and rng.random() < 0.5
            unlit = lamp in {"none", "off"} and rng.random() < 0.6
            defects = "скользкое покрытие" if slippery else "недостаточное освещение проезжей части" if unlit else None
            accident = Accident(
                category=category,
                severity="fatal" if fatal else "damage" if damage[i] else "injury",
                killed=killed,
                injured=injured,
                light=light,
                street_light=lamp,
                surface=surface,
                weather=weather,
                defects=defects,
                occurred=str(moments[i]),
                road_ref="A-17" if street.is_bridge else None,
                km=round(300 + rng.random(), 1) if street.is_bridge else None,
                xy=point,
            )
            listed.append((moments[i], accident))
    return [accident for _, accident in listed]
