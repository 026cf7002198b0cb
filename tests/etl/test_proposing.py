"""Proposals from names, values and places: right where a human would be sure, and saying so where a human would ask."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyproj
import pytest
import shapely

from etl.coercion.references import candidates, plausible
from etl.coercion.territory import Territory
from etl.coercion.words import Vocabulary
from etl.mapping import mapping_from_json, propose, to_json
from etl.proposing.words import likeness, split_unit
from etl.readers import open_source
from geo_core.errors import DataQuality
from layers.registry import load
from layers.spec import How, Made, TimeSource
from tests.fixtures.intake import PAVLODAR, layer

CRIMES, CAMERAS, ACCIDENTS, LAMPS = (load()[name] for name in ("crimes", "cameras", "accidents", "lamps"))
RNG = np.random.default_rng(20_26)
LON, LAT = RNG.uniform(76.82, 77.08, 300), RNG.uniform(52.22, 52.38, 300)


def proposed(columns, into=CRIMES, **given):
    arrays = {k: v if isinstance(v, pa.Array) else pa.array(v) for k, v in columns.items()}
    found = propose(into, list(arrays), arrays, **{"territory": PAVLODAR, **given})
    assert mapping_from_json(to_json(found.mapping), layer=into) == found.mapping
    return found


def doubts(found) -> dict[str, str]:
    return {doubt.target: doubt.code for doubt in found.doubts}


@pytest.mark.parametrize(
    ("header", "target", "least"),
    [
        ("Долгота", "@lon", 1.0), ("БОЙЛЫҚ", "@lon", 1.0), ("Longitude", "@lon", 1.0), ("dolgota", "@lon", 0.8), ("shirota", "@lat", 0.8),
        ("Data_soversheniya", "@time", 0.8), ("Vid prestupleniya", "category", 0.8), ("Высота, м", "height_m", 1.0), ("Height (ft)", "height_m", 1.0),
        ("выс. уст.", "height_m", 0.6), ("Азимут", "azimuth_deg", 1.0), ("Жай-күйі", "status", 1.0), ("sostoyanie", "status", 0.8),
        ("Биіктігі, м", "height_m", 1.0), ("FD1R13P2", "killed", 1.0), ("Кол-во погибших", "killed", 0.0),
    ],
)  # fmt: skip
def test_names_are_understood_in_three_languages_latin_letters_and_short(header, target, least):
    assert likeness(header, target)[0] >= least


@pytest.mark.parametrize(
    ("header", "target"), [("Улица", "@lon"), ("Фамилия", "category"), ("x1", "@lon"), ("Датчик", "@date")]
)
def test_other_names_are_not(header, target):
    assert likeness(header, target)[0] == 0


def test_units_are_taken_off_a_header():
    assert split_unit("Высота, м") == ("Высота", "m")
    assert split_unit("Height (ft)") == ("Height", "ft")
    assert split_unit("Мощность [кВт]") == ("Мощность", "kw")
    assert split_unit("Дата") == ("Дата", None)


@pytest.mark.parametrize("epsg", [3857, 32643, 32642, 28413, 2503, 2542, 2602])
@pytest.mark.parametrize("turned", [False, True])
def test_the_coordinate_system_that_made_the_coordinates_is_the_first_candidate(epsg, turned):
    x, y = pyproj.Transformer.from_crs(4326, epsg, always_xy=True).transform(LON, LAT)
    found = candidates(*((y, x) if turned else (x, y)), Territory(PAVLODAR))
    best = next(c for c in plausible(found) if f"EPSG:{epsg}" in (c.crs, *c.alike))
    assert (best.turned, best.inside_share) == (turned, 1.0)
    # pyproj's own way back is the oracle; other datums of the same grid are metres away
    assert np.hypot((best.lon - LON) * 68_000, (best.lat - LAT) * 111_000).max() < 150


def test_degrees_are_degrees_and_the_territory_tells_when_they_are_turned():
    for given, turned in (((LON, LAT), False), ((LAT, LON), True)):
        (only,) = candidates(*given, Territory(PAVLODAR))
        assert (only.crs, only.turned, only.inside_share) == ("EPSG:4326", turned, 1.0)


def test_coordinates_of_another_place_fit_nothing():
    assert candidates(RNG.uniform(4.3e5, 4.4e5, 50), RNG.uniform(4.2e5, 4.3e5, 50), Territory(PAVLODAR)) == ()
    assert candidates(np.full(5, np.nan), np.full(5, np.nan), Territory(PAVLODAR)) == ()


def test_two_grids_that_both_fit_are_asked_about_and_nothing_is_loaded_by_itself():
    small = shapely.box(76.8, 52.2, 77.1, 52.4)
    x, y = pyproj.Transformer.from_crs(4326, 32643, always_xy=True).transform(
        LON * 0.2 + 0.8 * 76.95, LAT * 0.2 + 0.8 * 52.3
    )
    found = proposed({"x": x, "y": y}, territory=small)
    assert found.mapping.crs == "EPSG:32643"
    assert doubts(found)["@crs"] == "several-references"
    assert {"EPSG:32643", "EPSG:2503"} <= {c.crs for c in found.references}
    assert found.confidence["@crs"] < 0.5
    assert next(d for d in found.doubts if d.target == "@crs").blocks


def test_swapped_columns_are_told_instead_of_raised_when_somebody_looks():
    columns = {"Долгота": LAT, "Широта": LON, "вид": ["theft"] * 300}
    with pytest.raises(DataQuality):
        proposed(columns)
    found = proposed(columns, strict=False)
    assert found.fault.code == "coordinates-swapped"
    assert (found.mapping.lon, found.mapping.lat) == ("Долгота", "Широта")
    assert found.confidence["@lon"] < 0.5


def test_both_coordinates_in_one_column_are_taken_apart_by_the_territory():
    for first, second, lat_how in ((LAT, LON, How.FIRST_OF_PAIR), (LON, LAT, How.SECOND_OF_PAIR)):
        found = proposed({"Координаты": [f"{a:.5f}, {b:.5f}" for a, b in zip(first, second, strict=True)]})
        assert found.mapping.made[found.mapping.lat] == Made(how=lat_how, of=("Координаты",))
        assert found.unmapped == ()


def test_degrees_minutes_seconds_and_well_known_text_are_seen():
    def dms(value):
        return f"{int(value)}°{int(value % 1 * 60)}'{value * 60 % 1 * 60:.2f}\""

    found = proposed({"Долгота": [dms(v) for v in LON], "Широта": [dms(v) for v in LAT]})
    assert found.mapping.made[found.mapping.lon] == Made(how=How.DEGREES, of=("Долгота",))
    points = [f"POINT ({a:.6f} {b:.6f})" for a, b in zip(LON, LAT, strict=True)]
    assert proposed({"место на карте": points}).mapping.wkt == "место на карте"


@pytest.mark.parametrize(
    ("values", "formats", "doubt"),
    [
        (["13/01/2024", "02/03/2024"], ("%d/%m/%Y",), None),
        (["01/13/2024", "02/03/2024"], ("%m/%d/%Y",), None),
        (["01/02/2024", "02/03/2024"], ("%d/%m/%Y",), "dates-ambiguous"),
        ([f"{m:02d}/{d:02d}/2024" for m in range(1, 5) for d in (1, 5, 9)], ("%m/%d/%Y",), "dates-by-order"),
        ([f"{d:02d}/{m:02d}/2024" for m in range(1, 5) for d in (1, 5, 9)], ("%d/%m/%Y",), "dates-by-order"),
        (["01.02.2024", "02.03.2024"], (), None),
        (["1/13/24 2:05 PM", "2/3/24 11:00 AM"], ("%m/%d/%y %I:%M %p",), None),
        (["13-01-2024 10:30", "02-03-2024 11:00"], ("%d-%m-%Y %H:%M",), None),
        (["2024-01-13", "2024-02-03"], (), None),
    ],
)
def test_formats_of_dates_are_told_apart_by_evidence_and_what_is_ambiguous_is_said(values, formats, doubt):
    found = proposed({"Дата": values})
    assert found.mapping.time.formats == formats
    assert doubts(found).get("@date", doubts(found).get("@time")) == doubt


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"Дата": ["2024-05-01", "2024-05-02"], "Час": ["14", "3"]}, TimeSource(date="Дата", hour="Час")),
        ({"Дата": ["2024-05-01", "2024-05-02"], "Время": ["14:00-15:00", "03:00-04:00"]}, TimeSource(date="Дата", hour="Время")),
        ({"Дата": ["2024-05-01", "2024-05-02"], "Время": ["1430", "905"]}, TimeSource(date="Дата", clock="Время")),
        ({"Год": ["2024", "2023"], "Месяц": ["5", "11"], "Час": ["4", "5"]}, TimeSource(month="@month", hour="Час")),
        (
            {"dat_sover": [1581193800000, 1581193860000], "запись": ["08.02.2020 20:30", "08.02.2020 20:31"]},
            TimeSource(epoch_ms="dat_sover", epoch_clock="local"),
        ),
        (
            {"timestamp": [1581172200, 1581172260], "запись": ["08.02.2020 20:30", "08.02.2020 20:31"]},
            TimeSource(epoch_ms="timestamp", epoch_clock="utc"),
        ),
    ],
)  # fmt: skip
def test_hours_parts_of_dates_and_clocks_of_epochs_are_seen(columns, expected):
    assert proposed(columns).mapping.time == expected


def test_articles_become_category_article_and_gravity_of_crimes():
    found = proposed(
        {
            "Квалиф.": ["ст.188 ч.3", "ст.293 ч.1", "ст.191 ч.2 п.1"],
            "hard_code": ["3", "1", "2"],
            "transgression": ["5", "5", "5"],
            "Дата": ["2024-05-01"] * 3,
        }
    )
    made = found.mapping.made
    assert made[found.mapping.columns["category"]] == Made(how=How.ARTICLE_CATEGORY, of=("Квалиф.",))
    assert made[found.mapping.columns["article"]] == Made(how=How.ARTICLE, of=("Квалиф.",))
    assert made[found.mapping.columns["severity"]] == Made(how=How.GRAVITY, of=("hard_code", "transgression"))
    assert "category" not in found.unfilled
    # bare numbers nobody called an article are none
    assert "category" in proposed({"n": ["188", "191"]}).unfilled


def test_fields_of_a_camera_register_with_units_bearings_and_foreign_codes():
    found = proposed(
        {
            "Тип": ["купольная", "fixed", "ptz"],
            "Состояние": ["works", "works", "broken"],
            "Высота установки, фут": ["20", "25", "18"],
            "Азимут": ["С", "СВ", "Ю-З"],
        },
        CAMERAS,
    )
    assert found.mapping.units == {"height_m": "ft"}
    assert found.mapping.made[found.mapping.columns["azimuth_deg"]] == Made(how=How.BEARING, of=("Азимут",))
    assert doubts(found)["kind"] == "codes-unseen"
    assert found.confidence["status"] > 0.9


def test_a_unit_nobody_knows_is_asked_about():
    assert (
        doubts(proposed({"Высота, аршин": ["4", "5"], "Состояние": ["works", "works"]}, LAMPS))["height_m"]
        == "unit-unclear"
    )


def test_kilometre_and_metres_of_a_road_are_seen():
    found = proposed(
        {"Дорога": ["A-17", "A-17"], "Километр": ["85+300", "12+050"], "вид": ["collision", "collision"]}, ACCIDENTS
    )
    assert found.mapping.made[found.mapping.columns["km"]] == Made(how=How.KILOMETRES, of=("Километр",))


def test_a_saved_mapping_comes_before_guesses_when_its_columns_are_there():
    from dataclasses import replace

    first = proposed({"x": LON, "y": LAT, "вид": ["theft"] * 300, "Дата": ["2024-05-01"] * 300})
    kept = replace(first.mapping, id="uvd", signature=frozenset({"x", "y", "вид", "Дата"}))
    again = proposed(
        {"x": LON, "y": LAT, "вид": ["theft"] * 300, "Дата": ["2024-05-01"] * 300, "more": ["a"] * 300}, saved=[kept]
    )
    assert again.mapping == kept
    assert set(again.reasons.values()) == {"by-saved"}
    assert again.unmapped == ("more",)
    assert proposed({"x": LON, "y": LAT}, saved=[kept]).mapping.id == "proposed-crimes"


def test_a_layer_without_events_asks_for_no_times():
    assert proposed({"Дата": ["2024-05-01"], "Состояние": ["works"]}, LAMPS).mapping.time is None
    assert layer().is_event


def test_what_no_column_says_is_unknown_where_the_layer_has_a_code_for_it():
    sample = {"id": pa.array(["1", "2"]), "lon": pa.array(["76.9", "76.95"]), "lat": pa.array(["52.3", "52.31"])}
    found = propose(load()["lamps"], list(sample), sample, territory=shapely.box(76.8, 52.2, 77.1, 52.4))
    assert found.mapping.constants == {"status": "unknown"}
    assert found.unfilled == ()
    assert [(d.target, d.code) for d in found.doubts] == [("status", "taken-as-unknown")]
    # a place without a kind has no such code: somebody has to say
    assert propose(load()["places"], list(sample), sample).unfilled == ("kind",)


def test_day_numbers_of_a_spreadsheet_are_proposed_under_a_name_that_says_a_date():
    columns = {
        "Дата совершения": pa.array([45_352.0 + d for d in range(30)]),
        "цена": pa.array([30_000.0 + d for d in range(30)]),
    }
    found = propose(CRIMES, list(columns), columns)
    assert found.mapping.time is not None
    assert found.mapping.time.date == "Дата совершения"
    assert propose(CRIMES, ["цена"], {"цена": columns["цена"]}).mapping.time is None


def test_a_date_column_that_cannot_be_read_blocks_an_event_layer():
    columns = {"Дата": pa.array(["позавчера", "вчера утром", "в тот день"])}
    found = propose(CRIMES, list(columns), columns)
    doubt = next(d for d in found.doubts if d.code == "date-not-read")
    assert doubt.blocks
    assert doubt.params["column"] == "Дата"
    clean = propose(CRIMES, ["Дата"], {"Дата": pa.array(["2024-05-01", "2024-05-02"])})
    assert not any(d.code == "date-not-read" for d in clean.doubts)


@pytest.mark.parametrize("names", [("Координаты / lon", "Координаты / lat"), ("Расположение / X", "Расположение / Y")])
def test_the_lowest_row_of_a_joined_heading_names_the_column(names):
    columns = {names[0]: pa.array([76.95, 76.96, 76.97]), names[1]: pa.array([52.28, 52.29, 52.3])}
    found = propose(LAMPS, list(columns), columns)
    assert (found.mapping.lon, found.mapping.lat) == names


@pytest.mark.parametrize("layer", [CAMERAS, LAMPS])
def test_the_usual_words_for_a_state_are_known(layer):
    words = Vocabulary.of(layer.field_named("status").codes)
    texts = pa.array(["Работает", "исправна", "не работает", "Неисправен", "жұмыс істейді", "Жұмыс істемейді"])
    values, unseen, _ = words.translate(texts)
    assert values.to_pylist() == ["works", "works", "broken", "broken", "works", "broken"]
    assert not unseen.any()


def test_a_name_that_two_columns_have_is_told(tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("дата;вид;дата\n2024-05-01;кража;2024-05-02\n2024-05-03;кража;2024-05-04\n", encoding="utf-8")
    source = open_source(path)
    assert source.header == ("дата", "вид", "дата_2")
    assert source.warnings.samples["column-repeated"] == [{"column": "дата"}]
