"""Search through the service: languages, rights, freshness, refusals."""

from __future__ import annotations

import time

from starlette.testclient import TestClient

from tests.api.conftest import token
from tests.layers.city import City


def asked(client: TestClient, wanted: str, **more: str | int):
    return client.get("/w/city/search", params={"q": wanted, **more}, headers=token("administrator"))


def test_a_street_is_found_in_the_readers_language_with_its_place(client: TestClient) -> None:
    found = asked(client, "Kurmangazy", language="ru").json()
    first = found["results"][0]
    assert first["name"] == "Құрманғазы көшесі"
    assert (first["kind"], first["kind_text"], first["layer"]) == ("street", "улица", "roads")
    west, south, east, north = first["bbox"]
    assert west <= first["position"][0] <= east
    assert south <= first["position"][1] <= north
    assert found["is_fresh"] is True
    assert asked(client, "Курмангазы", language="kk").json()["results"][0]["kind_text"] == "көше"


def test_a_stored_answer_is_never_given(client: TestClient) -> None:
    answer = asked(client, "Kurmangazy")
    assert answer.headers["cache-control"] == "private, no-store"


def test_nothing_to_look_for_is_refused_by_name(client: TestClient) -> None:
    for wanted, limit in (("", 10), ("x" * 201, 10), ("Абай", 0), ("Абай", 51)):
        answer = asked(client, wanted, limit=limit)
        assert answer.status_code == 422, (wanted, limit)
        assert answer.json()["code"] == "bad-parameter"
    assert client.get("/w/city/search", headers=token("administrator")).status_code == 422
    assert client.get("/w/city/search", params={"query": "Абай"}, headers=token("administrator")).status_code == 422
    assert client.get("/w/elsewhere/search", params={"q": "Абай"}, headers=token("administrator")).status_code == 404


def test_a_change_is_found_within_five_seconds(client: TestClient, city: City) -> None:
    asked(client, "Абай")
    given = {"source_id": "new-square", "kind": "park", "name_ru": "Сквер Первоцветов", "lon": 76.93, "lat": 52.26}
    city.load("places", [given])
    since = time.monotonic()
    while not (found := asked(client, "сквер первацветов").json())["results"] and time.monotonic() - since < 5:
        time.sleep(0.1)
    assert found["results"][0]["name"] == "Сквер Первоцветов"
    assert found["results"][0]["kind"] == "place"
