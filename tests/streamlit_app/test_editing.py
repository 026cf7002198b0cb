"""Editing on the pages: one record through its form, many through a table; what goes to the API and what is told."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

import i18n
from streamlit_app.components import connection
from streamlit_app.gateway import LayerInfo
from streamlit_app.services import editing
from streamlit_app.words import Words
from tests.streamlit_app import fake_api
from tests.streamlit_app.fake_api import FakeApi
from tests.streamlit_app.test_data_page import _script
from tests.streamlit_app.test_pages import APP, healthy, said

EDIT = {
    "id": 9,
    "row_id": 5,
    "at": "2025-02-01T10:00:00+05:00",
    "principal_id": 1,
    "principal": "Айгүл",
    "deed": "changed",
    "reason": "checked on site",
    "batch_id": None,
    "changes": {"severity": [None, "x"], "position": [[76.9, 52.2], [76.91, 52.2]]},
    "undoable": True,
}
DIFFERENCE = {
    "lines": [
        {
            "row": 3,
            "kind": "change",
            "feature_id": 5,
            "version": 3,
            "changes": {"severity": [None, "x"]},
            "problems": [],
        },
        {
            "row": 4,
            "kind": "fault",
            "feature_id": 6,
            "version": 0,
            "changes": {},
            "problems": [{"code": "not-a-number", "text": "Нужно число."}],
        },
    ],
    "counts": {"change": 1, "add": 0, "remove": 0, "conflict": 0, "fault": 1},
    "unchanged": 7,
    "fingerprint": "f00d",
}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    made = FakeApi()
    monkeypatch.setattr(connection, "transport", lambda: made)
    return made


def card(language: str = "ru", place: str = "feature:cameras:5") -> AppTest:
    test = AppTest.from_file(str(APP), default_timeout=30)
    test.query_params["lang"] = language
    test.query_params["p"] = place
    test.run()
    healthy(test, language)
    return test


def click(test: AppTest, key: str) -> None:
    test.button(key=key).click().run()
    assert not test.exception


def pressed(test: AppTest, label: str) -> None:
    next(one for one in test.button if one.label == label).click().run()
    assert not test.exception


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_changed_field_goes_to_the_api_with_the_version_that_was_seen(api, language):
    test, words = card(language), Words(language)
    click(test, "edit_open")
    healthy(test, language)
    next(one for one in test.text_input if one.label == "Тяжесть").set_value("тяжкое")
    next(one for one in test.text_input if one.label == words("ui.edit.reason")).set_value("проверено")
    pressed(test, words("ui.edit.save"))
    method, url, body = api.sent[-1]
    assert (method, url) == ("PATCH", "/w/town/layers/cameras/features/5")
    assert body == {"changes": {"severity": "тяжкое"}, "reason": "проверено"}
    sent = next(h for (m, _, _), h in zip(api.asked, api.headers, strict=True) if m == "PATCH")
    assert sent["If-Match"] == 'W/"3"'
    assert words("ui.edit.saved") in said(test)


def test_saving_nothing_sends_nothing(api):
    test = card()
    click(test, "edit_open")
    pressed(test, Words("ru")("ui.edit.save"))
    assert api.sent == []
    assert Words("ru")("ui.edit.nothing") in said(test)


def test_a_refusal_keeps_the_form_and_says_why(api):
    problem = {"code": "version-conflict", "detail": "Кто-то другой изменил запись.", "instance": "r-2"}
    test = card()
    click(test, "edit_open")
    api.refusals["/features/5"] = (412, problem)
    next(one for one in test.text_input if one.label == "Тяжесть").set_value("x")
    pressed(test, Words("ru")("ui.edit.save"))
    assert "Кто-то другой изменил запись." in said(test)
    assert any(one.label == Words("ru")("ui.edit.save") for one in test.button)


def test_moving_a_pin_asks_the_map_to_draw_and_what_is_drawn_is_sent(api):
    test = card()
    click(test, "edit_open")
    click(test, "edit_move")
    assert Words("ru")("ui.edit.hint_point") in said(test)
    test.session_state["qorgan.editing.drawn"] = {"type": "Point", "coordinates": [76.951, 52.281]}
    test.run()
    assert "52.281" in said(test)
    pressed(test, Words("ru")("ui.edit.save"))
    assert api.sent[-1][2] == {"changes": {}, "reason": "", "position": [76.951, 52.281]}


def test_a_record_is_taken_away_with_a_reason_and_nothing_stays_selected(api):
    test = card()
    click(test, "edit_open")
    words = Words("ru")
    [*_, why] = [one for one in test.text_input if one.label == words("ui.edit.reason")]
    why.set_value("снесена")
    pressed(test, words("ui.edit.remove_now"))
    assert api.sent[-1][:2] == ("DELETE", "/w/town/layers/cameras/features/5")
    assert next(q for m, _, q in api.asked if m == "DELETE") == {"reason": "снесена"}
    assert words("ui.edit.removed") in said(test)
    assert "p" not in test.query_params


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_history_says_who_and_why_and_the_newest_edit_is_taken_back(api, language):
    api.edits = [EDIT]
    test, words = card(language), Words(language)
    next(one for one in test.toggle if one.label == words("ui.edit.history")).set_value(True).run()
    healthy(test, language)
    click(test, "undo_edit_9")
    assert api.sent[-1][:2] == ("DELETE", "/w/town/layers/cameras/edits/9")
    assert words("ui.edit.undone") in said(test)


def test_a_new_record_is_begun_placed_and_sent(api):
    test = AppTest.from_file(str(APP), default_timeout=30)
    test.query_params["lang"] = "ru"
    test.run()
    click(test, "add_begin")
    words = Words("ru")
    next(one for one in test.selectbox if one.label.startswith("Категория")).set_value("theft")
    test.session_state["qorgan.editing.drawn"] = {"type": "Point", "coordinates": [76.95, 52.28]}
    pressed(test, words("ui.edit.save"))
    method, url, body = api.sent[-1]
    assert (method, url) == ("POST", "/w/town/layers/cameras/features")
    assert body == {"values": {"category": "theft"}, "reason": "", "position": [76.95, 52.28]}
    assert test.query_params["p"] == "feature:cameras:6"


def test_a_viewer_is_offered_no_editing(api):
    api.role = "analyst"
    test = card()
    assert not [one for one in test.button if one.key in {"edit_open", "add_begin"}]


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_table_shows_its_difference_and_is_applied_as_it_was_shown(api, language):
    api.edits, api.difference = [EDIT], DIFFERENCE
    words = Words(language)
    test = AppTest.from_function(_script, default_timeout=30)
    test.query_params["part"], test.query_params["lang"] = "edits", language
    test.run()
    assert not test.exception
    assert "[ui." not in said(test)
    test.file_uploader[0].upload("t.xlsx", b"xlsx", "application/octet-stream").run()
    assert not test.exception
    assert words("ui.table_edit.counts", unchanged=7, **DIFFERENCE["counts"]) in said(test)
    assert test.button(key="table_apply").disabled, "a faulty line is mended or left out on purpose"
    test.checkbox(key="table_leave_out").check().run()
    click(test, "table_apply")
    method, url, form = api.sent[-1]
    assert (method, url) == ("POST", "/w/town/layers/crimes/edits/apply")
    assert form == {"expect": "f00d", "leave_out": "true"}


def test_areas_of_many_parts_or_corners_are_not_drawn_by_hand():
    layer = LayerInfo.read(fake_api.layer("areas", "area", geometry="MultiPolygon", can_add=True))
    ring = [[0, 0], [1, 0], [1, 1], [0, 0]]
    assert editing.can_draw(layer, {"type": "MultiPolygon", "coordinates": [[ring]]})
    assert not editing.can_draw(layer, {"type": "MultiPolygon", "coordinates": [[ring], [ring]]})
    assert not editing.can_draw(layer, {"type": "MultiPolygon", "coordinates": [[ring, ring]]})
    many = [[n / 1000, 0] for n in range(300)]
    assert not editing.can_draw(layer, {"type": "Polygon", "coordinates": [many]})
    streets = LayerInfo.read(fake_api.layer("roads", "network", geometry="MultiLineString"))
    assert not editing.can_draw(streets, None)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("31.05.2024", "2024-05-31"),
        ("1/2/2024", "2024-02-01"),
        ("2024-05-31", "2024-05-31"),
        (" ", None),
        ("май", "май"),
    ],
)
def test_a_day_is_written_in_words_of_numbers_and_what_is_none_goes_to_the_api(written, sent):
    assert editing.day_of(written) == sent


def test_a_stored_day_is_shown_as_it_is_written():
    assert editing.day_words("2024-05-31") == "31.05.2024"
    assert editing.day_of(editing.day_words("2024-05-31")) == "2024-05-31"
    assert editing.day_words(None) == ""
