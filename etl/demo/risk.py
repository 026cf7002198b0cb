"""Where the demo's crimes happen: how strongly each street and each building draws them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from etl.demo.frame import Floats, to_xy
from etl.demo.names import GARAGE_NAME
from etl.demo.sketch import Building, Rng
from etl.demo.spots import Place, points_of
from etl.demo.streets import Edge

GARAGE_STREET_SHARE = 0.20  # of the public crimes of the night
UNLIT_FACTOR = 1.9
NIGHT_CAP_PER_M, DAY_CAP_PER_M = 1.6e-4, 1.2e-3  # of all public crimes of the night (day), per metre of a street
BUILDING_CAP = 0.012  # no single address draws more of the property crimes than this
_NIGHT_ZONE = {"C": 2.4, "B": 2.0, "M": 1.2, "P": 0.45, "A": 1.1, "G": 1.2, "W": 0.5, "I": 0.3, "K": 1.6, "E": 1.2}
_DAY_ZONE = {"C": 2.4, "B": 6.0, "M": 1.0, "P": 0.35, "A": 1.5, "G": 0.5, "W": 0.1, "I": 0.3, "K": 1.2, "E": 0.8}
_USE = {  # weight of a building for crimes against what people own, by use: (per building, per address)
    "apartments": (0.0, 1.0),
    "house": (1.6, 0.0),
    "retail": (30.0, 2.0),
    "school": (12.0, 0.0),
    "industrial": (14.0, 0.0),
    "garage": (4.0, 0.0),
    "other": (12.0, 1.0),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Risk:
    """Weights that sum to one.

    Parameters
    ----------
    night, day, school : float64[edge]; school is for the afternoons of minors.
    property, home, asleep, burgled : float64[building]; of what people own by day, of homes, of anything in a building by
        night (shops and offices are shut: the same everywhere but for how many live there), of burglars.
    centroids : float64[building, 2], local metres.
    """

    night: Floats
    day: Floats
    school: Floats
    property: Floats
    home: Floats
    asleep: Floats
    burgled: Floats
    centroids: Floats


def _near(points: Floats, targets: Floats, *, reach_m: float) -> Floats:
    """exp(-distance to the nearest target / reach); zero without targets."""
    if not len(targets):
        return np.zeros(len(points))
    distance, _ = cKDTree(targets).query(points)
    return np.asarray(np.exp(-distance / reach_m))


def _unit(weights: Floats) -> Floats:
    return np.asarray(weights / weights.sum())


def centroids(buildings: list[Building]) -> Floats:
    """float64[building, 2]: middle of each ring in local metres (all rings are boxes)."""
    return to_xy(np.array([building.ring[:-1].mean(axis=0) for building in buildings]))


def risk(edges: list[Edge], found: list[Place], buildings: list[Building], rng: Rng) -> Risk:
    """Draw the weights: what is near, what is lit, and a heavy tail, for crime is concentrated."""
    middle = np.array([edge.along(0.5)[0] for edge in edges])
    length = np.array([edge.length_m for edge in edges])
    unlit = np.array([not edge.is_lit for edge in edges])
    zones = [edge.zone for edge in edges]
    luck = rng.normal(0.0, 1.0, len(edges))
    base = length**0.7
    night = base * np.array([_NIGHT_ZONE.get(zone, 0.8) for zone in zones])
    night *= 1 + 7 * _near(middle, points_of(found, "venue"), reach_m=60)
    night *= 1 + 4 * _near(middle, points_of(found, "alcohol_shop"), reach_m=50)
    night *= 1 + 1.5 * _near(middle, points_of(found, "garage"), reach_m=120)
    night *= np.where(unlit, UNLIT_FACTOR, 1.0) * np.exp(luck + rng.normal(0.0, 0.6, len(edges)))
    quiet = unlit & ~np.isin(zones, ["C", "B"])
    night[quiet] = np.minimum(night[quiet], np.quantile(night, 0.965))
    day = base * np.array([_DAY_ZONE.get(zone, 0.8) for zone in zones])
    day *= 1 + 5 * _near(middle, points_of(found, "shop"), reach_m=50)
    day *= 1 + 8 * _near(middle, points_of(found, "market"), reach_m=110)
    day *= 1 + 1.5 * _near(middle, points_of(found, "stop"), reach_m=60)
    day *= np.exp(luck + rng.normal(0.0, 0.6, len(edges)))
    school = base * (_near(middle, points_of(found, "school"), reach_m=90) + 0.02) * np.exp(luck)
    street = np.array([edge.name == GARAGE_NAME for edge in edges])
    night[street] = 0.0
    night = _unit(np.minimum(_unit(night), NIGHT_CAP_PER_M * length)) * (1 - GARAGE_STREET_SHARE)
    day = np.minimum(_unit(day), DAY_CAP_PER_M * length)
    # the western half lies between the cooperative's wall and the wasteland, the other near the lamps of the avenue
    piece = np.where(street, length, 0.0)
    first = np.flatnonzero(street)[0]
    piece[first] *= 2.4
    night += _unit(piece) * GARAGE_STREET_SHARE

    spot = centroids(buildings)
    own = np.array([_USE[b.use][0] + _USE[b.use][1] * b.addresses for b in buildings])
    own *= np.exp(rng.normal(0.0, 2.0, len(buildings)))
    own *= np.array([5.0 if b.zone in "CB" else 1.0 for b in buildings])
    own = np.minimum(own, BUILDING_CAP * own.sum())
    lived = np.array([b.addresses * (1.3 if b.use == "house" else 1.0) for b in buildings], dtype=np.float64)
    lived *= np.array([b.use in {"apartments", "house"} for b in buildings])
    home = lived * np.exp(rng.normal(0.0, 2.0, len(buildings)))
    asleep = lived * np.exp(rng.normal(0.0, 0.45, len(buildings)))
    burgled = lived * np.array([14.0 if b.use == "house" else 1.0 for b in buildings])
    burgled *= np.exp(rng.normal(0.0, 0.5, len(buildings)))
    return Risk(
        night=_unit(night),
        day=_unit(day),
        school=_unit(school),
        property=_unit(own),
        home=_unit(home),
        asleep=_unit(asleep),
        burgled=_unit(burgled),
        centroids=spot,
    )


def draw(weights: Floats, count: int, rng: Rng) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """``count`` indices drawn with these weights (inverse of the cumulative sum: the same on every platform)."""
    return np.minimum(np.searchsorted(np.cumsum(weights), rng.random(count)), len(weights) - 1).astype(np.int64)
