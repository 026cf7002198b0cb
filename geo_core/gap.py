"""The coverage gap: crimes in the dark that no counted camera sees, street by street.

Events whose darkness is not known, or that have no position or street, are counted apart and never taken for anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo_core.coverage import Share
from geo_core.errors import InvalidInput
from geo_core.rates import RatePrior, rate_prior, shrink

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NO_SEGMENT = -1
"""Segment of an event that lies on no street."""
ENOUGH_EVENTS = 30
"""Unseen night events on streets below which no street is told from the mean: how much streets differ cannot be known from fewer."""


class GapClass(StrEnum):
    """Whether a street can be told from the mean of the city."""

    ABOVE = "above"  # the whole interval lies above the mean
    BELOW = "below"
    NOT_ENOUGH_DATA = "not-enough-data"  # the interval holds the mean: nothing may be said


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverageGap:
    """The gap of every street segment and of the whole. Arrays have one value per segment; weights in the unit given.

    Parameters
    ----------
    night_events : int64, events in the dark.
    night_weight : their weight.
    unseen_night_events, unseen_night_weight : those no counted camera sees.
    seen_unknown_events : int64, events in the dark of which it is not known whether they are seen; not in the rates.
    dark_unknown_events : int64, events that may or may not have been in the dark; in no other figure.
    length_m : of the segments.
    rate_per_km : unseen events in the dark per km, as counted.
    shrunk_rate_per_km, low_per_km, high_per_km : empirical-Bayes mean and interval.
    mean_per_km : of the city, that the classes compare with.
    level : probability inside the interval.
    classes : str, values of ``GapClass``.
    enough : whether there are ``ENOUGH_EVENTS`` at all; without them every class is ``not-enough-data`` and ranks are only an order.
    rank : int64, 1 = largest shrunk rate; equal ones by unseen events, then by position.
    prior : of the rates (per km).
    night_seen : weight of the events in the dark that are seen / all whose being seen is known; unknown = the rest.
    dark : weight of events in the dark / all of known darkness; unknown = of unknown darkness.
    placed : weight on a segment / all; its complement was left out of the segments.
    """

    night_events: Integers
    night_weight: Floats
    unseen_night_events: Integers
    unseen_night_weight: Floats
    seen_unknown_events: Integers
    dark_unknown_events: Integers
    length_m: Floats
    rate_per_km: Floats
    shrunk_rate_per_km: Floats
    low_per_km: Floats
    high_per_km: Floats
    mean_per_km: float
    level: float
    classes: NDArray[np.str_]
    enough: bool
    rank: Integers
    prior: RatePrior
    night_seen: Share
    dark: Share
    placed: Share

    def ranked(self) -> Integers:
        """Segments from the largest gap to the smallest."""
        return np.argsort(self.rank).astype(np.int64)


def coverage_gap(
    *,
    segment: ArrayLike,
    dark: ArrayLike,
    seen: ArrayLike,
    length_m: ArrayLike,
    weights: ArrayLike | None = None,
    level: float = 0.9,
) -> CoverageGap:
    """Night crimes not seen, per street segment.

    Parameters
    ----------
    segment : int[event], position of the event's segment in ``length_m``; ``NO_SEGMENT`` (−1) = on none.
    dark : [event] True, False, or None/NaN = not known.
    seen : [event] True when a counted camera sees the place (see ``coverage.points_seen``), None/NaN = not known
        (an event without position, or inside a building).
    length_m : float64[segment] > 0, metres.
    weights : float64[event] finite ≥ 0; None = 1 each. Rates and classes are of events, not of weights.
    level : probability inside the interval.

    Raises
    ------
    InvalidInput : ``gap-input-invalid`` with the field.
    """
    lengths = np.array(length_m, dtype=np.float64)
    if lengths.ndim != 1 or len(lengths) == 0 or not bool(np.all(np.isfinite(lengths) & (lengths > 0))):
        raise InvalidInput("gap-input-invalid", field="length_m")
    at = np.asarray(segment)
    if at.size == 0:
        at = np.empty(0, np.int64)
    if at.ndim != 1 or at.dtype.kind not in "iu" or bool(np.any((at < NO_SEGMENT) | (at >= len(lengths)))):
        raise InvalidInput("gap-input-invalid", field="segment")
    is_dark, is_seen = tri_state(dark, field="dark"), tri_state(seen, field="seen")
    weight = np.ones(len(at)) if weights is None else np.array(weights, dtype=np.float64)
    for name, values in (("dark", is_dark), ("seen", is_seen), ("weights", weight)):
        if values.shape != at.shape:
            raise InvalidInput("gap-input-invalid", field=name)
    if not bool(np.all(np.isfinite(weight) & (weight >= 0))):
        raise InvalidInput("gap-input-invalid", field="weights")

    night, placed = is_dark == 1, at >= 0
    unseen = night & (is_seen == 0)
    number = len(lengths)

    def count(mask: NDArray[np.bool_]) -> Integers:
        return np.bincount(at[mask & placed], minlength=number).astype(np.int64)

    def total(mask: NDArray[np.bool_]) -> Floats:
        return np.bincount(at[mask & placed], weights=weight[mask & placed], minlength=number).astype(np.float64)

    unseen_events, km = count(unseen), lengths / 1000.0
    prior = rate_prior(unseen_events, km)
    rates = shrink(unseen_events, km, prior, level=level)
    classes = np.full(number, GapClass.NOT_ENOUGH_DATA.value, dtype="<U15")
    enough = int(unseen_events.sum()) >= ENOUGH_EVENTS
    if enough:
        classes[rates.low > prior.mean] = GapClass.ABOVE.value
        classes[rates.high < prior.mean] = GapClass.BELOW.value
    rank = np.empty(number, np.int64)
    rank[np.lexsort((np.arange(number), -unseen_events, -rates.mean))] = np.arange(1, number + 1)
    return CoverageGap(
        night_events=count(night),
        night_weight=total(night),
        unseen_night_events=unseen_events,
        unseen_night_weight=total(unseen),
        seen_unknown_events=count(night & (is_seen == -1)),
        dark_unknown_events=count(is_dark == -1),
        length_m=lengths,
        rate_per_km=unseen_events / km,
        shrunk_rate_per_km=rates.mean,
        low_per_km=rates.low,
        high_per_km=rates.high,
        mean_per_km=prior.mean,
        level=level,
        classes=classes,
        enough=enough,
        rank=rank,
        prior=prior,
        night_seen=Share(
            covered=math.fsum(weight[night & (is_seen == 1)]),
            total=math.fsum(weight[night & (is_seen >= 0)]),
            unknown=math.fsum(weight[night & (is_seen == -1)]),
        ),
        dark=Share(
            covered=math.fsum(weight[night]),
            total=math.fsum(weight[is_dark >= 0]),
            unknown=math.fsum(weight[is_dark == -1]),
        ),
        placed=Share(covered=math.fsum(weight[placed]), total=math.fsum(weight)),
    )


def tri_state(values: ArrayLike, *, field: str) -> NDArray[np.int8]:
    """True, False and unknown as 1, 0 and −1.

    Parameters
    ----------
    values : booleans, or objects and floats where None, NaN and pandas' NA mean unknown. Numbers but 0 and 1 are refused.

    Raises
    ------
    InvalidInput : ``gap-input-invalid`` with ``field``.
    """
    given = np.asarray(values)
    if given.dtype == np.bool_:
        return given.astype(np.int8)
    if given.dtype.kind in "iuf":
        unknown = np.isnan(given)
        if not bool(np.all(unknown | (given == 0) | (given == 1))):
            raise InvalidInput("gap-input-invalid", field=field)
        return np.where(unknown, -1, given).astype(np.int8)
    out = np.empty(given.shape, np.int8)
    for i, value in np.ndenumerate(given):
        if value is None or type(value).__name__ in {"NAType", "NaTType"} or value != value:  # noqa: PLR0124 (NaN)
            out[i] = -1
        elif value in (0, 1):
            out[i] = int(value)
        else:
            raise InvalidInput("gap-input-invalid", field=field)
    return out
