"""Where people do not live: garages, wasteland, parks, the market, the hospital, industry, the river's edge."""

from __future__ import annotations

import itertools

import numpy as np

from etl.demo.names import GARAGE_NAME, INDUSTRIAL_NAME, Name
from etl.demo.sketch import Block, Rng, Sketch


def garages(sketch: Sketch, rng: Rng, block: Block, *, street: bool) -> None:
    """A garage cooperative: long rows of lock-ups, lanes without a lamp; beyond it wasteland.

    Parameters
    ----------
    street : draw Garage Street, the workers' short cut along the wall of the cooperative. It is the street a
        newcomer must find: no lamp, no camera, lock-ups on one side and wasteland on the other.
    """
    zone, wall = block.zone, block.v0 + 0.46 * (block.v1 - block.v0)
    lane_v = block.v1 - 34.0
    if street:
        sketch.way([(block.u0, wall), (block.u1, wall)], "residential", zone, lit=0.0, name=GARAGE_NAME)
        bend = block.mid_u + 60
        sketch.way([(bend, wall), (bend - 40, wall - 120), (bend - 30, block.v0)], "path", zone, lit=0.0)
    else:
        sketch.way([(block.u0, wall), (block.u1, wall)], "service", zone, lit=0.3)
    sketch.way([(block.u0, lane_v), (block.u1, lane_v)], "service", zone, lit=0.0)
    u = block.u0 + 40
    while u + 8 < block.u1 - 40:
        v = wall + 12
        while v + 20 < lane_v - 8:
            length = min(rng.uniform(60, 95), lane_v - 8 - v)
            sketch.box(u, v, u + 6.2, v + length, "garage", zone, height_m=2.8, addresses=0)
            v += length + 7
        u += 16.5 if round((u - block.u0) / 16.5) % 2 else 13.5
    for share in (0.3, 0.7):
        sketch.spot("garage", block.u0 + share * (block.u1 - block.u0), (wall + lane_v) / 2, Name("ГПК", "ГСК"))
    sketch.spot("wasteland", block.mid_u, (block.v0 + wall) / 2)
    for _ in range(4):
        u, v = rng.uniform(block.u0 + 40, block.u1 - 80), rng.uniform(block.v0 + 30, wall - 50)
        if abs(u + 12 - block.mid_u - 40) > 60:
            sketch.box(u, v, u + 24, v + 12, "other", zone, height_m=3.5, addresses=0)


def wasteland(sketch: Sketch, rng: Rng, block: Block) -> None:
    """Trodden paths and nothing else."""
    a, b = block.u0 + 0.35 * (block.u1 - block.u0), block.v0 + 0.6 * (block.v1 - block.v0)
    sketch.way([(a, block.v0), (a + 40, block.mid_v), (a - 10, block.v1)], "path", block.zone, lit=0.0)
    sketch.way([(block.u0, b), (a - 30, b + 25), (block.u1, b - 60)], "path", block.zone, lit=0.0)
    sketch.spot("wasteland", block.mid_u + rng.uniform(-50, 50), block.mid_v + rng.uniform(-50, 50))


def park(sketch: Sketch, rng: Rng, block: Block, *, name: Name) -> None:
    """Alleys from the corners to a pond."""
    cu, cv, zone = block.mid_u, block.mid_v, block.zone
    angle = np.linspace(0, 2 * np.pi, 33)
    radius = 62 + 12 * np.sin(3 * angle + 0.5)
    ring = np.stack([cu + 1.3 * radius * np.cos(angle), cv + radius * np.sin(angle)], axis=-1)
    ring[-1] = ring[0]
    sketch.ponds.append((ring, Name("Балалар көлі", "Детское озеро")))
    loop = [(cu - 130, cv), (cu, cv - 110), (cu + 130, cv), (cu, cv + 110), (cu - 130, cv)]
    for a, b in itertools.pairwise(loop):
        sketch.way([a, b], "pedestrian", zone, lit=0.9)
    for start, end in (
        ((block.u0, cv), loop[0]),
        ((cu, block.v0), loop[1]),
        (loop[2], (block.u1, cv)),
        (loop[3], (cu, block.v1)),
    ):
        sketch.way([start, end], "pedestrian", zone, lit=0.8)
    sketch.spot("park", cu, cv + 90, name)
    sketch.spot("playground", cu + 100, cv + 90)
    for shift in (0.0, 45.0):
        u, v = block.u0 + 40 + shift + rng.uniform(0, 20), block.v1 - rng.uniform(50, 100)
        sketch.box(u, v, u + 18, v + 12, "retail", zone, height_m=4.5)
    sketch.spot("venue", block.u0 + 60, block.v1 - 40)


def market(sketch: Sketch, rng: Rng, block: Block) -> None:
    """The bazaar: rows of pavilions, two halls, taxis, crowds."""
    zone = block.zone
    lane = block.v0 + 0.55 * (block.v1 - block.v0)
    sketch.way([(block.u0, lane), (block.u1, lane)], "pedestrian", zone, lit=0.8)
    sketch.way([(block.mid_u, block.v0), (block.mid_u, block.v1)], "service", zone, lit=0.7)
    for k in range(7):
        v = lane + 14 + k * 26
        if v + 12 > block.v1 - 30:
            break
        for u in np.arange(block.u0 + 40, block.u1 - 60, 34):
            if abs(u + 13 - block.mid_u) > 24:
                sketch.box(float(u), v, float(u) + 26, v + 11, "retail", zone, height_m=4.0, addresses=4)
    for u0, u1 in ((block.u0 + 40, block.mid_u - 20), (block.mid_u + 20, block.u1 - 40)):
        sketch.box(u0, lane - 130, u1, lane - 60, "retail", zone, height_m=9.0, addresses=30)
        sketch.spot("parking", (u0 + u1) / 2, block.v0 + 60)
    sketch.spot("market", block.mid_u - 30, lane + 40, Name("Орталық базар", "Центральный рынок"))
    sketch.spot("venue", block.u0 + 50, lane - 20)
    sketch.spot("alcohol_shop", block.u1 - 40, lane - 20)
    for _ in range(8):
        sketch.spot("shop", rng.uniform(block.u0 + 40, block.u1 - 40), lane + rng.uniform(-8, 8))


def hospital(sketch: Sketch, rng: Rng, block: Block) -> None:
    """The city hospital's pavilions in a green yard, with the police department beside it."""
    zone = block.zone
    sketch.way([(block.mid_u, block.v0), (block.mid_u, block.v1)], "service", zone, lit=0.9)
    sketch.way([(block.u0, block.mid_v), (block.mid_u, block.mid_v)], "service", zone, lit=0.9)
    for v in np.arange(block.v0 + 50, block.v1 - 90, 105):
        for u in (block.u0 + 50, block.mid_u + 30):
            if abs(v + 18 - block.mid_v) < 30:
                continue
            length = rng.uniform(110, 150)
            sketch.box(float(u), float(v), float(u) + length, float(v) + 17, "other", zone, levels=4, addresses=1)
    sketch.spot("hospital", block.mid_u + 70, block.mid_v, Name("№ 1 қалалық аурухана", "Городская больница № 1"))
    sketch.spot("police", block.u1 - 60, block.v0 + 40, Name("Полиция бөлімі", "Отдел полиции"))


def industrial_strip(sketch: Sketch, rng: Rng, *, u0: float, u1: float, rows: tuple[float, ...], zones: str) -> None:
    """Halls beyond the railway along one works road; wasteland at both ends.

    Parameters
    ----------
    u0, u1 : axis of the works road and eastern edge.
    zones : one letter per row, south first.
    """
    sketch.way([(u0, rows[0]), (u0, rows[-1])], "tertiary", "I", lit=0.55, name=INDUSTRIAL_NAME)
    for low, high, zone in zip(rows[:-1], rows[1:], zones, strict=True):
        middle = (low + high) / 2
        if zone == "W":
            sketch.way([(u0, middle), (u0 + 200, middle + 40), (u1, middle - 20)], "path", "W", lit=0.0)
            sketch.spot("wasteland", u0 + 220, middle + 70)
            continue
        sketch.way([(u0, middle), (u1 - 60, middle)], "service", "I", lit=0.2)
        for v in (low + 40, middle + 20):
            u = u0 + 30
            while u + 50 < u1 - 20:
                width, depth = rng.uniform(45, 120), rng.uniform(50, (high - low) / 2 - 70)
                end = min(u + width, u1 - 20)
                height = round(float(rng.uniform(7, 14)), 1)
                sketch.box(u, v, end, v + depth, "industrial", "I", height_m=height)
                u += width + rng.uniform(15, 45)
