"""Settlement names of an import find their codes in the workspace's classifier, and the report says how they fared."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from etl.importer import ImportRequest, run_import
from etl.mapping import mapping_from_json, to_json
from geo_core.errors import InvalidInput
from layers import registry
from layers.queries import features
from tests.layers.city import open_city

LAYERS = registry.load()
ACCIDENTS, KATO = LAYERS["accidents"], LAYERS["kato_units"]
NOW = datetime(2025, 1, 15, tzinfo=UTC)
CLASSIFIER = """kato,kato_version,level,type_code,name_ru,name_kk
710000000,made up,oblast,0,г.Астана,Астана қ.
711210000,made up,sub_district,1,район Есиль,Есіл ауданы
111610000,made up,sub_district,2,г.Косшы,Қосшы қ.
116644100,made up,settlement,2,с.Каражар,Қаражар а.
117055800,made up,settlement,2,с.Каражар,Қаражар а.
"""
SOURCE = """id,when,lon,lat,place,oblast,kind
1,2024-05-01 10:00,76.95,52.28,Г.НУР-СУЛТАН,1971,collision
2,2024-05-02 10:00,76.95,52.28,"АСТАНА, ЕСИЛЬСКИЙ Р-Н",1971,collision
3,2024-05-03 10:00,76.95,52.28,С.КОСШИ,1911,collision
4,2024-05-04 10:00,76.95,52.28,КАРАЖАР,1911,collision
5,2024-05-05 10:00,76.95,52.28,ПР.ТУРАН,1971,collision
6,2024-05-06 10:00,76.95,52.28,,1971,collision
"""
MAPPING = {
    "id": "settlements",
    "columns": {"category": "kind", "settlement": "place"},
    "settlements": {"settlement_kato": {"name": "place", "oblast": "oblast"}},
    "time": {"local": "when"},
    "lon": "lon",
    "lat": "lat",
    "source_id": "id",
}


@pytest.fixture
def city(fresh_database):
    made = open_city(fresh_database)
    yield made
    made.engines.dispose()


def load(city, layer, text: str, mapping, path: Path):
    path.write_text(text)
    wanted = ImportRequest(layer=layer, path=path, mapping=mapping, workspace="city", now=NOW)
    return run_import(city.engines, city.people["administrator"], wanted)


def codes(city):
    with city.as_("administrator") as connection:
        page = features.page(connection, city.workspace, ACCIDENTS)
    return {f["properties"]["source_id"]: f["properties"] for f in page["features"]}


def test_names_find_their_codes_and_the_others_say_why_not(city, tmp_path):
    kato = load(city, KATO, CLASSIFIER, KATO.sources[1], tmp_path / "kato.csv")
    assert (kato.loaded, kato.rejected) == (5, 0)
    report = load(city, ACCIDENTS, SOURCE, mapping_from_json(MAPPING, layer=ACCIDENTS), tmp_path / "a.csv")
    assert report.loaded == 6
    found = codes(city)
    assert {key: row["settlement_kato"] for key, row in found.items()} == {
        "1": "710000000",
        "2": "711210000",
        "3": "111610000",
        "4": None,
        "5": None,
        "6": None,
    }
    assert found["1"]["settlement"] == "Г.НУР-СУЛТАН", "what the source wrote stays"
    assert "settlement-ambiguous" in found["4"]["flags"]
    assert "settlement-not-found" in found["5"]["flags"]
    assert not {f for f in found["6"]["flags"] if f.startswith("settlement")}
    told = {code: report.warnings[code] for code in report.warnings if code.startswith("settlement")}
    assert told == {
        "settlement-ambiguous": 1,
        "settlement-former-name": 1,
        "settlement-misspelled": 1,
        "settlement-not-found": 1,
    }
    assert report.warning_samples["settlement-ambiguous"] == [
        {"found": "КАРАЖАР", "candidates": "116644100, 117055800"}
    ]


def test_without_a_classifier_nothing_is_guessed_and_the_report_says_what_to_load(city, tmp_path):
    report = load(city, ACCIDENTS, SOURCE, mapping_from_json(MAPPING, layer=ACCIDENTS), tmp_path / "a.csv")
    assert report.warnings["kato-not-loaded"] == 6
    assert {row["settlement_kato"] for row in codes(city).values()} == {None}
    load(city, KATO, CLASSIFIER, KATO.sources[1], tmp_path / "kato.csv")
    again = load(city, ACCIDENTS, SOURCE, mapping_from_json(MAPPING, layer=ACCIDENTS), tmp_path / "a.csv")
    assert (again.updated, again.unchanged) == (3, 3), "rows that have a code now, and those that still have none"


def test_the_mapping_is_written_and_read_back_and_an_unknown_field_is_named():
    mapping = mapping_from_json(MAPPING, layer=ACCIDENTS)
    assert mapping_from_json(to_json(mapping), layer=ACCIDENTS) == mapping
    for wrong, code in (
        ({"nowhere": {"name": "place"}}, "mapping-unknown-field"),
        ({"settlement_kato": {"oblast": "x"}}, "mapping-missing-key"),
        ({"settlement_kato": {"name": "p", "country": "x"}}, "mapping-unknown-key"),
    ):
        with pytest.raises(InvalidInput) as refused:
            mapping_from_json({**MAPPING, "settlements": wrong}, layer=ACCIDENTS)
        assert refused.value.code == code
