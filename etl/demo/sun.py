"""How high the sun stands over the demo city at a wall-clock time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from etl.demo.frame import ORIGIN_LAT, ORIGIN_LON, Floats
from geo_core.sun import solar_elevation_deg

ZONE_CHANGE = np.datetime64("2024-03-01T00:00")  # Asia/Almaty went from UTC+6 to UTC+5 (IANA tzdata 2024a)


def altitude_deg(local: NDArray[np.datetime64]) -> Floats:
    """Altitude of the sun's centre, degrees, without refraction.

    Parameters
    ----------
    local : wall clock of Asia/Almaty, datetime64[m], from 2005 on; NaT gives NaN.
    """
    offset_h = np.where(local < ZONE_CHANGE, 6, 5).astype("timedelta64[h]")
    return solar_elevation_deg(ORIGIN_LON, ORIGIN_LAT, local - offset_h)
