"""Places of the demo city in local metres: those the planners drew and those the streets bring with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etl.demo.frame import Floats, to_xy
from etl.demo.names import PLACE_NAMES, Name
from etl.demo.sketch import Rng, Sketch
from etl.demo.streets import Edge, junctions

ARTERIAL = frozenset({"primary", "secondary", "tertiary"})
MAIN = frozenset({"primary", "secondary"})
STOP_EVERY_M = 430.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """A place of some kind at local metres ``xy``."""

    kind: str
    xy: Floats
    name: Name | None


def _stops(edges: list[Edge], rng: Rng) -> list[Place]:
    """Bus stops on both kerbs of arterials, not in step with each other."""
    found: list[Place] = []
    walked: dict[tuple[str, bool], float] = {}
    for edge in edges:
        if edge.highway_class not in ARTERIAL or edge.name is None or edge.level != 0:
            continue
        for right in (True, False):
            if edge.oneway and not right:
                continue
            key = (edge.name.ru, right)
            done = walked.get(key, 0.0 if right else STOP_EVERY_M / 2) + edge.length_m
            if done >= STOP_EVERY_M:
                point, direction = edge.along(float(rng.uniform(0.3, 0.7)))
                side = np.array([direction[1], -direction[0]]) * (11.0 if right else -11.0)
                found.append(Place(kind="stop", xy=point + side, name=None))
                done = 0.0
            walked[key] = done
    return found


def _at_junctions(edges: list[Edge], rng: Rng) -> list[Place]:
    found: list[Place] = []
    for point, meeting in junctions(edges).values():
        arms = [edge for edge in meeting if edge.highway_class in ARTERIAL and edge.level == 0]
        if len(arms) < 3:
            continue
        if sum(edge.highway_class in MAIN for edge in arms) >= 3 and rng.random() < 0.75:
            found.append(Place(kind="signals", xy=point, name=None))
        for edge in arms:
            if rng.random() < 0.55:
                start = edge.xy[0] if np.allclose(edge.xy[0], point) else edge.xy[-1]
                inward = edge.xy[1] - edge.xy[0] if start is edge.xy[0] else edge.xy[-2] - edge.xy[-1]
                found.append(Place(kind="crossing", xy=point + inward / np.hypot(*inward) * 14.0, name=None))
    return found


def places(sketch: Sketch, edges: list[Edge], rng: Rng) -> list[Place]:
    """All places in a fixed order; shops and venues get a name from the list of their kind."""
    found: list[Place] = []
    for spot in sketch.spots:
        name, choice = spot.name, PLACE_NAMES.get(spot.kind)
        if name is None and choice is not None:
            name = choice[int(rng.integers(0, len(choice)))]
        found.append(Place(kind=spot.kind, xy=to_xy(np.array([spot.u, spot.v])), name=name))
    return [*found, *_stops(edges, rng), *_at_junctions(edges, rng)]


def points_of(found: list[Place], *kinds: str) -> Floats:
    """float64[n, 2]: local metres of the places of these kinds."""
    return np.array([place.xy for place in found if place.kind in kinds]).reshape(-1, 2)
