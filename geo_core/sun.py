"""Where the sun stands, and so whether an event happened in the dark.

Position: J. Meeus, *Astronomical Algorithms*, 2nd ed. 1998, ch. 25 (low accuracy, 0.01°) with the mean sidereal time of ch. 12, the
formulas behind the NOAA solar calculator (https://gml.noaa.gov/grad/solcalc/calcdetails.html). Elevation is that of the sun's centre without
refraction, which is how twilight is defined: civil twilight ends at −6°, and then street light is needed.
Valid for 1900–2100; TT − UTC (about 69 s, 0.001° of the sun's motion) is left out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from geo_core.areas import check_lonlat
from geo_core.errors import InvalidInput

CIVIL_TWILIGHT_DEG: Final = -6.0
_J2000_MS: Final = 946_728_000_000  # 2000-01-01T12:00Z since 1970, in ms
_DAY_MS: Final = 86_400_000.0
# The sine of the elevation changes by less than this in a day of 2π · 1.0028 of hour angle and 0.4° of declination.
_FASTEST_PER_DAY: Final = 6.4
_UNKNOWN_TIME: Final = np.iinfo(np.int64).min  # numpy's NaT


@njit(cache=True, nogil=True)
def _sine_of_elevation(sin_phi: float, cos_phi: float, lon_deg: float, days: float) -> tuple[float, float]:
    """Sine of the elevation, and the local hour angle (radians, 0–2π, 0 = noon), ``days`` after J2000.0."""
    t = days / 36525.0
    mean_longitude = np.radians((280.46646 + t * (36000.76983 + t * 0.0003032)) % 360.0)
    anomaly = np.radians((357.52911 + t * (35999.05029 - t * 0.0001537)) % 360.0)
    sin_m, cos_m = np.sin(anomaly), np.cos(anomaly)
    sin_2m = 2.0 * sin_m * cos_m
    sin_3m = sin_m * (3.0 - 4.0 * sin_m * sin_m)
    centre_deg = (
        (1.914602 - t * (0.004817 + t * 0.000014)) * sin_m + (0.019993 - 0.000101 * t) * sin_2m + 0.000289 * sin_3m
    )
    node = np.radians(125.04 - 1934.136 * t)
    longitude = mean_longitude + np.radians(centre_deg - 0.00569 - 0.00478 * np.sin(node))
    obliquity = np.radians(23.4392911 - 0.0130042 * t + 0.00256 * np.cos(node))
    sin_l = np.sin(longitude)
    sin_declination = np.sin(obliquity) * sin_l
    cos_declination = np.sqrt(1.0 - sin_declination * sin_declination)
    ascension = np.arctan2(np.cos(obliquity) * sin_l, np.cos(longitude))
    sidereal = np.radians((280.46061837 + 360.98564736629 * days + lon_deg) % 360.0)
    hour_angle = (sidereal - ascension) % (2.0 * np.pi)
    return sin_phi * sin_declination + cos_phi * cos_declination * np.cos(hour_angle), hour_angle


@njit(cache=True)
def _elevations_deg(lon: NDArray[np.float64], lat: NDArray[np.float64], ms: NDArray[np.int64]) -> NDArray[np.float64]:
    out = np.empty(ms.shape[0])
    for n in range(ms.shape[0]):
        if ms[n] == _UNKNOWN_TIME or not (np.isfinite(lon[n]) and np.isfinite(lat[n])):
            out[n] = np.nan
            continue
        phi = np.radians(lat[n])
        sine, _ = _sine_of_elevation(np.sin(phi), np.cos(phi), lon[n], (ms[n] - _J2000_MS) / _DAY_MS)
        out[n] = np.degrees(np.arcsin(min(1.0, max(-1.0, sine))))
    return out


@njit(cache=True, nogil=True)
def _dark_throughout(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    start_ms: NDArray[np.int64],
    end_ms: NDArray[np.int64],
    threshold_deg: float,
) -> NDArray[np.float64]:
    out = np.full(start_ms.shape[0], np.nan)
    threshold = np.sin(np.radians(threshold_deg))
    for n in range(start_ms.shape[0]):
        if start_ms[n] == _UNKNOWN_TIME or end_ms[n] == _UNKNOWN_TIME:
            continue
        if not (np.isfinite(lon[n]) and np.isfinite(lat[n])):
            continue
        phi = np.radians(lat[n])
        sin_phi, cos_phi = np.sin(phi), np.cos(phi)
        start, end = (start_ms[n] - _J2000_MS) / _DAY_MS, (end_ms[n] - _J2000_MS) / _DAY_MS
        sine, hour_angle = _sine_of_elevation(sin_phi, cos_phi, lon[n], start)
        dark, light = sine < threshold, sine >= threshold
        if abs(sine - threshold) > _FASTEST_PER_DAY * (end - start):
            # too far from the threshold to reach it within so short a time: the end is on the same side
            out[n] = 1.0 if dark else 0.0
            continue
        sine, _ = _sine_of_elevation(sin_phi, cos_phi, lon[n], end)
        dark, light = dark or sine < threshold, light or sine >= threshold
        # Between the ends the sun turns only at noon and at midnight, half a day apart.
        moment = start + ((-hour_angle) % np.pi) / (2.0 * np.pi)
        while moment < end and not (dark and light):
            sine, _ = _sine_of_elevation(sin_phi, cos_phi, lon[n], moment)
            dark, light = dark or sine < threshold, light or sine >= threshold
            moment += 0.5
        if dark != light:
            out[n] = 1.0 if dark else 0.0
    return out


def _milliseconds(times: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(times)
    if given.dtype.kind != "M":
        raise InvalidInput("time-not-datetime64", dtype=str(given.dtype))
    return given.astype("datetime64[ms]").view(np.int64)


def _places(lon: ArrayLike, lat: ArrayLike, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    try:
        east = np.broadcast_to(np.asarray(lon, np.float64), shape)
        north = np.broadcast_to(np.asarray(lat, np.float64), shape)
    except ValueError as fault:
        raise InvalidInput(
            "shapes-differ", lon=list(np.shape(lon)), lat=list(np.shape(lat)), times=list(shape)
        ) from fault
    check_lonlat(east.ravel(), north.ravel())
    return np.ascontiguousarray(east).ravel(), np.ascontiguousarray(north).ravel()


def solar_elevation_deg(lon: ArrayLike, lat: ArrayLike, utc: ArrayLike) -> NDArray[np.float64]:
    """Elevation of the sun's centre above the horizon, without refraction.

    Parameters
    ----------
    lon, lat : degrees WGS84, scalars or of the shape of ``utc``; NaN = position unknown.
    utc : datetime64 of any unit and shape, UTC; NaT = time unknown.

    Returns
    -------
    float64 of the shape of ``utc``, degrees, −90–90; NaN where position or time is unknown.

    Raises
    ------
    InvalidInput : ``time-not-datetime64``, ``coordinates-out-of-range``, ``shapes-differ``.
    """
    ms = _milliseconds(utc)
    east, north = _places(lon, lat, ms.shape)
    out: NDArray[np.float64] = _elevations_deg(east, north, np.ascontiguousarray(ms).ravel())
    return out.reshape(ms.shape)


def is_dark(
    lon: ArrayLike, lat: ArrayLike, utc: ArrayLike, *, threshold_deg: float = CIVIL_TWILIGHT_DEG
) -> NDArray[np.float64]:
    """Whether the sun stood lower than the threshold (exclusive) at that place and moment.

    Parameters
    ----------
    lon, lat, utc : as in :func:`solar_elevation_deg`.
    threshold_deg : elevation below which it is dark; −6° is the end of civil twilight.

    Returns
    -------
    float64 of the shape of ``utc``: 1 dark, 0 light, NaN unknown (position or time unknown).
    """
    elevation = solar_elevation_deg(lon, lat, utc)
    return np.where(np.isnan(elevation), np.nan, (elevation < threshold_deg).astype(np.float64))


def dark_of_interval(
    lon: ArrayLike,
    lat: ArrayLike,
    utc_from: ArrayLike,
    utc_to: ArrayLike,
    *,
    threshold_deg: float = CIVIL_TWILIGHT_DEG,
) -> NDArray[np.float64]:
    """Whether it was dark during the whole of an interval, for events whose moment is known only within it.

    Parameters
    ----------
    lon, lat : degrees WGS84, scalars or of the shape of ``utc_from``; NaN = position unknown.
    utc_from, utc_to : datetime64 of one shape, UTC; the event lies between them. NaT = unknown.
    threshold_deg : as in :func:`is_dark`.

    Returns
    -------
    float64: 1 dark throughout, 0 light throughout, NaN when it was both or position or time is unknown. An interval of a whole day
    is therefore unknown except in a polar night or day.

    Raises
    ------
    InvalidInput : ``interval-reversed``, and those of :func:`solar_elevation_deg`.
    """
    start, end = _milliseconds(utc_from), _milliseconds(utc_to)
    if start.shape != end.shape:
        raise InvalidInput("shapes-differ", utc_from=list(start.shape), utc_to=list(end.shape))
    known = (start != _UNKNOWN_TIME) & (end != _UNKNOWN_TIME)
    if (known & (end < start)).any():
        raise InvalidInput("interval-reversed", count=int((known & (end < start)).sum()))
    east, north = _places(lon, lat, start.shape)
    out: NDArray[np.float64] = _dark_throughout(
        east, north, np.ascontiguousarray(start).ravel(), np.ascontiguousarray(end).ravel(), threshold_deg
    )
    return out.reshape(start.shape)


def warm_up() -> None:
    """Compile (or load) the kernels."""
    moment = np.array(["2026-01-01"], "datetime64[ms]")
    is_dark(0.0, 0.0, moment)
    dark_of_interval(0.0, 0.0, moment, moment)
