"""Workspaces made by readers: who may, what is refused, and the demonstration as a job."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import serving, token

BOSS, EDITOR = token("administrator"), token("west")
BOX = {"bbox": [75.2, 51.6, 75.5, 51.8]}
RING = [[75.2, 51.6], [75.5, 51.6], [75.5, 51.8], [75.2, 51.6]]


def wanted(slug: str = "ekibastuz", **more: Any) -> dict[str, Any]:
    return {"slug": slug, "titles": {"ru": "Экибастуз", "kk": "Екібастұз"}, "zone": "Asia/Almaty", **BOX} | more


def test_an_administrator_makes_a_workspace_and_administers_it(client: TestClient) -> None:
    answer = client.post("/workspaces", json=wanted(), headers=BOSS | {"Accept-Language": "kk"})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["slug"], made["title"], made["role"]) == ("ekibastuz", "Екібастұз", "administrator")
    assert made["titles"]["en"] == "Экибастуз"
    assert made["bounds"] == pytest.approx([75.2, 51.6, 75.5, 51.8])
    assert client.get(answer.headers["Location"], headers=BOSS | {"Accept-Language": "kk"}).json() == made
    assert client.get("/w/ekibastuz/layers", headers=BOSS).status_code == 200
    assert client.get("/w/ekibastuz/layers", headers=EDITOR).status_code == 404, "nobody else sees it"
    again = client.post("/workspaces", json=wanted(), headers=BOSS)
    assert (again.status_code, again.json()["code"]) == (409, "workspace-exists")


def test_the_territory_may_be_polygons_of_a_file(client: TestClient) -> None:
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [RING]}}
    document = {"type": "FeatureCollection", "features": [feature, feature]}
    given = wanted("by-file", territory=document)
    del given["bbox"]
    answer = client.post("/workspaces", json=given, headers=BOSS)
    assert answer.status_code == 201, answer.text
    assert answer.json()["bounds"] == pytest.approx([75.2, 51.6, 75.5, 51.8])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"slug": "Большой"}, "bad-slug"),
        ({"slug": "x" * 41}, "bad-slug"),
        ({"zone": "Asia/Pavlodar"}, "unknown-zone"),
        ({"zone": "../../etc/passwd"}, "unknown-zone"),
        ({"bbox": [76, 52, 75, 51]}, "bad-bbox"),
        ({"bbox": None}, "territory-needed"),
        ({"territory": {"type": "Point", "coordinates": [1, 2]}}, "territory-needed"),
        ({"bbox": None, "territory": {"type": "Point", "coordinates": [1, 2]}}, "bad-territory"),
        ({"bbox": None, "territory": {"type": "Polygon", "coordinates": [[[1, 2]]]}}, "bad-territory"),
        ({"bbox": None, "territory": {"hello": "world"}}, "bad-territory"),
        (
            {
                "bbox": None,
                "territory": {"type": "Polygon", "coordinates": [[[8e5, 6e6], [9e5, 6e6], [9e5, 7e6], [8e5, 6e6]]]},
            },
            "coordinates-not-degrees",
        ),
    ],
)
def test_what_cannot_be_a_workspace_is_refused_by_name(client: TestClient, change: dict[str, Any], code: str) -> None:
    answer = client.post("/workspaces", json=wanted("refused") | change, headers=BOSS)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert client.get("/workspaces/refused", headers=BOSS).status_code == 404


@pytest.mark.parametrize("who", ["west", "analyst", "viewer"])
def test_whoever_does_not_administer_a_whole_workspace_makes_none(client: TestClient, who: str) -> None:
    assert client.post("/workspaces", json=wanted("theirs"), headers=token(who)).status_code == 403
    me = client.get("/me", headers=token(who)).json()
    assert me["may_create_workspaces"] is False
    assert client.get("/me", headers=BOSS).json()["may_create_workspaces"] is True


def test_the_demonstration_comes_as_a_job_of_its_own_workspace(client: TestClient, city) -> None:
    assert client.post("/demos/atlantis", headers=BOSS).status_code == 404
    assert client.post("/demos/pavlodar", headers=token("viewer")).status_code == 403
    answer = client.post("/demos/pavlodar", headers=BOSS)
    assert answer.status_code == 202, answer.text
    body = answer.json()
    job = client.get(answer.headers["Location"], headers=BOSS).json()
    assert (body["workspace"], job["kind"], job["params"]) == ("pavlodar-demo", "demo", {"name": "pavlodar"})
    again = client.post("/demos/pavlodar", headers=BOSS).json()
    assert (again["workspace"], again["job"] == body["job"]) == ("pavlodar-demo", False)


def test_on_an_empty_machine_the_local_administrator_makes_the_first_workspace(fresh_database, tmp_path) -> None:
    with serving(None, fresh_database, tmp_path, local_administrator=True) as client:  # type: ignore[arg-type]
        assert client.get("/workspaces").json() == {"workspaces": []}
        assert client.get("/me").json()["may_load_demos"] is True
        assert client.post("/workspaces", json=wanted()).status_code == 201
        assert [one["role"] for one in client.get("/workspaces").json()["workspaces"]] == ["administrator"]
