"""Where people live: microdistricts of panel blocks around yards, private houses, the old centre."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from etl.demo.names import Name
from etl.demo.sketch import FLOOR_M, Block, Rng, Sketch

BLOCK_DEPTH_M = 13.0
SECTION_M = 22.0  # one stairwell of a panel block
FLATS_PER_SECTION_FLOOR = 3
HOUSE_ROW_M = 97.0  # between the streets of private houses


def _panel(sketch: Sketch, zone: str, rng: Rng, u0: float, v0: float, u1: float, v1: float, *, levels: int) -> None:
    sections = max(1, round(max(u1 - u0, v1 - v0) / SECTION_M))
    sketch.box(u0, v0, u1, v1, "apartments", zone, levels=levels, addresses=sections * levels * FLATS_PER_SECTION_FLOOR)
    if rng.random() < 0.10:
        sketch.spot(
            "alcohol_shop" if rng.random() < 0.25 else "shop", (u0 + u1) / 2 + rng.uniform(-9, 9), (v0 + v1) / 2
        )


def _levels(rng: Rng) -> int:
    return int(rng.choice([5, 9, 10], p=[0.68, 0.26, 0.06]))


def _perimeter_court(
    sketch: Sketch, rng: Rng, block: Block, court: tuple[float, float, float, float], *, west: bool
) -> None:
    """Blocks on four sides, a gap to the spine where the drive enters, sometimes a gap to the arterial."""
    a0, b0, a1, b1 = court
    w, mid = a1 - a0, (b0 + b1) / 2
    depth, corner, gate = BLOCK_DEPTH_M, 14.0, 9.0
    levels = _levels(rng)
    for base in (b0, b1 - depth):
        length = w * rng.uniform(0.70, 0.96)
        start = a0 + (w - length) * rng.uniform(0, 1)
        if rng.random() < 0.93:
            _panel(sketch, block.zone, rng, start, base, start + length, base + depth, levels=levels)
    spine_u, arterial_u = (a1 - depth, a0) if west else (a0, a1 - depth)
    low, high = b0 + depth + corner, b1 - depth - corner
    _panel(sketch, block.zone, rng, spine_u, low, spine_u + depth, mid - gate, levels=levels)
    _panel(sketch, block.zone, rng, spine_u, mid + gate, spine_u + depth, high, levels=levels)
    if rng.random() < 0.72:
        _panel(sketch, block.zone, rng, arterial_u, low, arterial_u + depth, mid - gate, levels=levels)
    if rng.random() < 0.62:
        _panel(sketch, block.zone, rng, arterial_u, mid + gate, arterial_u + depth, high, levels=levels)


def _row_court(sketch: Sketch, rng: Rng, block: Block, court: tuple[float, float, float, float], *, west: bool) -> None:
    """Parallel rows, the open layout of the seventies; the middle stays free for the drive."""
    a0, b0, a1, b1 = court
    levels = _levels(rng)
    h = b1 - b0
    for share in (0.0, 0.27, 0.66, 0.93):
        base = b0 + share * (h - BLOCK_DEPTH_M) / 0.93
        start = a0 + rng.uniform(0, 14) if west else a0 + rng.uniform(6, 20)
        end = a1 - rng.uniform(4, 30)
        _panel(sketch, block.zone, rng, start, base, end, base + BLOCK_DEPTH_M, levels=levels)


def _tower_court(sketch: Sketch, rng: Rng, block: Block, court: tuple[float, float, float, float]) -> None:
    """Nine-storey points in a chequer."""
    a0, b0, a1, b1 = court
    side = 23.0
    for i, share in enumerate((0.02, 0.40, 0.78)):
        for j, rise in enumerate((0.04, 0.80)):
            u = a0 + share * (a1 - a0) + (8 if j else 0)
            v = b0 + rise * (b1 - b0 - side / 2)
            if (i + j) % 3 != 2:
                _panel(sketch, block.zone, rng, u, v, u + side, v + side, levels=9)


def _social_court(
    sketch: Sketch, block: Block, court: tuple[float, float, float, float], *, school: bool, number: int
) -> None:
    """A school with its stadium, or a kindergarten, in the middle of the microdistrict."""
    a0, b0, a1, b1 = court
    cu, cv = (a0 + a1) / 2, (b0 + b1) / 2
    if school:
        letter_h = [(-42, 14), (42, 14), (42, 30), (8, 30), (8, 46), (42, 46), (42, 62)]
        letter_h += [(-42, 62), (-42, 46), (-8, 46), (-8, 30), (-42, 30), (-42, 14)]
        sketch.outline(np.array(letter_h) + np.array([cu, cv]), "school", block.zone, levels=3)
        sketch.spot("school", cu, cv + 38, Name(f"№ {number} орта мектеп", f"Средняя школа № {number}"))
    else:
        sketch.box(cu - 30, cv + 16, cu + 30, cv + 34, "school", block.zone, levels=2)
        sketch.spot("kindergarten", cu, cv + 25, Name(f"№ {number} балабақша", f"Детский сад № {number}"))
    for share in (0.0, 1.0):  # a block on each side keeps the yard enclosed
        base = b0 + share * (b1 - b0 - BLOCK_DEPTH_M)
        sketch.box(a0 + 12, base, a1 - 12, base + BLOCK_DEPTH_M, "apartments", block.zone, levels=5, addresses=90)


def microdistrict(sketch: Sketch, rng: Rng, block: Block) -> None:
    """Six courts around a spine drive; drives and paths lead from the arterials into the yards."""
    zone, clear = block.zone, 9.0
    low_u, low_v, high_u, high_v = block.inner(31.0)
    spine = block.mid_u + rng.uniform(-22, 22)
    third = (block.v1 - block.v0) / 3
    cross = [block.v0 + third + rng.uniform(-12, 12), block.v0 + 2 * third + rng.uniform(-12, 12)]
    lit = float(rng.choice([0.95, 0.75, 0.4], p=[0.5, 0.3, 0.2]))
    sketch.way([(spine, block.v0), (spine, block.v1)], "living_street", zone, lit=lit)
    sketch.way([(block.u0, cross[0]), (block.u1, cross[0])], "service", zone, lit=lit)
    side = rng.integers(0, 3)
    start, end = (block.u0 if side != 1 else spine), (block.u1 if side != 0 else spine)
    sketch.way([(start, cross[1]), (end, cross[1])], "service", zone, lit=lit)
    bands = ((low_v, cross[0] - clear), (cross[0] + clear, cross[1] - clear), (cross[1] + clear, high_v))
    social = int(rng.integers(0, 2))
    for index, (b0, b1) in enumerate(bands):
        for west in (True, False):
            court = (low_u, b0, spine - clear, b1) if west else (spine + clear, b0, high_u, b1)
            mid_v, mid_u = (b0 + b1) / 2, (court[0] + court[2]) / 2
            if index == 1 and west == bool(social):
                school = block.number % 2 == 1
                _social_court(sketch, block, court, school=school, number=block.number)
                edge = block.u0 if west else block.u1
                sketch.way([(spine, mid_v), (edge, mid_v)], "footway", zone, lit=0.3)
                continue
            kind = rng.choice(["perimeter", "rows", "towers"], p=[0.66, 0.22, 0.12])
            if kind == "perimeter":
                _perimeter_court(sketch, rng, block, court, west=west)
            elif kind == "rows":
                _row_court(sketch, rng, block, court, west=west)
            else:
                _tower_court(sketch, rng, block, court)
            sketch.way([(spine, mid_v), (mid_u, mid_v)], "service", zone, lit=lit * 0.6)
            if rng.random() < 0.5 and kind == "perimeter":
                sketch.way([(mid_u, mid_v), (block.u0 if west else block.u1, mid_v)], "footway", zone, lit=lit * 0.3)
            sketch.spot("playground", mid_u + rng.uniform(-15, 15), mid_v + rng.uniform(14, 24))
            if rng.random() < 0.4:
                sketch.spot("parking", mid_u + rng.uniform(-20, 20), mid_v - rng.uniform(14, 24))
    corner_u = high_u - 24 if rng.random() < 0.5 else low_u
    sketch.box(corner_u, block.v0 + 14, corner_u + 24, block.v0 + 27, "retail", zone, height_m=5.0)
    sketch.spot("shop", corner_u + 12, block.v0 + 20)


def private_rows(block: Block) -> list[float]:
    """V of the streets inside a superblock of private houses, the same for all blocks of a row."""
    count = max(1, round((block.v1 - block.v0) / HOUSE_ROW_M) - 1)
    return [block.v0 + (i + 1) * (block.v1 - block.v0) / (count + 1) for i in range(count)]


def _lots(low: float, high: float, rng: Rng) -> Iterator[tuple[float, float]]:
    u = low
    while u + 20 < high:
        lot = rng.uniform(28, 44)
        yield u, min(lot, high - u)
        u += lot


def private_sector(sketch: Sketch, rng: Rng, block: Block, *, names: list[Name], cross_name: Name) -> None:
    """One-storey houses on lots along narrow streets, one cross street.

    Parameters
    ----------
    names : one per street of ``private_rows``, shared by the blocks of a row.
    """
    zone = block.zone
    cross = block.u0 + (block.u1 - block.u0) * 0.5
    rows = private_rows(block)
    unlit = rng.random() < 0.3
    for v, name in zip(rows, names, strict=True):
        lit = 0.0 if unlit or rng.random() < 0.3 else 0.85
        sketch.way([(block.u0, v), (block.u1, v)], "residential", zone, lit=lit, name=name)
    sketch.way([(cross, block.v0), (cross, block.v1)], "residential", zone, lit=0.5, name=cross_name)
    edges = [block.v0, *rows, block.v1]
    for k, (low, high) in enumerate(itertools.pairwise(edges)):
        for upper in (False, True):
            arterial = (upper and k == len(edges) - 2) or (not upper and k == 0)
            setback = 22.0 if arterial else 10.0
            for left, right in ((block.u0 + 20, cross - 8), (cross + 8, block.u1 - 20)):
                for u, lot in _lots(left, right, rng):
                    if rng.random() < 0.17:
                        continue
                    width, depth = rng.uniform(8.5, min(13.0, lot - 6)), rng.uniform(8, 11.5)
                    uu = u + rng.uniform(2, lot - width - 2)
                    front = setback + rng.uniform(0, 4)
                    base = high - front - depth if upper else low + front
                    levels = 2 if rng.random() < 0.12 else 1
                    height = round(float(rng.uniform(3.2, 4.2) + (levels - 1) * FLOOR_M), 1)
                    sketch.box(uu, base, uu + width, base + depth, "house", zone, levels=levels, height_m=height)
    if rng.random() < 0.8:
        kind = "alcohol_shop" if rng.random() < 0.35 else "shop"
        sketch.spot(kind, cross + 10, rows[len(rows) // 2] + 9)


def centre(sketch: Sketch, rng: Rng, block: Block, *, names: list[Name]) -> None:
    """Old blocks with closed fronts: flats above, shops and venues below, a pair of one-way streets.

    Parameters
    ----------
    names : of the street along the river and of the two across.
    """
    zone = block.zone
    middle = block.mid_u + rng.uniform(-15, 15)
    third = (block.v1 - block.v0) / 3
    cross = [block.v0 + third, block.v0 + 2 * third]
    sketch.way([(middle, block.v0), (middle, block.v1)], "residential", zone, lit=0.95, name=names[0])
    sketch.way([(block.u0, cross[0]), (block.u1, cross[0])], "residential", zone, lit=0.95, name=names[1], oneway=True)
    sketch.way([(block.u1, cross[1]), (block.u0, cross[1])], "residential", zone, lit=0.95, name=names[2], oneway=True)
    clear, depth = 14.0, 15.0
    us = ((block.u0 + 24, middle - clear), (middle + clear, block.u1 - 24))
    vs = ((block.v0 + 24, cross[0] - clear), (cross[0] + clear, cross[1] - clear), (cross[1] + clear, block.v1 - 24))
    for a0, a1 in us:
        for b0, b1 in vs:
            levels = int(rng.choice([2, 3, 4, 5], p=[0.2, 0.3, 0.25, 0.25]))
            use = "apartments" if rng.random() < 0.7 else "other"
            flats = max(8, round((a1 - a0) / SECTION_M) * levels * 3) if use == "apartments" else 4
            half = (a0 + a1) / 2 + rng.uniform(-20, 20)
            for base in (b0, b1 - depth):
                sketch.box(a0, base, half - 5, base + depth, use, zone, levels=levels, addresses=flats // 2)
                sketch.box(half + 5, base, a1, base + depth, "retail", zone, levels=max(1, levels - 1), addresses=3)
            for base in (a0, a1 - depth):
                if rng.random() < 0.75:
                    sketch.box(base, b0 + 27, base + depth, b1 - 27, use, zone, levels=levels, addresses=flats // 2)
            for kind, chance in (("shop", 0.8), ("venue", 0.42), ("alcohol_shop", 0.12), ("parking", 0.2)):
                if rng.random() < chance:
                    sketch.spot(kind, rng.uniform(a0 + 10, a1 - 10), b0 - 4 if rng.random() < 0.5 else b1 + 4)
