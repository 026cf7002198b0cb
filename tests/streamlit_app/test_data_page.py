"""The page of data in process: layers, a file on its way in, imports and their undoing, jobs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

import i18n
from streamlit_app.components import connection
from streamlit_app.components.context import Context
from streamlit_app.gateway import Caller, Gateway, LayerInfo
from streamlit_app.words import Words
from tests.streamlit_app import fake_api
from tests.streamlit_app.fake_api import FakeApi
from tests.streamlit_app.test_pages import said

Open = Callable[..., AppTest]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    made = FakeApi()
    monkeypatch.setattr(connection, "transport", lambda: made)
    return made


def _script() -> None:
    """The page alone, as the application would draw it."""
    import streamlit as st

    from streamlit_app.components import connection as c
    from streamlit_app.components import state
    from streamlit_app.components.context import Context
    from streamlit_app.views import data
    from streamlit_app.words import Words

    state.read_address()
    words = Words(state.language())
    gateway = c.gateway(words.language)
    found = gateway.workspaces()
    st.session_state.setdefault("qorgan.data_part", st.query_params.get("part", "layers"))
    data.show(
        Context(
            words=words,
            gateway=gateway,
            workspace=found[0],
            workspaces=tuple(found),
            layers=tuple(gateway.layers(found[0].slug)),
            pages={},
        )
    )


@pytest.fixture
def opened(api: FakeApi) -> Open:
    def open_part(part: str, language: str = "ru") -> AppTest:
        test = AppTest.from_function(_script, default_timeout=30)
        test.query_params["part"] = part
        test.query_params["lang"] = language
        test.run()
        assert not test.exception
        return test

    return open_part


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("part", ["layers", "upload", "services", "edits", "imports", "jobs", "workspaces"])
def test_every_part_opens_in_every_language(opened, part, language):
    assert "[ui." not in said(opened(part, language))


def test_a_layer_that_is_chosen_shows_every_field(opened):
    test = opened("layers")
    test.session_state["qorgan.data_layer"] = "crimes"
    test.run()
    assert not test.exception
    assert "Что такое crimes" in said(test)
    assert "Зарегистрировано, а не совершено" in said(test)
    assert "Town register" in said(test)


def test_only_layers_one_can_load_are_offered_for_a_file(opened):
    assert opened("upload").selectbox(key="upload_layer").options == ["Слой crimes", "Слой cameras", "Слой areas"]


def test_a_viewer_may_not_load_files_and_is_told_so(opened, api):
    api.role = "viewer"
    assert Words("ru")("ui.upload.not_allowed") in said(opened("upload"))


def test_an_import_opens_its_report_and_its_rejected_rows(opened, api):
    test = opened("imports")
    test.session_state["qorgan.import"] = "3"
    test.run()
    assert not test.exception
    assert "Загрузка № 3" in said(test)
    test.toggle(key="rejected_3").set_value(True).run()
    assert not test.exception
    assert "/w/town/imports/3/rejected" in api.paths()


def test_undoing_names_what_goes_and_asks_first(opened, api):
    test = opened("imports")
    test.session_state["qorgan.import"] = "3"
    test.run()
    assert "crimes.csv" in said(test)
    assert ("DELETE", "/w/town/imports/3") not in [(method, url) for method, url, _ in api.asked]
    test.button(key="undo_3").click().run()
    assert not test.exception
    assert ("DELETE", "/w/town/imports/3") in [(method, url) for method, url, _ in api.asked]
    assert "удалено 7" in said(test)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_file_whose_rows_were_all_rejected_says_what_to_change(opened, api, language):
    error = {"code": "all-rows-rejected", "params": {"rows": 22}}
    api.refusals["/imports"] = (
        200,
        {
            "imports": [
                {
                    "id": 3,
                    "layer_id": "crimes",
                    "state": "failed",
                    "report": {**fake_api.REPORT, "loaded": 0, "error": error},
                    "finished_at": None,
                },
                {
                    "id": 2,
                    "layer_id": "crimes",
                    "state": "failed",
                    "report": {"error": {"code": "disk-full", "params": {}}},
                },
            ]
        },
    )
    test = opened("imports", language)
    test.session_state["qorgan.import"] = "3"
    test.run()
    assert not test.exception
    words = Words(language)
    assert words.plural("error.all-rows-rejected", 22, rows=22) in said(test)
    test.session_state["qorgan.import"] = "2"
    test.run()
    assert not test.exception
    assert words("error.disk-full") in said(test)


def test_a_new_territory_needs_a_name_an_address_and_a_border(opened, api):
    test = opened("workspaces")
    test.button(key="workspace_make").click().run()
    assert Words("ru")("ui.workspace.needed", fields="Название на русском, Имя в адресе, Граница") in said(test)
    test.text_input(key="workspace_title_ru").set_value("Экибастуз")
    test.text_input(key="workspace_slug").set_value("ekibastuz")
    for side, degrees in {"west": 75.2, "south": 51.6, "east": 75.5, "north": 51.8}.items():
        test.number_input(key=f"workspace_{side}").set_value(degrees)
    test.button(key="workspace_make").click().run()
    assert not test.exception
    assert ("POST", "/workspaces") in [(method, url) for method, url, _ in api.asked]


def test_a_reader_without_the_right_is_not_offered_new_territories(opened, api):
    api.may_create = False
    test = opened("workspaces")
    assert not [one for one in test.button if one.key == "workspace_make"]


def test_an_undo_that_is_refused_says_why_and_keeps_the_page(opened, api):
    test = opened("imports")
    test.session_state["qorgan.import"] = "3"
    test.run()
    api.refusals["/imports/3"] = (
        409,
        {"code": "batch-changed-since", "detail": "На этой загрузке стоят более поздние."},
    )
    test.button(key="undo_3").click().run()
    assert not test.exception
    assert "На этой загрузке стоят более поздние." in said(test)


def test_jobs_show_their_progress_and_can_be_cancelled(opened, api):
    api.jobs[9] = {
        "id": 9,
        "kind": "import",
        "state": "running",
        "progress": 0.5,
        "doing_text": "Читаем",
        "params": {"layer": "crimes", "source_name": "a.csv"},
    }
    api.jobs[8] = {
        "id": 8,
        "kind": "plan",
        "state": "failed",
        "params": {},
        "error": {"code": "x", "detail": "Нет мест."},
    }
    test = opened("jobs")
    test.button(key="cancel_9").click().run()
    assert not test.exception
    assert api.jobs[9]["state"] == "cancelled"


@pytest.mark.parametrize(("state", "is_told"), [("queued", True), ("running", False)])
def test_a_job_that_waits_for_a_silent_worker_says_so(opened, api, state, is_told):
    sentence = "Исполнитель заданий молчит."
    api.notes = [{"key": "warning.worker-silent", "text": sentence}]
    api.jobs[9] = {"id": 9, "kind": "import", "state": state, "params": {"layer": "crimes"}}
    assert (sentence in [one.value for one in opened("jobs").warning]) is is_told


def test_a_job_that_waits_its_turn_alarms_nobody(opened, api):
    api.jobs[9] = {"id": 9, "kind": "import", "state": "queued", "params": {"layer": "crimes"}}
    assert not opened("jobs").warning


def test_without_imports_and_jobs_the_page_teaches(opened, api):
    api.refusals["/imports"] = (200, {"imports": []})
    assert Words("ru")("ui.imports.none") in said(opened("imports"))
    assert Words("ru")("ui.jobs.none") in said(opened("jobs"))


def test_a_finished_import_is_reported_and_a_failed_one_explained(opened):
    from streamlit_app.gateway import Job

    test = opened("upload")
    test.session_state["qorgan.upload.ended"] = Job.read({"id": 2, "state": "done", "result": fake_api.REPORT})
    test.run()
    assert Words("ru")("ui.report.title") in said(test)
    test.session_state["qorgan.upload.ended"] = Job.read(
        {"id": 2, "state": "failed", "error": {"detail": "Файл пуст."}}
    )
    test.run()
    assert not test.exception
    assert "Файл пуст." in said(test)


def test_a_context_without_synthetic_rows_in_a_real_workspace_claims_nothing(api):
    gateway = Gateway(api, Caller("ru"))
    (town,) = gateway.workspaces()
    from dataclasses import replace

    real = LayerInfo.read(fake_api.empty(fake_api.layer("crimes")))
    context = Context(
        words=Words("ru"),
        gateway=gateway,
        workspace=replace(town, is_synthetic=False),
        workspaces=(),
        layers=(real,),
        pages={},
    )
    assert not context.is_synthetic
    assert replace(context, layers=(LayerInfo.read(fake_api.layer("crimes")),)).is_synthetic


READ = {
    "reading": {"sheet": "Март", "header_row": 3, "header_rows": 1},
    "choices": {"options": ["sheet", "header_row", "header_rows"], "sheets": ["Март", "Апрель"], "members": []},
}


def given_file(opened: Open, language: str = "ru") -> AppTest:
    test = opened("upload", language)
    test.file_uploader[0].upload("f.xlsx", b"x", "application/octet-stream").run()
    assert not test.exception
    return test


def told_readings(api: FakeApi) -> list[str | None]:
    return [body.get("reading") for _, url, body in api.sent if url.endswith("/imports/preview")]


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_how_a_file_was_cut_is_told_and_what_is_said_instead_is_asked_for(opened, api, language):
    api.preview = {**fake_api.PREVIEW, **READ}
    test, words = given_file(opened, language), Words(language)
    assert "[ui." not in said(test)
    title = next(one.label for one in test.expander if one.label.startswith(words("ui.reading.title")))
    assert "Март" in title
    assert "3" in title
    sheet = next(one for one in test.selectbox if one.label == words("ui.reading.sheet"))
    assert sheet.options == [words("ui.reading.found", found="Март"), "Март", "Апрель"]
    assert told_readings(api)[0] is None
    sheet.set_value("Апрель").run()
    next(one for one in test.number_input if one.label == words("ui.reading.header_row")).set_value(2).run()
    assert not test.exception
    assert '{"sheet": "Апрель", "header_row": 2}' in told_readings(api)


def test_a_file_that_cannot_be_cut_alone_offers_what_to_choose_from(opened, api):
    api.preview = {
        **fake_api.PREVIEW,
        "columns": [],
        "before": [],
        "reading": {},
        "choices": {"options": ["member"], "sheets": [], "members": ["a.csv", "b.csv"]},
        "problem": {"code": "zip-content", "text": "В архиве два файла.", "params": {}},
    }
    test = given_file(opened)
    assert "В архиве два файла." in said(test)
    member = next(one for one in test.selectbox if one.label == Words("ru")("ui.reading.member"))
    api.preview = {**fake_api.PREVIEW, **READ}
    member.set_value("b.csv").run()
    assert '{"member": "b.csv"}' in told_readings(api)
    assert test.button(key="upload_load")


def test_a_table_that_bears_geometry_lacks_no_position_whatever_its_format(opened, api):
    bare = {name: value for name, value in fake_api.PREVIEW["mapping"].items() if name not in ("lon", "lat", "time")}
    api.layers = [fake_api.layer("areas", "area", has_time=False)]
    api.preview = {**fake_api.PREVIEW, "format": "parquet", "mapping": bare}
    lacks = "Не указано: Долгота, Широта"
    assert lacks in said(given_file(opened))
    api.preview |= {"has_geometry": True}
    assert lacks not in said(given_file(opened))
