"""Notes on single records: positions and times that should not be believed, and why. Nothing is changed by a note.

====================  =====================================================================================================
flag                  rule
====================  =====================================================================================================
position-doubtful     at least one of the four below
doubt-few-decimals    both coordinates are whole thousandths of a degree (about 100 m), in a source in degrees
doubt-far-from-road   :data:`etl.surroundings.FAR_FROM_ROAD_M` from every road, where roads are known nearby (accidents only)
doubt-in-water        in water and on no bridge
doubt-shared-point    a point improbably many rows share (:mod:`etl.shared_points`; noted when the whole file is read)
outside-district      :data:`etl.surroundings.OUTSIDE_DISTRICT_M` outside the district whose code the row carries
time-rounded          :mod:`etl.time_heaps`
time-filled-in        :mod:`etl.time_heaps`
duplicate-suspected   :mod:`etl.near_duplicates`
====================  =====================================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from etl.coercion.positions import is_degrees
from etl.coercion.zones import zone_named
from etl.context import ImportContext
from etl.findings import Findings
from etl.near_duplicates import NearTable
from etl.records import EventTimes, Tally
from etl.shared_points import SharedPoints, SharedVerdict
from etl.time_heaps import TimeHeaps
from layers.spec import Layer, NearDuplicates, SourceMapping

POSITION_DOUBTFUL = "position-doubtful"
SHARED_POINT = "doubt-shared-point"
FEW_DECIMALS = 3
DISTRICT_FIELD = "district_code"
ON_ROADS = frozenset({"accidents"})  # what happens on a road; a burglary does not
_EXACT = 1e-6  # of a step: farther from a whole number than numbers with that many decimals ever are


class Doubts:
    """Judges the rows of one source; only events that are points are judged."""

    def __init__(self, layer: Layer, mapping: SourceMapping, context: ImportContext, *, crs: str) -> None:
        self._applies = layer.is_event and layer.geometry == "Point"
        self._layer, self._mapping = layer, mapping
        self._around = context.surroundings
        self._in_degrees = is_degrees(crs)
        self._heaps = TimeHeaps(zone_named(context.zone))
        self._near = NearTable()
        self._shared = SharedPoints()
        self.shared: SharedVerdict | None = None

    def note(
        self,
        columns: Mapping[str, pa.Array],
        lon: NDArray[np.float64],
        lat: NDArray[np.float64],
        times: EventTimes | None,
        findings: Findings,
    ) -> None:
        """Flag what one row alone tells."""
        if not self._applies or times is None:
            return
        self._heaps.note(times, findings)
        doubtful = np.zeros(len(lon), dtype=np.bool_)
        if self._in_degrees:
            few = few_decimals(lon)
            few[few] = few_decimals(lat[few])
            findings.flag("doubt-few-decimals", few)
            doubtful |= few
        if self._around is not None:
            if self._layer.id in ON_ROADS:
                far = self._around.far_from_road(lon, lat)
                findings.flag("doubt-far-from-road", far)
                doubtful |= far
            wet = self._around.in_water(lon, lat)
            findings.flag("doubt-in-water", wet)
            doubtful |= wet
            outside = self._around.outside_district(lon, lat, columns.get(DISTRICT_FIELD))
            findings.flag("outside-district", outside)
        findings.flag(POSITION_DOUBTFUL, doubtful)

    def compare(
        self,
        columns: Mapping[str, pa.Array],
        lon: NDArray[np.float64],
        lat: NDArray[np.float64],
        times: EventTimes | None,
        others: NDArray[np.bool_],
        findings: Findings,
    ) -> None:
        """Flag, or reject, rows that look like an earlier one; ``others`` are rows that count for nothing."""
        if not self._applies or times is None:
            return
        category = columns.get(self._layer.category_field or "")
        suspected = self._near.seek(np.where(others, np.nan, lon), lat, times, category)
        if self._mapping.near_duplicates is NearDuplicates.REJECT_LATER:
            findings.reject("near-duplicate", suspected)
        else:
            findings.flag("duplicate-suspected", suspected)

    def count(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> None:
        """Count the points of accepted rows."""
        if self._applies:
            self._shared.count(lon, lat)

    def conclude(self, warnings: Tally) -> None:
        """Judge the points of the whole source; ``shared`` is known after it."""
        self.shared = self._shared.verdict()
        if self.shared.is_snapped:
            warnings.add("positions-snapped", 1)


def few_decimals(degrees: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Coordinates of at most three decimals; NaN has none to judge."""
    steps = degrees * 10.0**FEW_DECIMALS
    with np.errstate(invalid="ignore"):
        out: NDArray[np.bool_] = np.abs(steps - np.rint(steps)) < _EXACT
    return out
