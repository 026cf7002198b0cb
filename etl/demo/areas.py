"""Districts, microdistricts and police beats of the demo city with the people who live there."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from etl.demo.frame import Floats, rectangle
from etl.demo.names import DISTRICT_NAMES, INNER_NAMES
from etl.demo.plan import BORDER_STEP_M, COLUMNS, ROWS, TERRITORY, blocks, district_rings
from etl.demo.sketch import Building

PEOPLE_PER_FLAT, PEOPLE_PER_HOUSE = 2.3, 3.4
POPULATION_DATE = "2025-01-01"
BEAT_ROWS, BEAT_COLUMNS = (0, 2, 4, 6, 8), (0, 2, 4, 7)


@dataclass(frozen=True, kw_only=True, eq=False)
class Area:
    """A polygon with names and residents; ``ring`` in river coordinates, closed."""

    kind: str
    code: str
    name_kk: str
    name_ru: str
    name_en: str
    population: int | None
    ring: Floats


def _residents(buildings: list[Building]) -> tuple[Floats, Floats]:
    middles = np.array([building.ring[:-1].mean(axis=0) for building in buildings])
    people = np.array(
        [
            PEOPLE_PER_HOUSE if b.use == "house" else PEOPLE_PER_FLAT * b.addresses if b.use == "apartments" else 0.0
            for b in buildings
        ]
    )
    return middles, people


def _living(middles: Floats, people: Floats, ring: Floats) -> int:
    (u0, v0), (u1, v1) = ring.min(axis=0), ring.max(axis=0)
    inside = (middles[:, 0] >= u0) & (middles[:, 0] < u1) & (middles[:, 1] >= v0) & (middles[:, 1] < v1)
    return int(people[inside].sum())


def areas(buildings: list[Building]) -> list[Area]:
    """All areas; each level covers its ground without overlap. Nobody counts in industry: there population is 0."""
    middles, people = _residents(buildings)
    found: list[Area] = []
    for number, (key, ring) in enumerate(district_rings().items(), start=1):
        kk, ru, en = DISTRICT_NAMES[key]
        population = _living(middles, people, ring)
        found.append(
            Area(
                kind="district",
                code=f"55-{number:02d}",
                name_kk=kk,
                name_ru=ru,
                name_en=en,
                population=population,
                ring=ring,
            )
        )
    estate = 0
    for block in blocks():
        ring = rectangle(block.u0, block.v0, block.u1, block.v1, step_m=BORDER_STEP_M)
        if block.zone == "M":
            names = (f"{block.number}-шағын аудан", f"микрорайон {block.number}", f"Microdistrict {block.number}")
            code = f"M{block.number:02d}"
        elif block.zone == "P":
            name = INNER_NAMES[-1 - estate]
            estate += 1
            kk, ru = name.kk.removesuffix(" көшесі"), name.ru.removeprefix("улица ")
            names, code = (f"{kk} тұрғын алабы", f"жилой массив {ru}", f"{kk} estate"), f"P{estate:02d}"
        else:
            continue
        population = _living(middles, people, ring)
        kk, ru, en = names
        found.append(
            Area(kind="microdistrict", code=code, name_kk=kk, name_ru=ru, name_en=en, population=population, ring=ring)
        )
    us = [TERRITORY[0], *(COLUMNS[i] for i in BEAT_COLUMNS[1:-1]), TERRITORY[2]]
    vs = [TERRITORY[1], *(ROWS[i] for i in BEAT_ROWS[1:-1]), TERRITORY[3]]
    number = 0
    for v0, v1 in itertools.pairwise(vs):
        for u0, u1 in itertools.pairwise(us):
            number += 1
            ring = rectangle(u0, v0, u1, v1, step_m=BORDER_STEP_M)
            found.append(
                Area(
                    kind="beat",
                    code=f"B{number:02d}",
                    name_kk=f"№ {number} учаске",
                    name_ru=f"участок № {number}",
                    name_en=f"Beat {number}",
                    population=_living(middles, people, ring),
                    ring=ring,
                )
            )
    return found
