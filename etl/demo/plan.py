"""The plan of the demo city: arterials, the zone of every superblock, the river, the bridge, the railway."""

from __future__ import annotations

import numpy as np

from etl.demo import grounds, quarters
from etl.demo.frame import Floats, rectangle
from etl.demo.names import COLUMN_NAMES, INNER_NAMES, PROMENADE_NAME, ROW_NAMES, Name
from etl.demo.sketch import Block, Rng, Sketch

COLUMNS = (70.0, 540.0, 1020.0, 1520.0, 2060.0, 2640.0, 3220.0, 3760.0)
ROWS = (60.0, 640.0, 1240.0, 1860.0, 2480.0, 3100.0, 3720.0, 4320.0, 4940.0)
COLUMN_CLASSES = ("tertiary", "secondary", "tertiary", "primary", "tertiary", "secondary", "tertiary", "secondary")
ROW_CLASSES = (
    "tertiary",
    "secondary",
    "tertiary",
    "secondary",
    "primary",
    "primary",
    "tertiary",
    "secondary",
    "tertiary",
)
AVENUE = 3  # column of the dual carriageway
AVENUE_HALF_M = 12.0
BRIDGE_ROW = 5
RAIL_CROSSING_ROWS = (1, 7)
OVERPASS_ROW = 4
GARAGE_STREET_BLOCK = (2, 6)  # row, column
DARK_STRETCH_V = (ROWS[2], ROWS[3])
RAILWAY_U = (3840.0, 3960.0)
WORKS_U = (4040.0, 4500.0)
RIVER_U = (-420.0, 0.0)
BORDER_STEP_M = 20.0  # borders lie on multiples of it
TERRITORY = (-420.0, 0.0, 4560.0, 5000.0)
INDUSTRIAL_ZONES = "WIIIIIIW"

# Superblocks from north to south, west to east. C old centre, M microdistrict, P private houses, G garages,
# W wasteland, K park, B market, S hospital.
ZONES_NORTH_FIRST = ("KPPMMPP", "CMMMMGP", "CCMMMMM", "CCBMMMM", "CCKMMSM", "MMMMPPG", "PMMPPPP", "PPPPMWP")

DISTRICT_SPLIT_COLUMN, DISTRICT_SPLIT_ROW = 3, 4


def blocks() -> list[Block]:
    """All superblocks, south row first, microdistricts numbered in that order."""
    found: list[Block] = []
    number = 0
    for row, zones in enumerate(reversed(ZONES_NORTH_FIRST)):
        for column, zone in enumerate(zones):
            number += zone == "M"
            found.append(
                Block(
                    zone=zone,
                    column=column,
                    row=row,
                    u0=COLUMNS[column] + (AVENUE_HALF_M if column == AVENUE else 0.0),
                    u1=COLUMNS[column + 1] - (AVENUE_HALF_M if column + 1 == AVENUE else 0.0),
                    v0=ROWS[row],
                    v1=ROWS[row + 1],
                    number=number if zone == "M" else 0,
                )
            )
    return found


def _arterials(sketch: Sketch) -> None:
    south, north = ROWS[0], ROWS[-1]
    for column, (u, highway_class, name) in enumerate(zip(COLUMNS, COLUMN_CLASSES, COLUMN_NAMES, strict=True)):
        if column == AVENUE:
            for offset, line in ((AVENUE_HALF_M, (south, north)), (-AVENUE_HALF_M, (north, south))):
                points = [(u + offset, line[0]), (u + offset, line[1])]
                sketch.way(points, highway_class, "A", lit=0.98, name=name, oneway=True)
        elif column == len(COLUMNS) - 1:  # along the railway, dark where Garage Street comes out
            low, high = DARK_STRETCH_V
            for a, b, lit in ((south, low, 0.93), (low, high, 0.0), (high, north, 0.93)):
                sketch.way([(u, a), (u, b)], highway_class, "A", lit=lit, name=name)
        else:
            sketch.way([(u, south), (u, north)], highway_class, "A", lit=0.93, name=name)
    west, east = COLUMNS[0], COLUMNS[-1]
    for row, (v, highway_class, name) in enumerate(zip(ROWS, ROW_CLASSES, ROW_NAMES, strict=True)):
        if row == BRIDGE_ROW:  # over the embankment, down to the ground behind it: no junction with it
            landing = 230.0
            sketch.way([(RIVER_U[0], v), (landing, v)], highway_class, "A", lit=1.0, name=name, level=1, is_bridge=True)
            sketch.way([(landing, v), (east, v)], highway_class, "A", lit=0.98, name=name)
            continue
        sketch.way([(west, v), (east, v)], highway_class, "A", lit=0.92, name=name)
        if row in RAIL_CROSSING_ROWS:
            sketch.way([(east, v), (WORKS_U[0], v)], highway_class, "A", lit=0.8, name=name)
        if row == OVERPASS_ROW:
            foot = (RAILWAY_U[0] - 30, RAILWAY_U[1] + 30)
            sketch.way([(east, v), (foot[0], v)], highway_class, "A", lit=1.0, name=name)
            sketch.way([(foot[0], v), (foot[1], v)], highway_class, "A", lit=1.0, name=name, level=1, is_bridge=True)
            sketch.way([(foot[1], v), (WORKS_U[0], v)], highway_class, "A", lit=1.0, name=name)
    promenade = 28.0
    sketch.way([(promenade, ROWS[1]), (promenade, ROWS[-2])], "pedestrian", "E", lit=0.85, name=PROMENADE_NAME)
    for row in range(1, len(ROWS) - 1):
        if row != BRIDGE_ROW:
            sketch.way([(promenade, ROWS[row]), (COLUMNS[0], ROWS[row])], "footway", "E", lit=0.8)


def _underpass(sketch: Sketch, block: Block) -> None:
    """The path below the railway that makes Garage Street a short cut to the works."""
    wall = block.v0 + 0.46 * (block.v1 - block.v0)
    east, works = COLUMNS[-1], WORKS_U[0]
    sketch.way([(east, wall), (RAILWAY_U[0], wall + 8)], "footway", "W", lit=0.0)
    sketch.way([(RAILWAY_U[0], wall + 8), (RAILWAY_U[1], wall + 8)], "footway", "W", lit=0.0, level=-1)
    sketch.way([(RAILWAY_U[1], wall + 8), (works, wall)], "footway", "W", lit=0.0)


def _railway_yard(sketch: Sketch) -> None:
    mid = (RAILWAY_U[0] + RAILWAY_U[1]) / 2
    sketch.box(mid - 70, 2780, mid - 52, 2900, "other", "I", levels=3)
    sketch.box(mid + 8, 3300, mid + 40, 3520, "industrial", "I", height_m=9.0)
    sketch.spot("other", mid - 61, 2840, Name("Теміржол вокзалы", "Железнодорожный вокзал"))


def _zones(sketch: Sketch, rng: Rng) -> None:
    names = iter(INNER_NAMES)
    spare: list[Name] = []

    def fresh() -> Name:
        """A name not used yet; after the last, names repeat from the start as in other towns' outskirts."""
        name = next(names, None)
        if name is None:
            name = INNER_NAMES[len(spare) % len(INNER_NAMES)]
            spare.append(name)
        return name

    cross_names: dict[tuple[str, int], Name] = {}
    row_names: dict[tuple[str, int], list[Name]] = {}
    for block in blocks():
        match block.zone:
            case "M":
                quarters.microdistrict(sketch, rng, block)
            case "P":
                column_key, row_key = ("P", block.column), ("P", block.row)
                cross_names.setdefault(column_key, fresh())
                if row_key not in row_names:
                    row_names[row_key] = [fresh() for _ in quarters.private_rows(block)]
                quarters.private_sector(
                    sketch, rng, block, names=row_names[row_key], cross_name=cross_names[column_key]
                )
            case "C":
                column_key, row_key = ("C", block.column), ("C", block.row)
                cross_names.setdefault(column_key, fresh())
                if row_key not in row_names:
                    row_names[row_key] = [fresh(), fresh()]
                quarters.centre(sketch, rng, block, names=[cross_names[column_key], *row_names[row_key]])
            case "G":
                street = (block.row, block.column) == GARAGE_STREET_BLOCK
                grounds.garages(sketch, rng, block, street=street)
                if street:
                    _underpass(sketch, block)
            case "W":
                grounds.wasteland(sketch, rng, block)
            case "K":
                park = Name("Орталық саябақ", "Центральный парк") if block.row else Name("Саябақ", "Парк")
                grounds.park(sketch, rng, block, name=park)
            case "B":
                grounds.market(sketch, rng, block)
            case "S":
                grounds.hospital(sketch, rng, block)


def draw(rng: Rng) -> Sketch:
    """The whole city in river coordinates, before streets are cut at junctions."""
    sketch = Sketch()
    _arterials(sketch)
    _zones(sketch, rng)
    _railway_yard(sketch)
    grounds.industrial_strip(sketch, rng, u0=WORKS_U[0], u1=WORKS_U[1], rows=ROWS, zones=INDUSTRIAL_ZONES)
    return sketch


def territory_ring() -> Floats:
    """Ring of the territory in river coordinates, dense enough to bend with the river."""
    return rectangle(*TERRITORY, step_m=BORDER_STEP_M)


def river_ring() -> Floats:
    """Ring of the river within the territory, in river coordinates."""
    bank_v = np.linspace(TERRITORY[1], TERRITORY[3], 60)
    ripple = 6.0 * np.sin(bank_v / 170.0) + 4.0 * np.sin(bank_v / 61.0)
    east = np.stack([RIVER_U[1] + ripple - 4.0, bank_v], axis=-1)
    west = np.stack([np.full(20, RIVER_U[0]), np.linspace(TERRITORY[3], TERRITORY[1], 20)], axis=-1)
    return np.vstack([east, west, east[:1]])


def district_rings() -> dict[str, Floats]:
    """The three districts: west of the avenue, north-east and south-east of it."""
    u, v = COLUMNS[DISTRICT_SPLIT_COLUMN], ROWS[DISTRICT_SPLIT_ROW]
    u0, v0, u1, v1 = TERRITORY
    return {
        "zhagalau": rectangle(u0, v0, u, v1, step_m=BORDER_STEP_M),
        "dostyq": rectangle(u, v, u1, v1, step_m=BORDER_STEP_M),
        "saryarqa": rectangle(u, v0, u1, v, step_m=BORDER_STEP_M),
    }
