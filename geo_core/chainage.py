"""A point of a road by the distance along it, where nothing but the drawn lines of the road is known.

Kilometre posts stand where the road was once measured, and are not in a map of lines. What is found here is a distance along the drawn
course from its drawn beginning, with the error that can be stated; it is no survey.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod
from scipy.spatial import KDTree

_GEOD = Geod(ellps="WGS84")
# Gaps up to this (a bridge not drawn, a town passed under another number) are bridged.
LARGEST_GAP_M = 3000.0
# How far a drawn centre line and the kilometres written on the posts drift apart. Not from a source: an editable assumption.
DRIFT_SHARE = 0.01
LEAST_ERROR_M = 50.0
METRES_PER_DEGREE = 111_000.0

Line = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Course:
    """The drawn course of a road.

    Parameters
    ----------
    points : (n, 2) lon, lat in degrees, from the drawn beginning to the end.
    along_m : (n,) geodesic metres from the beginning.
    bridged_m : (n,) metres of gaps among them that are not drawn.
    left_out_m : metres of lines of the same road that are not on the course (the other carriageway, branches).
    """

    points: Line
    along_m: NDArray[np.float64]
    bridged_m: NDArray[np.float64]
    left_out_m: float

    @property
    def length_m(self) -> float:
        """Metres of the whole course."""
        return float(self.along_m[-1])


@dataclass(frozen=True)
class Located:
    """A point on a course: degrees (WGS 84), and by how many metres it may be wrong."""

    lon: float
    lat: float
    error_m: float


def lengths_m(line: Line) -> NDArray[np.float64]:
    """Geodesic metres (WGS 84) of each step of a line of lon, lat."""
    if len(line) < 2:
        return np.zeros(0)
    _, _, steps = _GEOD.inv(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1])
    return np.asarray(steps, dtype=np.float64)


def course(lines: Sequence[Line]) -> Course | None:
    """Join lines of one road to its longest course.

    The lines are joined where their ends meet, gaps up to ``LARGEST_GAP_M`` are bridged by the shortest straight line, and of what
    hangs together the two ends that are farthest apart along it make the course (a double sweep, exact on a tree). It begins where
    most of its metres are drawn from.

    Parameters
    ----------
    lines : (n, 2) arrays of lon, lat in degrees, n ≥ 2.

    Returns
    -------
    None where nothing has a length.
    """
    drawn = [np.asarray(line, dtype=np.float64) for line in lines]
    metres = [float(lengths_m(line).sum()) for line in drawn]
    kept = [(line, m) for line, m in zip(drawn, metres, strict=True) if m > 0]
    if not kept:
        return None
    nodes = _nodes([line for line, _ in kept])
    edges = [(a, b, m, line) for (a, b), (line, m) in zip(nodes.pairs, kept, strict=True)]
    graph = _Graph(edges)
    graph.bridge(nodes.places)
    start = graph.farthest(graph.heart())
    end = graph.farthest(start)
    return graph.walk(start, end, nodes.places)


def locate(found: Course, distance_m: float) -> Located | None:
    """The point at a distance along the course; None beyond its end or before its beginning."""
    if not 0 <= distance_m <= found.length_m:
        return None
    after = min(int(np.searchsorted(found.along_m, distance_m, side="right")), len(found.along_m) - 1)
    before = after - 1
    span = found.along_m[after] - found.along_m[before]
    part = 0.0 if span == 0 else (distance_m - found.along_m[before]) / span
    (lon0, lat0), (lon1, lat1) = found.points[before], found.points[after]
    bearing, _, step = _GEOD.inv(lon0, lat0, lon1, lat1)
    lon, lat, _ = _GEOD.fwd(lon0, lat0, bearing, step * part)
    error = max(LEAST_ERROR_M, DRIFT_SHARE * distance_m) + float(found.bridged_m[after])
    return Located(float(lon), float(lat), round(error))


@dataclass(frozen=True)
class _Nodes:
    pairs: list[tuple[int, int]]
    places: Line


def _nodes(lines: Sequence[Line]) -> _Nodes:
    """Ends of lines that fall together within about a metre are one node."""
    ends = np.array([place for line in lines for place in (line[0], line[-1])])
    # a hundred-thousandth of a degree is about a metre
    keys = np.round(ends, 5)
    places, inverse = np.unique(keys, axis=0, return_inverse=True)
    which = inverse.reshape(-1)
    return _Nodes([(int(which[2 * i]), int(which[2 * i + 1])) for i in range(len(lines))], places)


class _Graph:
    """Ends of lines and the lines between them."""

    def __init__(self, edges: list[tuple[int, int, float, Line]]) -> None:
        self.edges = edges
        self.drawn = len(edges)
        self.at: dict[int, list[int]] = defaultdict(list)
        for number in range(len(edges)):
            self._link(number)

    def _link(self, number: int) -> None:
        a, b, _, _ = self.edges[number]
        self.at[a].append(number)
        self.at[b].append(number)

    def reach(self, start: int) -> tuple[dict[int, float], dict[int, int]]:
        """Metres from ``start`` and the line each node is reached by (Dijkstra)."""
        metres, by = {start: 0.0}, {}
        queue = [(0.0, start)]
        while queue:
            so_far, node = heapq.heappop(queue)
            if so_far > metres[node]:
                continue
            for number in self.at[node]:
                a, b, length, _ = self.edges[number]
                other = b if a == node else a
                if so_far + length < metres.get(other, np.inf):
                    metres[other], by[other] = so_far + length, number
                    heapq.heappush(queue, (so_far + length, other))
        return metres, by

    def parts(self) -> list[set[int]]:
        left, found = set(self.at), []
        while left:
            part = set(self.reach(next(iter(left)))[0])
            found.append(part)
            left -= part
        return found

    def bridge(self, places: Line) -> None:
        """Join what does not hang together, nearest ends first, across gaps that are not too wide."""
        parts = self.parts()
        if len(parts) == 1:
            return
        part_of = {node: number for number, part in enumerate(parts) for node in part}
        ends = np.array([node for node in self.at if len(self.at[node]) == 1] or list(self.at))
        scale = np.cos(np.radians(places[ends, 1].mean()))
        near = KDTree(places[ends] * (scale, 1.0)).query_pairs(
            1.1 * LARGEST_GAP_M / METRES_PER_DEGREE, output_type="ndarray"
        )
        apart = np.array([part_of[ends[a]] != part_of[ends[b]] for a, b in near], dtype=bool)
        first, second = ends[near[apart, 0]], ends[near[apart, 1]]
        _, _, gaps = _GEOD.inv(places[first, 0], places[first, 1], places[second, 0], places[second, 1])
        for at in np.argsort(gaps):
            a, b, gap = int(first[at]), int(second[at]), float(gaps[at])
            if gap > LARGEST_GAP_M:
                break
            if part_of[a] != part_of[b]:
                self.edges.append((a, b, max(gap, 1e-6), places[[a, b]]))
                self._link(len(self.edges) - 1)
                old, new = part_of[a], part_of[b]
                part_of = {node: new if part == old else part for node, part in part_of.items()}

    def heart(self) -> int:
        """A node of the part with the most metres."""
        best, most = 0, -1.0
        for part in self.parts():
            metres = sum(length for a, _, length, _ in self.edges if a in part)
            if metres > most:
                best, most = min(part), metres
        return best

    def farthest(self, start: int) -> int:
        metres, _ = self.reach(start)
        return max(metres, key=lambda node: (metres[node], -node))

    def walk(self, start: int, end: int, places: Line) -> Course:
        """The shortest way between two nodes as a course, turned so that most of it runs as it is drawn."""
        _, by = self.reach(start)
        node, steps = end, []
        while node != start:
            number = by[node]
            a, b, _, _ = self.edges[number]
            steps.append((number, b == node))
            node = a if b == node else b
        steps.reverse()
        as_drawn = sum(self.edges[n][2] * (1 if forward else -1) for n, forward in steps if n < self.drawn)
        if as_drawn < 0:
            steps = [(number, not forward) for number, forward in reversed(steps)]
        points: list[Line] = []
        bridged: list[NDArray[np.float64]] = []
        for number, forward in steps:
            line = self.edges[number][3] if forward else self.edges[number][3][::-1]
            points.append(line if not points else line[1:])
            gap = np.full(len(points[-1]), 0.0 if number < self.drawn else 1.0)
            bridged.append(gap)
        joined = np.concatenate(points)
        inside = np.concatenate(bridged)
        metres = np.concatenate([[0.0], lengths_m(joined)])
        used = sum(self.edges[n][2] for n, _ in steps if n < self.drawn)
        total = sum(length for _, _, length, _ in self.edges[: self.drawn])
        return Course(joined, np.cumsum(metres), np.cumsum(metres * inside), total - used)
