"""What is derived does not depend on who asked: districts share a border, and cameras look over it."""

from __future__ import annotations

import pytest

from etl.deriving import run_derive
from geo_core.errors import Forbidden
from layers import plans, registry
from layers.editing import records
from layers.identity import DERIVATION
from layers.queries import features
from tests.layers.city import MIDDLE

CAMERAS = registry.load()["cameras"]
LAT = 52.27
POSE = {"kind": "fixed", "status": "works", "azimuth_deg": 90.0, "hfov_deg": 90.0, "height_m": 5.0, "range_m": 60.0}


def camera(name, lon, **more):
    return {"source_id": name, "lon": lon, "lat": LAT, **POSE, **more}


@pytest.fixture
def streets(city):
    line = f"LINESTRING({MIDDLE - 0.005} {LAT}, {MIDDLE + 0.005} {LAT})"
    city.load("roads", [{"source_id": "r", "highway_class": "residential", "geom": line}])
    # One in each district, on both sides of the border and looking at the same ground; one without a known state; one in a house.
    lon = MIDDLE - 0.003
    house = (
        f"MULTIPOLYGON((({lon} 52.265, {lon + 0.0005} 52.265, {lon + 0.0005} 52.2655, {lon} 52.2655, {lon} 52.265)))"
    )
    city.load("buildings", [{"source_id": "h", "height_m": 9.0, "geom": house}])
    within = {"lon": lon + 0.00025, "lat": 52.26525}
    city.load(
        "cameras",
        [
            camera("west", MIDDLE - 0.0004),
            camera("east", MIDDLE + 0.0004, azimuth_deg=270.0),
            camera("unsure", MIDDLE - 0.001, status="unknown"),
            camera("inside", 0.0) | within,
            camera("turning inside", 0.0, kind="ptz") | within,
        ],
    )
    return city


def stored(city):
    with city.owner() as owner:
        return {
            table: [tuple(row) for row in owner.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4")]
            for table in ("cell_share", "segment_share")
        }


def derive(city, who, **more):
    return run_derive(city.engines, city.people[who], workspace="city", **more)


def turn(city, who, **changes):
    with city.as_(who) as connection:
        found = features.page(connection, city.workspace, CAMERAS)["features"]
        one = next(f for f in found if f["properties"]["source_id"] == "west")
        version = one["properties"]["version"]
        records.change(connection, city.workspace, CAMERAS, one["id"], version=version, changes=changes)


def test_the_derivation_of_a_districts_editor_equals_that_of_an_administrator(streets):
    derive(streets, "administrator")
    first = stored(streets)
    assert first["cell_share"]
    assert first["segment_share"]
    turn(streets, "west", azimuth_deg=60.0, range_m=80.0)
    report = derive(streets, "west")["camera_coverage"]
    assert report["skipped"] is False
    incremental = stored(streets)
    assert incremental != first
    derive(streets, "administrator", afresh=True)
    whole = stored(streets)
    assert [row[:4] for row in incremental["cell_share"]] == [row[:4] for row in whole["cell_share"]]
    for table, at in (("cell_share", 4), ("segment_share", 4)):
        assert [row[at] for row in incremental[table]] == pytest.approx([row[at] for row in whole[table]], abs=0.1)
    derive(streets, "east", afresh=True)
    assert stored(streets) == whole


def test_who_asked_for_a_derivation_stays_in_the_audit(streets):
    derive(streets, "west")
    with streets.as_("administrator") as connection:
        lines = connection.exec_driver_sql("SELECT detail FROM audit WHERE action = 'derive'").scalars().all()
    assert lines
    assert {line["asked_by"] for line in lines} == {streets.people["west"].subject}
    assert streets.people["west"].subject != DERIVATION


def test_only_editors_derive(streets):
    for who in ("analyst", "viewer"):
        with pytest.raises(Forbidden):
            derive(streets, who)
    assert stored(streets) == {"cell_share": [], "segment_share": []}


def test_cameras_inside_buildings_are_blind_and_those_of_unknown_state_potential(streets):
    report = derive(streets, "west")["camera_coverage"]
    counts = {name: report[name] for name in ("cameras", "counted", "potential", "ptz", "dead", "blind")}
    assert counts == {"cameras": 5, "counted": 2, "potential": 1, "ptz": 0, "dead": 0, "blind": 2}
    with streets.owner() as owner:
        rows = owner.exec_driver_sql(
            "SELECT c.source_id, v.state, v.reason, v.visible_m2 FROM layer_camera_coverage v JOIN layer_cameras c ON c.id = v.camera_id"
        ).all()
    said = {row.source_id: (row.state, row.reason) for row in rows}
    assert said["unsure"] == ("potential", "status-unknown")
    assert said["inside"] == said["turning inside"] == ("blind", "inside-building")
    assert {row.visible_m2 for row in rows if row.state == "blind"} == {0.0}
    shares = stored(streets)
    with streets.owner() as owner:
        owner.exec_driver_sql("DELETE FROM layer_cameras WHERE source_id LIKE '%%inside'")
    derive(streets, "west", afresh=True)
    assert stored(streets) == shares


@pytest.mark.parametrize(
    ("who", "where"), [("administrator", "city"), ("analyst", "west"), ("quarter", "quarter"), ("east", "east")]
)
def test_a_plan_belongs_to_the_territory_of_its_planner(city, who, where):
    with city.as_(who) as connection:
        assert plans.territory_for(connection, city.workspace) == city.territories[where]
        plan = plans.keep(connection, city.workspace, kind="cameras", params={}, certificate={}, sites={})
        assert plans.one(connection, city.workspace, plan)["id"] == plan
    seen = {}
    for reader in ("administrator", "analyst", "east", "viewer"):
        with city.as_(reader) as connection:
            seen[reader] = [row["id"] for row in plans.listed(connection, city.workspace)] == [plan]
    assert seen == {
        "administrator": True,
        "analyst": where in {"west", "quarter"},
        "east": where == "east",
        "viewer": False,
    }


def test_who_is_nowhere_an_analyst_plans_nothing(city):
    with pytest.raises(Forbidden) as told, city.as_("viewer") as connection:
        plans.territory_for(connection, city.workspace)
    assert told.value.code == "role-needed"
