"""The plane the demo city is drawn on, and its way to longitude and latitude.

The city is planned in *river coordinates* (u, v): u metres inland from the bank, v metres downstream. A smooth warp
turns them into local metres (x east, y north), so that streets follow the river without anybody drawing curves.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ORIGIN_LON, ORIGIN_LAT = 76.967, 52.284
CENTRE_UV = (2150.0, 2500.0)  # the river coordinates that fall on the origin
BANK_SWAY_M = 95.0  # amplitude of the river's bends
BANK_WAVE_M = 6200.0
BANK_DECAY_M = 2600.0  # how far inland the bends are still felt
CROSS_SWAY_M = 55.0  # bow of the streets that run away from the river
CROSS_WAVE_M = 8800.0
TURN_DEG = 13.0  # counter-clockwise: the river flows a little west of north

# Series for the length of a degree on WGS84 (Snyder, Map Projections: A Working Manual, USGS PP 1395, p. 25)
_PHI = math.radians(ORIGIN_LAT)
M_PER_DEG_LAT = 111132.954 - 559.822 * math.cos(2 * _PHI) + 1.175 * math.cos(4 * _PHI)
M_PER_DEG_LON = 111412.84 * math.cos(_PHI) - 93.5 * math.cos(3 * _PHI) + 0.118 * math.cos(5 * _PHI)


def _warp(uv: Floats) -> Floats:
    u, v = uv[..., 0], uv[..., 1]
    sway = BANK_SWAY_M * np.sin(2 * np.pi * v / BANK_WAVE_M + 0.7) * np.exp(-np.maximum(u, 0.0) / BANK_DECAY_M)
    bow = CROSS_SWAY_M * np.sin(2 * np.pi * u / CROSS_WAVE_M)
    return np.stack([u + sway, v + bow], axis=-1)


def to_xy(uv: Floats) -> Floats:
    """River coordinates to local metres.

    Parameters
    ----------
    uv : float64[..., 2], metres.

    Returns
    -------
    float64[..., 2]: x east and y north of the origin, metres.
    """
    warped = _warp(np.asarray(uv, dtype=np.float64)) - _warp(np.array(CENTRE_UV))
    turn = math.radians(TURN_DEG)
    cos, sin = math.cos(turn), math.sin(turn)
    x = warped[..., 0] * cos - warped[..., 1] * sin
    y = warped[..., 0] * sin + warped[..., 1] * cos
    return np.stack([x, y], axis=-1)


def to_lonlat(xy: Floats) -> Floats:
    """Local metres to WGS84 degrees, rounded to 1e-7 (about a centimetre).

    Rounding is what makes the files equal on every platform: sine and cosine differ in their last bit.

    Parameters
    ----------
    xy : float64[..., 2], metres; NaN stays NaN.

    Returns
    -------
    float64[..., 2]: longitude, latitude.
    """
    xy = np.asarray(xy, dtype=np.float64)
    lon = ORIGIN_LON + xy[..., 0] / M_PER_DEG_LON
    lat = ORIGIN_LAT + xy[..., 1] / M_PER_DEG_LAT
    return np.asarray(np.round(np.stack([lon, lat], axis=-1), 7), dtype=np.float64)


def rectangle(u0: float, v0: float, u1: float, v1: float, *, step_m: float | None = None) -> Floats:
    """Closed counter-clockwise ring of a rectangle in river coordinates.

    With ``step_m`` it has a vertex at every multiple of the step, so that neighbours share their vertices and no sliver
    opens between them when they bend.
    """
    if step_m is None:
        return np.array([[u0, v0], [u1, v0], [u1, v1], [u0, v1], [u0, v0]], dtype=np.float64)

    def marks(a: float, b: float) -> Floats:
        inside = np.arange(math.floor(a / step_m) + 1, math.ceil(b / step_m)) * step_m
        return np.array([a, *inside, b], dtype=np.float64)

    us, vs = marks(u0, u1), marks(v0, v1)
    sides = (
        np.stack([us[:-1], np.full(len(us) - 1, v0)], axis=-1),
        np.stack([np.full(len(vs) - 1, u1), vs[:-1]], axis=-1),
        np.stack([us[:0:-1], np.full(len(us) - 1, v1)], axis=-1),
        np.stack([np.full(len(vs), u0), vs[::-1]], axis=-1),
    )
    return np.asarray(np.vstack(sides), dtype=np.float64)


def densify(line: Floats, *, step_m: float) -> Floats:
    """The line with extra vertices so that no piece is longer than ``step_m``; its own vertices stay."""
    parts: list[Floats] = []
    for a, b in itertools.pairwise(line):
        pieces = max(1, math.ceil(float(np.hypot(*(b - a))) / step_m))
        parts.append(a + (b - a) * (np.arange(pieces) / pieces)[:, None])
    return np.asarray(np.vstack([*parts, line[-1:]]), dtype=np.float64)
