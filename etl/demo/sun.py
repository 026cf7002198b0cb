"""How high the sun stands, to a fifth of a degree: enough to say day, dusk or night of an accident card."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from etl.demo.frame import ORIGIN_LAT, ORIGIN_LON, Floats

ZONE_CHANGE = np.datetime64("2024-03-01T00:00")  # Kazakhstan moved to UTC+5, as in the IANA zone Asia/Almaty
_J2000 = np.datetime64("2000-01-01T12:00")


def altitude_deg(local: NDArray[np.datetime64]) -> Floats:
    """Altitude of the sun's centre over the demo city.

    Parameters
    ----------
    local : wall clock of Asia/Almaty, datetime64[m].

    Returns
    -------
    float64: degrees above the horizon, without refraction. Low-precision formula of the Astronomical Almanac
    (page C5): error below 0.1 degree between 1950 and 2050.
    """
    offset_h = np.where(local < ZONE_CHANGE, 6, 5)
    days = (local - _J2000) / np.timedelta64(1, "D") - offset_h / 24.0
    mean_longitude = 280.460 + 0.9856474 * days
    anomaly = np.radians(357.528 + 0.9856003 * days)
    ecliptic = np.radians(mean_longitude + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    tilt = np.radians(23.439 - 4e-7 * days)
    ascension = np.arctan2(np.cos(tilt) * np.sin(ecliptic), np.cos(ecliptic))
    declination = np.arcsin(np.sin(tilt) * np.sin(ecliptic))
    sidereal = np.radians((280.46062 + 360.98564737 * days) + ORIGIN_LON)
    hour_angle = sidereal - ascension
    latitude = np.radians(ORIGIN_LAT)
    sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))), dtype=np.float64)
