"""The pages in process, over an API of our own: full, empty, refused, away, and opened by a hostile link."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import i18n
from streamlit_app.components import connection
from streamlit_app.words import Words
from tests.streamlit_app import fake_api
from tests.streamlit_app.fake_api import FakeApi

APP = Path(__file__).parents[2] / "streamlit_app" / "app.py"
LANGUAGES = pytest.mark.parametrize("language", i18n.LANGUAGES)
Open = Callable[..., AppTest]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    made = FakeApi()
    monkeypatch.setattr(connection, "transport", lambda: made)
    return made


@pytest.fixture
def opened(api: FakeApi) -> Open:
    def open_page(page: str = "situation", **query: str) -> AppTest:
        test = AppTest.from_file(str(APP), default_timeout=30)
        for name, value in query.items():
            test.query_params[name] = value
        test.run()
        if page != "situation":
            turn(test, page)
        return test

    return open_page


def turn(test: AppTest, page: str) -> None:
    test.switch_page(page)
    test.run()


def said(test: AppTest) -> str:
    """Everything the page says in its own elements."""
    parts = [
        element.value
        for kind in ("markdown", "caption", "info", "warning", "error", "success")
        for element in getattr(test, kind)
    ]
    parts += [element.proto.body for element in test.get("html")]
    parts += [
        element.label
        for kind in ("button", "selectbox", "checkbox", "toggle", "radio", "number_input")
        for element in getattr(test, kind)
    ]
    return "\n".join(str(part) for part in parts)


def healthy(test: AppTest, language: str) -> None:
    """No fault, no text that is missing."""
    assert not test.exception
    assert Words(language)("ui.streamlit.fault") not in said(test)
    missing = re.findall(r"\[(?:ui|page|common|error)\.[^\]]*\]", said(test))
    assert missing == []


@LANGUAGES
def test_the_situation_opens_with_numbers_and_map(opened, api, language):
    test = opened(lang=language)
    healthy(test, language)
    assert "100" in said(test)
    assert test.query_params["w"] == "town"
    assert "/w/town/layers/crimes/profile" in api.paths()


@LANGUAGES
@pytest.mark.parametrize("tool", ["gap", "plan", "compare"])
def test_every_tool_opens_from_a_link(opened, language, tool):
    test = opened(lang=language, t=tool, b="2024-01-01..2024-12-31", a="2025-01-01..2025-12-31", plan="7")
    healthy(test, language)
    assert test.query_params["t"] == tool


@pytest.mark.parametrize(
    "place", [f"cell:{fake_api.CELL}", "segment:6999686716846249484", "area:1", "feature:cameras:5"]
)
def test_every_kind_of_place_has_its_card(opened, place):
    test = opened(lang="kk", p=place, u="segments" if "segment" in place else "cells")
    healthy(test, "kk")
    expected = {"cell": fake_api.CELL, "segment": "Гараж көшесі", "area": "аудан", "feature": "№ 5"}[
        place.split(":")[0]
    ]
    assert expected in said(test)


def test_what_cameras_see_of_a_cell_is_never_rounded_to_nothing(opened):
    assert "0,1\u00a0%" in said(opened(lang="ru", p=f"cell:{fake_api.CELL}"))


def test_records_are_read_only_when_they_are_asked_for(opened, api):
    test = opened(lang="ru", p=f"cell:{fake_api.CELL}")
    assert "/w/town/layers/crimes/features" not in api.paths()
    test.toggle(key="show_records").set_value(True).run()
    healthy(test, "ru")
    assert "/w/town/layers/crimes/features" in api.paths()
    assert "Показаны первые 200" in said(test)


def test_a_viewer_is_offered_neither_records_nor_plans_nor_files(opened, api):
    api.role = "viewer"
    test = opened(lang="ru", p=f"cell:{fake_api.CELL}", t="place")
    assert not [one for one in test.toggle if one.key == "show_records"]
    assert Words("ru")("ui.plan.not_allowed") in said(opened(lang="ru", t="plan"))


@pytest.mark.parametrize("unit", ["segments", "areas"])
def test_events_are_counted_on_streets_and_areas(opened, api, unit):
    healthy(opened(lang="kk", u=unit), "kk")
    assert f"/w/town/layers/crimes/{unit}" in api.paths()


def test_a_filter_reaches_every_question_and_never_moves_the_map(opened, api):
    test = opened(lang="ru", v="76.95000,52.28000,14.00", h="22-5", dk="dark")
    profile = next(query for _, url, query in api.asked if url.endswith("/profile"))
    assert profile == {"hours": "22-5", "dark": "true"}
    test.button(key="reset_filters").click().run()
    healthy(test, "ru")
    assert "h" not in test.query_params
    assert test.query_params["v"] == "76.95000,52.28000,14.00"


def test_hours_chosen_over_midnight_stand_in_the_address(opened):
    test = opened(lang="ru")
    test.selectbox(key="hour_first").set_value(22).run()
    test.selectbox(key="hour_last").set_value(5).run()
    assert test.query_params["h"] == "22-5"


def test_another_language_is_spoken_at_once_and_stands_in_the_address(opened):
    test = opened(lang="ru")
    test.button_group(key="language").set_value("kk").run()
    healthy(test, "kk")
    assert test.query_params["lang"] == "kk"
    assert "Картадағы қабаттар" in said(test)


@pytest.mark.parametrize(
    "query",
    [
        {"w": "../../x", "v": "nan,nan,nan", "h": "99-99", "p": "feature:x:1", "t": "rm", "plan": "x", "u": "?"},
        {"p": "feature:ghosts:1"},
        {"p": "segment:99"},
        {"s": "ghosts", "m": "ghosts", "l": "ghosts,<b>"},
        {"t": "plan", "plan": "999"},
        {"lang": "xx", "theme": "<script>"},
        {"c": "crimes:nonsense;ghosts:x"},
    ],
)
def test_a_hostile_or_outdated_link_opens_a_page_that_works(opened, query):
    test = opened(**{"lang": "ru", **query} if "lang" not in query else query)
    assert not test.exception
    assert Words("ru")("ui.streamlit.fault") not in said(test)


def test_an_empty_workspace_teaches(opened, api):
    api.layers = [fake_api.empty(one) for one in fake_api.full_town()]
    for language in i18n.LANGUAGES:
        test = opened(lang=language)
        healthy(test, language)
        assert Words(language)("ui.empty.title") in said(test)
        assert test.button(key="load_demo").label == Words(language)("ui.empty.load_demo")
    api.may_create = False
    assert not [one for one in opened(lang="ru").button if one.key == "load_demo"]


def test_the_demonstration_is_loaded_with_one_press_and_watched_until_it_is_there(opened, api):
    full = api.layers
    api.layers = [fake_api.empty(one) for one in full]
    test = opened(lang="ru")
    api.jobs[4] = {"id": 4, "kind": "demo", "state": "running", "progress": 0.4, "doing_text": "Читаем", "params": {}}
    test.button(key="load_demo").click().run()
    assert not test.exception
    assert ("POST", "/demos/pavlodar") in [(method, url) for method, url, _ in api.asked]
    assert Words("ru")("ui.empty.loading_demo") in said(test)
    api.layers = full
    api.jobs[4].update(state="done", progress=1.0, result={"workspace": "town"})
    test.run()
    test.run()
    healthy(test, "ru")
    assert Words("ru")("ui.empty.loading_demo") not in said(test)


def test_a_demonstration_that_comes_is_found_again_and_one_that_failed_says_why(opened, api):
    api.layers = [fake_api.empty(one) for one in api.layers]
    api.jobs[4] = {"id": 4, "kind": "demo", "state": "running", "progress": 0.4, "params": {}}
    test = opened(lang="kk")
    assert Words("kk")("ui.empty.loading_demo") in said(test)
    api.jobs[4].update(state="failed", error={"code": "disk-full", "detail": "Дискіде орын жоқ."})
    test.run()
    test.run()
    assert "Дискіде орын жоқ." in said(test)
    assert test.button(key="load_demo")


def test_without_a_workspace_the_reader_is_told_whom_to_ask(opened, api):
    api.refusals["/workspaces"] = (200, {"workspaces": []})
    api.may_create = False
    assert Words("ru")("ui.no_workspace") in said(opened(lang="ru"))


@LANGUAGES
def test_whoever_may_begins_on_an_empty_machine_without_a_command_line(opened, api, language):
    api.refusals["/workspaces"] = (200, {"workspaces": []})
    test = opened(lang=language)
    assert not test.exception
    assert Words(language)("ui.start.title") in said(test)
    assert test.button(key="load_demo")
    assert test.button(key="workspace_make")


@LANGUAGES
def test_warnings_of_a_comparison_are_sentences_before_its_numbers(opened, api, language):
    api.totals_more = {"warnings": ["warning.seasons-differ", {"code": "of-tomorrow"}, {"text": "Месяц неполный."}]}
    test = opened(lang=language, t="compare", b="2022-01-01..2022-06-30", a="2024-01-01..2024-12-31")
    assert not test.exception
    words = Words(language)
    for sentence in (
        words("warning.seasons-differ"),
        words("ui.warning.unknown", code="of-tomorrow"),
        "Месяц неполный.",
    ):
        assert sentence in said(test)


def test_too_few_events_are_said_before_anybody_reads_the_ranks(opened, api):
    api.gap_more = {"enough": False, "filter_unknown": 5}
    test = opened(lang="ru", t="gap")
    assert Words("ru")("ui.gap.not_enough") in said(test)
    assert Words("ru").plural("ui.gap.filter_unknown", 5) in said(test)
    assert Words("ru")("ui.figure.not_enough") in said(test)


@LANGUAGES
def test_the_api_away_is_told_calmly_with_a_way_to_try_again(opened, api, language):
    api.is_away = True
    test = opened(lang=language)
    assert not test.exception
    assert Words(language)("error.api-away") in said(test)
    assert test.button(key="retry_frame").label == Words(language)("common.button.retry")
    api.is_away = False
    test.button(key="retry_frame").click().run()
    healthy(test, language)
    assert "100" in said(test)


def test_one_part_that_is_refused_leaves_the_others_standing(opened, api):
    api.refusals["/gap"] = (503, {"code": "query-too-slow", "detail": "Слишком долго.", "instance": "r-7"})
    test = opened(lang="ru", t="gap")
    healthy(test, "ru")
    assert "Слишком долго." in said(test)
    assert "r-7" in said(test)
    assert "100" in said(test)


def test_a_comparison_that_is_refused_says_why(opened, api):
    reason = "Между периодами менялся порядок регистрации."
    api.refusals["/compare"] = (422, {"code": "period-crosses-registration-break", "detail": reason})
    test = opened(lang="ru", t="compare", b="2021-01-01..2021-12-31", a="2022-01-01..2022-12-31")
    healthy(test, "ru")
    assert reason in said(test)


def test_periods_that_overlap_are_not_even_asked_about(opened, api):
    test = opened(lang="ru", t="compare", b="2021-01-01..2022-06-30", a="2022-01-01..2022-12-31")
    assert Words("ru")("error.periods-overlap") in said(test)
    assert "/w/town/layers/crimes/compare" not in api.paths()


def test_whom_the_api_does_not_know_is_asked_to_sign_in(opened, api):
    api.refusals["/workspaces"] = (401, {"code": "sign-in-needed", "detail": "Войдите."})
    assert Words("ru")("ui.sign_in.title") in said(opened(lang="ru"))


def test_a_fault_of_ours_is_a_sentence_and_never_a_trace(opened, api, caplog):
    api.layers = [{**fake_api.layer("crimes"), "legend": {"palette": "broken", "rgb": [0]}}]
    test = opened(lang="ru")
    assert not test.exception
    assert Words("ru")("ui.streamlit.fault") in said(test)
    assert "Traceback" not in said(test)


def test_a_plan_runs_as_a_job_and_ends_with_its_certificate(opened, api):
    api.jobs[1] = {"id": 1, "kind": "plan", "state": "running", "progress": 0.4, "doing_text": "Решаем", "params": {}}
    test = opened(lang="ru", t="plan")
    next(one for one in test.button if one.label == Words("ru")("ui.plan.start")).click().run()
    assert not test.exception
    assert ("POST", "/w/town/plans") in [(method, url) for method, url, _ in api.asked]
    api.jobs[1].update(state="done", progress=1.0, result={"id": 7})
    test.run()
    test.run()
    healthy(test, "ru")
    assert test.query_params["plan"] == "7"
    assert Words("ru")("ui.plan.certificate") in said(test)


def test_a_running_plan_can_be_cancelled(opened, api):
    api.jobs[1] = {"id": 1, "kind": "plan", "state": "running", "progress": 0.4, "params": {}}
    test = opened(lang="ru", t="plan")
    next(one for one in test.button if one.label == Words("ru")("ui.plan.start")).click().run()
    test.button(key="cancel_plan").click().run()
    assert api.jobs[1]["state"] == "cancelled"
    test.run()
    assert Words("ru")("ui.job.ended.cancelled") in said(test)
