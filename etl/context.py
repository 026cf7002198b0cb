"""What intake has to know about the workspace a file is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import shapely.geometry.base
from numpy.typing import NDArray

from etl.kato.classifier import Classifier
from etl.surroundings import Surroundings

Degrees = NDArray[np.float64]
Moments = NDArray[np.datetime64]
DarkRule = Callable[[Degrees, Degrees, Moments, Moments], pa.BooleanArray]


@dataclass(frozen=True, kw_only=True)
class ImportContext:
    """Where and when rows are plausible.

    Parameters
    ----------
    zone : IANA name of the workspace's time zone.
    now : aware; events after it are refused.
    territory : polygon or multipolygon in EPSG:4326; None = anywhere.
    minimum_year : events before it are refused.
    dark : called as ``dark(lon, lat, occurred_from, occurred_to)`` (degrees, UTC datetime64[us]; NaN and NaT unknown), gives
        whether the sun is lower than −6° for the whole interval, null = unknown or not the same throughout.
    kato : the classifier settlement names are resolved to; None = they are not.
    surroundings : what positions are judged by; None = by nothing.
    """

    zone: str
    now: datetime
    territory: shapely.geometry.base.BaseGeometry | None = None
    minimum_year: int = 1990
    dark: DarkRule | None = None
    kato: Classifier | None = None
    surroundings: Surroundings | None = None
