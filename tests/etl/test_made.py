"""Columns made out of columns, units, geometries as text and hours: from a file to rows, declared in a mapping."""

from __future__ import annotations

import json

import numpy as np
import pyproj
import pytest

from etl.coercion.made import bearing, degrees, kilometres, pair
from etl.coercion.numbers import unit_factor
from etl.mapping import dump_mapping, mapping_from_json
from geo_core.errors import InvalidInput
from layers.registry import load
from layers.spec import Field, FieldType, How, LayerKind, Made, TimeSource
from tests.fixtures.intake import layer, mapping, read, reasons

CRIMES = load()["crimes"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("52°17′06″ N", 52.285), ("52°17'06\" с.ш.", 52.285), ("76 57 12,5 в.д.", 76.953472), ("-33.9", -33.9), ("33°51'S", -33.85),
        ("52,28", 52.28), ("52° 17.1'", 52.285), ("N 52°17′06″", 52.285), ("76°57'12\"В", 76.953333), ("52°61'", None), ("abc", None), ("", None),
    ],
)  # fmt: skip
def test_degrees_minutes_and_seconds_are_decimal_degrees(text, expected):
    assert degrees(text) == (None if expected is None else pytest.approx(expected, abs=1e-6))


@pytest.mark.parametrize(
    "text",
    [
        "52.28, 76.95",
        "52,28; 76,95",
        "52,28, 76,95",
        "52.28 76.95",
        "52.28,76.95",
        "52,28 76,95",
        "(52.28, 76.95)",
        "52.28|76.95",
    ],
)
def test_both_coordinates_come_out_of_one_text(text):
    assert pair(text) == pytest.approx((52.28, 76.95))


@pytest.mark.parametrize("text", ["52,28", "52.28", "x, y", "1, 2, 3", ""])
def test_one_number_is_no_pair(text):
    assert pair(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("85+300", 85.3),
        ("км 85+300", 85.3),
        ("85,3", 85.3),
        ("85 км 300 м", 85.3),
        ("км 12", 12.0),
        ("12 км+5", 12.005),
        ("A-17", None),
    ],
)
def test_kilometre_and_metres_are_one_number(text, expected):
    assert kilometres(text) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("N", 0), ("NE", 45), ("NNW", 337.5), ("С", 0), ("СВ", 45), ("С-В", 45), ("с-з", 315), ("северо-восток", 45), ("Юго-Запад", 225), ("юг", 180),
        ("солтүстік-шығыс", 45), ("оңтүстік-батыс", 225), ("шығыс", 90), ("батыс", 270), ("ЮЮВ", 157.5), ("восток", 90), ("45°", 45), ("270", 270),
        ("?", None), ("к рынку", None),
    ],
)  # fmt: skip
def test_directions_in_words_are_degrees(text, expected):
    assert bearing(text) == expected


def test_units_by_name_are_those_of_the_field():
    assert unit_factor("height_m", "ft") == 0.3048
    assert unit_factor("max_speed_kmh", "mph") == 1.609344
    assert unit_factor("km", "m") == 0.001
    assert unit_factor("height_m", "mph") is None
    assert unit_factor("note", "m") is None


def file(tmp_path, text: str):
    path = tmp_path / "in.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_with_one_column_of_coordinates_joined_address_and_feet_is_read(tmp_path):
    path = file(
        tmp_path,
        "id;where;street;house;high;category;time\n1;52,28; 76,95;Lenin;3;20;theft;2024-05-01\n".replace(
            "52,28; 76,95", '"52,28; 76,95"'
        )
        + '2;"52,30; 76,97";Lenin;;20 m;theft;2024-05-01\n3;nowhere;Abay;1;x;theft;2024-05-01\n',
    )
    how = mapping(
        columns={"category": "category", "height_m": "high", "note": "@address"},
        lon="@lon",
        lat="@lat",
        made={
            "@lat": Made(how=How.FIRST_OF_PAIR, of=("where",)),
            "@lon": Made(how=How.SECOND_OF_PAIR, of=("where",)),
            "@address": Made(how=How.JOINED, of=("street", "house"), by=", "),
        },
        units={"height_m": "ft"},
    )
    (batch,), rejected, _ = read(path, how=how)
    assert batch.lon.tolist() == [76.95, 76.97]
    assert batch.lat.tolist() == [52.28, 52.30]
    # feet where nothing stands behind the number, metres where "m" does
    assert batch.columns["height_m"].to_pylist() == pytest.approx([6.096, 20.0])
    assert batch.columns["note"].to_pylist() == ["Lenin, 3", "Lenin"]
    assert reasons(rejected) == {3: ["unreadable-number", "unreadable-number"]}
    assert rejected[0].reasons[0][1]["value"] == "nowhere"


def test_factor_and_offset_make_units_without_a_name(tmp_path):
    path = file(tmp_path, "id,lon,lat,time,category,h\n1,76.9,52.3,2024-05-01,theft,50\n")
    how = mapping(columns={"category": "category", "height_m": "h"}, scale={"height_m": 0.5}, offset={"height_m": -5})
    (batch,), _, _ = read(path, how=how)
    assert batch.columns["height_m"].to_pylist() == [20.0]


def test_articles_give_category_article_and_gravity_by_the_code_of_their_year(tmp_path):
    path = file(
        tmp_path,
        "id,lon,lat,when,stat,code,hard,kind\n"
        "1,76.9,52.3,01.05.2024,ст.188 ч.3,1880,3,5\n"
        "2,76.9,52.3,01.05.2024,,0990,4,5\n"
        "3,76.9,52.3,01.05.2012,ст.175 ч.2,1750,2,5\n"
        "4,76.9,52.3,01.05.2024,УД без статьи,,1,5\n"
        "5,76.9,52.3,01.05.2024,ст.187,1870,0,6\n",
    )
    how = mapping(
        columns={"category": "@c", "article": "@a", "severity": "@g"},
        made={
            "@c": Made(how=How.ARTICLE_CATEGORY, of=("stat", "code")),
            "@a": Made(how=How.ARTICLE, of=("stat", "code")),
            "@g": Made(how=How.GRAVITY, of=("hard", "kind")),
        },
        time=TimeSource(date="when"),
    )
    (batch,), rejected, _ = read(path, into=CRIMES, how=how)
    assert batch.columns["category"].to_pylist() == ["theft", "murder", "theft", "petty_theft"]
    assert batch.columns["article"].to_pylist() == ["188/3", "99", "175/2", "187"]
    assert batch.columns["severity"].to_pylist() == ["grave", "very_grave", "medium", "misdemeanour"]
    assert reasons(rejected) == {4: ["unseen-code"]}
    assert rejected[0].reasons[0][1]["value"] == "УД без статьи"


def test_geometries_as_text_are_read_in_their_coordinate_system(tmp_path):
    to_metres = pyproj.Transformer.from_crs(4326, 32643, always_xy=True)
    x, y = to_metres.transform(np.array([76.90, 76.91]), np.array([52.30, 52.31]))
    lines = layer(LayerKind.NETWORK, "LineString", fields=(Field(name="note"),))
    path = file(
        tmp_path,
        f'id,note,course\n1,a,"LINESTRING ({x[0]} {y[0]}, {x[1]} {y[1]})"\n2,b,"LINESTRING (oops"\n3,c,\n',
    )
    how = mapping(columns={"note": "note"}, lon=None, lat=None, wkt="course", crs="EPSG:32643", time=None)
    (batch,), rejected, _ = read(path, into=lines, how=how)
    assert np.allclose(np.array(batch.geometry[0].coords), [[76.90, 52.30], [76.91, 52.31]], atol=1e-7)
    assert reasons(rejected) == {2: ["unreadable-wkt"], 3: ["missing-position"]}


@pytest.mark.parametrize("written", ["14", "14:00", "14:00-15:00", "14-15", "14:00–14:59", "с 14 до 15", "14 ч."])
def test_an_hour_is_known_to_the_hour_and_no_minute_is_made_up(tmp_path, written):
    path = file(tmp_path, f"id;lon;lat;category;d;h\n1;76.9;52.3;theft;2024-05-06;{written}\n")
    (batch,), _, _ = read(path, how=mapping(columns={"category": "category"}, time=TimeSource(date="d", hour="h")))
    assert batch.times.time_precision.to_pylist() == ["hour"]
    assert batch.times.hour.to_pylist() == [14]
    assert batch.times.occurred_to[0] - batch.times.occurred_from[0] == np.timedelta64(1, "h")


def test_hours_that_cannot_be_read_leave_the_day_and_hours_of_a_month_stay_hours(tmp_path):
    path = file(
        tmp_path,
        "id,lon,lat,category,y,m,h\n1,76.9,52.3,theft,2024,5,9\n2,76.9,52.3,theft,2024,5,25\n3,76.9,52.3,theft,2024,13,9\n",
    )
    how = mapping(
        columns={"category": "category"},
        made={"@month": Made(how=How.DATE, of=("y", "m"))},
        time=TimeSource(month="@month", hour="h"),
    )
    (batch,), rejected, report = read(path, how=how)
    assert batch.times.time_precision.to_pylist() == ["month", "month"]
    assert batch.times.hour.to_pylist() == [9, None]
    assert batch.times.weekday.to_pylist() == [None, None]
    assert report.warnings.counts["clock-unreadable"] == 1
    assert reasons(rejected) == {3: ["unreadable-time"]}


def test_days_and_months_without_zeros_in_front_are_read_in_the_stated_order(tmp_path):
    path = file(tmp_path, "id,lon,lat,category,d\n1,76.9,52.3,theft,1/5/2024\n2,76.9,52.3,theft,11/12/2023\n")
    for form, days in (("%d/%m/%Y", ["2024-05-01", "2023-12-11"]), ("%m/%d/%Y", ["2024-01-05", "2023-11-12"])):
        (batch,), _, _ = read(
            path, how=mapping(columns={"category": "category"}, time=TimeSource(date="d", formats=(form,)))
        )
        assert batch.times.day_from.astype(str).tolist() == days


FULL = {
    "id": "x",
    "columns": {"category": "@c"},
    "made": {
        "@c": {"how": "article-category", "of": ["stat", "code"]},
        "@j": {"how": "joined", "of": ["a", "b"], "by": ", "},
    },
    "wkt": "shape",
    "time": {"date": "d", "hour": "h"},
    "units": {},
}


def test_what_is_made_survives_the_file_of_a_mapping():
    things = mapping_from_json({**FULL, "units": {}}, layer=CRIMES)
    assert things.made["@c"] == Made(how=How.ARTICLE_CATEGORY, of=("stat", "code"))
    assert mapping_from_json(json.loads(dump_mapping(things)), layer=CRIMES) == things


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"made": {"@c": {"how": "magic", "of": ["a"]}}}, "mapping-wrong-type"),
        ({"made": {"@c": {"of": ["a"]}}}, "mapping-missing-key"),
        ({"made": {"@c": {"how": "joined", "of": ["a"], "with": "x"}}}, "mapping-unknown-key"),
        ({"made": {"@c": {"how": "date", "of": ["a"]}}}, "mapping-wrong-columns"),
        (
            {"made": {"@c": {"how": "joined", "of": ["a"]}, "@d": {"how": "number", "of": ["@c"]}}},
            "mapping-made-of-made",
        ),
        ({"lon": "x", "lat": "y"}, "mapping-two-positions"),
        ({"units": {"height_m": "mph"}}, "mapping-unknown-unit"),
        ({"units": {"note": "m"}}, "mapping-not-a-number"),
        ({"units": {"colour": "m"}}, "mapping-unknown-field"),
        ({"offset": {"note": 1}}, "mapping-not-a-number"),
        ({"crs": "unknown"}, "unknown-crs"),
    ],
)
def test_rules_that_cannot_work_are_refused_by_name(change, code):
    document = {**{k: v for k, v in FULL.items() if k not in ("columns", "made")}, **change}
    with pytest.raises(InvalidInput) as caught:
        mapping_from_json(document, layer=layer())
    assert caught.value.code == code


def test_a_rule_whose_columns_the_file_lacks_is_refused_and_a_taken_name_too(tmp_path):
    path = file(tmp_path, "id,lon,lat,category,time,@n\n1,76.9,52.3,theft,2024-05-01,1\n")
    for made, code in (
        ({"@m": Made(how=How.NUMBER, of=("gone",))}, "missing-columns"),
        ({"@n": Made(how=How.NUMBER, of=("lon",))}, "made-column-taken"),
    ):
        with pytest.raises(InvalidInput) as caught:
            read(path, how=mapping(columns={"category": "category", "killed": next(iter(made))}, made=made))
        assert caught.value.code == code


def test_numbers_in_words_keep_what_is_no_number_for_the_reason(tmp_path):
    levels = layer(LayerKind.DEVICE, fields=(Field(name="levels", type=FieldType.REAL, minimum=0),))
    path = file(tmp_path, "id,lon,lat,f\n1,76.9,52.3,5 этажей\n2,76.9,52.3,нет\n3,76.9,52.3,\n")
    how = mapping(columns={"levels": "@f"}, made={"@f": Made(how=How.NUMBER, of=("f",))}, time=None)
    (batch,), rejected, _ = read(path, into=levels, how=how)
    assert batch.columns["levels"].to_pylist() == [5.0, None]
    assert rejected[0].reasons[0][1]["value"] == "нет"


def test_rows_indented_by_columns_have_the_name_and_the_article_of_their_deepest_text(tmp_path):
    table = layer(LayerKind.DEVICE, fields=(Field(name="name"), Field(name="article"), Field(name="place")))
    path = file(
        tmp_path,
        "id,lon,lat,a,b,where\n1,76.9,52.3,Всего,,Алатау ауданы; Алматы\n2,76.9,52.3,из них,Кража (ст.188) ,Абай\n"
        "3,76.9,52.3,Кража (ст.188),приготовление и покушение,; Алматы\n4,76.9,52.3,,,\n",
    )
    how = mapping(
        columns={"name": "@name", "article": "@article", "place": "@place"},
        made={
            "@name": Made(how=How.LAST, of=("a", "b")),
            "@article": Made(how=How.ARTICLE_IN_TEXT, of=("a", "b")),
            "@place": Made(how=How.BEFORE, of=("where",), by=";"),
        },
        time=None,
    )
    (batch,), rejected, _ = read(path, into=table, how=how)
    assert not rejected
    assert batch.columns["name"].to_pylist() == ["Всего", "Кража (ст.188)", "приготовление и покушение", None]
    # the article of a heading is not that of the rows below it, which would count twice
    assert batch.columns["article"].to_pylist() == [None, "188", None, None]
    assert batch.columns["place"].to_pylist() == ["Алатау ауданы", "Абай", None, None]


def test_what_the_reader_noticed_of_a_row_stays_with_it(tmp_path):
    path = tmp_path / "mixed.csv"
    path.write_bytes(
        "id,lon,lat,street,house\n1,76.95,52.28,Абай,1\n".encode() + "2,76.95,52.28,Победы,2\n".encode("cp1251")
    )
    given = mapping(
        columns={"note": "address"}, made={"address": Made(how=How.JOINED, of=("street", "house"))}, time=None
    )
    (batch,), rejected, _ = read(path, into=layer(LayerKind.DEVICE, fields=(Field(name="note"),)), how=given)
    assert (batch.columns["note"].to_pylist(), rejected) == (["Абай 1", "Победы 2"], [])
    assert batch.flags.mask("encoding-mixed").tolist() == [False, True]
