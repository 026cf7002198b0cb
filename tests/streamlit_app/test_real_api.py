"""The pages over the real API and a real database, in process: what they ask is what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from streamlit_app.components import connection
from streamlit_app.gateway import ApiProblem, Caller, Gateway, SentFile
from streamlit_app.words import Words
from tests.api.conftest import city, crimes, serving, token  # noqa: F401 - fixtures
from tests.streamlit_app.test_pages import APP, healthy, said

pytestmark = pytest.mark.database
CSV = "дата;время;долгота;широта;вид преступления;номер\n2024-03-01;21:15;76.94;52.27;theft;A1\n2024-03-02;;76.95;52.28;щ;A2\n"


@pytest.fixture(scope="module")
def client(city, module_database, tmp_path_factory) -> Iterator[TestClient]:  # noqa: F811
    home: Path = tmp_path_factory.mktemp("home")
    with serving(city, module_database, home, local_administrator=True) as made:
        yield made


@pytest.fixture
def opened(client, monkeypatch):
    monkeypatch.setattr(connection, "transport", lambda: client)

    def open_page(**query: str) -> AppTest:
        test = AppTest.from_file(str(APP), default_timeout=30)
        for name, value in query.items():
            test.query_params[name] = value
        test.run()
        return test

    return open_page


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_situation_counts_what_was_loaded(opened, language):
    test = opened(lang=language)
    healthy(test, language)
    assert Words(language).number(len(crimes())) in said(test)


def test_hours_over_midnight_count_the_same_as_by_hand(opened):
    rows = [row for row in crimes() if row["hour"] is not None and (row["hour"] >= 22 or row["hour"] <= 5)]
    assert f"<strong>{len(rows)}</strong>" in said(opened(lang="ru", h="22-5"))


def test_without_streets_the_gap_says_what_is_missing(opened):
    test = opened(lang="ru", t="gap")
    healthy(test, "ru")
    assert Words("ru")("ui.gap.nothing") in said(test)


def test_a_period_nobody_loaded_is_not_compared(opened):
    test = opened(lang="ru", t="compare", b="2023-01-01..2023-12-31", a="2024-01-01..2024-12-31")
    healthy(test, "ru")
    assert [one.value for one in test.info if one.value]


def test_a_viewer_is_refused_records_in_kazakh(client):
    gateway = Gateway(client, Caller("kk", token("viewer")))
    with pytest.raises(ApiProblem) as caught:
        gateway.records("city", "crimes", {})
    assert caught.value.status == 403
    assert "рөл" in caught.value.detail


def test_an_unknown_workspace_is_no_crash(opened):
    healthy(opened(lang="ru", w="nowhere"), "ru")


def test_a_file_is_previewed_with_a_mapping_the_api_takes_back(client):
    gateway = Gateway(client, Caller("ru"))
    file = SentFile(name="преступления.csv", content=CSV.encode())
    found = gateway.preview("city", "crimes", file)
    assert found["columns"][0] == "дата"
    assert found["mapping"]["columns"]["category"] == "вид преступления"
    again = gateway.preview("city", "crimes", file, mapping=json.dumps(found["mapping"]))
    assert [row["values"]["category"] for row in again["after"]] == ["theft"]
    assert again["rejected"][0]["reasons"][0]["text"]


def test_jobs_imports_and_plans_are_lists(client):
    gateway = Gateway(client, Caller("ru"))
    assert gateway.jobs("city") == []
    assert gateway.plans("city") == []
    assert {one["layer_id"] for one in gateway.imports("city")} == {"crimes", "roads"}


def test_a_queued_import_is_cancelled_at_once(client):
    gateway = Gateway(client, Caller("ru"))
    file = SentFile(name="преступления.csv", content=CSV.encode())
    mapping = gateway.preview("city", "crimes", file)["mapping"]
    job = gateway.start_import("city", "crimes", file, mapping=json.dumps(mapping), dry_run=False, is_synthetic=True)
    assert not gateway.job("city", job).is_over
    gateway.cancel("city", job)
    assert gateway.job("city", job).state == "cancelled"
