"""Quarantine and quality over HTTP: looked at, mended by form and by file, breaks accepted, originals asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from starlette.testclient import TestClient

from cli.cluster import DatabaseUrls
from tests.api.conftest import serving, token
from tests.api.test_imports import EDITOR, run_job, send
from tests.layers.city import City, open_city

ADMINISTRATOR = token("administrator") | {"Accept-Language": "en"}
DIRTY = (
    "id,lon,lat,status,height_m\n"
    "1,76.931,52.261,works,8\n"
    "2,76.932,52.262,shining,9\n"
    "3,76.933,52.263,glowing,9\n"
    "4,,52.264,works,9\n"
)


@pytest.fixture
def place(fresh_database: DatabaseUrls, tmp_path: Path) -> Iterator[tuple[TestClient, City, str]]:
    """A client, a city, and the address of an import with three rejected rows."""
    made = open_city(fresh_database)
    with serving(made, fresh_database, tmp_path) as client:
        report = run_job(client, made, send(client, "/w/city/imports", DIRTY).json()["job"])
        yield client, made, f"/w/city/imports/{report['batch_id']}"
    made.engines.dispose()


def waiting(client: TestClient, address: str, **more: str) -> list[int]:
    found = client.get(f"{address}/rejected", params={"mended": "false"} | more, headers=EDITOR)
    return [row["row_number"] for row in found.json()["rejected"]]


def test_rows_are_mended_by_a_form(place: tuple[TestClient, City, str]) -> None:
    client, city, address = place
    assert waiting(client, address) == [2, 3, 4]
    assert waiting(client, address, reason="unseen-code") == [2, 3]
    told = client.get(f"{address}/quality", headers=EDITOR).json()
    assert told["rejected"]["unseen-code"] == {"waiting": 2, "mended": 0}
    body = {
        "rows": [{"row_number": 2, "changes": {"status": "works"}}, {"row_number": 4, "changes": {}}],
        "reason": "seen",
    }
    looked = client.post(f"{address}/rejected/mend", json=body | {"dry_run": True}, headers=EDITOR)
    assert looked.status_code == 200
    assert (looked.json()["tried"], looked.json()["good"], looked.json()["job"]) == (2, 1, None)
    [left] = looked.json()["left"]
    assert left["row_number"] == 4
    assert left["reasons"][0]["text"]
    assert waiting(client, address) == [2, 3, 4]
    queued = client.post(f"{address}/rejected/mend", json=body, headers=EDITOR)
    assert queued.status_code == 202
    done = run_job(client, city, queued.json()["job"])
    assert (done["mended"], done["report"]["loaded"]) == (1, 1)
    job = client.get(f"/w/city/jobs/{queued.json()['job']}", headers=EDITOR).json()
    assert job["params"]["changes"] == {}, "what was typed is not kept with the job"
    assert waiting(client, address) == [3, 4]
    batch = client.get(address, headers=EDITOR).json()
    assert batch["report"]["mended"] == 1
    refused = client.post(f"{address}/rejected/mend", json=body, headers=EDITOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "already-mended")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_rows_are_mended_by_their_file(place: tuple[TestClient, City, str], form: str) -> None:
    client, city, address = place
    file = client.get(f"{address}/rejected?mended=false&f={form}", headers=EDITOR)
    if form == "csv":
        rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
        rows[2][rows[0].index("status")] = "works"
        sink = io.StringIO()
        csv.writer(sink).writerows(rows)
        content = sink.getvalue().encode()
    else:
        book = openpyxl.load_workbook(io.BytesIO(file.content))
        sheet = book.active
        names = [cell.value for cell in sheet[1]]
        sheet.cell(3, names.index("status") + 1, "works")
        out = io.BytesIO()
        book.save(out)
        content = out.getvalue()
    queued = client.post(
        f"{address}/rejected/file",
        files={"file": (f"mend.{form}", content)},
        data={"reason": "by hand"},
        headers=EDITOR,
    )
    assert queued.status_code == 202, queued.text
    assert (queued.json()["tried"], queued.json()["good"]) == (1, 1)
    assert run_job(client, city, queued.json()["job"])["mended"] == 1
    assert waiting(client, address) == [2, 4]
    nothing = client.post(f"{address}/rejected/file", files={"file": ("x.csv", b"a,b\n1,2\n")}, headers=EDITOR)
    assert (nothing.status_code, nothing.json()["code"]) == (422, "not-a-quarantine-file")


def test_readers_without_the_right_see_no_quarantine(place: tuple[TestClient, City, str]) -> None:
    client, _, address = place
    viewer, other = token("viewer"), token("east")
    assert client.get(f"{address}/rejected", headers=viewer).status_code in {403, 404}
    assert client.get(f"{address}/rejected", headers=other).json()["rejected"] == []
    body = {"rows": [{"row_number": 2, "changes": {"status": "works"}}]}
    assert client.post(f"{address}/rejected/mend", json=body, headers=other).status_code == 404
    assert client.post(f"{address}/rejected/mend", json=body, headers=viewer).status_code in {403, 404}
    assert client.get(f"{address}/quality", headers=viewer).status_code in {403, 404}


def test_breaks_are_accepted_and_withdrawn_by_administrators(place: tuple[TestClient, City, str]) -> None:
    client, _, _ = place
    address = "/w/city/layers/crimes/breaks"
    given = {"day": "2024-01-01", "reason": "new order"}
    assert client.post(address, json=given, headers=EDITOR).status_code == 403
    assert client.post(address, json=given, headers=ADMINISTRATOR).status_code == 201
    assert client.post(address, json=given, headers=ADMINISTRATOR).status_code == 409
    told = client.get("/w/city/layers/crimes/quality", headers=ADMINISTRATOR).json()
    assert [one["day"] for one in told["accepted_breaks"]] == ["2024-01-01"]
    assert client.delete(f"{address}/2024-01-01", headers=ADMINISTRATOR).status_code == 204
    assert client.delete(f"{address}/2024-01-01", headers=ADMINISTRATOR).status_code == 404


def test_originals_are_for_administrators(place: tuple[TestClient, City, str]) -> None:
    client, _, _ = place
    asked = {"pseudonym": "psn-aaaaaaaa-bbbbbbbbbbbbbbbbbbbbbbbbbb", "reason": "case review"}
    assert client.post("/w/city/layers/crimes/originals", json=asked, headers=EDITOR).status_code == 403
    assert client.post("/w/city/layers/crimes/originals", json=asked, headers=ADMINISTRATOR).status_code == 404
