"""Segments and areas: every event is counted once or told apart; oracle: shapely and plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import pytest
import shapely
from sqlalchemy import text

from layers import registry
from layers.queries import units
from layers.queries.filters import Filter
from tests.layers.city import NORTH, SOUTH, WEST, crime, open_city
from tests.layers.events import passes, random_events

CRIMES = registry.load()["crimes"]
COUNT = 1200
FILTERS = [
    Filter(),
    Filter(hours=frozenset({22, 23, 0, 1, 2, 3})),
    Filter(first_day=date(2023, 5, 10), last_day=date(2024, 5, 20), dark=True),
    Filter(categories=frozenset({"theft", "drugs"}), weekdays=frozenset({6, 7})),
]


@pytest.fixture(scope="module")
def events():
    return random_events("crimes", COUNT, seed=21)


@pytest.fixture(scope="module")
def boxes():
    """Six districts over two thirds of the city, and a microdistrict on top of the first."""
    xs, ys = np.linspace(WEST, WEST + 0.0701, 4), np.linspace(SOUTH, NORTH, 3)
    made = [shapely.box(xs[i], ys[j], xs[i + 1], ys[j + 1]) for i in range(3) for j in range(2)]
    return [*made, made[0].buffer(-0.002)]


@pytest.fixture(scope="module")
def filled(module_database, events, boxes):
    city = open_city(module_database)
    city.load("crimes", events)
    rows = [
        {
            "source_id": f"a{i}",
            "code": f"a{i}",
            "kind": "district" if i < 6 else "microdistrict",
            "population": None if i == 1 else (0 if i == 2 else 1000 * (i + 1)),
            "geom": shapely.MultiPolygon([box]).wkt,
        }
        for i, box in enumerate(boxes)
    ]
    city.load("areas", rows)
    rng = np.random.default_rng(3)
    with city.owner() as owner:
        owner.execute(text("SELECT qorgan_ensure_partition('layer_street_segments', :ws)"), {"ws": city.workspace.id})
        for number in range(1, 41):
            owner.execute(
                text(
                    "INSERT INTO layer_street_segments (workspace_id, id, source_id, territory_id, batch_id, row_hash, highway_class, "
                    "length_m, geom) VALUES (:ws, :n, 's' || :n, :t, 0, 0, 'residential', :length, "
                    "ST_GeomFromText('LINESTRING(76.93 52.26, 76.94 52.27)', 4326))"
                ),
                {"ws": city.workspace.id, "n": number, "t": city.territories["west"], "length": 50.0 * number},
            )
        ids = {row.source_id: row.id for row in owner.exec_driver_sql("SELECT source_id, id FROM layer_crimes")}
        links = {}
        for event in events:
            # a few are linked to nothing, a few to a segment that is gone, a few not yet at all
            unit = int(rng.integers(-4, 43))
            if "lon" not in event or unit < -1:
                continue
            links[event["source_id"]] = unit if unit > 0 else None
        owner.execute(
            text(
                "INSERT INTO event_unit (workspace_id, layer_id, row_id, unit_id, territory_id, row_version) "
                "VALUES (:ws, 'crimes', :row, :unit, :t, 1)"
            ),
            [
                {"ws": city.workspace.id, "row": ids[name], "unit": unit, "t": city.workspace.root_territory_id}
                for name, unit in links.items()
            ],
        )
    yield city, links
    city.engines.dispose()


@pytest.mark.parametrize("wanted", FILTERS, ids=range(len(FILTERS)))
def test_events_on_segments_and_those_on_none_add_up(filled, events, wanted):
    city, links = filled
    with city.as_("administrator") as connection:
        answer = units.segments(connection, city.workspace, CRIMES, given=wanted)
    certain = Counter(links.get(e["source_id"]) for e in events if passes(e, wanted) is True)
    maybe = Counter(links.get(e["source_id"]) for e in events if passes(e, wanted) is None)
    there = range(1, 41)
    want = {u: (certain[u], maybe[u]) for u in there if certain[u] or maybe[u]}
    assert {row["id"]: (row["count"], row["unknown_count"]) for row in answer["rows"]} == want
    on_segments = sum(certain[u] for u in there)
    assert answer["totals"] == {
        "count": certain.total(),
        "on_segments": on_segments,
        "unplaced": certain.total() - on_segments,
    }
    for row in answer["rows"]:
        assert row["count_per_km"] == pytest.approx(row["count"] / (row["length_m"] / 1000))
    assert [row["count"] for row in answer["rows"]] == sorted((row["count"] for row in answer["rows"]), reverse=True)


def test_totals_do_not_depend_on_how_many_rows_are_asked_for(filled):
    city, _ = filled
    with city.as_("administrator") as connection:
        whole = units.segments(connection, city.workspace, CRIMES)
        few = units.segments(connection, city.workspace, CRIMES, limit=3)
    assert few["rows"] == whole["rows"][:3]
    assert few["totals"] == whole["totals"]


@pytest.mark.parametrize("wanted", FILTERS, ids=range(len(FILTERS)))
def test_counts_of_districts_and_of_what_lies_outside_add_up(filled, events, boxes, wanted):
    city, _ = filled
    with city.as_("administrator") as connection:
        answer = units.areas(connection, city.workspace, CRIMES, given=wanted, kind="district")
    certain = [e for e in events if passes(e, wanted) is True]
    maybe = [e for e in events if passes(e, wanted) is None]

    def within(box, some):
        return sum("lon" in e and bool(shapely.intersects_xy(box, e["lon"], e["lat"])) for e in some)

    want = {f"a{i}": (within(box, certain), within(box, maybe)) for i, box in enumerate(boxes[:6])}
    assert {row["code"]: (row["count"], row["unknown_count"]) for row in answer["rows"]} == want
    totals = answer["totals"]
    assert totals["count"] == len(certain)
    assert totals["without_position"] == sum("lon" not in e for e in certain)
    assert sum(row["count"] for row in answer["rows"]) + totals["outside"] + totals["without_position"] == len(certain)
    for row in answer["rows"]:
        if not row["population"]:
            assert row["count_per_10k"] is None, "no residents, or not known: no rate"
        else:
            assert row["count_per_10k"] == pytest.approx(row["count"] * 10_000 / row["population"])


def test_areas_of_every_kind_are_listed_when_none_is_asked_for(filled):
    city, _ = filled
    with city.as_("administrator") as connection:
        answer = units.areas(connection, city.workspace, CRIMES)
    assert {row["kind"] for row in answer["rows"]} == {"district", "microdistrict"}
    assert len(answer["rows"]) == 7


def test_an_event_on_a_common_border_counts_once_per_kind(city):
    shapes = [(0, "district"), (1, "district"), (0, "microdistrict")]
    city.load(
        "areas",
        [
            {
                "source_id": f"b{n}",
                "code": f"b{n}",
                "kind": kind,
                "geom": shapely.MultiPolygon([shapely.box(76.92 + 0.01 * i, 52.26, 76.93 + 0.01 * i, 52.27)]).wkt,
            }
            for n, (i, kind) in enumerate(shapes)
        ],
    )
    city.load(
        "crimes", [crime("border", (76.93, 52.265)), crime("inside", (76.935, 52.265)), crime("out", (76.91, 52.265))]
    )
    with city.as_("administrator") as connection:
        of = {
            kind: units.areas(connection, city.workspace, CRIMES, kind=kind) for kind in ("district", "microdistrict")
        }
    assert {row["code"]: row["count"] for row in of["district"]["rows"]} == {"b0": 1, "b1": 1}
    assert {row["code"]: row["count"] for row in of["microdistrict"]["rows"]} == {"b2": 1}
    for answer in of.values():
        assert sum(row["count"] for row in answer["rows"]) + answer["totals"]["outside"] == 3
