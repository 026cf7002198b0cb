"""What the demo's crimes are calibrated on: shares only, each with its source.

Form 1-M is the official report "О зарегистрированных уголовных правонарушениях" of the Committee on Legal Statistics.
The shares were computed from section 1 of the report for the city of Almaty: registered offences by article (column 2)
and those in public places (column 26). 28.7 % of all were in public places. Moderate and grievous bodily harm take their
public shares (over 40 % and about 30 %) and murder its 24 % from the Concept of public security 2024-2028.

The hour is in neither source. The Concept says only that street and yard crime rises in the dark where lighting is short,
that thefts happen mostly by day and offences of minors mostly between 14:00 and 19:00: the profiles below are our choice
that agrees with these sentences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One category of crimes.

    Parameters
    ----------
    share : of all registered offences (form 1-M).
    public_share : of the category's offences, in public places (form 1-M, Concept).
    articles : (article of the Criminal Code, gravity, share within the category); the split by gravity is fitted to the
        form's totals by gravity.
    profile : name of the hour profile.
    weekend : factor of Friday to Sunday against Monday to Thursday.
    summer : factor of May to September against the rest of the year.
    """

    share: float
    public_share: float
    articles: tuple[tuple[str, str, float], ...]
    profile: str
    weekend: float = 1.0
    summer: float = 1.0


KINDS: dict[str, Kind] = {
    "theft": Kind(
        share=0.5172,
        public_share=0.350,
        articles=(
            ("ст.187 ч.2", "misdemeanour", 0.135),
            ("ст.188 ч.1", "minor", 0.115),
            ("ст.188 ч.2", "medium", 0.54),
            ("ст.188 ч.3", "grave", 0.19),
            ("ст.188 ч.4", "grave", 0.02),
        ),
        profile="theft",
        weekend=1.05,
        summer=1.15,
    ),
    "fraud": Kind(
        share=0.2881,
        public_share=0.128,
        articles=(
            ("ст.190 ч.1", "minor", 0.22),
            ("ст.190 ч.2", "medium", 0.32),
            ("ст.190 ч.3", "grave", 0.38),
            ("ст.190 ч.4", "grave", 0.08),
        ),
        profile="office",
        weekend=0.7,
        summer=0.95,
    ),
    "vehicle_crime": Kind(
        share=0.0242,
        public_share=0.583,
        articles=(
            ("ст.188 ч.2", "medium", 0.50),
            ("ст.188 ч.3", "grave", 0.31),
            ("ст.200 ч.1", "minor", 0.12),
            ("ст.200 ч.2", "medium", 0.07),
        ),
        profile="parked",
        weekend=1.1,
        summer=1.2,
    ),
    "robbery": Kind(
        share=0.0203,
        public_share=0.630,
        articles=(("ст.191 ч.1", "medium", 0.4), ("ст.191 ч.2", "grave", 0.6)),
        profile="night",
        weekend=1.25,
        summer=1.1,
    ),
    "drugs": Kind(
        share=0.0154,
        public_share=0.356,
        articles=(("ст.296 ч.3", "minor", 0.6), ("ст.297 ч.1", "grave", 0.27), ("ст.297 ч.3", "very_grave", 0.13)),
        profile="evening",
    ),
    "hooliganism": Kind(
        share=0.0151,
        public_share=0.979,
        articles=(("ст.293 ч.1", "minor", 0.6), ("ст.293 ч.2", "medium", 0.3), ("ст.293 ч.3", "grave", 0.1)),
        profile="night",
        weekend=1.6,
        summer=1.3,
    ),
    "burglary": Kind(
        share=0.0135, public_share=0.019, articles=(("ст.188 ч.3", "grave", 1.0),), profile="home", summer=1.25
    ),
    "weapons": Kind(
        share=0.0131,
        public_share=0.287,
        articles=(("ст.287 ч.3", "medium", 0.72), ("ст.288 ч.1", "medium", 0.10), ("ст.291 ч.1", "grave", 0.18)),
        profile="evening",
    ),
    "bodily_harm": Kind(
        share=0.0126,
        public_share=0.362,
        articles=(
            ("ст.106 ч.1", "grave", 0.30),
            ("ст.106 ч.2", "grave", 0.08),
            ("ст.107 ч.1", "minor", 0.50),
            ("ст.107 ч.2", "medium", 0.12),
        ),
        profile="night",
        weekend=1.7,
        summer=1.15,
    ),
    "vandalism": Kind(
        share=0.0062,
        public_share=0.212,
        articles=(("ст.202 ч.1", "minor", 0.7), ("ст.202 ч.2", "medium", 0.2), ("ст.294 ч.1", "misdemeanour", 0.1)),
        profile="parked",
        weekend=1.3,
    ),
    "sexual": Kind(
        share=0.0027,
        public_share=0.085,
        articles=(("ст.120 ч.1", "grave", 0.55), ("ст.121 ч.1", "grave", 0.25), ("ст.122 ч.1", "medium", 0.2)),
        profile="night",
        weekend=1.3,
    ),
    "murder": Kind(
        share=0.0017,
        public_share=0.24,
        articles=(("ст.99 ч.1", "very_grave", 0.8), ("ст.99 ч.2", "very_grave", 0.2)),
        profile="night",
        weekend=1.4,
    ),
    "domestic": Kind(
        share=0.0011, public_share=0.0, articles=(("ст.110 ч.1", "minor", 1.0),), profile="evening", weekend=1.4
    ),
    "assault_robbery": Kind(
        share=0.0010,
        public_share=0.389,
        articles=(("ст.192 ч.1", "grave", 0.5), ("ст.192 ч.2", "grave", 0.5)),
        profile="night",
        weekend=1.2,
    ),
    "livestock_theft": Kind(
        share=0.0002, public_share=0.375, articles=(("ст.188-1 ч.1", "medium", 1.0),), profile="parked"
    ),
    "other": Kind(
        share=0.0676,
        public_share=0.157,
        articles=(
            ("ст.389 ч.1", "misdemeanour", 0.42),
            ("ст.345 ч.1", "minor", 0.18),
            ("ст.385 ч.3", "medium", 0.16),
            ("ст.216 ч.2", "grave", 0.24),
        ),
        profile="office",
    ),
}
PUBLIC_SHARE = 0.287
GRAVITY_SHARES = {"misdemeanour": 0.0995, "minor": 0.1615, "medium": 0.4161, "grave": 0.3157, "very_grave": 0.0072}

_DAY = (1, 1, 0.6, 0.5, 0.4, 0.5, 1, 2, 3.5, 5, 6.5, 7.5, 8, 8, 8, 8, 8, 8, 7.5, 6, 4.5, 3.5, 2.5, 1.6)
_NIGHT = (
    8.8,
    7.6,
    6.2,
    4.8,
    3,
    1.6,
    0.9,
    0.8,
    0.9,
    1.1,
    1.3,
    1.5,
    1.7,
    1.9,
    2.2,
    2.5,
    2.8,
    3.2,
    4.2,
    5.4,
    6.8,
    8.4,
    9.6,
    9.8,
)
_EVENING = (3, 2, 1.5, 1, 0.8, 0.6, 0.8, 1, 1.5, 2.5, 3.5, 4, 4.5, 4.5, 5, 5, 5.5, 6, 6.5, 7, 7, 6.5, 5.5, 4)
_PARKED = (7, 7.5, 8, 8, 7, 5, 3, 2, 1.5, 1.5, 1.5, 1.5, 1.8, 1.8, 1.8, 2, 2, 2.2, 2.6, 3, 3.6, 4.4, 5.4, 6.4)
_HOME = (1.5, 1.5, 2, 2, 1.5, 1, 1, 2, 4, 6.5, 7.5, 8, 7, 6.5, 6.5, 6, 5, 4, 3.5, 3, 3, 3, 2.5, 2)
_OFFICE = (0.3, 0.2, 0.1, 0.1, 0.1, 0.2, 0.4, 1, 3, 6, 8, 8.5, 8, 7.5, 8, 8, 7.5, 6.5, 5, 3.5, 2.5, 1.8, 1.2, 0.6)
NIGHT_THEFT_SHARE = 0.42  # of thefts that follow the night profile; the rest happen by day


def hour_weights(profile: str) -> NDArray[np.float64]:
    """float64[24], sums to 1: how likely each local hour is."""

    def unit(weights: tuple[float, ...]) -> NDArray[np.float64]:
        values = np.array(weights, dtype=np.float64)
        return np.asarray(values / values.sum())

    if profile == "theft":
        return np.asarray((1 - NIGHT_THEFT_SHARE) * unit(_DAY) + NIGHT_THEFT_SHARE * unit(_NIGHT))
    named = {"night": _NIGHT, "evening": _EVENING, "parked": _PARKED, "home": _HOME, "office": _OFFICE}
    return unit(named[profile])


def quotas(total: int) -> dict[str, int]:
    """How many crimes of each category make up ``total``: largest remainders, ties by name."""
    exact = {name: total * kind.share for name, kind in KINDS.items()}
    scale = total / sum(exact.values())
    counts = {name: int(value * scale) for name, value in exact.items()}
    rest = sorted(KINDS, key=lambda name: (counts[name] - exact[name] * scale, name))
    for name in rest[: total - sum(counts.values())]:
        counts[name] += 1
    return counts
