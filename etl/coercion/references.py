"""In which coordinate system unknown coordinates may be: every one in use at the place is tried, and what each would mean is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyproj
import pyproj.exceptions
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType

from etl.coercion.positions import Floats, to_lonlat
from etl.coercion.territory import Territory

DEGREES = "EPSG:4326"
WEB_MERCATOR = "EPSG:3857"
# A share of positions this much below the best is no rival any more.
RIVAL = 0.1
PLAUSIBLE = 0.5
# Positions that differ less are the same for a reader: other datums and realizations of the same grid.
SAME_M = 60.0
TRIED_POINTS = 1000
# Wider systems are made for continents; nobody writes the register of a city in them.
WIDEST_DEG = 45.0
METRES_FROM = 1000.0
M_PER_DEGREE = 111_320.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """A coordinate system the coordinates may be in.

    Parameters
    ----------
    crs : "EPSG:32643".
    name : as the register of coordinate systems calls it.
    turned : the first column is the latitude or northing.
    inside_share : share of the positions that would lie in the territory, 0–1.
    near_share : the same with 100 km around it.
    lon, lat : degrees, positions of the sample, NaN where there is none.
    alike : other systems that put the sample within 60 m of the same places.
    """

    crs: str
    name: str
    turned: bool
    inside_share: float
    near_share: float
    lon: Floats
    lat: Floats
    alike: tuple[str, ...] = ()


def candidates(x: Floats, y: Floats, territory: Territory, *, may_turn: bool = True) -> tuple[Candidate, ...]:
    """Coordinate systems in which at least half of the positions lie in the territory, the likeliest first.

    When there is none, those in which they lie at most 100 km outside. Tried: degrees, Web Mercator, the UTM zones at the place and
    beside it, the Gauss-Krüger zones of the place with and without the zone's number in the false easting, and every projected system of
    the EPSG register whose area of use holds the middle of the territory; each also with the columns turned.

    Parameters
    ----------
    x, y : coordinates as they are, NaN = none; as many of each.
    may_turn : whether the columns may be the other way round.
    """
    known = np.isfinite(x) & np.isfinite(y) & ((np.abs(x) > 1e-6) | (np.abs(y) > 1e-6))
    if not known.any():
        return ()
    x, y = x[known][:TRIED_POINTS], y[known][:TRIED_POINTS]
    found = [c for crs in _tried(x, y, territory) for c in _both_ways(crs, x, y, territory, may_turn=may_turn)]
    fitting = [c for c in found if c.inside_share >= PLAUSIBLE]
    if not fitting:
        fitting = [c for c in found if c.near_share >= PLAUSIBLE and c.crs in _usual(territory)]
    # stable: of equals the one that is tried first
    fitting.sort(key=lambda c: (-round(c.inside_share, 2), -round(c.near_share, 2), c.turned))
    return tuple(_without_alike(fitting))


def plausible(found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Those a reader has to choose between: one = it may be proposed."""
    return tuple(c for c in found if c.inside_share >= found[0].inside_share - RIVAL)


def _tried(x: Floats, y: Floats, territory: Territory) -> list[str]:
    if max(np.median(np.abs(x)), np.median(np.abs(y))) < METRES_FROM:
        return [DEGREES]
    lon, lat = territory.centre
    return list(dict.fromkeys([*_usual(territory), *_registered(round(lon, 2), round(lat, 2))]))


def _usual(territory: Territory) -> list[str]:
    """What registers at the place are mostly written in, the most usual first."""
    lon, lat = territory.centre
    zone = int((lon + 180) // 6) + 1
    north = 32600 if lat >= 0 else 32700
    out = [DEGREES, WEB_MERCATOR, f"EPSG:{north + zone}"]
    number = zone - 30
    if lat > 0 and 2 <= number <= 32:
        out.append(f"EPSG:{28400 + number}")  # Pulkovo 1942, with the zone's number before the easting: 13 500 000
        if number >= 4:
            out.append(f"EPSG:{2490 + number}")  # the same without it: CM 21E is 2494
    return out + [f"EPSG:{north + z}" for z in (zone - 1, zone + 1) if 1 <= z <= 60]


@lru_cache(maxsize=32)
def _registered(lon: float, lat: float) -> tuple[str, ...]:
    listed = query_crs_info(
        auth_name="EPSG",
        pj_types=[PJType.PROJECTED_CRS],
        area_of_interest=AreaOfInterest(lon, lat, lon, lat),
        contains=True,
    )
    narrow = [
        i for i in listed if i.area_of_use is not None and 0 < i.area_of_use.east - i.area_of_use.west <= WIDEST_DEG
    ]
    # the plain datum before its realizations ("NAD83(HARN)"), which differ by a metre or two
    narrow.sort(key=lambda i: ("(" in i.name, "WGS 72" in i.name))
    return tuple(f"EPSG:{i.code}" for i in narrow)


def _both_ways(crs: str, x: Floats, y: Floats, territory: Territory, *, may_turn: bool) -> Iterator[Candidate]:
    for turned in (False, True) if may_turn else (False,):
        try:
            lon, lat = to_lonlat(*((y, x) if turned else (x, y)), crs)
        except Exception:  # noqa: BLE001, S112 - whatever a rare system of the register cannot do: it is none of ours
            continue
        near = float(territory.near(lon, lat).mean())
        if near < PLAUSIBLE:
            continue
        yield Candidate(
            crs=crs,
            name=_name(crs),
            turned=turned,
            inside_share=float(territory.covers(lon, lat).mean()),
            near_share=near,
            lon=np.where(np.isfinite(lon), lon, np.nan),
            lat=np.where(np.isfinite(lat), lat, np.nan),
        )


@lru_cache(maxsize=512)
def _name(crs: str) -> str:
    return str(pyproj.CRS.from_user_input(crs).name)


def _without_alike(found: list[Candidate]) -> Iterator[Candidate]:
    kept: list[tuple[Candidate, list[str]]] = []
    for one in found:
        for other, alike in kept:
            if one.turned == other.turned and _apart_m(one, other) < SAME_M:
                alike.append(one.crs)
                break
        else:
            kept.append((one, []))
    for one, alike in kept:
        yield Candidate(**{**vars(one), "alike": tuple(alike)})


def _apart_m(one: Candidate, other: Candidate) -> float:
    """Median distance between the same positions in two systems, metres; good enough to tell 60 m from a kilometre."""
    east = (one.lon - other.lon) * np.cos(np.radians(one.lat)) * M_PER_DEGREE
    north = (one.lat - other.lat) * M_PER_DEGREE
    apart = np.hypot(east, north)
    return float(np.median(apart[np.isfinite(apart)])) if np.isfinite(apart).any() else np.inf
