"""A camera, what it resolves at which distance, and whether it may count as coverage.

Pixel density follows EN 62676-4 (table below, as data): on the optical axis of a rectilinear lens a picture ``W`` pixels
wide with a horizontal field of view ``HFOV`` has at distance ``d``

    density(d) = W / (2 d tan(HFOV / 2))   [px/m]

The density of the axis is used for the whole arc, which never overstates on a rectilinear lens.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from geo_core.errors import InvalidInput


class CameraKind(StrEnum):
    """How the camera is built. ``ptz`` and ``panning`` look one way at a time and are no fixed coverage."""

    FIXED = "fixed"
    DOME = "dome"
    PTZ = "ptz"
    PANNING = "panning"
    ANPR = "anpr"


class CameraStatus(StrEnum):
    """Whether the camera works; only what was observed or reported is more than ``unknown``."""

    WORKS = "works"
    BROKEN = "broken"
    PLANNED = "planned"
    UNKNOWN = "unknown"


class CameraClass(StrEnum):
    """What a camera may be counted as."""

    COUNTED = "counted"  # works, pose and optics known: its visible area is coverage
    POTENTIAL = "potential"  # stands somewhere, but what it looks at is not known: reported apart, never coverage
    DEAD = "dead"  # broken or not built: covers nothing
    PTZ = "ptz"  # turns: could look anywhere in its circle, looks at a part of it
    BLIND = "blind"  # stands where it sees nothing, as inside a building; told by the obstacles, never by ``classify``


class Classification(NamedTuple):
    """Class of a camera with the reason, a kebab-case code for the reader's catalogue (``camera.reason.<code>``)."""

    camera_class: CameraClass
    reason: str


class Azimuth(NamedTuple):
    """Parsed direction: degrees clockwise from true north in [0, 360); the width where the text was a range."""

    azimuth_deg: float
    hfov_deg: float | None


@dataclass(frozen=True, kw_only=True)
class DensityTable:
    """Levels of detail of one edition of a standard.

    Parameters
    ----------
    edition : name of the standard and its edition, shown wherever a level is shown.
    px_per_m : level → least pixel density on the target plane, px/m.
    """

    edition: str
    px_per_m: Mapping[str, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "px_per_m", MappingProxyType(dict(self.px_per_m)))

    def density(self, level: str) -> float:
        """Least pixel density of a level, px/m.

        Raises
        ------
        InvalidInput : ``camera-level-unknown``, the table has no such level.
        """
        try:
            return self.px_per_m[level]
        except KeyError:
            raise InvalidInput("camera-level-unknown", level=level, known=", ".join(self.px_per_m)) from None


EN_62676_4_2015 = DensityTable(
    edition="EN 62676-4:2015",
    px_per_m={"monitor": 12.5, "detect": 25.0, "observe": 62.5, "recognise": 125.0, "identify": 250.0},
)
"""Monitor, detect, observe, recognise, identify. Later editions use other names and numbers: pass another table."""


@dataclass(frozen=True, kw_only=True)
class Camera:
    """One camera in a local metric projection whose y axis points to true north.

    Parameters
    ----------
    x_m, y_m : position, metres.
    height_m : above ground; None = unknown.
    azimuth_deg : direction of the axis, degrees clockwise from true north, stored in [0, 360); None = unknown.
    hfov_deg : horizontal field of view in (0, 360]; None = unknown.
    tilt_deg : downward positive, [-90, 90]; None = unknown.
    vfov_deg : vertical field of view in (0, 180]; None = unknown.
    sensor_px : width of the picture in pixels; None = unknown.
    range_m : stated usable (slant) range; None = computed from the level of detail where the optics are known.

    NaN is read as None.

    Raises
    ------
    InvalidInput : ``camera-value-out-of-range`` with field, value, minimum and maximum.
    """

    x_m: float
    y_m: float
    height_m: float | None = None
    azimuth_deg: float | None = None
    hfov_deg: float | None = None
    tilt_deg: float | None = None
    vfov_deg: float | None = None
    sensor_px: float | None = None
    range_m: float | None = None
    kind: CameraKind = CameraKind.FIXED
    status: CameraStatus = CameraStatus.UNKNOWN

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, float) and math.isnan(value) and spec.name not in {"x_m", "y_m"}:
                object.__setattr__(self, spec.name, None)
        for name, minimum, maximum in _VALID:
            value = getattr(self, name)
            if value is not None and not minimum <= value <= maximum:
                least = 0.0 if minimum == _SMALLEST else minimum
                raise InvalidInput(
                    "camera-value-out-of-range", field=name, value=str(value), minimum=least, maximum=maximum
                )
        object.__setattr__(self, "kind", CameraKind(self.kind))
        object.__setattr__(self, "status", CameraStatus(self.status))
        if self.azimuth_deg is not None:
            object.__setattr__(self, "azimuth_deg", self.azimuth_deg % 360.0)


_SMALLEST = 1e-6  # stands for "more than zero" in the inclusive ranges below
_VALID = (
    ("x_m", -1e8, 1e8),
    ("y_m", -1e8, 1e8),
    ("height_m", 0.0, 500.0),
    ("azimuth_deg", 0.0, 360.0),
    ("hfov_deg", _SMALLEST, 360.0),
    ("tilt_deg", -90.0, 90.0),
    ("vfov_deg", _SMALLEST, 180.0),
    ("sensor_px", 1.0, 1e6),
    ("range_m", _SMALLEST, 1e5),
)


def level_range_m(*, width_px: float, hfov_deg: float, px_per_m: float) -> float:
    """Greatest distance at which the picture still has the asked density.

    ``d = W / (2 density tan(HFOV / 2))``; 1920 px and 90° give 3.84, 7.68, 15.36 and 38.4 m for 250, 125, 62.5, 25 px/m.

    Raises
    ------
    InvalidInput : ``camera-optics-invalid`` when a value is not positive or the lens cannot be rectilinear (HFOV ≥ 180°).
    """
    if not (width_px > 0 and 0 < hfov_deg < 180 and px_per_m > 0):
        raise InvalidInput(
            "camera-optics-invalid", width_px=str(width_px), hfov_deg=str(hfov_deg), px_per_m=str(px_per_m)
        )
    return width_px / (2.0 * px_per_m * math.tan(math.radians(hfov_deg) / 2.0))


def ground_range_m(slant_range_m: float, *, height_m: float, target_height_m: float = 1.6) -> float:
    """Horizontal distance at which a target is ``slant_range_m`` away from a lens ``height_m`` above ground.

    ``sqrt(R² − (H − h)²)``; zero where the lens hangs higher above the target than it can see.
    """
    return math.sqrt(max(slant_range_m**2 - (height_m - target_height_m) ** 2, 0.0))


def blind_foot_m(camera: Camera, *, height_m: float, target_height_m: float = 1.6) -> float:
    """Horizontal distance up to which a target is below the picture: ``(H − h) / tan(tilt + VFOV / 2)``.

    Zero when tilt or vertical field of view is unknown (nothing is subtracted that is not known), when the lower edge of
    the picture reaches the vertical, or when the lens is not above the target. Infinite when the lower edge of the
    picture never comes down to the target.
    """
    if camera.tilt_deg is None or camera.vfov_deg is None or height_m <= target_height_m:
        return 0.0
    lower_deg = camera.tilt_deg + camera.vfov_deg / 2.0
    if lower_deg >= 90.0:
        return 0.0
    if lower_deg <= 0.0:
        return math.inf
    return (height_m - target_height_m) / math.tan(math.radians(lower_deg))


def camera_range_m(
    camera: Camera, *, level: str = "detect", table: DensityTable = EN_62676_4_2015, stated_is_enough: bool = True
) -> float | None:
    """Slant range of a camera at a level of detail; None when it cannot be known.

    The optics decide where picture width and a rectilinear field of view are known; a stated range can only shorten it.
    Where the optics are unknown the stated range is taken as it is (with ``stated_is_enough=False`` it is not: a range
    somebody wrote down says nothing about the level).
    """
    density = table.density(level)
    if camera.sensor_px is not None and camera.hfov_deg is not None and camera.hfov_deg < 180.0:
        optical_m = level_range_m(width_px=camera.sensor_px, hfov_deg=camera.hfov_deg, px_per_m=density)
        return optical_m if camera.range_m is None else min(optical_m, camera.range_m)
    return camera.range_m if stated_is_enough else None


def classify(camera: Camera, *, level: str = "detect", table: DensityTable = EN_62676_4_2015) -> Classification:
    """What a camera may be counted as, and why.

    A camera whose direction, field of view or range is unknown is *potential*: it is reported apart and is never
    coverage. So is a camera nobody knows to work, however well its pose is known. Broken and planned cameras cover nothing.

    Returns
    -------
    Classification : reasons are ``broken``, ``planned``, ``turns``, ``azimuth-unknown``, ``hfov-unknown``,
        ``range-unknown``, ``status-unknown``, ``pose-known``.
    """
    if camera.status in {CameraStatus.BROKEN, CameraStatus.PLANNED}:
        return Classification(CameraClass.DEAD, camera.status.value)
    if camera.kind in {CameraKind.PTZ, CameraKind.PANNING}:
        return Classification(CameraClass.PTZ, "turns")
    if camera.hfov_deg is None:
        reason = "hfov-unknown" if camera.azimuth_deg is not None else "azimuth-unknown"
        return Classification(CameraClass.POTENTIAL, reason)
    if camera.azimuth_deg is None and camera.hfov_deg < 360.0:
        return Classification(CameraClass.POTENTIAL, "azimuth-unknown")
    if camera_range_m(camera, level=level, table=table) is None:
        return Classification(CameraClass.POTENTIAL, "range-unknown")
    if camera.status is not CameraStatus.WORKS:
        return Classification(CameraClass.POTENTIAL, "status-unknown")
    return Classification(CameraClass.COUNTED, "pose-known")


_POINTS = ("n", "nne", "ne", "ene", "e", "ese", "se", "sse", "s", "ssw", "sw", "wsw", "w", "wnw", "nw", "nnw")
_WORDS = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
_RUSSIAN = ("с", "св", "в", "юв", "ю", "юз", "з", "сз")  # Cyrillic letters, as in Kazakhstani inventories
_COMPASS: Mapping[str, float] = MappingProxyType(
    {name: i * 22.5 for i, name in enumerate(_POINTS)}
    | {name: i * 45.0 for i, name in enumerate(_WORDS)}
    | {name: i * 45.0 for i, name in enumerate(_RUSSIAN)}
)
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_RANGE = re.compile(r"(\d+(?:[.,]\d+)?)[-–—](\d+(?:[.,]\d+)?)")


def azimuth_parse(text: str) -> Azimuth:
    """Direction written as degrees, compass point or clockwise range of degrees.

    Parameters
    ----------
    text : ``"90"``, ``"90°"``, ``"NE"``, ``"СВ"``, ``"north"``, ``"239-284"`` (axis in the middle, its width is the field
        of view), ``"338-23"`` (over north).

    Returns
    -------
    Azimuth : ``azimuth_parse("338-23") == (0.5, 45.0)``; ``hfov_deg`` is None unless the text is a range.

    Raises
    ------
    InvalidInput : ``azimuth-out-of-range`` for degrees outside 0–360, ``azimuth-range-empty`` for a range without width,
        ``azimuth-unreadable`` for anything else.
    """
    plain = re.sub(r"[\s°_]", "", text).casefold()
    point = plain.replace("-", "")
    if point in _COMPASS:
        return Azimuth(_COMPASS[point], None)
    if _NUMBER.fullmatch(plain):
        return Azimuth(_degrees(plain, text) % 360.0, None)
    match = _RANGE.fullmatch(plain)
    if match is None:
        raise InvalidInput("azimuth-unreadable", value=text)
    start_deg, end_deg = _degrees(match[1], text), _degrees(match[2], text)
    width_deg = 360.0 if (start_deg, end_deg) == (0.0, 360.0) else (end_deg - start_deg) % 360.0
    if width_deg == 0.0:
        raise InvalidInput("azimuth-range-empty", value=text)
    return Azimuth((start_deg + width_deg / 2.0) % 360.0, width_deg)


def _degrees(number: str, text: str) -> float:
    value = float(number.replace(",", "."))
    if not 0.0 <= value <= 360.0:
        raise InvalidInput("azimuth-out-of-range", value=text, minimum=0, maximum=360)
    return value
