"""The one door to the API: who asks is handed on, refusals become sentences, nothing hangs and nothing grows without end."""

from __future__ import annotations

import httpx
import pytest

from streamlit_app.gateway import ApiProblem, Caller, Gateway, SentFile, http_transport
from streamlit_app.gateway.client import MOST_RECORDS, PAGE_ROWS
from tests.streamlit_app.fake_api import FakeApi


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def gateway(api: FakeApi) -> Gateway:
    return Gateway(api, Caller("kk"))


def test_the_reader_is_handed_on_and_nobody_else():
    caller = Caller.of(
        "ru",
        headers={"Host": "qorgan.kz", "X-Forwarded-For": "10.0.0.9", "Authorization": "Bearer t", "User-Agent": "x"},
        cookies={"qorgan_session": "s", "other": "o"},
        cookie="qorgan_session",
    )
    assert dict(caller.headers) == {
        "host": "qorgan.kz",
        "x-forwarded-for": "10.0.0.9",
        "authorization": "Bearer t",
        "cookie": "qorgan_session=s",
    }


def test_a_reader_behind_a_proxy_never_becomes_the_local_administrator(api):
    caller = Caller.of("ru", headers={"x-forwarded-for": "10.0.0.9"}, cookies={}, cookie="qorgan_session")
    Gateway(api, caller).workspaces()
    assert api.headers[-1]["x-forwarded-for"] == "10.0.0.9"


def test_the_language_is_asked_for(api, gateway):
    gateway.workspaces()
    assert api.headers[-1]["accept-language"] == "kk"
    assert api.asked[-1][2]["language"] == "kk"


def test_a_refusal_keeps_its_sentence_code_and_reference(api, gateway):
    api.refusals["/gap"] = (422, {"code": "no-street-segments", "detail": "Көше жоқ.", "instance": "r-9"})
    with pytest.raises(ApiProblem) as caught:
        gateway.gap("town", {})
    problem = caught.value
    assert (problem.code, problem.detail, problem.status, problem.reference) == (
        "no-street-segments",
        "Көше жоқ.",
        422,
        "r-9",
    )
    assert not problem.is_away


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_that_answers_for_an_absent_api_is_told_as_absence(api, gateway, status):
    api.refusals["/layers"] = (status, None)
    with pytest.raises(ApiProblem) as caught:
        gateway.layers("town")
    assert caught.value.is_away
    assert "Сервер" in caught.value.detail


def test_nobody_there_is_told_in_the_readers_language(api, gateway):
    api.is_away = True
    with pytest.raises(ApiProblem) as caught:
        gateway.layers("town")
    assert caught.value.is_away
    assert "жауап бермей" in caught.value.detail


def test_an_answer_that_takes_too_long_says_so():
    def slow(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    client = httpx.Client(transport=httpx.MockTransport(slow), base_url="http://api")
    with pytest.raises(ApiProblem) as caught:
        Gateway(client, Caller("en")).layers("town")
    assert caught.value.code == "api-too-slow"


@pytest.mark.parametrize("body", [b"not json", b"[1]", b'"text"'])
def test_an_answer_that_is_no_object_is_a_problem_and_no_crash(body):
    client = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body)), base_url="http://api"
    )
    with pytest.raises(ApiProblem) as caught:
        Gateway(client, Caller("en")).layers("town")
    assert caught.value.code == "api-answer-unreadable"


def test_records_are_capped(api, gateway):
    gateway.records("town", "crimes", {"cell": "89"})
    assert api.asked[-1][2] == {"cell": "89", "limit": MOST_RECORDS}


def test_shapes_are_read_page_by_page_until_there_is_no_next():
    pages = {"0": {"features": [{"id": 1}, {"id": 7}], "next": "more"}, "7": {"features": [{"id": 9}], "next": None}}
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(dict(request.url.params))
        return httpx.Response(200, json=pages[request.url.params["after"]])

    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://api")
    assert set(Gateway(client, Caller("en")).shapes("town", "areas")) == {1, 7, 9}
    assert [one["limit"] for one in seen] == [str(PAGE_ROWS)] * 2


def test_a_hostile_workspace_or_row_cannot_leave_its_path():
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path)
        return httpx.Response(404, json={"detail": "no", "code": "not-found"})

    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://api")
    with pytest.raises(ApiProblem):
        Gateway(client, Caller("en")).record("../me", "a/b", "1?x")
    assert asked == [b"/w/..%2Fme/layers/a%2Fb/features/1%3Fx"]


def test_a_file_goes_with_its_mapping_from_the_beginning(api, gateway):
    import io

    content = io.BytesIO(b"a,b\n1,2\n")
    content.read()
    assert (
        gateway.start_import(
            "town", "crimes", SentFile(name="a.csv", content=content), mapping="{}", dry_run=True, is_synthetic=False
        )
        == 2
    )
    assert content.tell() == 0


def test_the_transport_heeds_no_proxy_of_the_environment(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:1")
    with http_transport("http://127.0.0.1:1/api", timeout_s=1) as client:
        assert not client._mounts
