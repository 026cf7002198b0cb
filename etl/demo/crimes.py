"""Four years of crimes in the demo city, with the dirt of real registers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from etl.demo.calibration import KINDS, Kind, hour_weights, quotas
from etl.demo.frame import Floats
from etl.demo.risk import Risk, draw
from etl.demo.sketch import Ints, Rng
from etl.demo.streets import Edge

FIRST_DAY, DAYS = np.datetime64("2022-01-01"), 1461  # to 2025-12-31
YEAR_FACTOR = {2022: 1.06, 2023: 1.02, 2024: 0.98, 2025: 0.94}
NO_POSITION_SHARE, OUTSIDE_SHARE = 0.04, 0.003
DATE_ONLY_SHARE, ROUNDED_SHARE = 0.10, 0.28
FOLLOW_SHARE, FOLLOW_M, FOLLOW_DAYS = 0.08, 140.0, 11.0  # near repeats of burglaries
JUVENILE_SHARE = 0.12  # of public theft and hooliganism: afternoons near schools
INTERVAL_SHARE = {"burglary": 0.6, "vehicle_crime": 0.5, "vandalism": 0.4, "theft": 0.12}
INTERVAL_HOURS = {"burglary": 9.0, "vehicle_crime": 10.0, "vandalism": 12.0, "theft": 3.0}
_HOME = frozenset({"domestic", "sexual", "murder", "bodily_harm", "drugs", "weapons"})
Times = NDArray[np.datetime64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Crime:
    """A registered crime.

    Parameters
    ----------
    occurred, occurred_to : wall clock as the register writes it: date and time, or a date alone; the second only for
        crimes discovered later.
    xy : local metres, None without a position.
    """

    category: str
    article: str
    severity: str
    public_place: bool
    occurred: str
    occurred_to: str | None
    registered_on: str
    xy: Floats | None


def _days(kind: Kind, count: int, rng: Rng) -> Times:
    days = FIRST_DAY + np.arange(DAYS)
    month = days.astype("datetime64[M]").astype(int) % 12 + 1
    year = days.astype("datetime64[Y]").astype(int) + 1970
    weekday = (days.astype(int) + 3) % 7  # Monday = 0
    weights = np.array([YEAR_FACTOR[int(y)] for y in year])
    weights = (
        weights * np.where((month >= 5) & (month <= 9), kind.summer, 1.0) * np.where(weekday >= 4, kind.weekend, 1.0)
    )
    return np.asarray(days[draw(weights / weights.sum(), count, rng)])


def _moments(days: Times, hours: Ints, rng: Rng) -> Times:
    minutes = rng.integers(0, 60, len(days))
    return np.asarray(days.astype("datetime64[m]") + (hours * 60 + minutes).astype("timedelta64[m]"))


def _on_streets(edges: list[Edge], chosen: Ints, rng: Rng) -> Floats:
    out = np.empty((len(chosen), 2))
    for row, index in enumerate(chosen):
        point, direction = edges[index].along(float(rng.uniform(0.06, 0.94)))
        out[row] = point + np.array([direction[1], -direction[0]]) * rng.uniform(-5, 5)
    return out


def _public(
    edges: list[Edge],
    risk: Risk,
    shops: Floats,
    hours: Ints,
    young: NDArray[np.bool_],
    petty: NDArray[np.bool_],
    rng: Rng,
) -> Floats:
    """Positions of crimes in public places by the hour; shoplifting stays at the shops."""
    count = len(hours)
    night = (hours >= 21) | (hours < 6)
    chosen = np.where(night, draw(risk.night, count, rng), draw(risk.day, count, rng))
    chosen = np.where(young, draw(risk.school, count, rng), chosen)
    xy = _on_streets(edges, chosen, rng)
    at_shop = petty & ~night & (rng.random(count) < 0.6)
    popular = np.exp(rng.normal(0.0, 0.9, len(shops)))
    xy[at_shop] = shops[draw(popular / popular.sum(), int(at_shop.sum()), rng)]
    return xy


def _follow_ups(xy: Floats, moments: Times, risk: Risk, rng: Rng) -> tuple[Floats, Times]:
    """Turn a share of the burglaries into near repeats: a house close by within days (Johnson & Bowers 2004)."""
    xy, moments = xy.copy(), moments.copy()
    tree = cKDTree(risk.centroids)
    order = np.arange(len(xy))
    last = FIRST_DAY.astype("datetime64[m]") + np.timedelta64(DAYS * 1440 - 1, "m")
    for child in order[1:][rng.random(max(0, len(xy) - 1)) < FOLLOW_SHARE]:
        parent = int(rng.integers(0, child))
        close = np.array(sorted(tree.query_ball_point(xy[parent], FOLLOW_M)))
        houses = close[risk.burgled[close] > 0]
        if len(houses):
            xy[child] = risk.centroids[houses[int(rng.integers(0, len(houses)))]]
            delay = np.timedelta64(int(rng.uniform(0.5, FOLLOW_DAYS) * 1440), "m")
            clock = moments[child] - moments[child].astype("datetime64[D]")
            moments[child] = min(
                (moments[parent] + delay).astype("datetime64[D]").astype("datetime64[m]") + clock, last
            )
    return xy, moments


def _written(moment: np.datetime64, category: str, rng: Rng) -> tuple[str, str | None]:
    """How the register writes the time: exact, rounded to the hour, a date alone, or from-to."""
    if rng.random() < INTERVAL_SHARE.get(category, 0.0):
        width = INTERVAL_HOURS[category] * 60
        before, after = (int(rng.exponential(width / 2)) + 10 for _ in range(2))
        start, end = moment - np.timedelta64(before, "m"), moment + np.timedelta64(after, "m")
        return str(start), str(end)
    draw_ = rng.random()
    if draw_ < DATE_ONLY_SHARE:
        return str(moment.astype("datetime64[D]")), None
    if draw_ < DATE_ONLY_SHARE + ROUNDED_SHARE:
        return str(moment.astype("datetime64[h]").astype("datetime64[m]")), None
    return str(moment), None


def _of_kind(
    category: str, count: int, edges: list[Edge], risk: Risk, shops: Floats, rng: Rng
) -> list[tuple[np.datetime64, Crime]]:
    kind = KINDS[category]
    public = np.zeros(count, dtype=bool)
    public[: round(count * kind.public_share)] = True
    public = rng.permutation(public)
    hours = draw(hour_weights(kind.profile), count, rng)
    young = public & (rng.random(count) < JUVENILE_SHARE) & np.full(count, category in {"theft", "hooliganism"})
    hours = np.where(young, rng.integers(14, 19, count), hours)
    articles = draw(np.array([share for *_, share in kind.articles]), count, rng)
    petty = np.array([kind.articles[a][0].startswith("ст.187") for a in articles], dtype=bool)
    moments = _moments(_days(kind, count, rng), hours, rng)
    weights = risk.burgled if category == "burglary" else risk.home if category in _HOME else risk.property
    inside = draw(weights, count, rng)
    if category != "burglary":
        inside = np.where((hours >= 18) | (hours < 8), draw(risk.asleep, count, rng), inside)
    xy = risk.centroids[inside]
    if category == "burglary":
        xy, moments = _follow_ups(xy, moments, risk, rng)
    if category == "vehicle_crime":
        xy = xy + rng.uniform(-14, 14, xy.shape)
    xy[public] = _public(edges, risk, shops, hours[public], young[public], petty[public], rng)
    rows: list[tuple[np.datetime64, Crime]] = []
    for i in range(count):
        article, severity, _ = kind.articles[articles[i]]
        occurred, occurred_to = _written(moments[i], category, rng)
        lag = int(rng.geometric(0.45)) - 1 if category != "fraud" else int(rng.exponential(12.0))
        if rng.random() < 0.0008:
            lag = -1  # registered before it was committed: happens in the real register, kept and warned about
        crime = Crime(
            category=category,
            article=article,
            severity=severity,
            public_place=bool(public[i]),
            occurred=occurred,
            occurred_to=occurred_to,
            registered_on=str(moments[i].astype("datetime64[D]") + lag),
            xy=xy[i],
        )
        rows.append((moments[i], crime))
    return rows


def crimes(edges: list[Edge], risk: Risk, shops: Floats, rng: Rng, *, total: int) -> list[Crime]:
    """``total`` crimes in order of time.

    Parameters
    ----------
    shops : float64[n, 2], local metres, where shoplifting happens.
    """
    rows: list[tuple[np.datetime64, Crime]] = []
    for category, count in quotas(total).items():
        rows.extend(_of_kind(category, count, edges, risk, shops, rng))
    order = np.argsort(np.array([moment for moment, _ in rows]), kind="stable")
    listed = [rows[i][1] for i in order]
    lost = set(rng.choice(total, round(NO_POSITION_SHARE * total), replace=False).tolist())
    away = set(rng.choice(total, round(OUTSIDE_SHARE * total), replace=False).tolist()) - lost
    return [_moved(crime, lost=i in lost, away=i in away, rng=rng) for i, crime in enumerate(listed)]


def _moved(crime: Crime, *, lost: bool, away: bool, rng: Rng) -> Crime:
    """The crime without its position, or with one in a field kilometres outside the city."""
    if not lost and not away:
        return crime
    xy = None if lost else np.array([9000.0, 7000.0]) + rng.uniform(-2500, 2500, 2)
    return Crime(**{**{name: getattr(crime, name) for name in crime.__dataclass_fields__}, "xy": xy})
