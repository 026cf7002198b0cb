"""Records that may point at a victim are blurred for readers who do not edit them."""

from __future__ import annotations

import csv

import h3
import pytest

from api.describing import declared
from etl.writers.records import Wanted, write_records
from layers import identity, registry
from layers.queries import features
from layers.spec import Codes, Role
from tests.layers.city import IN_EAST, IN_WEST, crime

CRIMES = registry.load()["crimes"]


@pytest.fixture
def told(city):
    """A function: what a person reads of each record, by its key. Analysts of the whole city, editors of its west."""
    rows = [
        crime("w-theft", IN_WEST, category="theft", place_text="у рынка"),
        crime("w-sexual", IN_WEST, category="sexual", place_text="у школы"),
        crime("e-domestic", IN_EAST, category="domestic", place_text="во дворе"),
    ]
    city.load("crimes", rows)
    with city.owner() as owner:
        for name, part, role in (("reads", None, Role.ANALYST), ("edits", "west", Role.EDITOR)):
            person = city.people[name] = identity.add_principal(owner, name)
            root = city.workspace.root_territory_id
            identity.grant(owner, person, territory_id=root, role=Role.ANALYST)
            if part:
                identity.grant(owner, person, territory_id=city.territories[part], role=role)

    def read(name):
        with city.as_(name) as connection:
            page = features.page(connection, city.workspace, CRIMES)["features"]
            ids = [one["id"] for one in page]
            assert features.records_of(connection, city.workspace, CRIMES, ids) == page
            assert [features.one(connection, city.workspace, CRIMES, each) for each in ids] == page
        return {one["properties"]["source_id"]: one for one in page}

    return read


def centre(place):
    lat, lon = h3.cell_to_latlng(h3.latlng_to_cell(place[1], place[0], 9))
    return pytest.approx([lon, lat], abs=1e-6)


def test_an_analyst_sees_sensitive_records_at_the_centre_of_their_cell_and_without_their_text(told):
    found = told("reads")
    for key, place in (("w-sexual", IN_WEST), ("e-domestic", IN_EAST)):
        assert found[key]["geometry"]["coordinates"] == centre(place)
        assert found[key]["properties"]["place_text"] is None
        assert found[key]["properties"]["position_coarsened"] is True
    plain = found["w-theft"]
    assert plain["geometry"]["coordinates"] == list(IN_WEST)
    assert plain["properties"]["place_text"] == "у рынка"
    assert plain["properties"]["position_coarsened"] is False


def test_an_editor_sees_those_of_the_own_territory_as_they_are(told):
    found = told("edits")
    assert found["w-sexual"]["geometry"]["coordinates"] == list(IN_WEST)
    assert found["w-sexual"]["properties"]["place_text"] == "у школы"
    assert found["e-domestic"]["geometry"]["coordinates"] == centre(IN_EAST)
    assert found["e-domestic"]["properties"]["place_text"] is None


def test_an_export_is_no_way_round(city, told, tmp_path):
    told("reads")
    out = tmp_path / "crimes.csv"
    wanted = Wanted(layer=CRIMES, workspace=city.workspace.slug, restricted=True)
    write_records(city.engines, city.people["reads"], wanted, form="csv", out=out)
    with out.open(encoding="utf-8-sig", newline="") as file:
        [row] = [row for row in csv.DictReader(file) if row["id"] == "w-sexual"]
    assert [float(row["lon"]), float(row["lat"])] == centre(IN_WEST)
    assert not row["place_text"]


def test_sensitive_codes_are_told_and_must_be_codes():
    codes = {one["code"]: one.get("sensitive", False) for one in declared(CRIMES, "en")["categories"]}
    assert {code for code, is_sensitive in codes.items() if is_sensitive} == {"domestic", "sexual"}
    with pytest.raises(ValueError, match="sensitive"):
        Codes(good=("a",), sensitive=frozenset({"b"}))
