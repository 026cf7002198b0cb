"""Counts that completeness is summed up from: kept only while neither the rows nor the reader's rights change."""

from __future__ import annotations

import threading
from datetime import date

import numpy as np
import pytest

from layers import registry
from layers.editing import records
from layers.identity import Purpose
from layers.queries import features
from layers.queries import tally as module
from layers.queries.completeness import completeness
from layers.queries.monthly import monthly_counts
from layers.queries.tally import NO_DAY, NO_LAG, Tally, tally
from tests.layers.city import IN_EAST, IN_WEST
from tests.layers.events import random_events

CRIMES = registry.load()["crimes"]


@pytest.fixture
def counted(monkeypatch):
    """How often rows were counted."""
    scans = []
    real = module.count

    def noted(*given):
        scans.append(given[2].id)
        return real(*given)

    monkeypatch.setattr(module, "count", noted)
    return scans


def rows(city, who="administrator", purpose=Purpose.RECORDS, **period):
    with city.as_(who, purpose=purpose) as connection:
        return completeness(connection, city.workspace, CRIMES, **period)["rows"]


def test_rows_are_counted_once_until_they_change(city, counted):
    city.load("crimes", random_events("crimes", 60, seed=3))
    assert rows(city) == 60
    rows(city, first=date(2023, 5, 1))
    rows(city, last=date(2024, 5, 1))
    assert counted == ["crimes"]
    city.load("crimes", [{**one, "source_id": f"more-{n}"} for n, one in enumerate(random_events("crimes", 5, seed=4))])
    assert rows(city) == 65
    with city.as_("administrator") as connection:
        row = features.page(connection, city.workspace, CRIMES)["features"][0]
        records.remove(connection, city.workspace, CRIMES, row["id"], version=row["properties"]["version"])
    assert rows(city) == 64
    assert counted == ["crimes"] * 3


def test_readers_of_other_rights_and_purposes_never_share(city, counted):
    day = {"day_from": date(2024, 1, 5), "day_to": date(2024, 1, 5), "time_precision": "day", "category": "theft"}
    places = {"w": IN_WEST, "e": IN_EAST}
    city.load("crimes", [{"source_id": name, "lon": at[0], "lat": at[1], **day} for name, at in places.items()])
    assert [rows(city, who) for who in ("administrator", "west", "east", "viewer", "nobody")] == [2, 1, 1, 0, 0]
    assert rows(city, "viewer", Purpose.AGGREGATE) == 1
    assert rows(city, "viewer") == 0
    assert len(counted) == 6


def test_what_a_rolled_back_change_counted_is_never_told(city):
    city.load("crimes", random_events("crimes", 20, seed=5))
    with city.as_("administrator") as connection:
        undone = connection.begin_nested()
        connection.exec_driver_sql("DELETE FROM layer_crimes WHERE id IN (SELECT id FROM layer_crimes LIMIT 7)")
        assert completeness(connection, city.workspace, CRIMES)["rows"] == 13
        undone.rollback()
        assert completeness(connection, city.workspace, CRIMES)["rows"] == 20
    assert rows(city) == 20
    with city.as_("administrator") as connection:
        connection.exec_driver_sql("DELETE FROM layer_crimes WHERE id IN (SELECT id FROM layer_crimes LIMIT 2)")
    assert rows(city) == 18


def test_many_who_ask_at_once_count_once(city, counted):
    city.load("crimes", random_events("crimes", 300, seed=6))
    told = []
    asking = [threading.Thread(target=lambda: told.append(rows(city))) for _ in range(6)]
    for one in asking:
        one.start()
    for one in asking:
        one.join(30)
    assert told == [300] * 6
    assert counted == ["crimes"]


def test_months_are_those_of_the_one_count_reports_stand_on(city):
    city.load("crimes", random_events("crimes", 400, seed=7))
    with city.as_("administrator") as connection:
        theirs = monthly_counts(connection, city.workspace, CRIMES, by_area=False)
        ours = tally(connection, city.workspace, CRIMES).monthly
    assert [(one.month, one.count) for one in ours] == [(one.month, one.count) for one in theirs]


@pytest.mark.parametrize("seed", range(5))
def test_quantiles_of_counted_lags_are_those_of_the_rows(seed):
    rng = np.random.default_rng(seed)
    lag = rng.integers(-1, 12, 30).astype(np.int32)
    count = rng.integers(1, 9, 30).astype(np.int32)
    days = np.full(30, NO_DAY, np.int32)
    made = Tally(first=days, last=days, lag=lag, count=count, lacking={})
    every = np.repeat(lag, count)
    every = every[every != NO_LAG]
    for share in (0.0, 0.1, 0.5, 0.9, 1.0):
        assert made.lag_quantile(share) == pytest.approx(np.quantile(every, share))
    assert made.lag_known() == len(every)
