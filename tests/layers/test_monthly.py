"""Events per month and district equal pandas' grouping, whoever asks sees only their own rows. Oracle: pandas and shapely."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from layers import registry
from layers.identity import Purpose
from layers.queries.monthly import monthly_counts
from tests.layers.city import MIDDLE, NORTH, SOUTH, WEST, open_city
from tests.layers.events import random_events

LAYERS = registry.load()
SEVERITIES = [None, "minor", "medium", "grave", "very_grave"]


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(8)
    made = random_events("crimes", 900, seed=51)
    return [{**row, "severity": SEVERITIES[rng.integers(len(SEVERITIES))]} for row in made]


@pytest.fixture(scope="module")
def boxes():
    xs = np.linspace(WEST, WEST + 0.0501, 3)
    made = [shapely.box(xs[i], SOUTH, xs[i + 1], NORTH) for i in range(2)]
    return [*made, made[0].buffer(0.01)]


@pytest.fixture(scope="module")
def filled(module_database, events, boxes):
    city = open_city(module_database)
    city.load("crimes", events[:600])
    city.load("crimes", events[600:])
    city.load(
        "areas",
        [
            {"source_id": f"a{i}", "code": f"a{i}", "kind": kind, "geom": shapely.MultiPolygon([box]).wkt}
            for i, (kind, box) in enumerate(zip(["district", "district", "beat"], boxes, strict=True))
        ],
    )
    yield city
    city.engines.dispose()


def table(events, *, area=None):
    """One row per event: its month, its area, whether it is severe."""
    return pd.DataFrame(
        {
            "month": [
                e["day_from"].replace(day=1)
                if e.get("day_from") and e["day_from"].replace(day=1) == e["day_to"].replace(day=1)
                else None
                for e in events
            ],
            "area": [None if area is None else area(e) for e in events],
            "severe": [e["severity"] in ("grave", "very_grave") for e in events],
        }
    )


def grouped(frame):
    found = frame.groupby(["month", "area"], dropna=False)["severe"].agg(["size", "sum"])
    plain = {
        (None if pd.isna(month) else month, None if pd.isna(area) else int(area)): (int(n), int(severe))
        for (month, area), n, severe in found.itertuples()
    }
    assert sum(n for n, _ in plain.values()) == len(frame)
    return plain


def told(rows):
    return {(row.month, row.area_id): (row.count, row.severe_count) for row in rows}


def test_months_equal_those_of_pandas(filled, events):
    with filled.as_("administrator") as connection:
        found = monthly_counts(connection, filled.workspace, LAYERS["crimes"], by_area=False)
    assert told(found) == grouped(table(events))
    assert found[-1].month is None  # unknown comes last


@pytest.mark.parametrize("kind", ["district", "beat"])
def test_months_and_areas_equal_those_of_pandas_and_shapely(filled, events, boxes, kind):
    with filled.as_("administrator") as connection:
        ids = dict(connection.exec_driver_sql("SELECT source_id, id FROM layer_areas").all())
        found = monthly_counts(connection, filled.workspace, LAYERS["crimes"], by_area=True, kind=kind)
    wanted = [0, 1] if kind == "district" else [2]

    def area(event):
        if "lon" not in event:
            return None
        point = shapely.Point(event["lon"], event["lat"])
        return min((ids[f"a{i}"] for i in wanted if shapely.covers(boxes[i], point)), default=None)

    assert told(found) == grouped(table(events, area=area))


def test_a_reader_counts_only_the_rows_of_their_territory(filled, events):
    """An event without position belongs to the whole workspace."""
    own = [e for e in events if "lon" in e and e["lon"] < MIDDLE]
    with filled.as_("west") as connection:
        found = monthly_counts(connection, filled.workspace, LAYERS["crimes"], by_area=False)
    assert told(found) == grouped(table(own))
    with filled.as_("viewer") as connection:  # records are not a viewer's
        assert monthly_counts(connection, filled.workspace, LAYERS["crimes"], by_area=False) == []
    with filled.as_("viewer", purpose=Purpose.AGGREGATE) as connection:
        assert told(monthly_counts(connection, filled.workspace, LAYERS["crimes"], by_area=False)) == told(found)


def test_the_rows_of_one_batch_are_counted_apart(filled, events):
    with filled.as_("administrator") as connection:
        second = connection.exec_driver_sql("SELECT max(batch_id) FROM layer_crimes").scalar_one()
        found = monthly_counts(connection, filled.workspace, LAYERS["crimes"], by_area=False, batch_id=second)
    assert told(found) == grouped(table(events[600:]))


def test_accidents_with_dead_are_the_severe_ones(filled):
    rows = random_events("accidents", 60, seed=3)
    for number, row in enumerate(rows):
        row["severity"] = ["fatal", "injury", None, None][number % 4]
        row["killed"] = [None, 0, 2, 0][number % 4]
    filled.load("accidents", rows)
    with filled.as_("administrator") as connection:
        found = monthly_counts(connection, filled.workspace, LAYERS["accidents"], by_area=False)
    assert sum(row.severe_count for row in found) == 30
    assert sum(row.count for row in found) == 60
