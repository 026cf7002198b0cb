"""Kernel of the visible area: exact star-shaped rings, edge by edge.

Around one camera all end points of the edges in range, and regular steps, are the critical angles. Between two neighbours
no edge begins or ends, so the boundary there is the lower envelope of straight lines, and its two ends decide it. Edges
drive the work (an angular z-buffer): each edge touches only the intervals it spans. The limit of range is a regular
polygon *inscribed* in the circle, with its corners at the regular steps, and is treated as lines like walls are:
a wall can then never add area, and areas of growing range are nested, both exactly.

Angles are measured in the camera's frame, 0 on the axis, counter-clockwise, −π…π.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Grid = tuple[float, float, int, int, Integers, Integers]

_ANGLE_EPS = 1e-9  # rad; critical angles closer than this are one
_ON_EDGE_M = 1e-6  # a camera this near to an edge stands on it and looks along both of its sides
_POINT_EPS_M = 1e-7  # points of a ring closer than this are one

HIDES_NOTHING, HIDES_STRIP, HIDES_BEYOND = 0, 1, 2


@njit(cache=True, nogil=True)
def build_grid(edges: Floats, cell_m: float) -> Grid:
    """Uniform grid of edges as CSR over cells: (x0, y0, columns, rows, start[cell + 1], edge_index)."""
    x0, y0, x1, y1 = 0.0, 0.0, 0.0, 0.0
    for e in range(edges.shape[0]):
        low_x, high_x = min(edges[e, 0], edges[e, 2]), max(edges[e, 0], edges[e, 2])
        low_y, high_y = min(edges[e, 1], edges[e, 3]), max(edges[e, 1], edges[e, 3])
        if e == 0:
            x0, y0, x1, y1 = low_x, low_y, high_x, high_y
        x0, y0, x1, y1 = min(x0, low_x), min(y0, low_y), max(x1, high_x), max(y1, high_y)
    columns, rows = int((x1 - x0) / cell_m) + 1, int((y1 - y0) / cell_m) + 1
    start = np.zeros(columns * rows + 1, np.int64)
    index = np.empty(0, np.int64)
    fill = np.empty(0, np.int64)
    for filling in range(2):
        if filling == 1:
            for c in range(columns * rows):
                start[c + 1] += start[c]
            index = np.empty(start[-1], np.int64)
            fill = start[:-1].copy()
        for e in range(edges.shape[0]):
            c0 = int((min(edges[e, 0], edges[e, 2]) - x0) / cell_m)
            c1 = int((max(edges[e, 0], edges[e, 2]) - x0) / cell_m)
            r0 = int((min(edges[e, 1], edges[e, 3]) - y0) / cell_m)
            r1 = int((max(edges[e, 1], edges[e, 3]) - y0) / cell_m)
            for r in range(r0, r1 + 1):
                for c in range(c0, c1 + 1):
                    if filling == 0:
                        start[r * columns + c + 1] += 1
                    else:
                        index[fill[r * columns + c]] = e
                        fill[r * columns + c] += 1
    return x0, y0, columns, rows, start, index


@njit(cache=True, nogil=True)
def segment_distance(ax: float, ay: float, bx: float, by: float) -> float:
    """Distance of the origin from the segment a–b."""
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    t = 0.0
    if length2 > 0.0:
        t = min(1.0, max(0.0, -(ax * dx + ay * dy) / length2))
    return math.hypot(ax + t * dx, ay + t * dy)


@njit(cache=True, nogil=True)
def hiding(camera_h: float, target_h: float, top: float, nearest_m: float, range_m: float) -> tuple[int, float]:
    """What an edge of height ``top`` hides on the ground plane of targets: nothing, a strip behind it, all beyond it.

    Over flat ground the line of sight to a target at distance D is at distance d ``h − (h − t) d / D`` high. For h > t an
    obstacle with t < top < h hides D in (d, k d), ``k = (h − t) / (h − top)``; with top ≥ h all beyond. A camera not
    above the target: what rises over the lens hides all beyond (never overstates).
    """
    if camera_h <= target_h:
        return (HIDES_BEYOND if top > camera_h else HIDES_NOTHING), math.inf
    if top <= target_h:
        return HIDES_NOTHING, 1.0
    if top >= camera_h:
        return HIDES_BEYOND, math.inf
    k = (camera_h - target_h) / (camera_h - top)
    if k * nearest_m >= range_m:
        return HIDES_BEYOND, k
    return HIDES_STRIP, k


@njit(cache=True, nogil=True)
def _line(line_id: int, walls: Floats, range_m: float, half: float, step: float) -> tuple[float, float, float, float]:
    """Point and direction of a wall (id ≥ 0) or of a side of the range polygon (id < 0) in the camera's frame."""
    if line_id >= 0:
        return (
            walls[line_id, 0],
            walls[line_id, 1],
            walls[line_id, 2] - walls[line_id, 0],
            walls[line_id, 3] - walls[line_id, 1],
        )
    a = -half + (-line_id - 1) * step
    ax, ay = range_m * math.cos(a), range_m * math.sin(a)
    return ax, ay, range_m * math.cos(a + step) - ax, range_m * math.sin(a + step) - ay


@njit(cache=True, nogil=True)
def _radius(line_id: int, walls: Floats, range_m: float, half: float, step: float, cos_a: float, sin_a: float) -> float:
    """Distance along the ray (cos_a, sin_a) to a line; walls are clamped to the distances they really have."""
    ax, ay, dx, dy = _line(line_id, walls, range_m, half, step)
    across = cos_a * dy - sin_a * dx
    if line_id < 0:
        return (ax * dy - ay * dx) / across
    low, high = walls[line_id, 4], walls[line_id, 5]
    if across == 0.0:
        return low
    return min(high, max(low, (ax * dy - ay * dx) / across))


@njit(cache=True, nogil=True)
def _emit(ring: Floats, n: int, x: float, y: float) -> int:
    if n == 0 or abs(ring[n - 1, 0] - x) > _POINT_EPS_M or abs(ring[n - 1, 1] - y) > _POINT_EPS_M:
        ring[n, 0], ring[n, 1] = x, y
        return n + 1
    return n


@njit(cache=True, nogil=True)
def star_ring(walls: Floats, count: int, range_m: float, half: float, steps: int) -> Floats:
    """Ring of what is seen from the origin along +x within ±half, behind none of the walls, within range.

    Parameters
    ----------
    walls : float64[≥ count, 6]: ax, ay, bx, by, nearest and farthest distance, in the camera's frame.

    Returns
    -------
    float64[n, 2] : open ring, counter-clockwise, with the apex first unless the view is all round.
    """
    step = 2.0 * half / steps
    spans = np.empty((2 * count, 2))
    owner = np.empty(2 * count, np.int64)
    span_count = 0
    angles = np.empty(steps + 1 + 4 * count)
    for j in range(steps + 1):
        angles[j] = -half + j * step
    angle_count = steps + 1
    for w in range(count):
        ta, tb = math.atan2(walls[w, 1], walls[w, 0]), math.atan2(walls[w, 3], walls[w, 2])
        low, high = min(ta, tb), max(ta, tb)
        wraps = high - low > math.pi  # crosses the ray straight behind the camera: two spans
        for part in range(2 if wraps else 1):
            s, e = low, high
            if wraps:
                s, e = (high, math.pi) if part == 0 else (-math.pi, low)
            s, e = max(s, -half), min(e, half)
            if e - s <= _ANGLE_EPS:
                continue
            spans[span_count, 0], spans[span_count, 1] = s, e
            owner[span_count] = w
            span_count += 1
            angles[angle_count], angles[angle_count + 1] = s, e
            angle_count += 2
    angles = np.sort(angles[:angle_count])
    kept = 1
    for i in range(1, angle_count):
        if angles[i] - angles[kept - 1] > _ANGLE_EPS:
            angles[kept] = angles[i]
            kept += 1
    angles = angles[:kept]
    cosines, sines = np.cos(angles), np.sin(angles)

    intervals = kept - 1
    start_r, end_r = np.empty(intervals), np.empty(intervals)
    start_id, end_id = np.empty(intervals, np.int64), np.empty(intervals, np.int64)
    for i in range(intervals):
        j = min(steps - 1, max(0, int((0.5 * (angles[i] + angles[i + 1]) + half) / step)))
        start_id[i] = end_id[i] = -1 - j
        start_r[i] = _radius(-1 - j, walls, range_m, half, step, cosines[i], sines[i])
        end_r[i] = _radius(-1 - j, walls, range_m, half, step, cosines[i + 1], sines[i + 1])
    for s in range(span_count):
        w = owner[s]
        i0 = np.searchsorted(angles, spans[s, 0] - _ANGLE_EPS)
        i1 = np.searchsorted(angles, spans[s, 1] - _ANGLE_EPS)
        r = _radius(w, walls, range_m, half, step, cosines[i0], sines[i0]) if i0 < i1 else 0.0
        for i in range(i0, i1):
            if r < start_r[i]:
                start_r[i], start_id[i] = r, w
            r = _radius(w, walls, range_m, half, step, cosines[i + 1], sines[i + 1])
            if r < end_r[i]:
                end_r[i], end_id[i] = r, w

    ring = np.empty((3 * intervals + 3, 2))
    n = 0
    if half < math.pi:
        ring[0, 0] = ring[0, 1] = 0.0
        n = 1
    last = np.int64(-(2**62))
    for i in range(intervals):
        first, final = start_id[i], end_id[i]
        if first != final:
            # two walls that share the corner at one end: one of them is nearest all along
            r_final = _radius(final, walls, range_m, half, step, cosines[i], sines[i])
            r_first = _radius(first, walls, range_m, half, step, cosines[i + 1], sines[i + 1])
            if r_final <= start_r[i] + _POINT_EPS_M:
                first = final
            elif r_first <= end_r[i] + _POINT_EPS_M:
                final = first
        ax, ay = start_r[i] * cosines[i], start_r[i] * sines[i]
        bx, by = end_r[i] * cosines[i + 1], end_r[i] * sines[i + 1]
        # a line seen on from the last interval: its next point replaces the last one (collinear points are dropped)
        goes_on = first == last and n > 0 and abs(ring[n - 1, 0] - ax) < 1e-6 and abs(ring[n - 1, 1] - ay) < 1e-6
        if goes_on:
            n -= 1
        else:
            n = _emit(ring, n, ax, ay)
        if first != final:
            px, py, dx, dy = _line(first, walls, range_m, half, step)
            qx, qy, ex, ey = _line(final, walls, range_m, half, step)
            across = dx * ey - dy * ex
            if across != 0.0:
                t = ((qx - px) * ey - (qy - py) * ex) / across
                cx, cy = px + t * dx, py + t * dy
                inside = cosines[i] * cy - sines[i] * cx > 0.0 and cosines[i + 1] * cy - sines[i + 1] * cx < 0.0
                if inside and cx * cosines[i] + cy * sines[i] > 0.0:
                    n = _emit(ring, n, cx, cy)
        n = _emit(ring, n, bx, by)
        last = final
    return ring[:n]


@njit(cache=True, nogil=True)
def rings(
    poses: Floats, target_h: float, step_rad: float, edges: Floats, tops: Floats, cell_m: float, grid: Grid
) -> tuple[Floats, Integers, Integers, Floats]:
    """Visible rings of many cameras and the (camera, edge) pairs that hide only a strip.

    Parameters
    ----------
    poses : float64[n, 6]: x_m, y_m, height_m, axis (rad, counter-clockwise from east), half field of view (rad), range_m;
        a range of zero or less gives an empty ring.
    edges, tops : float64[m, 4] and float64[m], metres; tops without NaN.
    grid : of ``build_grid`` with the same ``cell_m``.

    Returns
    -------
    points float64[k, 2], ring_start int64[n + 1], pairs int64[q, 2], factors float64[q] (the k of ``hiding``).
    """
    x0, y0, columns, rows, start, index = grid
    n = poses.shape[0]
    points = np.empty((max(256, 64 * n), 2))
    used = 0
    ring_start = np.zeros(n + 1, np.int64)
    pairs = np.empty((64, 2), np.int64)
    factors = np.empty(64)
    pair_count = 0
    for k in range(n):
        px, py, camera_h = poses[k, 0], poses[k, 1], poses[k, 2]
        axis, half, range_m = poses[k, 3], poses[k, 4], poses[k, 5]
        if range_m <= 0.0:
            ring_start[k + 1] = used
            continue
        cos_axis, sin_axis = math.cos(axis), math.sin(axis)
        c0, c1 = max(0, int((px - range_m - x0) / cell_m)), min(columns - 1, int((px + range_m - x0) / cell_m))
        r0, r1 = max(0, int((py - range_m - y0) / cell_m)), min(rows - 1, int((py + range_m - y0) / cell_m))
        if px + range_m < x0 or py + range_m < y0:
            c1 = -1
        room = 0
        for r in range(r0, r1 + 1):
            for c in range(c0, c1 + 1):
                room += start[r * columns + c + 1] - start[r * columns + c]
        walls = np.empty((room, 6))
        count = 0
        for r in range(r0, r1 + 1):
            for c in range(c0, c1 + 1):
                for q in range(start[r * columns + c], start[r * columns + c + 1]):
                    e = index[q]
                    # an edge lies in several cells: take it in the first one of the window only
                    if max(c0, int((min(edges[e, 0], edges[e, 2]) - x0) / cell_m)) != c:
                        continue
                    if max(r0, int((min(edges[e, 1], edges[e, 3]) - y0) / cell_m)) != r:
                        continue
                    ax, ay, bx, by = edges[e, 0] - px, edges[e, 1] - py, edges[e, 2] - px, edges[e, 3] - py
                    nearest = segment_distance(ax, ay, bx, by)
                    if nearest >= range_m or nearest < _ON_EDGE_M:
                        continue
                    kind, factor = hiding(camera_h, target_h, tops[e], nearest, range_m)
                    if kind == HIDES_BEYOND:
                        walls[count, 0] = ax * cos_axis + ay * sin_axis
                        walls[count, 1] = ay * cos_axis - ax * sin_axis
                        walls[count, 2] = bx * cos_axis + by * sin_axis
                        walls[count, 3] = by * cos_axis - bx * sin_axis
                        walls[count, 4] = nearest
                        walls[count, 5] = max(math.hypot(ax, ay), math.hypot(bx, by))
                        count += 1
                    elif kind == HIDES_STRIP:
                        if pair_count == pairs.shape[0]:
                            more_pairs, more_factors = np.empty((2 * pair_count, 2), np.int64), np.empty(2 * pair_count)
                            more_pairs[:pair_count], more_factors[:pair_count] = pairs, factors
                            pairs, factors = more_pairs, more_factors
                        pairs[pair_count, 0], pairs[pair_count, 1] = k, e
                        factors[pair_count] = min(factor, 2.0 * range_m / nearest)
                        pair_count += 1
        ring = star_ring(walls, count, range_m, half, max(3, math.ceil(2.0 * half / step_rad - 1e-9)))
        while used + ring.shape[0] > points.shape[0]:
            more = np.empty((2 * points.shape[0], 2))
            more[:used] = points[:used]
            points = more
        for i in range(ring.shape[0]):
            points[used, 0] = px + ring[i, 0] * cos_axis - ring[i, 1] * sin_axis
            points[used, 1] = py + ring[i, 0] * sin_axis + ring[i, 1] * cos_axis
            used += 1
        ring_start[k + 1] = used
    return points[:used], ring_start, pairs[:pair_count], factors[:pair_count]
