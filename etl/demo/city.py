"""The whole demo city in memory, each part from its own stream of random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etl.demo import plan
from etl.demo.accidents import Accident, accidents
from etl.demo.areas import Area, areas
from etl.demo.cameras import Camera, cameras
from etl.demo.crimes import Crime, crimes
from etl.demo.lamps import Lamp, lamps
from etl.demo.names import GARAGE_NAME
from etl.demo.risk import risk
from etl.demo.sketch import Rng, Sketch
from etl.demo.spots import Place, places, points_of
from etl.demo.streets import Edge, network

CRIMES = 9000
BUSIEST = 45  # streets the police asked cameras for
PARTS = ("plan", "network", "places", "lamps", "cameras", "risk", "crimes", "accidents")


@dataclass(frozen=True, kw_only=True, eq=False)
class City:
    """Everything the files are written from."""

    sketch: Sketch
    edges: list[Edge]
    areas: list[Area]
    places: list[Place]
    lamps: list[Lamp]
    cameras: list[Camera]
    crimes: list[Crime]
    accidents: list[Accident]


def _stream(seed: int, part: str) -> Rng:
    """Parts do not share a stream: a change in one leaves the others as they were."""
    return np.random.default_rng([seed, PARTS.index(part)])


def areas_of(seed: int) -> list[Area]:
    """Districts and quarters alone, the same as those of :func:`make`; a second's work instead of many."""
    return areas(plan.draw(_stream(seed, "plan")).buildings)


def make(seed: int, *, scale: float) -> City:
    """Draw the city.

    Parameters
    ----------
    seed : >= 0; the same seed gives the same city.
    scale : factor of the number of crimes and accidents; the ground stays the same.
    """
    sketch = plan.draw(_stream(seed, "plan"))
    edges = network(sketch, _stream(seed, "network"))
    found = places(sketch, edges, _stream(seed, "places"))
    garage_street = [edge for edge in edges if edge.name == GARAGE_NAME]
    weights = risk(edges, found, sketch.buildings, _stream(seed, "risk"))
    order = np.argsort(-(weights.night + 0.5 * weights.day), kind="stable")
    busiest = [edges[i] for i in order if edges[i].name != GARAGE_NAME][:BUSIEST]
    shops = points_of(found, "shop", "alcohol_shop", "market")
    return City(
        sketch=sketch,
        edges=edges,
        areas=areas(sketch.buildings),
        places=found,
        lamps=lamps(edges, _stream(seed, "lamps")),
        cameras=cameras(edges, found, busiest=busiest, garage_street=garage_street, rng=_stream(seed, "cameras")),
        crimes=crimes(edges, weights, shops, _stream(seed, "crimes"), total=max(1, round(CRIMES * scale))),
        accidents=accidents(edges, _stream(seed, "accidents"), scale=scale),
    )
