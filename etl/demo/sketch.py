"""What the planners of the demo city draw into: ways, buildings and spots in river coordinates."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from etl.demo.frame import Floats, rectangle
from etl.demo.names import Name

Rng = np.random.Generator
Ints = NDArray[np.int64]

SPEED_KMH = {"primary": 60, "secondary": 60, "tertiary": 60, "residential": 40, "living_street": 20, "service": 20}
FLOOR_M = 2.9


@dataclass(frozen=True, kw_only=True)
class Way:
    """A street before it is cut at its junctions.

    Parameters
    ----------
    line : float64[n, 2], river coordinates, in the direction of travel where it is one-way.
    level : 0 on the ground; only ways of one level meet.
    lit : share of its length that has lamps, as the planner meant it; the inventory may not know.
    """

    line: Floats
    highway_class: str
    zone: str
    lit: float
    name: Name | None = None
    oneway: bool = False
    level: int = 0
    is_bridge: bool = False

    @property
    def speed_kmh(self) -> int | None:
        return SPEED_KMH.get(self.highway_class)


@dataclass(frozen=True, kw_only=True)
class Building:
    """A building's ring in river coordinates; heights are of the eaves."""

    ring: Floats
    use: str
    zone: str
    levels: int | None
    height_m: float | None
    addresses: int


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place of some kind at a point in river coordinates."""

    kind: str
    u: float
    v: float
    name: Name | None = None


@dataclass(frozen=True, kw_only=True)
class Block:
    """A superblock between four arterials.

    Parameters
    ----------
    zone : letter of the plan (``etl.demo.plan``).
    u0, v0, u1, v1 : the arterials' axes; beside the avenue, the axis of the near carriageway.
    number : of the microdistrict, 0 elsewhere.
    """

    zone: str
    column: int
    row: int
    u0: float
    v0: float
    u1: float
    v1: float
    number: int = 0

    @property
    def mid_u(self) -> float:
        return (self.u0 + self.u1) / 2

    @property
    def mid_v(self) -> float:
        return (self.v0 + self.v1) / 2

    def inner(self, inset: float) -> tuple[float, float, float, float]:
        """u0, v0, u1, v1 of the ground left when a strip along the arterials is kept free."""
        return self.u0 + inset, self.v0 + inset, self.u1 - inset, self.v1 - inset


@dataclass(kw_only=True)
class Sketch:
    """Everything drawn so far."""

    ways: list[Way] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    ponds: list[tuple[Floats, Name]] = field(default_factory=list)

    def way(
        self,
        points: list[tuple[float, float]],
        highway_class: str,
        zone: str,
        *,
        lit: float,
        name: Name | None = None,
        oneway: bool = False,
        level: int = 0,
        is_bridge: bool = False,
    ) -> None:
        """Draw a street through ``points``."""
        self.ways.append(
            Way(
                line=np.array(points, dtype=np.float64),
                highway_class=highway_class,
                zone=zone,
                lit=lit,
                name=name,
                oneway=oneway,
                level=level,
                is_bridge=is_bridge,
            )
        )

    def box(
        self,
        u0: float,
        v0: float,
        u1: float,
        v1: float,
        use: str,
        zone: str,
        *,
        levels: int | None = None,
        height_m: float | None = None,
        addresses: int = 1,
    ) -> None:
        """Draw a rectangular building (nothing when the rectangle has collapsed)."""
        if u1 - u0 < 4 or v1 - v0 < 4:
            return
        ring = rectangle(u0, v0, u1, v1)
        self.outline(ring, use, zone, levels=levels, height_m=height_m, addresses=addresses)

    def outline(
        self,
        ring: Floats,
        use: str,
        zone: str,
        *,
        levels: int | None = None,
        height_m: float | None = None,
        addresses: int = 1,
    ) -> None:
        """Draw a building of any shape that is symmetric about its middle; ``ring`` is closed."""
        self.buildings.append(
            Building(ring=ring, use=use, zone=zone, levels=levels, height_m=height_m, addresses=addresses)
        )

    def spot(self, kind: str, u: float, v: float, name: Name | None = None) -> None:
        """Put a place of some kind."""
        self.spots.append(Spot(kind=kind, u=u, v=v, name=name))
