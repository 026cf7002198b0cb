"""The gap and the plan against plain geometry: what is seen, unseen, indoors, unknown; refused before anything is derived."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from etl.deriving import run_derive
from etl.planning import PlanRequest, run_plan
from geo_core.errors import InvalidInput
from geo_core.projection import points_to_metric, to_metric
from layers import registry
from layers.queries.filters import Filter
from layers.queries.gap import event_gap, street_gap
from tests.layers.city import EAST, MIDDLE, WEST, City, crime, open_city

CRIMES = registry.load()["crimes"]
LAT = 52.28
STREET = f"LINESTRING({WEST + 0.01} {LAT}, {EAST - 0.01} {LAT})"
HOUSE = (MIDDLE + 0.002, LAT + 0.0005, MIDDLE + 0.003, LAT + 0.001)


def camera(number: int, lon: float, **more: object) -> dict[str, object]:
    pose = {"kind": "fixed", "status": "works", "azimuth_deg": 90.0, "hfov_deg": 60.0, "range_m": 60.0, "height_m": 5.0}
    return {"source_id": f"c{number}", "lon": lon, "lat": LAT, **pose, **more}


def night(rng: np.random.Generator, count: int) -> list[dict[str, object]]:
    along = rng.uniform(WEST + 0.011, EAST - 0.011, count)
    return [
        crime(f"n{i}", (float(lon), float(LAT + rng.normal(0, 1e-5))), dark=True, hour=23, time_precision="hour")
        for i, lon in enumerate(along)
    ]


def furnish(city: City) -> None:
    rng = np.random.default_rng(17)
    city.load(
        "roads", [{"source_id": "r", "geom": STREET, "highway_class": "residential", "from_node": 1, "to_node": 2}]
    )
    west, south, east, north = HOUSE
    city.load(
        "buildings",
        [
            {
                "source_id": "b",
                "geom": f"MULTIPOLYGON((({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south})))",
            }
        ],
    )
    spread = np.linspace(WEST + 0.015, EAST - 0.02, 25)
    city.load(
        "cameras",
        [
            *(camera(i, float(lon)) for i, lon in enumerate(spread)),
            camera(90, MIDDLE, azimuth_deg=None),
            camera(91, MIDDLE + 0.005, status="broken"),
        ],
    )
    indoors = [crime(f"h{i}", ((west + east) / 2, (south + north) / 2), dark=True) for i in range(4)]
    hours = [crime("no-hour", (MIDDLE, LAT)), crime("day", (MIDDLE, LAT), dark=False, hour=12)]
    city.load("crimes", [*night(rng, 300), *indoors, *hours, crime("nowhere", None, dark=True, hour=23)])


@pytest.fixture(scope="module")
def city(module_database):
    made = open_city(module_database)
    furnish(made)
    yield made
    made.engines.dispose()


def derived(city: City) -> None:
    run_derive(city.engines, city.people["administrator"], workspace="city")


def test_nothing_is_said_of_a_gap_before_streets_and_coverage_are_derived(city):
    for ask in (
        lambda c: event_gap(c, city.workspace, CRIMES),
        lambda c: street_gap(c, city.workspace),
    ):
        with city.as_("administrator") as connection, pytest.raises(InvalidInput) as refused:
            ask(connection)
        assert refused.value.code == "coverage-not-derived"


def test_seen_unseen_indoors_and_unknown_add_up_to_what_geometry_says(city):
    derived(city)
    with city.as_("administrator") as connection:
        found = event_gap(connection, city.workspace, CRIMES)
        areas = connection.exec_driver_sql(
            "SELECT ST_AsBinary(geom) FROM layer_camera_coverage WHERE state = 'counted'"
        ).scalars()
        seen_area = shapely.union_all([shapely.from_wkb(bytes(a)) for a in areas])
        points = connection.exec_driver_sql(
            "SELECT ST_X(geom), ST_Y(geom) FROM layer_crimes WHERE dark AND source_id LIKE 'n%%' AND geom IS NOT NULL"
        ).all()
    expected = int(shapely.intersects_xy(seen_area, *np.array(points, dtype=float).T).sum())
    totals = found["totals"]
    assert 0 < expected < 300
    assert totals["night_seen"]["covered"] == expected
    assert totals["night_seen"]["total"] == 300
    assert totals["night_seen"]["unknown"] == 5, "four indoors and one without position"
    assert totals["night_indoors"] == 4
    assert totals["dark"]["unknown"] == 1
    assert [row["unseen_night_events"] for row in found["rows"]] == [300 - expected]
    assert found["basis"] == {**found["basis"], "coverage_is_stale": False, "cameras_listed": 27}


def test_events_the_filter_cannot_judge_are_told_and_not_lost(city):
    derived(city)
    with city.as_("administrator") as connection:
        found = event_gap(connection, city.workspace, CRIMES, given=Filter(hours=frozenset({22, 23})))
    assert found["totals"]["filter_unknown"] == 5, "four indoors and one in the street, of no known hour"
    assert found["totals"]["dark"]["covered"] == 301


def test_metres_of_street_seen_are_those_geometry_gives(city):
    derived(city)
    with city.as_("administrator") as connection:
        found = street_gap(connection, city.workspace)
        areas = connection.exec_driver_sql(
            "SELECT ST_AsBinary(geom) FROM layer_camera_coverage WHERE state = 'counted'"
        ).scalars()
        metric = to_metric(
            np.array([shapely.from_wkb(bytes(a)) for a in areas], dtype=object), crs=city.workspace.metric_crs
        )
    line = to_metric(np.array([shapely.from_wkt(STREET)], dtype=object), crs=city.workspace.metric_crs)[0]
    expected = line.intersection(shapely.union_all(metric)).length / line.length
    assert found["totals"]["seen"]["share"] == pytest.approx(expected, abs=1e-4)
    assert found["totals"]["potential"]["covered"] > 0


def test_a_plan_covers_what_its_certificate_says_and_no_more(city):
    derived(city)
    made = run_plan(
        city.engines,
        city.people["administrator"],
        workspace="city",
        wanted=PlanRequest(cameras=3, candidates="corners", range_m=80.0),
    )
    certificate = made["certificate"]
    assert certificate["status"] == "optimal"
    assert certificate["objective"] == certificate["bound"]
    assert certificate["demand"]["unknown"] == 6
    with city.as_("administrator") as connection:
        rows = connection.exec_driver_sql(
            "SELECT ST_X(t.geom), ST_Y(t.geom) FROM layer_crimes t WHERE dark AND source_id LIKE 'n%%' AND NOT EXISTS ("
            "SELECT 1 FROM layer_camera_coverage c WHERE c.state = 'counted' AND ST_Intersects(c.geom, t.geom))"
        ).all()
    lon, lat = np.array(rows, dtype=float).T
    x_m, y_m = points_to_metric(lon, lat, crs=city.workspace.metric_crs)
    planned = [shapely.geometry.shape(f["properties"]["area"]) for f in made["sites"]["features"]]
    area = shapely.union_all(to_metric(np.array(planned, dtype=object), crs=city.workspace.metric_crs))
    assert certificate["demand"]["newly_seen"] == int(shapely.intersects_xy(area.buffer(0.02), x_m, y_m).sum())
    assert certificate["places"] <= certificate["cameras"]


def test_where_nobody_listed_a_camera_it_is_not_known_what_is_seen(module_database):
    bare = open_city(module_database, slug="bare", shift=1.0)
    try:
        street = STREET.replace(str(WEST + 0.01), str(WEST + 1.01)).replace(str(EAST - 0.01), str(EAST + 0.99))
        bare.load(
            "roads", [{"source_id": "r", "geom": street, "highway_class": "residential", "from_node": 1, "to_node": 2}]
        )
        bare.load("crimes", [crime(i, (MIDDLE + 1.0, LAT), dark=True) for i in range(7)])
        run_derive(bare.engines, bare.people["administrator"], workspace="bare")
        with bare.as_("administrator") as connection:
            found = event_gap(connection, bare.workspace, CRIMES)
        assert found["rows"] == []
        assert found["totals"]["night_seen"] == {"covered": 0.0, "total": 0.0, "unknown": 7.0, "share": None}
        assert found["basis"]["cameras_listed"] == 0
    finally:
        bare.engines.dispose()
