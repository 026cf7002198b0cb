"""Cameras as inventories have them: missing directions, dead devices, shared poles, devices listed twice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from etl.demo.frame import Floats
from etl.demo.sketch import Rng
from etl.demo.spots import ARTERIAL, MAIN, Place
from etl.demo.streets import Edge, junctions

NO_AZIMUTH_SHARE, BROKEN_SHARE, DUPLICATE_SHARE = 0.35, 0.08, 0.025
BLIND_M = 170.0  # nobody has put a camera this close to Garage Street
_FIRST_DAY, _LAST_DAY = dt.date(2014, 4, 1), dt.date(2025, 11, 30)
# kind → opening deg, range m, infrared m
_OPTICS = {
    "fixed": (82.0, 60.0, 30.0),
    "dome": (100.0, 35.0, 20.0),
    "ptz": (60.0, 150.0, 100.0),
    "anpr": (30.0, 28.0, 25.0),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Camera:
    """A camera; None is what the inventory does not know.

    Parameters
    ----------
    azimuth_deg : clockwise from north.
    is_kept : the direction is surely in the inventory (the control centre's own devices).
    """

    xy: Floats
    kind: str
    owner: str
    azimuth_deg: float | None
    is_kept: bool
    connected: bool | None = None
    status: str = "works"
    hfov_deg: float | None = None
    tilt_deg: float | None = None
    height_m: float | None = None
    width_px: int | None = None
    range_m: float | None = None
    ir_range_m: float | None = None
    installed_on: dt.date | None = None
    verified_on: dt.date | None = None


def _azimuth(direction: Floats) -> float:
    return float(np.degrees(np.arctan2(direction[0], direction[1])) % 360.0)


def _sites(edges: list[Edge], found: list[Place], busiest: list[Edge], rng: Rng) -> list[Camera]:
    """Where cameras stand, whose they are and where they look."""
    sites: list[Camera] = []

    def put(xy: Floats, kind: str, owner: str, azimuth: float | None, *, kept: bool = False) -> None:
        sites.append(Camera(xy=xy, kind=kind, owner=owner, azimuth_deg=azimuth, is_kept=kept))

    for point, arms in junctions(edges).values():
        main = [edge for edge in arms if edge.highway_class in ARTERIAL]
        if len(main) < 3 or sum(edge.highway_class in MAIN for edge in main) < 2 or rng.random() > 0.62:
            continue
        pole = point + rng.choice([-9.0, 9.0], 2)
        if rng.random() < 0.55:
            put(pole, "ptz", "police", None)
        for edge in main:
            away = edge.xy[1] - edge.xy[0] if np.allclose(edge.xy[0], point) else edge.xy[-2] - edge.xy[-1]
            if rng.random() < 0.5:
                put(pole, "anpr", "police", _azimuth(away), kept=bool(rng.random() < 0.7))
            if rng.random() < 0.5:
                put(pole, "fixed", "akimat", _azimuth(away), kept=bool(rng.random() < 0.4))
    for edge in edges:
        chance = {"C": 0.75, "B": 1.0, "K": 0.5, "A": 0.10, "E": 0.3, "M": 0.14, "S": 0.5}.get(edge.zone, 0.01)
        if edge.length_m < 45 or rng.random() > chance:
            continue
        for share, way in ((0.15, 1.0), (0.85, -1.0)):
            if way < 0 and rng.random() < 0.35 and edge.zone not in "CB":
                continue
            point, direction = edge.along(share)
            side = np.array([direction[1], -direction[0]]) * 5.5 * way
            owner = "housing" if edge.zone == "M" else "akimat"
            put(point + side, "fixed", owner, _azimuth(direction * way), kept=edge.zone in "CB")
    for edge in busiest:  # where the police asked for them: along the street from both ends
        for share, way in ((0.04, 1.0), (0.36, 1.0), (0.64, -1.0), (0.96, -1.0)):
            point, direction = edge.along(share)
            side = np.array([direction[1], -direction[0]]) * 4.0 * way
            put(point + side, "fixed", "police", _azimuth(direction * way), kept=True)
    for place in found:
        chance, count, owner = {
            "school": (1.0, 5, "akimat"),
            "kindergarten": (0.9, 3, "akimat"),
            "market": (1.0, 6, "business"),
            "venue": (0.7, 2, "business"),
            "shop": (0.45, 1, "business"),
            "alcohol_shop": (0.5, 1, "business"),
            "hospital": (1.0, 4, "akimat"),
            "police": (1.0, 3, "police"),
            "playground": (0.2, 1, "housing"),
        }.get(place.kind, (0.0, 0, "unknown"))
        if rng.random() > chance:
            continue
        for k in range(count):
            azimuth = float(rng.uniform(0, 360))
            spread = 34.0 if place.kind in {"school", "kindergarten", "market", "hospital"} else 3.0
            offset = spread * np.array([np.sin(2 * np.pi * k / count), np.cos(2 * np.pi * k / count)])
            put(place.xy + offset, "dome" if rng.random() < 0.45 else "fixed", owner, azimuth)
    return sites


def _day(rng: Rng, first: dt.date, last: dt.date) -> dt.date:
    return first + dt.timedelta(days=int(rng.integers(0, (last - first).days + 1)))


def _described(site: Camera, rng: Rng) -> Camera:
    """The site with the attributes its owner's inventory would hold."""
    hfov, reach, infrared = _OPTICS[site.kind]
    status = str(rng.choice(["works", "planned", "unknown"], p=[0.88, 0.03, 0.09]))
    if site.is_kept and site.owner == "police":
        status = "works"
    installed = _day(rng, _FIRST_DAY, _LAST_DAY) if rng.random() < 0.8 else None
    stale = rng.random() < 0.55
    since = dt.date(2018, 1, 1) if stale else dt.date(2024, 6, 1)
    until = dt.date(2022, 12, 31) if stale else _LAST_DAY
    verified = _day(rng, max(since, installed or since), max(until, installed or until)) if rng.random() < 0.7 else None
    public = site.owner in {"akimat", "police"}
    return replace(
        site,
        status=status,
        connected=bool(rng.random() < (0.9 if public else 0.07)) if rng.random() < 0.93 else None,
        azimuth_deg=None if site.azimuth_deg is None else float(round(site.azimuth_deg)) % 360.0,
        hfov_deg=round(hfov * rng.uniform(0.85, 1.15)) if rng.random() < 0.8 else None,
        tilt_deg=float(rng.integers(8, 26)) if rng.random() < 0.5 else None,
        height_m=round(float(rng.uniform(3.5, 8.0)), 1) if rng.random() < 0.75 else None,
        width_px=int(rng.choice([1280, 1920, 2560, 3840], p=[0.15, 0.55, 0.2, 0.1])) if rng.random() < 0.85 else None,
        range_m=round(reach * rng.uniform(0.8, 1.3)) if rng.random() < 0.7 else None,
        ir_range_m=float(infrared) if rng.random() < 0.5 else None,
        installed_on=None if status == "planned" else installed,
        verified_on=None if status == "planned" else verified,
    )


def cameras(
    edges: list[Edge], found: list[Place], *, busiest: list[Edge], garage_street: list[Edge], rng: Rng
) -> list[Camera]:
    """The whole inventory.

    Parameters
    ----------
    busiest : the streets where most happens; all but Garage Street have cameras.

    Exactly ``NO_AZIMUTH_SHARE`` of the rows lack a direction and ``BROKEN_SHARE`` are broken. No device stands
    within ``BLIND_M`` of Garage Street.
    """
    blind = np.vstack([edge.xy for edge in garage_street])
    sites = [site for site in _sites(edges, found, busiest, rng) if np.hypot(*(blind - site.xy).T).min() > BLIND_M]
    listed = [_described(site, rng) for site in sites]
    for index in rng.choice(len(listed), round(DUPLICATE_SHARE * len(listed)), replace=False):
        owner = "housing" if listed[index].owner == "akimat" else "akimat"
        listed.append(replace(listed[index], xy=listed[index].xy + rng.uniform(-3.5, 3.5, 2), owner=owner))
    total = len(listed)
    directed = np.flatnonzero([camera.azimuth_deg is not None and not camera.is_kept for camera in listed])
    lost = max(0, round(NO_AZIMUTH_SHARE * total) - sum(camera.azimuth_deg is None for camera in listed))
    for index in rng.choice(directed, min(lost, len(directed)), replace=False):
        listed[index] = replace(listed[index], azimuth_deg=None)
    free = np.flatnonzero([not camera.is_kept for camera in listed])
    for index in rng.choice(free, round(BROKEN_SHARE * total), replace=False):
        listed[index] = replace(listed[index], status="broken")
    return listed
