"""Records: paged, filtered, changed with optimistic locking; what a change may not be is refused by name."""

from __future__ import annotations

from datetime import date

import h3
import pytest
from sqlalchemy import text

from geo_core.errors import Conflict, InvalidInput, NotFound
from layers import registry
from layers.editing import records
from layers.queries import features
from layers.queries.filters import Filter
from tests.layers.city import IN_EAST, IN_QUARTER, IN_WEST, crime, open_city

LAYERS = registry.load()
CRIMES, CAMERAS = LAYERS["crimes"], LAYERS["cameras"]


def fill(city):
    city.load("crimes", [crime(n, IN_WEST if n % 2 else IN_EAST, hour=n % 24 if n < 20 else None) for n in range(25)])
    city.load("cameras", [{"source_id": "c", "kind": "dome", "status": "works", "lon": IN_WEST[0], "lat": IN_WEST[1]}])
    return city


@pytest.fixture
def filled(city):
    return fill(city)


@pytest.fixture(scope="module")
def untouched(module_database):
    """For tests that change nothing, or are refused."""
    city = fill(open_city(module_database))
    yield city
    city.engines.dispose()


def id_of(city, layer, source_id):
    with city.owner() as owner:
        return owner.execute(text(f"SELECT id FROM {layer.table} WHERE source_id = :s"), {"s": source_id}).scalar_one()


def change(city, layer, source_id, *, version=1, **given):
    given.setdefault("changes", {})
    with city.as_("administrator") as connection:
        return records.change(
            connection, city.workspace, layer, id_of(city, layer, source_id), version=version, **given
        )


def test_pages_follow_each_other_without_gap_or_repeat(untouched):
    seen, after = [], 0
    with untouched.as_("administrator") as connection:
        for _ in range(20):
            page = features.page(connection, untouched.workspace, CRIMES, limit=7, after_id=after)
            seen += [f["properties"]["source_id"] for f in page["features"]]
            if page["next_after"] is None:
                break
            after = page["next_after"]
    assert seen == [str(n) for n in range(25)]
    with untouched.as_("administrator") as connection:
        page = features.page(connection, untouched.workspace, CRIMES, limit=25)
    assert page["next_after"] is None, "a full last page is the end"


def test_only_records_that_surely_pass_are_listed(untouched):
    with untouched.as_("administrator") as connection:
        page = features.page(connection, untouched.workspace, CRIMES, given=Filter(hours=frozenset({3, 4})))
    assert [f["properties"]["source_id"] for f in page["features"]] == ["3", "4"]


def test_a_record_is_geojson_in_lon_lat(untouched):
    with untouched.as_("administrator") as connection:
        one = features.one(connection, untouched.workspace, CRIMES, id_of(untouched, CRIMES, "1"))
    assert one["type"] == "Feature"
    assert one["geometry"] == {"type": "Point", "coordinates": list(IN_WEST)}
    assert one["properties"]["category"] == "theft"
    assert one["properties"]["hour"] == 1
    assert one["properties"]["version"] == 1
    assert "territory_id" not in one["properties"]


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_page_has_a_limit(untouched, limit):
    with untouched.as_("administrator") as connection, pytest.raises(InvalidInput) as refused:
        features.page(connection, untouched.workspace, CRIMES, limit=limit)
    assert refused.value.code == "bad-parameter"


def test_of_two_edits_of_one_version_the_second_is_told(filled):
    first = change(filled, CRIMES, "1", changes={"article": "188"})
    assert first["properties"]["version"] == 2
    with pytest.raises(Conflict) as refused:
        change(filled, CRIMES, "1", changes={"article": "191"})
    assert refused.value.code == "version-conflict"
    assert refused.value.params == {"yours": 1, "current": 2}
    assert change(filled, CRIMES, "1", version=2, changes={"article": None})["properties"]["article"] is None


def test_a_moved_point_takes_its_cell_and_territory_along(filled):
    moved = change(filled, CRIMES, "1", position=IN_QUARTER, reason="place checked")
    assert moved["geometry"]["coordinates"] == list(IN_QUARTER)
    with filled.owner() as owner:
        row = owner.exec_driver_sql("SELECT cell, territory_id FROM layer_crimes WHERE source_id = '1'").one()
        line = owner.exec_driver_sql("SELECT detail FROM audit WHERE action = 'edit'").scalar_one()
    assert row.cell == h3.str_to_int(h3.latlng_to_cell(IN_QUARTER[1], IN_QUARTER[0], 11))
    assert row.territory_id == filled.territories["quarter"]
    assert line["fields"] == ["position"]
    assert line["reason"] == "place checked"
    outside = change(filled, CRIMES, "1", version=2, position=(80.0, 40.0))
    with filled.owner() as owner:
        territory = owner.exec_driver_sql("SELECT territory_id FROM layer_crimes WHERE source_id = '1'").scalar_one()
    assert outside["properties"]["version"] == 3
    assert territory == filled.workspace.root_territory_id


def test_a_moved_event_is_dark_or_light_as_it_was_at_its_new_place(filled):
    with filled.owner() as owner:
        # 16:30 in Pavlodar's June: broad daylight there, deep night in the middle of the Pacific
        owner.exec_driver_sql(
            "UPDATE layer_crimes SET occurred_from = '2024-06-21 11:30+00', occurred_to = '2024-06-21 11:31+00', dark = false "
            "WHERE source_id = '1'"
        )
    assert change(filled, CRIMES, "1", position=IN_QUARTER)["properties"]["dark"] is False
    assert change(filled, CRIMES, "1", version=2, position=(-170.0, 10.0))["properties"]["dark"] is True


def test_every_type_of_field_is_changed_and_read_back(filled):
    changed = change(
        filled,
        CAMERAS,
        "c",
        changes={
            "kind": "ptz",
            "azimuth_deg": 271.5,
            "height_m": 6,
            "width_px": 1920,
            "connected": True,
            "installed_on": "2023-05-01",
            "owner": None,
        },
    )["properties"]
    assert (changed["kind"], changed["azimuth_deg"], changed["height_m"], changed["width_px"]) == (
        "ptz",
        271.5,
        6.0,
        1920,
    )
    assert (changed["connected"], changed["installed_on"], changed["owner"]) == (
        True,
        date(2023, 5, 1).isoformat(),
        None,
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "nothing-to-change"),
        ({"colour": "red"}, "unknown-field"),
        ({"id": 5}, "unknown-field"),
        ({"territory_id": 1}, "unknown-field"),
        ({"kind": None}, "missing-value"),
        ({"kind": "Dome"}, "unseen-code"),
        ({"kind": ["dome"]}, "unseen-code"),
        ({"azimuth_deg": 361}, "out-of-range"),
        ({"azimuth_deg": float("nan")}, "not-a-number"),
        ({"azimuth_deg": float("inf")}, "not-a-number"),
        ({"azimuth_deg": "90"}, "not-a-number"),
        ({"azimuth_deg": True}, "not-a-number"),
        ({"width_px": 1920.5}, "not-a-number"),
        ({"width_px": 10**12}, "not-a-number"),
        ({"width_px": 50}, "out-of-range"),
        ({"connected": 1}, "bad-parameter"),
        ({"installed_on": "01.05.2023"}, "not-a-date"),
        ({"installed_on": 5}, "not-a-date"),
    ],
)
def test_a_change_that_cannot_be_is_refused_by_name(untouched, changes, code):
    with pytest.raises(InvalidInput) as refused:
        change(untouched, CAMERAS, "c", changes=changes)
    assert refused.value.code == code
    with untouched.owner() as owner:
        assert owner.exec_driver_sql("SELECT version FROM layer_cameras").scalar_one() == 1
        assert owner.exec_driver_sql("SELECT count(*) FROM row_history").scalar_one() == 0


@pytest.mark.parametrize(("text_", "code"), [("a\x00b", "bad-parameter"), ("x" * 4001, "bad-parameter")])
def test_text_has_bounds(untouched, text_, code):
    with pytest.raises(InvalidInput) as refused:
        change(untouched, CRIMES, "1", changes={"article": text_})
    assert refused.value.code == code


@pytest.mark.parametrize("position", [(181, 0), (0, 91), (float("nan"), 50), (float("inf"), 50)])
def test_a_place_off_the_earth_is_refused(untouched, position):
    with pytest.raises(InvalidInput) as refused:
        change(untouched, CRIMES, "1", position=position)
    assert refused.value.code == "coordinates-not-degrees"


def test_shapes_do_not_move_and_derived_rows_do_not_change(city):
    line = "LINESTRING(76.93 52.26, 76.94 52.27)"
    city.load("roads", [{"source_id": "r", "highway_class": "residential", "geom": line}])
    with pytest.raises(InvalidInput) as refused:
        change(city, LAYERS["roads"], "r", position=IN_WEST)
    assert refused.value.code == "only-points-move"
    with city.as_("administrator") as connection, pytest.raises(InvalidInput) as refused:
        records.change(connection, city.workspace, LAYERS["street_segments"], 1, version=1, changes={"name": "x"})
    assert refused.value.code == "derived-is-computed"


def test_a_number_that_no_column_holds_is_refused_where_a_field_has_no_range(city):
    line = "LINESTRING(76.93 52.26, 76.94 52.27)"
    city.load("roads", [{"source_id": "r", "highway_class": "residential", "geom": line}])
    assert change(city, LAYERS["roads"], "r", changes={"from_node": -(2**62)})["properties"]["from_node"] == -(2**62)
    with pytest.raises(InvalidInput) as refused:
        change(city, LAYERS["roads"], "r", version=2, changes={"from_node": 2**63})
    assert refused.value.code == "not-a-number"


def test_a_record_that_is_not_there_is_not_found(untouched):
    with untouched.as_("administrator") as connection, pytest.raises(NotFound):
        features.one(connection, untouched.workspace, CRIMES, 10**15)
