"""Editing over HTTP: add, draw, move, take away, take back, and a table out and back."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from tests.api.conftest import token
from tests.layers.city import IN_EAST, IN_WEST, City

BOSS = token("administrator")
LAMPS = "/w/city/layers/lamps"
LAMP = {"values": {"status": "works", "height_m": 7}, "position": list(IN_WEST), "reason": "new pole"}


def add(client: TestClient) -> tuple[str, dict, str]:
    made = client.post(f"{LAMPS}/features", json=LAMP, headers=BOSS)
    assert made.status_code == 201, made.text
    address = made.headers["location"]
    assert address.endswith(f"/features/{made.json()['id']}")
    return address, made.json(), made.headers["etag"]


def test_a_lamp_is_added_moved_taken_away_and_brought_back_and_the_cells_follow(client: TestClient) -> None:
    def count() -> int:
        return client.get(f"{LAMPS}/cells?resolution=9", headers=BOSS).json()["totals"]["count"]

    before = count()
    address, lamp, etag = add(client)
    assert count() == before + 1
    moved = client.patch(
        address, json={"position": list(IN_EAST), "reason": "wrong pole"}, headers=BOSS | {"If-Match": etag}
    )
    assert moved.json()["geometry"]["coordinates"] == list(IN_EAST)
    stale = client.delete(address, headers=BOSS | {"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "version-conflict")
    assert client.delete(address, headers=BOSS).json()["code"] == "precondition-required"
    gone = client.delete(address, params={"reason": "demolished"}, headers=BOSS | {"If-Match": moved.headers["etag"]})
    assert gone.status_code == 204
    assert client.get(address, headers=BOSS).status_code == 404
    assert count() == before
    edits = client.get(f"{LAMPS}/edits?feature_id={lamp['id']}", headers=BOSS).json()["edits"]
    assert [(edit["deed"], edit["reason"]) for edit in edits] == [
        ("removed", "demolished"),
        ("changed", "wrong pole"),
        ("added", "new pole"),
    ]
    back = client.delete(f"{LAMPS}/edits/{edits[0]['id']}", headers=BOSS)
    assert back.json() == {"id": lamp["id"], "deed": "removed"}
    assert client.get(address, headers=BOSS).json()["geometry"]["coordinates"] == list(IN_EAST)


def test_an_area_is_drawn_and_a_bow_tie_refused_in_words(client: TestClient) -> None:
    ring = [[76.94, 52.27], [76.95, 52.27], [76.95, 52.28], [76.94, 52.27]]
    body = {"values": {"kind": "district"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    made = client.post("/w/city/layers/areas/features", json=body, headers=BOSS)
    assert made.json()["geometry"]["type"] == "MultiPolygon"
    body["geometry"]["coordinates"] = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]
    refused = client.post("/w/city/layers/areas/features", json=body, headers=BOSS | {"Accept-Language": "ru"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-geometry")


@pytest.mark.parametrize("person", ["viewer", "nobody"])
def test_who_may_not_edit_is_told_so(client: TestClient, person: str) -> None:
    assert client.post(f"{LAMPS}/features", json=LAMP, headers=token(person)).status_code in {403, 404}
    assert client.get(f"{LAMPS}/edits", headers=token(person)).status_code in {403, 404}
    assert client.get(f"{LAMPS}/edits/table", headers=token(person)).status_code in {403, 404}


def test_a_table_goes_out_is_changed_shown_and_applied(client: TestClient, city: City, tmp_path: Path) -> None:
    _, lamp, _ = add(client)
    answer = client.get(f"{LAMPS}/edits/table", headers=BOSS | {"Accept-Language": "kk"})
    assert answer.headers["content-disposition"].endswith('city-lamps.xlsx"')
    book = load_workbook(io.BytesIO(answer.content))
    sheet = book["records"]
    names = [cell.value for cell in sheet[2]]
    line = next(row for row in sheet.iter_rows(min_row=3) if row[0].value == lamp["id"])
    line[names.index("height_m")].value = 9.5
    sink = io.BytesIO()
    book.save(sink)

    def send(where: str, **more: str):
        return client.post(
            f"{LAMPS}/edits/{where}", files={"file": ("т.xlsx", sink.getvalue())}, data=more, headers=BOSS
        )

    shown = send("difference").json()
    assert shown["counts"]["change"] == 1
    assert shown["lines"][0]["changes"] == {"height_m": [7.0, 9.5]}
    assert send("apply", expect="0").json()["code"] == "difference-changed"
    done = send("apply", expect=shown["fingerprint"], reason="survey").json()
    assert (done["changed"], done["left_out"]) == (1, 0)
    batch = client.get(f"/w/city/imports/{done['batch_id']}", headers=BOSS).json()
    assert (batch["source_name"], batch["report"]["updated"]) == ("т.xlsx", 1)
    assert client.delete(f"/w/city/imports/{done['batch_id']}", headers=BOSS).json()["restored"] == 1


def test_a_file_that_is_no_table_is_refused_in_the_readers_language(client: TestClient) -> None:
    answer = client.post(
        f"{LAMPS}/edits/difference", files={"file": ("a.xlsx", b"x")}, headers=BOSS | {"Accept-Language": "ru"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "not-a-workbook")
    assert "Выгрузите слой" in answer.json()["detail"]
    assert client.post(f"{LAMPS}/edits/difference", json={}, headers=BOSS).json()["code"] == "broken-body"
