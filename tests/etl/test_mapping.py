"""Mapping files say what they do not understand, and proposals are right where a human would be."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
import shapely

from etl.mapping import dump_mapping, load_mapping, mapping_from_json, propose, to_json
from etl.readers import open_source
from geo_core.errors import DataQuality, InvalidInput
from layers.registry import load
from layers.spec import Codes, Field, FieldType, LayerKind, TableReading, TimeSource
from tests.fixtures.intake import PAVLODAR, layer, mapping, shared

THINGS = layer()


def refused(document) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        mapping_from_json(document, layer=THINGS)
    json.dumps(caught.value.params)
    return caught.value


def test_a_mapping_survives_its_file(tmp_path):
    full = mapping(
        constants={"note": "x", "killed": 0},
        crs="EPSG:3857",
        time=TimeSource(epoch_ms="rta_date", epoch_clock="+06:00", clock="c", formats=("%d/%m/%Y",)),
        codes={"category": {"7": "theft", "?": ""}},
        scale={"height_m": 0.01},
        signature=frozenset({"b", "a"}),
        defaults_zero=frozenset({"killed"}),
        where={"highway": ("street_lamp",), "man_made": ()},
        reading=TableReading(
            encoding="cp1251", delimiter=";", decimal=",", sheet="R1", header_row=4, header_rows=2, member="a/b.csv"
        ),
        licence="CC0-1.0",
    )
    path = tmp_path / "mapping.json"
    path.write_text(dump_mapping(full), encoding="utf-8")
    assert load_mapping(path, layer=THINGS) == full
    assert json.loads(path.read_text(encoding="utf-8")) == to_json(full)


def test_every_mapping_of_the_catalogue_fits_its_layer_and_survives_json():
    found = 0
    for known in load().values():
        for source in known.sources:
            assert mapping_from_json(json.loads(dump_mapping(source)), layer=known) == source
            found += 1
    assert found >= 15


@pytest.mark.parametrize(
    ("document", "code", "params"),
    [
        ([], "mapping-wrong-type", {"key": "(file)", "expected": "object"}),
        ({}, "mapping-missing-key", {"key": "id"}),
        ({"id": "x", "colums": {}}, "mapping-unknown-key", {"key": "colums"}),
        ({"id": "x", "time": {"epoch": "e"}}, "mapping-unknown-key", {"key": "time.epoch"}),
        ({"id": "x", "reading": {"sheets": "a"}}, "mapping-unknown-key", {"key": "reading.sheets"}),
        ({"id": "x", "reading": {"encoding": "morse"}}, "mapping-wrong-type", {"key": "reading.encoding"}),
        ({"id": "x", "reading": {"encoding": "zip"}}, "mapping-wrong-type", {"key": "reading.encoding"}),
        ({"id": "x", "reading": {"delimiter": "||"}}, "mapping-wrong-type", {"key": "reading.delimiter"}),
        ({"id": "x", "reading": {"decimal": "'"}}, "mapping-wrong-type", {"key": "reading.decimal"}),
        ({"id": "x", "reading": {"header_row": 0}}, "mapping-wrong-type", {"key": "reading.header_row"}),
        ({"id": "x", "columns": []}, "mapping-wrong-type", {"key": "columns", "expected": "object"}),
        ({"id": "x", "columns": {"category": 5}}, "mapping-wrong-type", {"key": "columns", "expected": "text"}),
        ({"id": "x", "columns": {"colour": "c"}}, "mapping-unknown-field", {"field": "colour"}),
        ({"id": "x", "codes": {"category": {"7": "piracy"}}}, "mapping-unknown-code", {"field": "category", "code": "piracy"}),
        ({"id": "x", "constants": {"category": "piracy"}}, "mapping-unknown-code", {"code": "piracy"}),
        ({"id": "x", "constants": {"killed": "none"}}, "mapping-bad-constant", {"field": "killed", "expected": "integer"}),
        ({"id": "x", "scale": {"note": 2}}, "mapping-not-a-number", {"field": "note"}),
        ({"id": "x", "lon": "x"}, "mapping-missing-key", {"key": "lat"}),
        ({"id": "x", "crs": "metres"}, "unknown-crs", {"crs": "metres"}),
        ({"id": "x", "time": {"epoch_ms": "e", "epoch_clock": "noon"}}, "bad-epoch-clock", {"found": "noon"}),
        ({"id": "x", "time": {"local": "t", "zone": "Mars"}}, "unknown-zone", {"zone": "Mars"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(document, code, params):
    error = refused(document)
    assert error.code == code
    assert {k: error.params[k] for k in params} == params


def test_a_file_that_is_no_json_says_where(tmp_path):
    path = tmp_path / "m.json"
    path.write_text('{"id": "x",\n oops}')
    with pytest.raises(InvalidInput) as caught:
        load_mapping(path, layer=THINGS)
    assert (caught.value.code, caught.value.params["line"]) == ("mapping-not-json", 2)


def proposed(columns, into=THINGS, **given):
    arrays = {k: v if isinstance(v, pa.Array) else pa.array(v) for k, v in columns.items()}
    return propose(into, list(arrays), arrays, **{"territory": PAVLODAR, **given})


LON, LAT = ["76.91", "76.95", "77.01"], ["52.21", "52.31", "52.37"]


@pytest.mark.parametrize(
    "names",
    [
        ("Долгота", "Широта", "Дата и время", "Вид преступления"),
        ("Бойлық", "Ендік", "Күні мен уақыты", "Түрі"),
        ("LONGITUDE", "Latitude", "dateTime", "crime_type"),
    ],
)
def test_headers_in_three_languages_are_understood(names):
    lon, lat, when, what = names
    found = proposed(
        {"№": ["1", "2", "3"], lat: LAT, lon: LON, when: ["01.05.2024 10:30"] * 3, what: ["theft", "кража", "robbery"]}
    )
    assert (found.mapping.lon, found.mapping.lat, found.mapping.crs) == (lon, lat, "EPSG:4326")
    assert found.mapping.time == TimeSource(local=when)
    assert found.mapping.columns == {"category": what}
    assert found.unmapped == ("№",)
    assert found.unfilled == ()
    assert found.confidence["category"] > 0.9


def test_decimal_commas_and_metres_are_seen_in_the_values():
    commas = proposed(
        {"x": [v.replace(".", ",") for v in LON], "y": [v.replace(".", ",") for v in LAT], "category": ["theft"] * 3}
    )
    assert commas.mapping.crs == "EPSG:4326"
    import pyproj

    for crs in ("EPSG:3857", "EPSG:32643"):
        x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(
            np.array(LON, float), np.array(LAT, float)
        )
        assert proposed({"x": x, "y": y}).mapping.crs == crs


@pytest.mark.parametrize("names", [("lon", "lat"), ("Долгота", "Широта"), ("easting", "northing")])
def test_columns_that_hold_each_others_values_are_refused_and_never_turned_in_silence(names):
    with pytest.raises(DataQuality) as caught:
        proposed({names[0]: LAT, names[1]: LON})
    assert caught.value.code == "coordinates-swapped"
    assert (caught.value.params["lon"], caught.value.params["lat"]) == names


def test_a_northing_called_x_is_understood_as_geodesists_call_it():
    found = proposed({"x": LAT, "y": LON})
    assert (found.mapping.lon, found.mapping.lat) == ("y", "x")
    assert found.reasons["@lon"] == "by-values"
    assert found.confidence["@lon"] < 0.5


def test_a_longitude_is_never_taken_from_a_column_called_latitude():
    assert proposed({"lat": LON, "other": LAT}).mapping.lon is None
    assert proposed({"lon": LAT, "other": LON}).mapping.lon is None


def test_metres_that_fit_no_known_reference_are_refused_and_not_called_web_mercator():
    with pytest.raises(DataQuality) as caught:
        proposed({"x": ["436147", "434957", "426954"], "y": ["428979", "429107", "433362"]})
    assert (caught.value.code, caught.value.params["guess"]) == ("coordinates-in-metres", None)


def test_metres_beside_the_territory_are_still_named_by_their_reference():
    import pyproj

    x, y = pyproj.Transformer.from_crs(4326, "EPSG:32643", always_xy=True).transform(
        np.array(LON, float) + 0.5, np.array(LAT, float)
    )
    assert proposed({"x": x, "y": y}).mapping.crs == "EPSG:32643"


def test_coordinates_nobody_named_are_found_by_where_they_lie():
    found = proposed({"a": ["1", "2", "3"], "p": LON, "q": LAT})
    assert (found.mapping.lon, found.mapping.lat) == ("p", "q")
    assert found.confidence["@lon"] < 0.5


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"дата": ["01.05.2024", "02.05.2024"], "время": ["10:30", "9:05"]}, TimeSource(date="дата", clock="время")),
        ({"Month": ["2017-07", "2017-08"]}, TimeSource(month="Month")),
        ({"rta_date": [1362506400000, 1362852000000]}, TimeSource(epoch_ms="rta_date", epoch_clock="+06:00")),
        ({"timestamp": [1362506401, 1362852000]}, TimeSource(epoch_ms="timestamp")),
        (
            {"date_start": ["2016-01-01 10:00"], "date_end": ["2016-01-01 12:00"]},
            TimeSource(local="date_start", end="date_end"),
        ),
        ({"когда": ["2016-01-01 10:00", "2016-01-02 10:00"]}, TimeSource(local="когда")),
        ({"date": ["soon", "later"]}, None),
    ],
)
def test_how_a_time_is_written_is_seen_in_the_values(columns, expected):
    assert proposed(columns).mapping.time == expected


def test_a_closed_list_is_recognised_by_its_codes_and_titles_by_their_label():
    states = Field(name="state", type=FieldType.CODE, codes=Codes(good=("works", "broken")), required=True)
    lamps = layer(LayerKind.DEVICE, fields=(states, Field(name="height_m", type=FieldType.REAL)))
    found = proposed(
        {"c1": ["works", "broken"], "Тірек биіктігі": ["3", "4"]},
        lamps,
        labels={"height_m": ["Тірек биіктігі", "Pole height"]},
    )
    assert found.mapping.columns == {"state": "c1", "height_m": "Тірек биіктігі"}
    assert found.reasons == {"state": "by-values", "height_m": "by-label"}


def test_a_required_field_nobody_fills_is_named():
    assert proposed({"lon": LON, "lat": LAT}).unfilled == ("category",)


REAL = [
    ("accidents", "kz/astana_accidents_2011_2024.parquet", "kpssu-accidents"),
    ("crimes", "crimes/2016-07-west-yorkshire-street.csv", "police-uk"),
    ("areas", "kz/astana_districts.geojson", "astana-districts"),
    ("lamps", "osm/helsinki_centre.osm.pbf", "osm-lamps"),
]


@pytest.mark.parametrize(("name", "file", "expected"), REAL)
def test_known_sources_are_recognised(name, file, expected):
    into = load()[name]
    with open_source(shared(file)) as source:
        sample = {} if source.format == "osm-pbf" else source.sample().columns
        found = propose(into, source.header, sample, has_geometry=source.has_geometry, format=source.format)
    assert found.mapping.id == expected
    assert set(found.confidence.values()) == {1.0}


def test_unknown_real_files_get_a_usable_guess():
    crimes, cameras = load()["crimes"], load()["cameras"]
    with open_source(shared("crimes/nyc_vehicle_thefts_2014_2017.csv.gz")) as source:
        found = propose(crimes, source.header, source.sample().columns, territory=shapely.box(-74.3, 40.4, -73.6, 41))
    assert (found.mapping.lon, found.mapping.lat, found.mapping.source_id) == ("longitude", "latitude", "uid")
    assert found.mapping.time == TimeSource(local="date_start", end="date_end")
    with open_source(shared("cameras/taiwan_speed_cameras.geojson")) as source:
        found = propose(cameras, source.header, source.sample().columns, has_geometry=True)
    assert found.mapping.columns["azimuth_deg"] == "bearing"
