"""A file's way in over HTTP: looked at, queued, loaded by the worker's own code, reported, taken back."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.service import service_of
from etl import jobs as work
from layers import jobs
from layers.engine import Engines
from tests.api.conftest import token
from tests.layers.city import City

EDITOR = token("west") | {"Accept-Language": "en"}
LAMPS = (
    "id,lon,lat,status,height_m\n"
    "1,76.931,52.261,works,8\n"
    "2,76.932,52.262,works,9\n"
    "3,76.933,52.263,shining,9\n"  # not a code of ours
    "4,176.933,52.264,works,9\n"  # far outside
    "5,76.985,52.264,works,9\n"  # another editor's district
)


def send(client: TestClient, path: str, data: bytes | str = LAMPS, name: str = "фонари.csv", **more: str):
    content = data.encode() if isinstance(data, str) else data
    return client.post(path, files={"file": (name, content)}, data={"layer": "lamps"} | more, headers=EDITOR)


def run_job(client: TestClient, city: City, job_id: int) -> dict:
    """What the worker does with a queued job, without its process."""
    with city.as_("west") as connection:
        job = jobs.one(connection, job_id)
        assert jobs.begin(connection, job_id)
    uploads = service_of(client.app).settings.uploads_folder
    engines: Engines = city.engines
    done = work.run(
        job["kind"],
        work.Work(
            engines=engines,
            principal=city.people["west"],
            workspace=city.workspace,
            params=job["params"],
            uploads=uploads,
            progress=lambda *_: None,
        ),
    )
    with city.as_("west") as connection:
        jobs.end(connection, job_id, state="done", result=done)
    return done


def test_a_preview_shows_the_mapping_and_rows_before_and_after_and_keeps_nothing(
    client: TestClient, city: City
) -> None:
    answer = send(client, "/w/city/imports/preview")
    body = answer.json()
    assert answer.status_code == 200
    assert body["format"] == "csv"
    assert body["mapping"]["lon"] == "lon"
    assert body["mapping"]["columns"]["status"] == "status"
    assert body["unfilled"] == []
    assert body["before"][2]["status"] == "shining"
    assert [one["row"] for one in body["after"]] == [1, 2]
    assert body["after"][0]["values"]["height_m"] == 8.0
    codes = {one["row"]: [reason["code"] for reason in one["reasons"]] for one in body["rejected"]}
    assert set(codes) == {3, 4, 5}
    assert codes[5] == ["outside-your-territory"]
    assert all(reason["text"] and "[" not in reason["text"] for one in body["rejected"] for reason in one["reasons"])
    uploads: Path = service_of(client.app).settings.uploads_folder
    assert not list(uploads.rglob("*.csv"))
    assert client.get("/w/city/imports?layer=lamps", headers=EDITOR).json() == {"imports": []}


def test_an_import_is_queued_loaded_reported_and_undone(client: TestClient, city: City) -> None:
    queued = send(client, "/w/city/imports", synthetic="true")
    assert queued.status_code == 202
    job_id = queued.json()["job"]
    assert queued.headers["location"] == f"/w/city/jobs/{job_id}"
    assert client.get(queued.headers["location"], headers=EDITOR).json()["state"] == "queued"
    before = client.get("/w/city/layers/lamps/cells", headers=EDITOR)
    report = run_job(client, city, job_id)
    assert (report["read"], report["loaded"], report["rejected"]) == (5, 2, 3)
    job = client.get(queued.headers["location"], headers=EDITOR).json()
    assert (job["state"], job["result"]["loaded"]) == ("done", 2)
    assert "path" not in job["params"]
    after = client.get("/w/city/layers/lamps/cells", headers=EDITOR | {"If-None-Match": before.headers["etag"]}).json()
    assert after["totals"]["count"] == 2
    batch = client.get(f"/w/city/imports/{report['batch_id']}", headers=EDITOR).json()
    assert batch["source_name"] == "фонари.csv"
    assert batch["is_synthetic"] is True
    rejected = client.get(f"/w/city/imports/{report['batch_id']}/rejected?limit=2", headers=EDITOR).json()
    assert [row["row_number"] for row in rejected["rejected"]] == [3, 4]
    rest = client.get(
        f"/w/city/imports/{report['batch_id']}/rejected?after={rejected['next_after']}", headers=EDITOR
    ).json()
    assert [row["row_number"] for row in rest["rejected"]] == [5]
    assert rest["rejected"][0]["raw"]["lon"] == "76.985", "a row of another district can be mended too"
    file = client.get(f"/w/city/imports/{report['batch_id']}/rejected?f=csv", headers=EDITOR)
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert rows[0]["status"] == "shining"
    assert all(row["rejected_because"] for row in rows)
    undone = client.delete(f"/w/city/imports/{report['batch_id']}", headers=EDITOR)
    assert undone.json() == {"removed": 2, "restored": 0}
    assert client.get("/w/city/layers/lamps/cells", headers=EDITOR).json()["totals"]["count"] == 0


def test_a_dry_run_reads_everything_and_stores_nothing(client: TestClient, city: City) -> None:
    job_id = send(client, "/w/city/imports", dry_run="true").json()["job"]
    report = run_job(client, city, job_id)
    assert (report["dry_run"], report["loaded"], report["batch_id"]) == (True, 2, None)
    assert client.get("/w/city/layers/lamps/cells", headers=EDITOR).json()["totals"]["count"] == 0


def test_a_mapping_that_is_sent_is_used(client: TestClient, city: City) -> None:
    mapping = {"id": "mine", "lon": "x", "lat": "y", "columns": {"status": "s"}, "codes": {"status": {"ok": "works"}}}
    data = "x,y,s\n76.931,52.261,ok\n"
    body = send(client, "/w/city/imports/preview", data, mapping=json.dumps(mapping)).json()
    assert body["after"][0]["values"]["status"] == "works"
    job_id = send(client, "/w/city/imports", data, mapping=json.dumps(mapping), dry_run="true").json()["job"]
    assert run_job(client, city, job_id)["loaded"] == 1


def test_a_file_without_what_is_needed_is_refused_before_it_is_queued(client: TestClient) -> None:
    answer = send(client, "/w/city/imports", "a,b\n1,2\n")
    assert (answer.status_code, answer.json()["code"]) == (422, "mapping-incomplete")
    assert not list(service_of(client.app).settings.uploads_folder.rglob("*.csv")) or answer.json()["params"]["fields"]


@pytest.mark.parametrize("name", ["../../../etc/passwd", "..", "a/b\\c.csv", "\u202e.csv", "x" * 5000 + ".csv", ""])
def test_the_name_of_a_file_leads_nowhere(client: TestClient, name: str) -> None:
    answer = send(client, "/w/city/imports", name=name, dry_run="true")
    assert answer.status_code in (202, 422, 400)
    uploads = service_of(client.app).settings.uploads_folder
    for path in uploads.rglob("*"):
        assert path.resolve().is_relative_to(uploads.resolve())
        assert len(path.name.encode()) <= 200
