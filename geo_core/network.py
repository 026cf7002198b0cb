"""Road topology: from ways or loose lines to edges between shared nodes, and from edges to street segments between junctions.

A street segment is what lies between two junctions, dead ends or changes of road class: the place where a lamp or a camera is built, and the
unit on which street crime is counted (Weisburd, *The law of crime concentration*, 2015). Chains are merged at nodes where exactly two edges
meet. They are not merged where the class changes, since the class decides who moves there and which norm of light applies; a change of
name, level, surface or one-way rule does not make a new place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo_core.areas import check_lonlat, line_lengths_m
from geo_core.errors import InvalidInput
from geo_core.network_kernel import Flags, Ints, fingerprints, join_coordinates, lesser_backwards, walk_chains

Lines = NDArray[np.object_]


@dataclass(frozen=True, kw_only=True, eq=False)
class RoadEdges:
    """Pieces of roads between nodes at which something else may join.

    Attributes
    ----------
    from_node, to_node : int64[e].
    lines : object[e], LineStrings in lon, lat degrees, from ``from_node`` to ``to_node``.
    level : int16[e], 0 on the ground, 1 on a bridge, -1 in a tunnel, …
    source : int64[e], row of the way or line each piece was cut from.
    """

    from_node: Ints
    to_node: Ints
    lines: Lines
    level: NDArray[np.int16]
    source: Ints

    def __post_init__(self) -> None:
        _freeze(self)

    def __len__(self) -> int:
        return int(self.from_node.size)


@dataclass(frozen=True, kw_only=True, eq=False)
class StreetSegments:
    """Streets between junctions, ordered by ``segment_id``.

    Attributes
    ----------
    segment_id : int64[n], increasing, not negative; a hash of end nodes and geometry rounded to 1e-7°, so it survives a new import of
        the same roads in another order or drawn in the other direction.
    lines : object[n], LineStrings in lon, lat degrees; of the two directions the one whose coordinates come first.
    from_node, to_node : int64[n], nodes at the line's beginning and end; equal for a ring.
    length_m : float64[n], geodesic on WGS84.
    representative : int64[n], the longest member edge (the first of equals): its name, level and width stand for the segment.
    members : int64[m], edges of all segments, each segment's in order along its line.
    member_offsets : int64[n + 1] into ``members``.
    member_backwards : bool[m], whether the edge runs against the segment's line (a one-way edge then allows that direction only).
    """

    segment_id: Ints
    lines: Lines
    from_node: Ints
    to_node: Ints
    length_m: NDArray[np.float64]
    representative: Ints
    members: Ints
    member_offsets: Ints
    member_backwards: Flags

    def __post_init__(self) -> None:
        _freeze(self)

    def __len__(self) -> int:
        return int(self.segment_id.size)

    def segment_of_edges(self) -> Ints:
        """Row of the segment each edge belongs to: int64[e]."""
        out = np.empty(self.members.size, np.int64)
        out[self.members] = np.repeat(np.arange(len(self)), np.diff(self.member_offsets))
        return out


def _freeze(holder: Any) -> None:
    for name in holder.__dataclass_fields__:
        array = getattr(holder, name)
        if array.flags.writeable:
            array = array.copy()
            array.setflags(write=False)
            object.__setattr__(holder, name, array)


def place_keys(lonlat: NDArray[np.float64]) -> Ints:
    """One integer per place rounded to 1e-7° (a centimetre), ordered by lon, then lat: int64[n]."""
    rounded = np.rint(lonlat * 1e7).astype(np.int64)
    return (rounded[:, 0] + 1_800_000_000) * (1 << 31) + rounded[:, 1] + 900_000_000


def split_ways(
    way_nodes: ArrayLike, way_offsets: ArrayLike, lon: ArrayLike, lat: ArrayLike, *, level: ArrayLike | int = 0
) -> RoadEdges:
    """Ways cut at every node that they share, with another way or with themselves.

    Parameters
    ----------
    way_nodes : int64[k], node ids of all ways one after another.
    way_offsets : int64[w + 1], where each way's nodes begin.
    lon, lat : float64[k], degrees WGS84 of those nodes. NaN = the node is missing from the extract: the way ends before it and begins again after.
    level : int16[w] or one for all.

    Returns
    -------
    RoadEdges in the order of the ways. A node repeated at once is dropped; what is left with fewer than two nodes makes no edge.

    Raises
    ------
    InvalidInput : ``shapes-differ``, ``coordinates-out-of-range``.
    """
    nodes = np.asarray(way_nodes, np.int64)
    offsets = np.asarray(way_offsets, np.int64)
    coordinates = np.stack([np.asarray(lon, np.float64), np.asarray(lat, np.float64)], axis=1)
    ways = offsets.size - 1
    if ways < 0 or offsets[0] != 0 or offsets[-1] != nodes.size or len(coordinates) != nodes.size:
        raise InvalidInput(
            "shapes-differ", nodes=int(nodes.size), coordinates=len(coordinates), offsets=int(offsets.size)
        )
    check_lonlat(coordinates[:, 0], coordinates[:, 1])
    levels = np.broadcast_to(np.asarray(level, np.int16), ways)
    way = np.repeat(np.arange(ways), np.diff(offsets))
    located = np.isfinite(coordinates).all(axis=1)
    run = np.cumsum(~located)  # changes where a node is missing
    way, run, nodes, coordinates = way[located], run[located], nodes[located], coordinates[located]
    joined = (way[1:] == way[:-1]) & (run[1:] == run[:-1])
    repeated = np.concatenate([[False], joined & (nodes[1:] == nodes[:-1])]) if nodes.size else np.empty(0, np.bool_)
    way, run, nodes, coordinates = way[~repeated], run[~repeated], nodes[~repeated], coordinates[~repeated]
    joined = (way[1:] == way[:-1]) & (run[1:] == run[:-1])
    _, which, uses = np.unique(nodes, return_inverse=True, return_counts=True)
    cut = uses[which] > 1
    # A pair of consecutive nodes is a piece; pieces join into an edge across a node that nothing else uses.
    piece = np.flatnonzero(joined)
    begins = np.ones(piece.size, np.bool_)
    begins[1:] = cut[piece[1:]] | (piece[1:] != piece[:-1] + 1)
    start = piece[begins]
    last = piece[np.concatenate([np.flatnonzero(begins)[1:] - 1, [piece.size - 1]])] if piece.size else piece
    end = last + 1
    counts = end - start + 1
    owner = np.repeat(np.arange(start.size), counts)
    flat = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(start, counts)
    lines = shapely.linestrings(coordinates[flat], indices=owner) if start.size else np.empty(0, object)
    return RoadEdges(
        from_node=nodes[start],
        to_node=nodes[end],
        lines=np.asarray(lines, dtype=object),
        level=levels[way[start]],
        source=way[start],
    )


def street_segments(
    from_node: ArrayLike, to_node: ArrayLike, lines: Lines, *, road_class: ArrayLike | None = None
) -> StreetSegments:
    """Street segments between junctions, dead ends and changes of class.

    Parameters
    ----------
    from_node, to_node : int64[e], ids of the nodes each edge joins.
    lines : object[e], LineStrings in lon, lat degrees from ``from_node`` to ``to_node``.
    road_class : [e] of any comparable codes; None = all one class. Chains break where it changes.

    Returns
    -------
    StreetSegments. Every edge is a member of exactly one. Edges with the same nodes and the same geometry are kept apart; their ids then
    follow their order in the input.

    Raises
    ------
    InvalidInput : ``shapes-differ``, ``geometry-not-line`` (also for a missing or empty line), ``coordinates-out-of-range``.
    """
    tail, head = np.asarray(from_node, np.int64), np.asarray(to_node, np.int64)
    given = np.asarray(lines, dtype=object)
    classes = np.zeros(tail.size, np.int64)
    if road_class is not None:
        classes = np.unique(np.asarray(road_class), return_inverse=True)[1].astype(np.int64)
    if not tail.shape == head.shape == given.shape == classes.shape or tail.ndim != 1:
        raise InvalidInput(
            "shapes-differ", from_node=tail.size, to_node=head.size, lines=given.size, road_class=classes.size
        )
    usable = (shapely.get_type_id(given) == 1) & ~shapely.is_empty(given)
    if not usable.all():
        raise InvalidInput("geometry-not-line", row=int(np.argmin(usable)), count=int((~usable).sum()))
    edge_length_m = line_lengths_m(given)
    coordinates, owner = shapely.get_coordinates(given, return_index=True)
    first = np.searchsorted(owner, np.arange(tail.size + 1)).astype(np.int64)
    ends = np.stack([first[:-1], first[1:] - 1], axis=1).ravel()
    keys = place_keys(coordinates)
    members, backwards, offsets = walk_chains(_partners(tail, head, classes), keys[ends])
    # Of the two directions the smaller one, so that the way it was drawn does not matter.
    _, _, directed = _joined(coordinates, first, members, backwards, offsets)
    turn = np.repeat(directed, np.diff(offsets))
    rank = np.arange(members.size) - np.repeat(offsets[:-1], np.diff(offsets))
    mirrored = np.repeat(offsets[1:] - 1, np.diff(offsets)) - rank
    order = np.where(turn, mirrored, np.arange(members.size))
    members, backwards = members[order], backwards[order] ^ turn
    joined, joined_first, _ = _joined(coordinates, first, members, backwards, offsets)
    start_edge, end_edge = members[offsets[:-1]], members[offsets[1:] - 1]
    start = np.where(backwards[offsets[:-1]], head[start_edge], tail[start_edge])
    end = np.where(backwards[offsets[1:] - 1], tail[end_edge], head[end_edge])
    ids = _distinct(fingerprints(place_keys(joined), joined_first, np.stack([start, end], axis=1)))
    by_id = np.argsort(ids)
    chain = np.repeat(np.arange(ids.size), np.diff(joined_first))
    shapes = np.asarray(shapely.linestrings(joined, indices=chain), dtype=object) if ids.size else np.empty(0, object)
    length = np.bincount(
        np.repeat(np.arange(ids.size), np.diff(offsets)), weights=edge_length_m[members], minlength=ids.size
    )
    longest = _longest(members, offsets, edge_length_m)
    counts = np.diff(offsets)[by_id]
    new_offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    take = np.arange(members.size) - np.repeat(new_offsets[:-1], counts) + np.repeat(offsets[:-1][by_id], counts)
    return StreetSegments(
        segment_id=ids[by_id],
        lines=shapes[by_id],
        from_node=start[by_id],
        to_node=end[by_id],
        length_m=length[by_id].astype(np.float64),
        representative=longest[by_id],
        members=members[take],
        member_offsets=new_offsets,
        member_backwards=backwards[take],
    )


def _partners(tail: Ints, head: Ints, classes: Ints) -> Ints:
    """The half-edge joined to each half-edge where exactly two edges of one class meet; -1 elsewhere."""
    half_nodes = np.stack([tail, head], axis=1).ravel()
    order = np.argsort(half_nodes, kind="stable")
    _, start, count = np.unique(half_nodes[order], return_index=True, return_counts=True)
    pairs = start[count == 2]
    one, two = order[pairs], order[pairs + 1]
    same = classes[one // 2] == classes[two // 2]
    partner = np.full(half_nodes.size, -1, np.int64)
    partner[one[same]], partner[two[same]] = two[same], one[same]
    return partner


def _joined(
    coordinates: NDArray[np.float64], first: Ints, members: Ints, backwards: Flags, offsets: Ints
) -> tuple[NDArray[np.float64], Ints, Flags]:
    joined, joined_first = join_coordinates(coordinates, first, members, backwards, offsets)
    return joined, joined_first, lesser_backwards(place_keys(joined), joined_first)


def _distinct(ids: Ints) -> Ints:
    """The ids, where equal ones after the first are hashed again with their ordinal."""
    out = ids.copy()
    while True:
        order = np.argsort(out, kind="stable")
        again = np.flatnonzero(out[order][1:] == out[order][:-1]) + 1
        if not again.size:
            return out
        rows = order[again]
        seeds = np.stack([out[rows], np.arange(1, rows.size + 1)], axis=1)
        out[rows] = fingerprints(np.empty(0, np.int64), np.zeros(rows.size + 1, np.int64), seeds)


def _longest(members: Ints, offsets: Ints, length_m: NDArray[np.float64]) -> Ints:
    chain = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    order = np.lexsort([members, -length_m[members], chain])
    return members[order[offsets[:-1]]]


def warm_up() -> None:
    """Compile (or load) the kernels."""
    line = np.array([shapely.LineString([(0.0, 0.0), (0.001, 0.0)])], dtype=object)
    street_segments([1], [2], line)
