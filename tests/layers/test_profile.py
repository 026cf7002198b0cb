"""The charts of a place against pandas."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import h3
import pandas as pd
import pytest
from sqlalchemy import text

from geo_core.errors import InvalidInput
from layers import registry
from layers.queries import features
from layers.queries.filters import Filter, Place
from layers.queries.profile import profile
from tests.layers.city import open_city
from tests.layers.events import ZONE, cell_of, passes, random_events

CRIMES = registry.load()["crimes"]
FILTERS = [
    Filter(),
    Filter(first_day=date(2023, 5, 10), last_day=date(2024, 5, 20)),
    Filter(dark=False, weekdays=frozenset({1, 2, 5})),
    Filter(hours=frozenset({3}), categories=frozenset({"theft"})),
]


@pytest.fixture(scope="module")
def events():
    return random_events("crimes", 1500, seed=31)


@pytest.fixture(scope="module")
def filled(module_database, events):
    city = open_city(module_database)
    city.load("crimes", events)
    yield city
    city.engines.dispose()


def ask(city, place, wanted):
    with city.as_("administrator") as connection:
        return profile(connection, city.workspace, CRIMES, place=place, given=wanted)


def checked(answer, events, wanted):
    """Every number of a profile, from the events by plain counting."""
    certain = pd.DataFrame([e for e in events if passes(e, wanted) is True])
    assert answer["count"] == len(certain)
    assert answer["unknown_count"] == sum(passes(e, wanted) is None for e in events)
    if certain.empty:
        assert answer["months"] == answer["categories"] == []
        return
    for name in ("hour", "weekday", "dark", "day_from", "day_to"):
        if name not in certain:
            certain[name] = None
    clear = certain.dropna(subset=["hour", "weekday"])
    grid = [[int(((clear.weekday == d) & (clear.hour == h)).sum()) for h in range(24)] for d in range(1, 8)]
    assert answer["hours"] == grid
    assert answer["hour_unknown"] == len(certain) - len(clear)
    assert (answer["hours_spread"], answer["spread_count"]) == (grid, 0), "a day or more says nothing of the hour"
    dated = certain.dropna(subset=["day_from"])
    months = pd.Series([d.strftime("%Y-%m") for d in dated.day_from]).value_counts()
    assert answer["month_unknown"] == len(certain) - len(dated)
    if len(months):
        span = pd.period_range(min(months.index), max(months.index), freq="M").astype(str)
        assert answer["months"] == [{"month": m, "count": int(months.get(m, 0))} for m in span]
    by_kind = certain.category.value_counts()
    assert {c["category"]: c["count"] for c in answer["categories"]} == by_kind.to_dict()
    order = [(-c["count"], c["category"]) for c in answer["categories"]]
    assert order == sorted(order)
    dark = [sum(d is True for d in certain.dark), sum(d is False for d in certain.dark)]
    assert answer["dark"] == {"dark": dark[0], "light": dark[1], "unknown": len(certain) - sum(dark)}


@pytest.mark.parametrize("wanted", FILTERS, ids=range(len(FILTERS)))
def test_the_profile_of_the_whole_territory(filled, events, wanted):
    checked(ask(filled, Place(), wanted), events, wanted)


@pytest.mark.parametrize("resolution", [6, 8, 9, 11])
def test_the_profile_of_a_cell_holds_the_events_of_its_children(filled, events, resolution):
    busy = max(
        (cell_of(e, resolution) for e in events if "lon" in e), key=[cell_of(e, resolution) for e in events].count
    )
    there = [e for e in events if cell_of(e, resolution) == busy]
    checked(ask(filled, Place(cell=busy), FILTERS[1]), there, FILTERS[1])
    with filled.as_("administrator") as connection:
        page = features.page(connection, filled.workspace, CRIMES, place=Place(cell=busy), limit=5000)
    assert {f["properties"]["source_id"] for f in page["features"]} == {e["source_id"] for e in there}


def test_an_empty_cell_has_an_empty_profile(filled):
    far = h3.str_to_int(h3.latlng_to_cell(0, 0, 9))
    answer = ask(filled, Place(cell=far), Filter())
    assert (answer["count"], answer["months"], answer["categories"]) == (0, [], [])
    assert sum(map(sum, answer["hours"])) == 0


def test_the_profile_of_a_segment_and_of_an_area(filled, events):
    some = [e["source_id"] for e in events if "lon" in e][:40]
    with filled.owner() as owner:
        owner.execute(
            text(
                "INSERT INTO event_unit (workspace_id, layer_id, row_id, unit_id, territory_id, row_version) "
                "SELECT workspace_id, 'crimes', id, 7, territory_id, version FROM layer_crimes WHERE source_id = ANY(:some)"
            ),
            {"some": some},
        )
    checked(ask(filled, Place(segment_id=7), Filter()), [e for e in events if e["source_id"] in some], Filter())
    ring = "MULTIPOLYGON(((76.91 52.26, 76.96 52.26, 76.96 52.29, 76.91 52.29, 76.91 52.26)))"
    filled.load("areas", [{"source_id": "a", "kind": "beat", "geom": ring}])
    with filled.owner() as owner:
        area = owner.exec_driver_sql("SELECT id FROM layer_areas").scalar_one()
    inside = [e for e in events if "lon" in e and 76.91 <= e["lon"] <= 76.96 and 52.26 <= e["lat"] <= 52.29]
    checked(ask(filled, Place(area_id=area), FILTERS[1]), inside, FILTERS[1])


def test_two_places_at_once_are_refused(filled):
    with pytest.raises(InvalidInput) as refused:
        ask(filled, Place(segment_id=1, area_id=1), Filter())
    assert refused.value.code == "one-place"


def test_a_theft_known_to_an_interval_is_shared_out_over_its_hours(module_database):
    city = open_city(module_database, slug="intervals")
    evening = datetime(2024, 5, 6, 22, 30, tzinfo=ZONE)
    lasting = {"night": timedelta(hours=2, minutes=30), "weekend": timedelta(hours=30)}
    rows = [
        {"source_id": name, "category": "vehicle_crime", "occurred_from": evening, "occurred_to": evening + length}
        | {"day_from": evening.date(), "day_to": (evening + length).date(), "time_precision": "day"}
        for name, length in lasting.items()
    ]
    city.load("crimes", rows)
    answer = ask(city, Place(), Filter())
    city.engines.dispose()
    spread = answer["hours_spread"]
    assert (answer["hour_unknown"], answer["spread_count"]) == (2, 1)
    assert (spread[0][22], spread[0][23], spread[1][0]) == (0.2, 0.4, 0.4), "Monday evening to Tuesday morning, local"
    assert sum(map(sum, spread)) == pytest.approx(1)
    assert sum(map(sum, answer["hours"])) == 0
