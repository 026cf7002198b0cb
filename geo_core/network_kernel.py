"""Compiled loops over road graphs: chains of edges, their coordinates, their fingerprints."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@njit(cache=True)
def walk_chains(partner: Ints, start_key: Ints) -> tuple[Ints, Flags, Ints]:
    """Chains of edges joined at nodes that are no junctions.

    Parameters
    ----------
    partner : int64[2 e]; half-edge ``2 e`` is the beginning of edge e, ``2 e + 1`` its end; the half-edge joined to it, or -1.
    start_key : int64[2 e]; the place of each half-edge. A ring begins where the key is smallest.

    Returns
    -------
    members : int64[e], edges in the order of the chains.
    backwards : bool[e], whether the edge is walked from its end to its beginning.
    offsets : int64[chains + 1] into members.
    """
    edges = partner.shape[0] // 2
    members = np.empty(edges, np.int64)
    backwards = np.empty(edges, np.bool_)
    offsets = np.empty(edges + 1, np.int64)
    seen = np.zeros(edges, np.bool_)
    filled = 0
    chains = 0
    offsets[0] = 0
    for rings_now in range(2):
        for half in range(2 * edges):
            if seen[half // 2] or (rings_now == 0 and partner[half] >= 0):
                continue
            start = half
            if rings_now == 1:  # look once round the ring for the smallest place
                here = half
                while True:
                    if start_key[here] < start_key[start]:
                        start = here
                    here = partner[here ^ 1]
                    if here == half:
                        break
            here = start
            while True:
                seen[here // 2] = True
                members[filled] = here // 2
                backwards[filled] = here % 2 == 1
                filled += 1
                here = partner[here ^ 1]
                if here < 0 or here == start:
                    break
            chains += 1
            offsets[chains] = filled
    return members, backwards, offsets[: chains + 1]


@njit(cache=True)
def join_coordinates(
    coordinates: NDArray[np.float64], first: Ints, members: Ints, backwards: Flags, offsets: Ints
) -> tuple[NDArray[np.float64], Ints]:
    """Coordinates of each chain; a place where two members meet is written once.

    Parameters
    ----------
    coordinates : float64[k, 2], of all edges one after another.
    first : int64[e + 1], where each edge's begin.

    Returns
    -------
    out : float64[m, 2].
    out_first : int64[chains + 1].
    """
    chains = offsets.shape[0] - 1
    out = np.empty((coordinates.shape[0], 2))
    out_first = np.empty(chains + 1, np.int64)
    filled = 0
    out_first[0] = 0
    for chain in range(chains):
        for place in range(offsets[chain], offsets[chain + 1]):
            edge = members[place]
            count = first[edge + 1] - first[edge]
            for step in range(count):
                source = first[edge + 1] - 1 - step if backwards[place] else first[edge] + step
                lon, lat = coordinates[source, 0], coordinates[source, 1]
                if step == 0 and place > offsets[chain] and out[filled - 1, 0] == lon and out[filled - 1, 1] == lat:
                    continue
                out[filled, 0] = lon
                out[filled, 1] = lat
                filled += 1
        out_first[chain + 1] = filled
    return out[:filled], out_first


@njit(cache=True)
def lesser_backwards(keys: Ints, first: Ints) -> Flags:
    """Whether each sequence read backwards is lexicographically smaller than read forwards."""
    chains = first.shape[0] - 1
    out = np.zeros(chains, np.bool_)
    for chain in range(chains):
        low, high = first[chain], first[chain + 1] - 1
        while low < first[chain + 1]:
            if keys[low] != keys[high]:
                out[chain] = keys[high] < keys[low]
                break
            low += 1
            high -= 1
    return out


@njit(cache=True, inline="always")
def _mix(state: np.uint64, value: np.uint64) -> np.uint64:
    """One step of a 64-bit hash (the finaliser of SplitMix64: Steele, Lea & Flood 2014)."""
    z = (state ^ value) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def fingerprints(keys: Ints, first: Ints, seeds: Ints) -> Ints:
    """63-bit hash of each sequence of keys with its seeds: int64[chains], not negative.

    Parameters
    ----------
    keys : int64[k].
    first : int64[chains + 1] into keys.
    seeds : int64[chains, s], hashed before the keys.
    """
    chains = first.shape[0] - 1
    out = np.empty(chains, np.int64)
    for chain in range(chains):
        state = np.uint64(first[chain + 1] - first[chain])
        for seed in range(seeds.shape[1]):
            state = _mix(state, np.uint64(seeds[chain, seed]))
        for place in range(first[chain], first[chain + 1]):
            state = _mix(state, np.uint64(keys[place]))
        out[chain] = np.int64(state >> np.uint64(1))
    return out
