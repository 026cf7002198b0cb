"""Connected services on the page of data: told in words, asked now, taken away after asking, and a new one connected."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

import i18n
from streamlit_app.components import connection
from streamlit_app.services import connected
from streamlit_app.words import Words
from tests.streamlit_app.fake_api import FakeApi
from tests.streamlit_app.test_data_page import _script
from tests.streamlit_app.test_pages import said

URL = "https://gis.example.kz/arcgis/rest/services/crime/FeatureServer/1"
SOURCE = {
    "id": 4,
    "layer_id": "crimes",
    "url": URL,
    "condition": "city_code = '1971'",
    "state": "done",
    "state_text": "прошёл успешно",
    "every_hours": 24,
    "at_local": "03:30",
    "next_run_at": "2025-02-02T22:30:00+00:00",
    "finished_at": "2025-02-01T22:31:00+00:00",
    "job_id": 10,
    "error": None,
    "result": {"read": 1250, "loaded": 1200, "updated": 40, "unchanged": 10, "rejected": 0, "struck_off": 0},
    "links": {},
}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    made = FakeApi(sources=[dict(SOURCE)])
    monkeypatch.setattr(connection, "transport", lambda: made)
    return made


def opened(language: str = "ru") -> AppTest:
    test = AppTest.from_function(_script, default_timeout=30)
    test.query_params["part"], test.query_params["lang"] = "services", language
    test.run()
    assert not test.exception
    return test


def click(test: AppTest, key: str) -> None:
    test.button(key=key).click().run()
    assert not test.exception


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_service_is_told_with_its_schedule_outcome_and_next_time(api, language):
    text, words = said(opened(language)), Words(language)
    assert "[ui." not in text
    assert URL in text
    assert connected.schedule_words(SOURCE, words) in text
    assert words.moment("2025-02-02T22:30:00+00:00", "Asia/Almaty") in text  # 03:30 there
    assert f"{words('ui.sources.count.loaded')}: {words.number(1200)}" in text
    assert words("ui.sources.count.rejected") not in text


@pytest.mark.parametrize(
    ("hours", "at", "language", "expected"),
    [
        (1, None, "ru", "каждый час"),
        (6, None, "ru", "каждые 6 часов"),
        (21, None, "ru", "каждый 21 час"),
        (24, "03:30", "ru", "каждый день в 03:30"),
        (48, None, "ru", "каждые 2 дня"),
        (168, "00:05", "kk", "7 күн сайын, сағат 00:05"),
        (24, None, "en", "every day"),
        (5, None, "en", "every 5 hours"),
    ],
)
def test_a_schedule_in_words(hours, at, language, expected):
    assert connected.schedule_words({"every_hours": hours, "at_local": at}, Words(language)) == expected


def test_what_failed_says_why_and_nothing_new_is_said_so(api):
    words = Words("ru")
    api.sources[0] |= {"state": "failed", "error": {"code": "x", "detail": "Служба не ответила."}}
    assert "Служба не ответила." in said(opened())
    nothing = connected.outcome_words({**SOURCE, "result": {"read": 0}}, words, zone="Asia/Almaty")
    assert words("ui.sources.nothing_new") in nothing


def test_asking_now_follows_the_job(api):
    api.jobs[11] = {"id": 11, "kind": "refresh", "state": "running", "progress": 0.5, "doing_text": "Читаем строки"}
    test = opened()
    click(test, "source_run_4")
    assert ("POST", "/w/town/sources/4/run", None) in api.sent
    assert "/w/town/jobs/11" in api.paths()
    assert test.button(key="source_run_4").disabled
    api.jobs[11]["state"] = "done"
    test.run()
    assert not test.exception
    assert not test.button(key="source_run_4").disabled


def test_a_refusal_to_ask_now_is_told(api):
    api.refusals["/sources/4/run"] = (409, {"code": "service-busy", "detail": "Уже выполняется.", "instance": "r-3"})
    test = opened()
    click(test, "source_run_4")
    assert "Уже выполняется." in said(test)


def test_disconnecting_asks_first_and_says_that_what_was_loaded_stays(api):
    test = opened()
    words = Words("ru")
    assert words("ui.sources.remove_asks", address=URL) in said(test)
    assert not [one for one in api.sent if one[0] == "DELETE"]
    click(test, "source_remove_4")
    assert [one[:2] for one in api.sent] == [("DELETE", "/w/town/sources/4")]
    assert words("ui.sources.removed") in said(test)
    assert words("ui.sources.none") in said(test)


def fill(test: AppTest, *, unit: str = "d") -> None:
    next(one for one in test.text_input if one.key == "source_url_0").set_value(f" {URL} ")
    next(one for one in test.number_input if one.key == "source_every_0").set_value(6)
    if unit != "d":  # what stands there at first
        next(one for one in test.button_group if one.key == "source_unit_0").set_value([unit])
    test.run()
    assert not test.exception


def test_a_new_service_is_asked_for_with_the_mapping_kept_for_its_layer(api):
    test = opened()
    fill(test)
    click(test, "source_connect")
    method, url, body = api.sent[-1]
    assert (method, url) == ("POST", "/w/town/sources")
    assert body == {
        "layer": "crimes",
        "url": URL,
        "mapping": {"id": "uvd"},
        "every": "6d",
        "at": "03:30",
        "where": "",
        "is_synthetic": True,
    }
    assert Words("ru")("ui.sources.added") in said(test)


def test_hours_have_no_time_of_day(api):
    test = opened()
    fill(test, unit="h")
    assert not [one for one in test.text_input if one.key == "source_at_0"]
    click(test, "source_connect")
    assert api.sent[-1][2]["every"] == "6h"
    assert "at" not in api.sent[-1][2]


def test_a_refused_service_keeps_the_form_and_says_why(api):
    problem = {"code": "service-address-private", "detail": "Адрес во внутренней сети.", "instance": "r-4"}
    test = opened()
    fill(test)
    api.refused_posts["/w/town/sources"] = (403, problem)
    click(test, "source_connect")
    assert "Адрес во внутренней сети." in said(test)
    assert next(one for one in test.text_input if one.key == "source_url_0").value == f" {URL} "


def test_a_layer_without_any_mapping_says_how_to_make_one(api):
    test = opened()
    test.selectbox(key="source_layer_0").set_value("areas").run()
    assert Words("ru")("ui.sources.no_mapping") in said(test)


def test_an_analyst_sees_services_and_changes_none(api):
    api.role = "analyst"
    test = opened()
    assert URL in said(test)
    assert [one.key for one in test.button] == []
