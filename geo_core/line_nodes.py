"""Nodes for roads that come as loose lines without node ids (GeoJSON, GeoPackage)."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geo_core.areas import check_lonlat
from geo_core.errors import InvalidInput
from geo_core.network import RoadEdges, place_keys, split_ways
from geo_core.network_kernel import Ints, fingerprints
from geo_core.projection import local_projection, points_to_metric


def nodes_from_lines(lines: NDArray[np.object_], *, level: ArrayLike | int = 0, snap_m: float = 0.0) -> RoadEdges:
    """Lines cut into edges at their ends and at the vertices they share.

    Parameters
    ----------
    lines : object[w], LineStrings or MultiLineStrings in lon, lat degrees. None and empty ones make no edge.
    level : int16[w] or one for all: 0 on the ground, 1 on a bridge, -1 in a tunnel.
    snap_m : ends are moved onto a vertex or end within this distance (inclusive) of them; 0 = only equal places (to 1e-7°) meet.
        Chains of close ends are moved together.

    Returns
    -------
    RoadEdges; ``source`` is the row in ``lines``. Node ids are hashes of place and level, so they survive a new import.

    Raises
    ------
    InvalidInput : ``geometry-not-line``, ``geometry-not-finite``, ``coordinates-out-of-range``, ``snap-negative``.

    Notes
    -----
    Lines that cross without a shared vertex do not join: an unmarked crossing is as often a bridge as a fault. At a shared vertex
    *inner* vertices join those of their own level only (a road passing below a bridge); ends join the ends of any level (a bridge
    begins where the road ends), and a single end with no inner vertex of its own level there joins the inner vertices of the nearest level.
    """
    if not snap_m >= 0.0:
        raise InvalidInput("snap-negative", snap_m=snap_m)
    given = np.asarray(lines, dtype=object)
    present = ~(shapely.is_missing(given) | shapely.is_empty(given))
    usable = np.isin(shapely.get_type_id(given), (1, 5))
    if (present & ~usable).any():
        raise InvalidInput(
            "geometry-not-line", row=int(np.argmax(present & ~usable)), count=int((present & ~usable).sum())
        )
    levels = np.broadcast_to(np.asarray(level, np.int16), given.shape)
    parts, source = shapely.get_parts(given, return_index=True)
    solid = ~shapely.is_empty(parts)
    parts, source = parts[solid], source[solid]
    coordinates, part = shapely.get_coordinates(parts, return_index=True)
    if not np.isfinite(coordinates).all():
        raise InvalidInput("geometry-not-finite")
    check_lonlat(coordinates[:, 0], coordinates[:, 1])
    offsets = np.searchsorted(part, np.arange(parts.size + 1)).astype(np.int64)
    is_end = np.zeros(part.size, np.bool_)
    is_end[offsets[:-1]] = True
    is_end[offsets[1:] - 1] = True
    keys = place_keys(coordinates)
    if snap_m > 0.0 and part.size:
        coordinates = _snapped(coordinates, keys, is_end, snap_m)
        keys = place_keys(coordinates)
    nodes = _nodes(keys, levels[source][part].astype(np.int64), is_end)
    cut = split_ways(nodes, offsets, coordinates[:, 0], coordinates[:, 1], level=levels[source])
    return RoadEdges(
        from_node=cut.from_node, to_node=cut.to_node, lines=cut.lines, level=cut.level, source=source[cut.source]
    )


def _snapped(
    coordinates: NDArray[np.float64], keys: Ints, is_end: NDArray[np.bool_], snap_m: float
) -> NDArray[np.float64]:
    """Coordinates with ends moved: each cluster to its inner vertex, or to its smallest place when all are ends."""
    places, first, which = np.unique(keys, return_index=True, return_inverse=True)
    here = coordinates[first]
    ends = np.zeros(places.size, np.bool_)
    ends[which[is_end]] = True
    inner = np.zeros(places.size, np.bool_)
    inner[which[~is_end]] = True
    x, y = points_to_metric(here[:, 0], here[:, 1], crs=local_projection(here[:, 0], here[:, 1]))
    pairs = cKDTree(np.stack([x, y], axis=1)).query_pairs(snap_m, output_type="ndarray")
    # Two inner vertices never move; an end moves onto anything.
    pairs = pairs[(ends[pairs[:, 0]] & ~inner[pairs[:, 0]]) | (ends[pairs[:, 1]] & ~inner[pairs[:, 1]])]
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(places.size, places.size))
    _, cluster = connected_components(graph, directed=False)
    order = np.lexsort([places, ~inner, cluster])  # inner first, then the smallest place
    chosen = order[np.unique(cluster[order], return_index=True)[1]]
    target = np.where(inner, np.arange(places.size), chosen[cluster])  # what others pass through stays
    return here[target][which]


def _nodes(keys: Ints, levels: Ints, is_end: NDArray[np.bool_]) -> Ints:
    """Node of each vertex, by the rule of :func:`nodes_from_lines`."""
    pairs = np.stack([keys, levels], axis=1)
    groups, which = np.unique(pairs, axis=0, return_inverse=True)
    which = which.ravel()
    end_count = np.bincount(which, weights=is_end, minlength=len(groups)).astype(np.int64)
    inner_count = np.bincount(which, minlength=len(groups)) - end_count
    root_level = groups[:, 1].copy()
    # Groups at one place follow one another; only places with several levels need a decision.
    starts = (
        np.flatnonzero(np.concatenate([[True], groups[1:, 0] != groups[:-1, 0]]))
        if len(groups)
        else np.empty(0, np.int64)
    )
    sizes = np.diff(np.concatenate([starts, [len(groups)]]))
    for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        here = np.arange(start, start + size)
        with_ends = here[end_count[here] > 0]
        if with_ends.size > 1:
            root_level[with_ends] = root_level[with_ends].min()
        elif with_ends.size == 1 and inner_count[with_ends[0]] == 0 and end_count[with_ends[0]] == 1:
            others = here[here != with_ends[0]]
            distance = np.abs(groups[others, 1] - groups[with_ends[0], 1])
            root_level[with_ends[0]] = root_level[others[np.argmin(distance)]]
    first = np.arange(len(groups) + 1, dtype=np.int64)
    ids: Ints = fingerprints(np.ascontiguousarray(groups[:, 0]), first, np.ascontiguousarray(root_level[:, None]))
    return ids[which]
