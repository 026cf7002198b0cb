"""How complete a layer is: every share equals pandas' own, what is absent is unknown, and comparisons are refused or marked."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from geo_core.errors import DataQuality
from i18n import texts
from i18n.languages import LANGUAGES
from layers import registry
from layers.aspects import aspects_of
from layers.queries import units
from layers.queries.compare import Period, compare
from layers.queries.completeness import completeness
from layers.queries.filters import Filter, Place
from layers.queries.profile import profile
from tests.layers.city import IN_EAST, IN_WEST, open_city
from tests.layers.events import random_events

LAYERS = registry.load()
CRIMES = LAYERS["crimes"]
SILENT = (2023, 9)
PERIODS = [
    (None, None),
    (date(2023, 1, 1), date(2023, 12, 31)),
    (date(2024, 2, 10), date(2024, 8, 20)),
    (date(2024, 12, 1), date(2025, 3, 31)),
    (date(2019, 1, 1), date(2019, 3, 31)),
]


def is_silent(day):
    return day is not None and (day.year, day.month) == SILENT


@pytest.fixture(scope="module")
def events():
    """Nothing in September 2023, hours unknown much oftener in 2024, registered up to two months late."""
    rng = np.random.default_rng(17)
    made = []
    for given in random_events("crimes", 1500, seed=61):
        row = dict(given)
        if is_silent(row.get("day_from")) or (row.get("day_from") and row["day_from"] > date(2024, 12, 31)):
            continue
        if row.get("hour") is not None and row["day_from"].year == 2024 and rng.random() < 0.5:
            row |= {"hour": None, "dark": None, "time_precision": "day"}
        if row.get("day_from") and rng.random() < 0.8:
            row["registered_on"] = row["day_from"] + timedelta(days=int(rng.integers(-1, 60)))
        made.append(row)
    return made


@pytest.fixture(scope="module")
def filled(module_database, events):
    """Batches cover 2023 and 2024 but the second half of May 2024."""
    city = open_city(module_database)
    half = len(events) // 2
    city.load("crimes", events[:half], period=(date(2023, 1, 1), date(2024, 5, 15)))
    city.load("crimes", events[half:], period=(date(2024, 6, 1), date(2024, 12, 31)))
    yield city
    city.engines.dispose()


def ask(city, layer=CRIMES, who="administrator", **period):
    with city.as_(who) as connection:
        return completeness(connection, city.workspace, layer, **period)


def frame(events):
    made = pd.DataFrame(events)
    for name in ("day_from", "day_to", "registered_on"):
        made[name] = pd.to_datetime(made[name])
    return made


@pytest.mark.parametrize(("first", "last"), PERIODS)
def test_shares_months_and_lag_equal_those_of_pandas(filled, events, first, last):
    found = ask(filled, first=first, last=last)
    all_rows = frame(events)
    rows = all_rows
    if first is not None:
        rows = rows[(rows["day_from"] >= pd.Timestamp(first)) & (rows["day_to"] <= pd.Timestamp(last))]
    assert found["rows"] == len(rows)
    for name, column in (("hour", "hour"), ("position", "lon")):
        missing = int(rows[column].isna().sum())
        assert found["aspects"][name] == {
            "missing": missing,
            "total": len(rows),
            "missing_share": missing / len(rows) if len(rows) else None,
        }
    lag = (rows["registered_on"] - rows["day_from"]).dt.days[rows["day_from"] == rows["day_to"]]
    lag = lag[lag >= 0]
    assert (found["lag_days"]["known"], found["lag_days"]["total"]) == (len(lag), len(rows))
    if len(lag):
        assert found["lag_days"]["p50"] == pytest.approx(np.percentile(lag, 50))
        assert found["lag_days"]["p90"] == pytest.approx(np.percentile(lag, 90))

    begin, end = first or date(2023, 1, 1), last or date(2024, 12, 31)
    days = pd.date_range(begin, end)
    covered = pd.Series(
        ((days >= "2023-01-01") & (days <= "2024-05-15")) | ((days >= "2024-06-01") & (days <= "2024-12-31")), days
    ).groupby(days.strftime("%Y-%m"))
    share = covered.mean()
    assert found["months"]["asked"] == len(share)
    assert found["months"]["missing"] == share.index[share == 0].tolist()
    assert found["months"]["partial"] == share.index[(share > 0) & (share < 1)].tolist()
    assert found["months"]["silent"] == [m for m in share.index[share == 1] if m == "2023-09"]


def test_what_makes_numbers_doubtful_is_told_in_every_language(filled):
    found = ask(filled, first=date(2023, 6, 1), last=date(2025, 2, 28))
    codes = {one["code"]: one["params"] for one in found["warnings"]}
    assert codes["months-missing"] == {"layer": "crimes", "count": 3, "months": ["2024-05", "2025-01", "2025-02"]}
    assert codes["months-silent"] == {"layer": "crimes", "count": 1, "months": ["2023-09"]}
    assert codes["registration-lag"]["days"] >= 40
    for language in LANGUAGES:
        sentences = [texts().note(code, language, params) for code, params in codes.items()]
        assert all(sentence and "{" not in sentence for sentence in sentences)
        assert any("2024" in sentence and "2024-05" not in sentence for sentence in sentences)
    old = ask(filled, first=date(2023, 1, 1), last=date(2023, 8, 31))
    assert old["warnings"] == []


def test_a_layer_without_rows_is_unknown_and_not_complete(city):
    found = ask(city)
    assert (found["rows"], found["months"], found["warnings"]) == (0, None, [])
    assert found["aspects"]["hour"] == {"missing": 0, "total": 0, "missing_share": None}
    assert found["lag_days"] == {"p50": None, "p90": None, "known": 0, "total": 0}
    assert ask(city, LAYERS["cameras"])["aspects"]["direction"]["missing_share"] is None


def test_devices_and_buildings_lack_what_their_declaration_says(city):
    at = {"lon": IN_WEST[0], "lat": IN_WEST[1]}
    city.load(
        "cameras",
        [
            {"source_id": f"c{i}", **at, "kind": kind, "status": status, "azimuth_deg": azimuth}
            for i, (kind, status, azimuth) in enumerate(
                [("fixed", "works", None), ("fixed", "works", 0.0), ("ptz", "unknown", None), ("dome", "broken", None)]
            )
        ],
    )
    city.load(
        "lamps", [{"source_id": f"l{i}", **at, "status": s} for i, s in enumerate(["works", "unknown", "unknown"])]
    )
    shape = "MULTIPOLYGON(((76.93 52.26, 76.931 52.26, 76.931 52.261, 76.93 52.26)))"
    heights = [(None, None), (3.0, None), (None, 5.0)]
    city.load(
        "buildings",
        [{"source_id": f"b{i}", "geom": shape, "height_m": h, "levels": v} for i, (h, v) in enumerate(heights)],
    )
    told = {
        name: {k: (v["missing"], v["total"]) for k, v in ask(city, LAYERS[name])["aspects"].items()}
        for name in ("cameras", "lamps", "buildings")
    }
    assert told == {
        "cameras": {"direction": (2, 3), "state": (1, 4)},
        "lamps": {"state": (2, 3)},
        "buildings": {"height": (1, 3)},
    }


def test_derived_layers_and_tables_have_nothing_that_could_lack():
    assert aspects_of(LAYERS["camera_coverage"]) == aspects_of(LAYERS["price_list"]) == ()


def test_a_reader_is_told_of_their_own_rows_only(city):
    day = {"day_from": date(2024, 1, 5), "day_to": date(2024, 1, 5), "time_precision": "day", "category": "theft"}
    city.load(
        "crimes",
        [
            {"source_id": "w", "lon": IN_WEST[0], "lat": IN_WEST[1], **day},
            {"source_id": "e", "lon": IN_EAST[0], "lat": IN_EAST[1], **day, "hour": 3},
            {"source_id": "n", **day},
        ],
        period=(date(2024, 1, 1), date(2024, 1, 31)),
    )
    assert ask(city, who="west")["aspects"]["hour"] == {"missing": 1, "total": 1, "missing_share": 1.0}
    assert ask(city, who="east")["aspects"]["hour"]["missing"] == 0
    assert ask(city)["aspects"]["position"] == {"missing": 1, "total": 3, "missing_share": pytest.approx(1 / 3)}


def test_a_silent_month_refuses_a_comparison(filled):
    with filled.as_("administrator") as connection, pytest.raises(DataQuality) as refused:
        compare(
            connection,
            filled.workspace,
            CRIMES,
            before=Period(date(2023, 7, 1), date(2023, 10, 31)),
            after=Period(date(2024, 7, 1), date(2024, 10, 31)),
            resolution=9,
        )
    assert (refused.value.code, refused.value.params["months"]) == ("period-month-silent", ["2023-09"])


def test_periods_of_unequal_completeness_are_compared_and_marked(filled):
    def told(before, after):
        with filled.as_("administrator") as connection:
            return compare(connection, filled.workspace, CRIMES, before=before, after=after, resolution=9).totals

    marked = told(Period(date(2023, 1, 1), date(2023, 4, 30)), Period(date(2024, 1, 1), date(2024, 4, 30)))
    (one,) = [w for w in marked["warnings"] if w["code"] == "hours-known-differ"]
    shares = [marked["completeness"][name]["aspects"]["hour"]["missing_share"] for name in ("before", "after")]
    assert [one["params"]["before"], one["params"]["after"]] == shares
    assert shares[1] - shares[0] > marked["completeness"]["threshold"] == 0.1
    equal = told(Period(date(2023, 1, 1), date(2023, 2, 28)), Period(date(2023, 3, 1), date(2023, 4, 28)))
    assert not [w for w in equal["warnings"] if not isinstance(w, str)]
    late = told(Period(date(2023, 10, 1), date(2023, 12, 31)), Period(date(2024, 10, 1), date(2024, 12, 31)))
    assert "registration-lag" in [w["code"] for w in late["warnings"] if not isinstance(w, str)]


def test_charts_and_units_carry_the_completeness_of_their_period(filled):
    given = Filter(first_day=date(2024, 2, 10), last_day=date(2024, 8, 20), hours=frozenset({1}))
    wanted = ask(filled, first=given.first_day, last=given.last_day)
    with filled.as_("administrator") as connection:
        args = (connection, filled.workspace, CRIMES)
        assert profile(*args, place=Place(), given=given)["completeness"] == wanted
        assert units.areas(*args, given=given)["completeness"] == wanted
        assert units.segments(*args, given=given)["completeness"] == wanted
