"""What lies between the answers of the API and the page, without either."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import h3
import pytest

import i18n
from streamlit_app.address import Camera, Days, Hours, Look, PlaceKind, Selection
from streamlit_app.gateway import Job, LayerInfo
from streamlit_app.map_component import MapPick
from streamlit_app.services import (
    cards,
    charts,
    classes,
    figures,
    filters,
    founding,
    gaps,
    labels,
    levels,
    mappings,
    measures,
    overlays,
    periods,
    picks,
    pieces,
    plans,
    reports,
    shown,
    streamlit_words,
    zones,
)
from streamlit_app.widgets.period import picked_days
from streamlit_app.words import Words
from tests.streamlit_app import fake_api

LANGUAGES = pytest.mark.parametrize("language", i18n.LANGUAGES)
RU = Words("ru")


@pytest.fixture
def crimes() -> LayerInfo:
    return LayerInfo.read(fake_api.layer("crimes"))


@pytest.fixture
def cameras() -> LayerInfo:
    return LayerInfo.read(fake_api.layer("cameras", "device"))


@pytest.fixture
def town() -> list[LayerInfo]:
    return [LayerInfo.read(one) for one in fake_api.full_town()]


def test_the_filter_goes_over_midnight_as_the_reader_wrote_it(crimes):
    look = Look(
        days=Days(date(2024, 1, 1), date(2024, 6, 30)), hours=Hours(22, 5), weekdays=frozenset({6, 7}), dark=True
    )
    assert filters.query_of(look, crimes) == {
        "from": "2024-01-01",
        "to": "2024-06-30",
        "hours": "22-5",
        "weekdays": "6,7",
        "dark": "true",
    }


def test_layers_without_time_are_not_asked_for_a_time(cameras):
    assert filters.query_of(Look(hours=Hours(22, 5), dark=False), cameras) == {}


def test_categories_of_another_layer_or_release_are_left_out(crimes, cameras):
    look = Look(categories={"crimes": ("theft", "gone")})
    assert filters.query_of(look, crimes) == {"category": "theft"}
    assert filters.query_of(look, cameras) == {}


def test_the_sentence_names_everything_that_is_filtered(crimes):
    look = Look(hours=Hours(22, 5), weekdays=frozenset({1, 2, 3, 4, 5}), dark=False, categories={"crimes": ("theft",)})
    told = filters.sentence(look, crimes, RU)
    assert told == "2022–2025\u00a0гг. · 22:00–06:00 · пн–пт · светлое время · Кража"


@pytest.mark.parametrize("level", levels.LEVELS)
def test_a_cell_is_big_enough_to_be_hit_where_its_level_begins(level):
    zoom = next(z / 100 for z in range(2300) if levels.level_for(z / 100) == level)
    edge_m = h3.average_hexagon_edge_length(level, unit="m")
    metres_per_pixel = 40_075_017 * 0.616 / 512 / 2**zoom  # cos 52°
    if zoom > 0:
        assert 12 < 2 * edge_m / metres_per_pixel < 60


def test_the_first_view_shows_the_whole_workspace_and_never_less_than_a_district():
    town = levels.camera_over((76.9, 52.2, 77.1, 52.4))
    assert (town.longitude, town.latitude) == pytest.approx((77.0, 52.3))
    assert 9 < town.zoom < 12
    assert levels.camera_over((76.95, 52.28, 76.951, 52.281)).zoom == levels.LARGEST_ZOOM_OF_WORKSPACE
    assert levels.camera_over((-180, -90, 180, 90)).zoom >= 0


def test_names_never_lie_on_one_another_and_the_important_ones_win():
    rows = [{"position": [76.95, 52.28], "name": f"улица {rank}", "kind": "street", "rank": rank} for rank in (3, 1, 2)]
    rows.append({"position": [76.99, 52.30], "name": "дальняя", "kind": "street", "rank": 9})
    assert [one["name"] for one in labels.uncluttered(rows, zoom=14)] == ["улица 1", "дальняя"]


def test_a_small_move_asks_for_the_same_names():
    one, two = (labels.rounded_box((76.9 + d, 52.2, 77.0 + d, 52.3), 13) for d in (0.0005, 0.0006))
    assert one == two
    west, south, east, north = map(float, one.split(","))
    assert west <= 76.9005
    assert south <= 52.2
    assert east >= 77.0005
    assert north >= 52.3


def test_quantile_classes_colour_every_value_and_keep_the_nothings_apart():
    scale = classes.quantile_scale([None, 0, 1, 2, 3, 5, 8, 13], [(1, 1, 1), (2, 2, 2), (3, 3, 3)])
    colours = {value: scale.rgb(value) for value in (None, 0, 1, 5, 13)}
    assert colours[None] == classes.UNKNOWN_RGB
    assert colours[0] == classes.NONE_RGB
    assert colours[1] == (1, 1, 1)
    assert colours[13] == (3, 3, 3)
    assert list(scale.breaks) == sorted(set(scale.breaks))
    assert len({classes.UNKNOWN_RGB, classes.NONE_RGB, *scale.palette}) == 2 + len(scale.palette)


@pytest.mark.parametrize("values", [[], [None], [0, 0], [4, 4, 4]])
def test_classes_of_little_or_nothing_still_have_one_colour_more_than_breaks(values):
    scale = classes.quantile_scale(values, [(1, 1, 1), (2, 2, 2), (3, 3, 3)])
    assert len(scale.palette) == len(scale.breaks) + 1


def test_differences_diverge_around_a_real_zero():
    scale = classes.Difference.of([-9.0, -2.0, 0.0, 2.0, 9.0])
    assert scale.rgb(0.0) == classes.NONE_RGB
    assert scale.rgb(9.0) in classes.MORE
    assert scale.rgb(-9.0) in classes.FEWER
    assert len(scale.items(RU)) == 7


class _Text(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


@LANGUAGES
def test_the_heat_table_holds_every_hour_of_the_week(language):
    read = _Text(charts.heat_table(fake_api.HOURS, Words(language)))
    assert read.tags.count("td") == 7 * 24
    assert i18n.weekday_name(1, language, short=True) in read.text


def test_colours_of_the_heat_table_follow_the_counts_and_zero_has_its_own():
    hours = [[0] * 24 for _ in range(7)]
    hours[0][0], hours[6][23] = 1, 50
    html = charts.heat_table(hours, RU)
    assert html.count('class="q0"') == 7 * 24 - 2
    assert html.count('class="q1"') == 1
    assert html.count('class="q5"') == 1


@LANGUAGES
def test_bars_have_one_column_a_month_and_say_their_numbers(language):
    read = _Text(charts.bars([(f"2024-{month:02d}", month) for month in range(1, 13)], Words(language)))
    assert read.tags.count("li") == 12
    assert i18n.month_name(12, language) in read.text


def test_texts_of_data_never_become_markup_in_a_chart():
    html = charts.shares_bar([("<script>alert(1)</script>", 3, "dark")], RU)
    assert "<script>" not in html


def test_figures_carry_their_denominator_and_what_is_unknown(crimes):
    profile = {"count": 100, "unknown_count": 3, "dark": {"dark": 40, "light": 50, "unknown": 10}}
    events, dark, place = figures.of_events(profile, crimes, Look(), RU)
    assert events.value == "100"
    assert "ещё 3" in events.note
    assert dark.value.startswith("44\u00a0% из 90")
    assert "10" in dark.note
    assert place.value.startswith("4\u00a0% из 100")


def test_darkness_nobody_knows_is_no_data_and_not_zero(crimes):
    found = figures.of_events({"count": 5, "dark": {"dark": 0, "light": 0, "unknown": 5}}, crimes, Look(), RU)
    assert found[1].value == RU("common.no_data")


def test_a_share_is_never_called_all_or_nothing_while_it_is_not():
    assert cards.percent(0.0004, RU) == "0,1\u00a0%"
    assert cards.percent(0.9996, RU) == "99,9\u00a0%"
    assert cards.percent(0.0, RU) == "0\u00a0%"
    assert cards.percent(1.0, RU) == "100\u00a0%"


@pytest.mark.parametrize("level", [5, 7, 9, 11])
def test_the_level_of_a_cell_is_read_from_its_bits(level):
    assert cards.cell_level(h3.latlng_to_cell(52.28, 76.95, level)) == level


def test_times_are_told_as_exactly_as_they_are_known():
    record = {"time_precision": "month", "day_from": "2024-05-01", "day_to": "2024-05-31"}
    assert cards.when(record, RU, zone="Asia/Almaty") == "май 2024\u00a0г."
    record = {
        "time_precision": "minute",
        "occurred_from": "2024-05-01T17:30:00+00:00",
        "day_from": "2024-05-01",
        "day_to": "2024-05-01",
    }
    assert cards.when(record, RU, zone="Asia/Almaty").endswith("22:30")
    assert cards.when({"time_precision": "unknown"}, RU, zone="UTC") == RU("common.unknown")


def test_unknown_fields_of_a_record_say_so(crimes):
    rows = cards.field_rows({"category": "theft", "severity": None}, crimes, RU, zone="UTC")
    told = {row.id: row.cells[1] for row in rows}
    assert told["category"] == "Кража"
    assert told["severity"] == RU("common.no_data")


@LANGUAGES
def test_the_gap_is_ranked_and_says_where_data_do_not_suffice(language):
    words = Words(language)
    found = {
        "demand": "events",
        "rows": fake_api.gap_rows(),
        "totals": {"night_seen": {"covered": 10, "total": 40, "unknown": 5}},
    }
    sure, thin = gaps.rows(found, words)
    assert not sure.faded
    assert thin.faded
    assert thin.cells[-1] == words("ui.gap.short.thin")
    assert len(gaps.columns("events", words)) == len(sure.cells)
    assert any("40" in told for told in gaps.summary(found, words))


def test_the_gap_as_csv_opens_with_its_letters():
    text = gaps.as_csv({"rows": fake_api.gap_rows()})
    assert text.startswith(b"\xef\xbb\xbf")
    assert "Гаражная" in text.decode("utf-8-sig")
    assert gaps.as_csv({}).decode("utf-8-sig").strip() == "id"


def test_a_plan_asks_for_the_events_of_the_filter(crimes):
    look = Look(days=Days(date(2024, 1, 1), date(2024, 12, 31)), categories={"crimes": ("theft",)})
    wanted = plans.PlanForm(cameras=3).wanted(look, crimes)
    assert wanted["cameras"] == 3
    assert wanted["first_day"] == "2024-01-01"
    assert wanted["categories"] == ["theft"]


@LANGUAGES
def test_the_certificate_tells_bound_gap_seed_and_state(language):
    words = Words(language)
    told = {row.id: row.cells[1] for row in plans.certificate_rows(fake_api.CERTIFICATE, words)}
    assert told["gap"].startswith("3")
    assert told["seed"] == "0"
    assert told["status"] == words("ui.plan.time_limit")
    assert "100" in plans.outcome(fake_api.CERTIFICATE, words)


def test_a_plan_downloads_with_its_certificate():
    import json

    found = json.loads(plans.as_geojson({"sites": fake_api.SITES, "certificate": fake_api.CERTIFICATE}))
    assert found["type"] == "FeatureCollection"
    assert found["certificate"]["bound"] == 31.0


def test_a_mapping_that_nobody_changed_stays_as_it_was_proposed(crimes):
    proposed = fake_api.PREVIEW["mapping"]
    assert mappings.with_picks(proposed, mappings.picks_of(proposed), crimes) == proposed


def test_a_changed_column_keeps_the_code_table_and_the_clock(crimes):
    picks = mappings.picks_of(fake_api.PREVIEW["mapping"]) | {"category": "kind", "@date": None, "@local": "when"}
    made = mappings.with_picks(fake_api.PREVIEW["mapping"], picks, crimes)
    assert made["columns"] == {"category": "kind"}
    assert made["time"] == {"epoch_clock": "local", "local": "when"}
    assert made["codes"] == {"category": {"кража": "theft"}}


def test_what_is_lacking_is_named_and_half_a_position_is_none(crimes):
    assert mappings.lacking({"@lon": "x"}, crimes, constants={}, has_geometry=False) == ["category", "@lat"]
    assert mappings.lacking({"category": "a"}, crimes, constants={}, has_geometry=False) == []
    assert mappings.lacking({}, crimes, constants={"category": "theft"}, has_geometry=False) == []


def test_codes_the_list_does_not_know_are_translated_by_the_reader(crimes):
    assert mappings.unseen_codes(fake_api.PREVIEW, crimes) == {("category", "щ"): 1}
    assert mappings.unseen_codes({"unseen": [{"field": "place_text", "value": "щ", "count": 1}]}, crimes) == {}
    made = mappings.with_codes(fake_api.PREVIEW["mapping"], {("category", "щ"): "theft"})
    assert made["codes"]["category"] == {"кража": "theft", "щ": "theft"}
    assert mappings.with_codes({"id": "x"}, {}) == {"id": "x"}
    assert mappings.with_codes(made, {("category", "щ"): None, ("category", "кража"): None}).get("codes") is None


def test_a_licence_nobody_stated_is_said_in_words():
    assert reports.licence_words("not stated", RU) == RU("ui.data.no_licence")
    assert reports.licence_words("CC0", RU) == "CC0"


def test_a_rejected_row_names_field_and_value(crimes):
    reason = {"code": "unseen-code", "params": {"field": "category", "value": "щ"}, "text": ""}
    assert "щ" in reports.reasons_words([reason], crimes, RU)


@LANGUAGES
def test_reports_say_every_reason_and_note_in_words(language):
    words = Words(language)
    layer = LayerInfo.read(fake_api.layer("crimes"))
    told = [row.cells[0] for row in reports.reason_rows(fake_api.REPORT, layer, words)]
    told += [row.cells[0] for row in reports.warning_rows(fake_api.REPORT, layer, words)]
    assert len(told) == 3
    assert not any("[" in one or "…" in one for one in told)


def test_layers_without_rows_are_faded_and_claim_nothing(crimes):
    bare = LayerInfo.read(fake_api.empty(fake_api.layer("lamps", "device")))
    full, gone = reports.layer_rows([crimes, bare], RU, zone="Asia/Almaty")
    assert not full.faded
    assert gone.faded
    assert gone.cells[2:6] == ("–", "–", "–", "–")


def test_a_stale_derived_layer_says_so():
    derived = fake_api.layer("camera_coverage", "derived")
    derived["status"] |= {"derived": {"made_at": "2025-02-01T10:00:00+05:00", "is_stale": True}, "last_loaded": None}
    (row,) = reports.layer_rows([LayerInfo.read(derived)], RU, zone="UTC")
    assert RU("common.status.stale") in row.cells[2]


def test_jobs_are_over_only_when_they_are():
    assert [
        Job.read({"id": 1, "state": state}).is_over for state in ("queued", "running", "done", "failed", "cancelled")
    ] == [False, False, True, True, True]
    assert Job.read({"id": 1, "progress": 7}).progress == 1.0


def test_the_page_colours_crimes_by_itself_and_heeds_the_link(town):
    assert measures.chosen(Look(), town).key == "crimes.count"
    assert measures.chosen(Look(subject="camera_coverage", measure="covered_share"), town).is_share
    assert measures.chosen(Look(subject="nonsense", measure="x"), town).key == "crimes.count"
    assert measures.chosen(Look(), []) is None
    assert measures.event_layer(Look(subject="camera_coverage"), town).id == "crimes"


def test_only_layers_that_exist_and_have_rows_are_laid_on_the_map(town):
    assert shown.beside(Look(), town) == ("cameras", "camera_coverage")
    assert shown.beside(Look(layers=("areas", "ghost", "street_segments")), town) == ("areas",)
    assert shown.beside(Look(layers=()), town) == ()


def test_empty_ground_is_a_place_too():
    assert picks.selection_of(None, cell="89", layers={}) == Selection(kind=PlaceKind.CELL, id="89")


@pytest.mark.parametrize(
    ("pick", "expected"),
    [
        (MapPick(layer_id="subject", object={"cell": "8a"}), Selection(kind=PlaceKind.CELL, id="8a")),
        (
            MapPick(layer_id="subject-segments", object={"id": "6999686716846249484"}),
            Selection(kind=PlaceKind.SEGMENT, id="6999686716846249484"),
        ),
        (MapPick(layer_id="gap", object={"id": "12"}), Selection(kind=PlaceKind.SEGMENT, id="12")),
        (MapPick(layer_id="subject-areas", object={"id": "1"}), Selection(kind=PlaceKind.AREA, id="1")),
        (MapPick(layer_id="cameras", object={"id": 5}), Selection(kind=PlaceKind.FEATURE, layer="cameras", id="5")),
        (MapPick(layer_id="plan", object={"number": "1"}), Selection(kind=PlaceKind.CELL, id="89")),
    ],
)
def test_what_is_hit_is_what_is_selected(pick, expected, cameras):
    assert picks.selection_of(pick, cell="89", layers={"cameras": cameras}) == expected


def test_addresses_carry_the_revision_so_that_an_edit_is_seen(crimes):
    url = pieces.cells_url("town", crimes, {"hours": "22-5"}, level=9)
    assert url == "/api/w/town/layers/crimes/cells?hours=22-5&resolution=9&f=cells#revision=3"
    assert pieces.tiles_url("town", crimes) == "/api/w/town/tiles/crimes/{z}/{x}/{y}.mvt?revision=3"


def test_ids_longer_than_a_javascript_number_go_as_text():
    drawn = overlays.gap(
        fake_api.gap_rows(),
        {row: {"geometry": {"coordinates": names[2]}} for row, names in fake_api.STREETS.items()},
        RU,
    )
    assert {one["id"] for one in drawn.layers[0].data} == {"6999686716846249484", "12"}


def test_a_description_carries_no_blanks():
    text = pieces.Deck(
        layers=[pieces.paths("p", [{"path": [[1, 2]], "rgb": [1, 2, 3]}], width_px=2)], map_provider=None
    ).to_json()
    assert "\n" not in text
    assert '"path":[[1,2]]' in text


def test_periods_are_those_of_the_data(crimes):
    assert periods.suggested_pair(crimes) == (
        Days(date(2024, 1, 1), date(2024, 12, 31)),
        Days(date(2025, 1, 1), date(2025, 12, 31)),
    )
    assert periods.last_twelve_months(date(2024, 2, 29)) == Days(date(2023, 3, 1), date(2024, 2, 29))
    assert periods.presets(crimes, RU)[0].days is None
    bare = replace(crimes, status={})
    assert periods.suggested_pair(bare) is None
    assert len(periods.presets(bare, RU)) == 1


@pytest.mark.parametrize("told", [None, 5, {}, {"first": "x", "last": "y"}, {"first": "2024-01-01"}])
def test_what_the_calendar_cannot_have_said_counts_as_nothing(told):
    assert picked_days(told) == ""


def test_the_calendar_sorts_two_days_and_takes_all_time():
    assert picked_days({"first": "2024-05-02", "last": "2024-05-01"}) == Days(date(2024, 5, 1), date(2024, 5, 2))
    assert picked_days({"all": True}) is None


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_streamlits_words_are_all_said_with_as_many_gaps(language):
    for english, said in streamlit_words.dictionary(Words(language)).items():
        assert english.count("{}") + english.count("{#}") == said.count("{}"), english
        assert "[" not in said
    assert streamlit_words.dictionary(Words("en")) == {}


def test_the_camera_of_a_place_is_inside_the_map():
    assert isinstance(levels.camera_over((76.9, 52.2, 77.1, 52.4)), Camera)


def test_a_plan_tells_its_places_and_which_cameras_it_took_for_given():
    words = Words("ru")
    certificate = {**fake_api.CERTIFICATE, "places": 2, "coverage": {"cameras_listed": 21, "is_stale": True}}
    rows = {row.id: row.cells[1] for row in plans.certificate_rows(certificate, words)}
    assert (rows["places"], rows["coverage"]) == ("2", "по 21 камере, устарел")
    assert plans.cautions(certificate, words) == [words("ui.plan.stale")]
    none = {**certificate, "coverage": {"cameras_listed": 0, "is_stale": False}}
    assert plans.cautions(none, words) == [words("ui.gap.no_cameras")]
    assert plans.cautions(fake_api.CERTIFICATE, words) == []
    assert plans.left_out({"demand": {"indoors": 3, "filter_unknown": 0}}, words).startswith(
        "Не вошли в расчёт: внутри зданий 3,"
    )
    assert plans.left_out({"demand": {"indoors": 0}}, words) == ""


def test_zones_are_called_by_cities_and_know_their_offset_on_the_day():
    before, after = (dt.datetime(2024, month, 15, tzinfo=dt.UTC) for month in (2, 3))
    assert list(zones.titles("kk", now=after))[:1] == ["Asia/Almaty"]
    assert zones.titles("ru", now=before)["Asia/Almaty"] == "Алматы, UTC+6"
    assert zones.titles("ru", now=after)["Asia/Almaty"] == "Алматы, UTC+5"
    assert zones.titles("en", now=after)["Asia/Kolkata"].endswith("UTC+5:30")
    assert not [title for title in zones.titles("kk", now=after).values() if re.search("[A-Za-z]{4}", title)]


def test_a_border_is_read_from_geojson_and_nothing_else():
    assert founding.border_of(b'{"type": "Polygon"}') == {"type": "Polygon"}
    for content, key in ((b"[1]", "file_unreadable"), (b"\xff\xfe", "file_unreadable"), (b"1" * 900_001, "file_large")):
        with pytest.raises(founding.BadFileError, match=key):
            founding.border_of(content)


@pytest.mark.parametrize(
    ("coloured", "look", "subjects"),
    [
        ("crimes", Look(), ["crimes_hour"]),
        ("camera_coverage", Look(), ["cameras_direction", "buildings_height"]),
        ("places", Look(), None),
        ("crimes", Look(categories={"completeness": ("cameras_direction",)}), ["cameras_direction"]),
    ],
)
def test_districts_that_are_not_complete_are_drawn_for_what_the_coloured_layer_stands_on(coloured, look, subjects):
    codes = ["crimes_hour", "cameras_direction", "buildings_height"]
    described = fake_api.layer(
        "completeness",
        "derived",
        geometry="MultiPolygon",
        category_field="subject",
        categories=[{"code": code, "title": code} for code in codes],
    )
    drawn = overlays.beside("town", [LayerInfo.read(described)], look, Words("ru"), zoom=11, coloured=coloured)
    keep = dict(drawn.layers[0].keep)
    assert keep["level"] == ["partial", "poor", "unknown"]
    assert keep.get("subject") == subjects
    assert len(drawn.legends[0].items) == 3
