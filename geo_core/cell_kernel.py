"""The compiled kernel that finds H3 cells of many points, exact to the bit with the h3 library.

The library takes one point per call, about a microsecond each from Python; an import of a million rows waits for it.
This kernel does the same published construction (icosahedron, gnomonic projection per face, aperture-7 hexagons:
https://h3geo.org/docs/core-library/latLngToCellDesc) over whole arrays, and leans on the library where it must not guess:

* **geometry** of the icosahedron is taken from the library's own twelve pentagons, its corners;
* **base cells and rotations** per face are learnt once per process from the library's answers at sample points, so a library
  that numbers its cells differently is followed and not contradicted;
* **doubtful points**, which lie within ``1e-5`` cell widths of an edge, within ``1e-9`` of two faces, or close to a face's centre
  where the library's own trigonometry loses digits, are handed back and asked of the library.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import asin, cos, sin, sqrt
from typing import Final

import numpy as np
from h3.api import basic_int as h3
from numba import njit
from numpy.typing import NDArray

ASK_LIBRARY: Final = np.uint64(1)  # not a cell id: mode bits are zero

# Directions of the seven children: 0 centre, 1 k, 2 j, 3 jk, 4 i, 5 ik, 6 ij; turning 60° counterclockwise permutes them.
_TURN: Final = (0, 5, 3, 1, 6, 4, 2, 7)
_SPAN: Final = 7  # base coordinates -3..3 on each axis of a face
_LEARNING_RESOLUTION: Final = 3
_LEARNING_POINTS: Final = 60_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Icosahedron:
    """Faces, their projection axes and what each place on a face is called.

    Attributes
    ----------
    centres : float64[20, 3], unit vectors.
    axes : float64[2, 20, 2, 3], by class of resolution (even, odd): x and y axis of the face's hexagon plane, in units
        of the resolution-0 hexagon.
    names : int16[20, 7, 7, 7], by face, base coordinates + 3 and leading digit: ``base cell * 6 + turns``; -1 = ask the library.
    turned : uint64[6, 8], digit after that many turns of 60°.
    """

    centres: NDArray[np.float64]
    axes: NDArray[np.float64]
    names: NDArray[np.int16]
    turned: NDArray[np.uint64]


@njit(cache=True, inline="always")
def _locate(
    x: float,
    y: float,
    z: float,
    last_face: int,
    centres: NDArray[np.float64],
    axes: NDArray[np.float64],
    scale: float,
    resolution: int,
) -> tuple[int, np.int64, np.int64, int, np.uint64, bool]:
    """Face, base coordinates, leading digit, unturned digits of a unit vector, and whether all that is certain."""
    face = last_face
    dot = centres[face, 0] * x + centres[face, 1] * y + centres[face, 2] * z
    certain = True
    if dot < 0.9342:  # cos of the inscribed circle is 0.93417: beyond it another face may be nearer
        dot = -2.0
        second = -2.0
        for other in range(20):
            d = centres[other, 0] * x + centres[other, 1] * y + centres[other, 2] * z
            if d > dot:
                second = dot
                dot = d
                face = other
            elif d > second:
                second = d
        certain = dot - second > 1e-9
    if dot > 0.9999995:  # within 1e-3 rad of the centre the library's arc cosine is rough
        certain = False
    parity = resolution & 1
    factor = scale / dot
    px = (axes[parity, face, 0, 0] * x + axes[parity, face, 0, 1] * y + axes[parity, face, 0, 2] * z) * factor
    py = (axes[parity, face, 1, 0] * x + axes[parity, face, 1, 1] * y + axes[parity, face, 1, 2] * z) * factor
    # nearest centre of the triangular lattice i = (1, 0), j = (-1/2, sqrt(3)/2), by rounding in cube coordinates
    fb = py * 1.1547005383792515
    fa = px + 0.5 * fb
    q = np.floor(fa + 0.5)
    r = np.floor(0.5 - fb)
    s = np.floor(fb - fa + 0.5)
    dq = fa - q
    dr = -fb - r
    ds = fb - fa - s
    if q + r + s != 0.0:
        aq, ar, as_ = abs(dq), abs(dr), abs(ds)
        if aq > ar and aq > as_:
            q = -r - s
            dq = fa - q
        elif ar > as_:
            r = -q - s
            dr = -fb - r
        else:
            s = -q - r
            ds = fb - fa - s
    if max(abs(dq - dr), abs(dr - ds), abs(ds - dq)) > 1.0 - 1e-5:
        certain = False
    a = np.int64(q)
    b = np.int64(-r)
    digits = np.uint64(0)
    lead = 0
    shift = np.uint64(3 * (15 - resolution))
    for level in range(resolution, 0, -1):
        # divisions are by 14 of a positive number: floor((2 n + 7) / 14) rounds n / 7, which is never a half
        if level & 1:
            na, nb = 3 * a - b, a + 2 * b
        else:
            na, nb = 2 * a + b, 3 * b - a
        up_a = np.int64(np.uint64(2 * na + 7 + 14 * 1073741824) // np.uint64(14)) - 1073741824
        up_b = np.int64(np.uint64(2 * nb + 7 + 14 * 1073741824) // np.uint64(14)) - 1073741824
        if level & 1:
            da, db = a - (2 * up_a + up_b), b - (3 * up_b - up_a)
        else:
            da, db = a - (3 * up_a - up_b), b - (up_a + 2 * up_b)
        # (-1,-1) k=1, (0,1) j=2, (-1,0) jk=3, (1,0) i=4, (0,-1) ik=5, (1,1) ij=6
        k = min(np.int64(0), da, db)
        digit = int(4 * (da - k) + 2 * (db - k) - k)
        if digit != 0:
            lead = digit
        digits |= np.uint64(digit) << shift
        shift += np.uint64(3)
        a, b = up_a, up_b
    return face, a, b, lead, digits, certain


@njit(cache=True, nogil=True)
def _raw(
    points: NDArray[np.float64],
    resolution: int,
    centres: NDArray[np.float64],
    axes: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Face, base coordinates, leading digit, digits and certainty of unit vectors, for learning: int64[n, 6]."""
    out = np.empty((points.shape[0], 6), np.int64)
    scale = 7.0 ** (0.5 * resolution)
    for n in range(points.shape[0]):
        face, a, b, lead, digits, certain = _locate(
            points[n, 0], points[n, 1], points[n, 2], 0, centres, axes, scale, resolution
        )
        out[n, 0] = face
        out[n, 1] = a
        out[n, 2] = b
        out[n, 3] = lead
        out[n, 4] = np.int64(digits)
        out[n, 5] = np.int64(certain)
    return out


@njit(cache=True, nogil=True)
def _index(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    resolution: int,
    centres: NDArray[np.float64],
    axes: NDArray[np.float64],
    names: NDArray[np.int16],
    turned: NDArray[np.uint64],
) -> NDArray[np.uint64]:
    """Cells of points in degrees; 0 where a coordinate is not finite, ``ASK_LIBRARY`` where the kernel is not certain."""
    count = lon.shape[0]
    out = np.empty(count, np.uint64)
    scale = 7.0 ** (0.5 * resolution)
    header = (np.uint64(1) << np.uint64(59)) | (np.uint64(resolution) << np.uint64(52))
    header |= (np.uint64(1) << np.uint64(3 * (15 - resolution))) - np.uint64(1)
    face = 0
    for n in range(count):
        if not (np.isfinite(lon[n]) and np.isfinite(lat[n])):
            out[n] = np.uint64(0)
            continue
        lam = np.radians(lon[n])
        phi = np.radians(lat[n])
        cos_phi = np.cos(phi)
        face, a, b, lead, digits, certain = _locate(
            cos_phi * np.cos(lam), cos_phi * np.sin(lam), np.sin(phi), face, centres, axes, scale, resolution
        )
        name = -1
        if certain and -3 <= a <= 3 and -3 <= b <= 3:
            name = int(names[face, a + 3, b + 3, lead])
        if name < 0:
            out[n] = np.uint64(1)
            continue
        turns = name % 6
        cell = header | (np.uint64(name // 6) << np.uint64(45))
        if turns == 0:
            cell |= digits
        else:
            for level in range(resolution):
                place = np.uint64(42 - 3 * level)
                cell |= turned[turns, (digits >> place) & np.uint64(7)] << place
        out[n] = cell
    return out


def _unit(lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def _faces() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres and axes of the twenty faces, from the corners of the icosahedron (the centres of H3's pentagons)."""
    corners_latlng = np.array([h3.cell_to_latlng(cell) for cell in sorted(h3.get_pentagons(0))])
    corners = _unit(corners_latlng[:, 1], corners_latlng[:, 0])
    near = corners @ corners.T > 0.4  # neighbours' corners are 63.4° apart: cos = 0.447
    triples = [t for t in combinations(range(12), 3) if near[t[0], t[1]] and near[t[1], t[2]] and near[t[0], t[2]]]
    centres = np.array([corners[list(t)].sum(axis=0) for t in triples])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    # Even resolutions: the x axis points at a corner, two hexagons away. Which corner does not matter: the learnt
    # turns absorb 120°. Odd resolutions are turned by asin(sqrt(3/28)).
    toward = np.array([corners[t[0]] for t in triples])
    cosine = (toward * centres).sum(axis=1, keepdims=True)
    x_axis = toward - cosine * centres
    x_axis /= np.linalg.norm(x_axis, axis=1, keepdims=True)
    y_axis = np.cross(centres, x_axis)
    hexagon = np.tan(np.arccos(cosine)) / 2.0
    turn = asin(sqrt(3.0 / 28.0))
    even = np.stack([x_axis / hexagon, y_axis / hexagon], axis=1)
    odd = np.stack(
        [(x_axis * cos(turn) + y_axis * sin(turn)) / hexagon, (y_axis * cos(turn) - x_axis * sin(turn)) / hexagon],
        axis=1,
    )
    return np.ascontiguousarray(centres), np.ascontiguousarray(np.stack([even, odd]))


def _turn_table() -> NDArray[np.uint64]:
    table = np.empty((6, 8), np.uint64)
    table[0] = np.arange(8)
    for turns in range(1, 6):
        table[turns] = [_TURN[int(d)] for d in table[turns - 1]]
    return table


@lru_cache(maxsize=1)
def icosahedron() -> Icosahedron:
    """Geometry and names of the faces, learnt once per process from the installed h3 library (some 0.1 s)."""
    centres, axes = _faces()
    turned = _turn_table()
    rng = np.random.default_rng(20_011)
    points = rng.normal(size=(_LEARNING_POINTS, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    lat = np.degrees(np.arcsin(points[:, 2]))
    lon = np.degrees(np.arctan2(points[:, 1], points[:, 0]))
    told = np.array(
        [h3.latlng_to_cell(p, q, _LEARNING_RESOLUTION) for p, q in zip(lat.tolist(), lon.tolist(), strict=True)],
        np.uint64,
    )
    raw = _raw(points, _LEARNING_RESOLUTION, centres, axes)
    names = np.full((20, _SPAN, _SPAN, 7), -1, np.int16)
    usable = (raw[:, 5] == 1) & (np.abs(raw[:, 1:3]) <= 3).all(axis=1)
    raw, told = raw[usable], told[usable]
    base = ((told >> np.uint64(45)) & np.uint64(127)).astype(np.int16)
    places = [np.uint64(42 - 3 * level) for level in range(_LEARNING_RESOLUTION)]
    told_digits = np.stack([(told >> p) & np.uint64(7) for p in places], axis=1)
    raw_digits = np.stack([(raw[:, 4].astype(np.uint64) >> p) & np.uint64(7) for p in places], axis=1)
    agree = np.stack([(turned[t][raw_digits] == told_digits).all(axis=1) for t in range(6)], axis=1)
    turns = np.where(raw[:, 3] == 0, 0, np.argmax(agree, axis=1)).astype(np.int16)
    name = np.where(agree.any(axis=1), base * 6 + turns, -1).astype(np.int16)
    face, a, b, lead = raw[:, 0], raw[:, 1] + 3, raw[:, 2] + 3, raw[:, 3]
    names[face, a, b, lead] = name
    # A centre's digits are zeros, whatever the turn; its base cell is that of the places around it.
    names[face, a, b, 0] = base * 6
    # Where two samples disagree nothing was learnt: the library decides there.
    wrong = names[face, a, b, lead] // 6 != base
    wrong |= (lead != 0) & (names[face, a, b, lead] != name)
    names[face[wrong], a[wrong], b[wrong], :] = -1
    for array in (centres, axes, names, turned):
        array.setflags(write=False)
    return Icosahedron(centres=centres, axes=axes, names=names, turned=turned)


def index_finite(lon: NDArray[np.float64], lat: NDArray[np.float64], resolution: int) -> NDArray[np.uint64]:
    """Cells of checked coordinates (degrees, contiguous float64); 0 where a coordinate is not finite."""
    known = icosahedron()
    out: NDArray[np.uint64] = _index(lon, lat, resolution, known.centres, known.axes, known.names, known.turned)
    for n in np.flatnonzero(out == ASK_LIBRARY).tolist():
        out[n] = h3.latlng_to_cell(float(lat[n]), float(lon[n]), resolution)
    return out
