"""Streets cut at their junctions: the demo city's road network with its topology."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etl.demo.frame import Floats, densify, to_xy
from etl.demo.names import GARAGE_NAME, Name
from etl.demo.sketch import Rng, Sketch, Way

SNAP_M = 0.05
DENSE_M = 40.0
ON_FOOT = frozenset({"footway", "path", "pedestrian"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Edge:
    """A piece of street between two junctions.

    Parameters
    ----------
    xy : float64[n, 2], local metres.
    is_lit : what is so on the ground.
    lit : what the road inventory says: "yes", "no" or None.
    """

    id: int
    xy: Floats
    from_node: int
    to_node: int
    highway_class: str
    zone: str
    name: Name | None
    oneway: bool
    level: int
    is_bridge: bool
    max_speed_kmh: int | None
    is_lit: bool
    lit: str | None

    @property
    def length_m(self) -> float:
        return float(np.hypot(*np.diff(self.xy, axis=0).T).sum())

    @property
    def on_foot(self) -> bool:
        return self.highway_class in ON_FOOT

    def along(self, share: float) -> tuple[Floats, Floats]:
        """Point at a share of the length and the unit direction there."""
        steps = np.diff(self.xy, axis=0)
        lengths = np.hypot(steps[:, 0], steps[:, 1])
        ends = np.cumsum(lengths)
        target = share * ends[-1]
        i = min(int(np.searchsorted(ends, target)), len(lengths) - 1)
        direction = steps[i] / lengths[i]
        return self.xy[i] + direction * (target - (ends[i] - lengths[i])), direction


def _pieces(ways: list[Way]) -> tuple[Floats, Floats, NDArray[np.int64], NDArray[np.int64]]:
    starts, ends, owner, position = [], [], [], []
    for index, way in enumerate(ways):
        for k in range(len(way.line) - 1):
            starts.append(way.line[k])
            ends.append(way.line[k + 1])
            owner.append(index)
            position.append(k)
    return np.array(starts), np.array(ends), np.array(owner), np.array(position)


def _cuts(ways: list[Way]) -> dict[int, list[float]]:
    """For every way, the places (piece index + share of the piece) where another way of its level meets it."""
    start, end, owner, position = _pieces(ways)
    level = np.array([way.level for way in ways])[owner]
    step = end - start
    length = np.hypot(step[:, 0], step[:, 1])
    cuts: dict[int, list[float]] = {}
    for i in range(len(start)):
        others = np.flatnonzero((level == level[i]) & (owner != owner[i]))
        gap = start[others] - start[i]
        denominator = step[i, 0] * step[others, 1] - step[i, 1] * step[others, 0]
        crossing = np.abs(denominator) > 1e-9
        others, gap, denominator = others[crossing], gap[crossing], denominator[crossing]
        t = (gap[:, 0] * step[others, 1] - gap[:, 1] * step[others, 0]) / denominator
        s = (gap[:, 0] * step[i, 1] - gap[:, 1] * step[i, 0]) / denominator
        slack_t, slack_s = SNAP_M / length[i], SNAP_M / length[others]
        hit = (t >= -slack_t) & (t <= 1 + slack_t) & (s >= -slack_s) & (s <= 1 + slack_s)
        cuts.setdefault(int(owner[i]), []).extend(float(position[i] + min(max(x, 0.0), 1.0)) for x in t[hit])
    return cuts


def _point(way: Way, place: float) -> Floats:
    k = min(int(place), len(way.line) - 2)
    return np.asarray(way.line[k] + (way.line[k + 1] - way.line[k]) * (place - k))


def _between(way: Way, a: float, b: float) -> Floats:
    """The part of a way from place a to place b, with the way's own vertices in between."""
    inside = [way.line[k] for k in range(int(np.floor(a)) + 1, int(np.ceil(b))) if a + 1e-6 < k < b - 1e-6]
    return np.array([_point(way, a), *inside, _point(way, b)])


def network(sketch: Sketch, rng: Rng) -> list[Edge]:
    """Cut all ways where they meet ways of their level, bend them along the river and say what is lit.

    Returns
    -------
    Edges in a fixed order; ``from_node`` and ``to_node`` agree wherever streets meet. A bridge shares nodes
    only at its two ends.
    """
    ways = sketch.ways
    cuts = _cuts(ways)
    nodes: dict[tuple[int, int], int] = {}
    edges: list[Edge] = []

    def node(point: Floats) -> int:
        key = (round(float(point[0]) * 4), round(float(point[1]) * 4))
        return nodes.setdefault(key, len(nodes) + 1)

    for index, way in enumerate(ways):
        places = sorted({0.0, float(len(way.line) - 1), *(round(place, 7) for place in cuts.get(index, []))})
        for a, b in itertools.pairwise(places):
            line = _between(way, a, b)
            if float(np.hypot(*np.diff(line, axis=0).T).sum()) < 1.0:
                continue
            is_lit, known = bool(rng.random() < way.lit), bool(rng.random() < (0.93 if way.zone == "A" else 0.74))
            if way.name == GARAGE_NAME:
                is_lit, known = False, True
            edges.append(
                Edge(
                    id=len(edges) + 1,
                    xy=to_xy(densify(line, step_m=DENSE_M)),
                    from_node=node(line[0]),
                    to_node=node(line[-1]),
                    highway_class=way.highway_class,
                    zone=way.zone,
                    name=way.name,
                    oneway=way.oneway,
                    level=way.level,
                    is_bridge=way.is_bridge,
                    max_speed_kmh=way.speed_kmh,
                    is_lit=is_lit,
                    lit=("yes" if is_lit else "no") if known else None,
                )
            )
    return edges


def junctions(edges: list[Edge]) -> dict[int, tuple[Floats, list[Edge]]]:
    """Node → its point (local metres) and the edges that meet there."""
    found: dict[int, tuple[Floats, list[Edge]]] = {}
    for edge in edges:
        for name, point in ((edge.from_node, edge.xy[0]), (edge.to_node, edge.xy[-1])):
            found.setdefault(name, (point, []))[1].append(edge)
    return found
