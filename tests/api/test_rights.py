"""One connection, many readers: nobody ever gets another's rows, by data, caches, ETags, jobs or files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from layers import jobs, plans
from layers.jobs import Request
from tests.api.conftest import serving, tile_path, token
from tests.api.mvt import points
from tests.layers.city import City, crime, open_city

CRIMES = "/w/city/layers/crimes"
TILE = tile_path(12)
READERS = ("administrator", "west", "east", "quarter", "analyst", "viewer", "nobody")


@pytest.fixture(scope="module")
def narrow(city: City, module_database, tmp_path_factory) -> Iterator[TestClient]:
    """The service with a single connection in each pool: every request follows another's on it."""
    with serving(city, module_database, tmp_path_factory.mktemp("narrow"), pool_size=1) as client:
        yield client


def count(client: TestClient, who: str) -> float | None:
    answer = client.get(f"{CRIMES}/cells", headers=token(who))
    return answer.json()["totals"]["count"] if answer.status_code == 200 else None


def test_readers_in_turns_on_one_connection_see_only_their_own(narrow: TestClient) -> None:
    seen = {who: count(narrow, who) for who in READERS}
    assert seen["nobody"] is None
    assert seen["administrator"] == 300
    assert seen["west"] == seen["analyst"] == seen["viewer"]
    assert 0 < seen["quarter"] < seen["west"] < 300
    assert seen["west"] + seen["east"] <= 300
    for who in (*READERS, *reversed(READERS), *READERS):
        assert count(narrow, who) == seen[who]
    records = {
        who: narrow.get(f"{CRIMES}/features?limit=1000", headers=token(who)) for who in (*READERS, *reversed(READERS))
    }
    assert records["viewer"].status_code == 403
    assert records["nobody"].status_code == 404
    ids = {who: {f["id"] for f in records[who].json()["features"]} for who in READERS[:5]}
    assert ids["quarter"] < ids["west"] == ids["analyst"] < ids["administrator"]
    assert not ids["west"] & ids["east"]
    tiles = {who: narrow.get(TILE, headers=token(who)) for who in (*READERS, *reversed(READERS), *READERS)}
    assert tiles["viewer"].status_code == 204
    drawn = {who: set(points(tiles[who].content)) for who in READERS[:5]}
    assert drawn["administrator"] >= drawn["west"] | drawn["east"]
    assert drawn["west"] == drawn["analyst"] != set() != drawn["east"]
    assert not drawn["west"] & drawn["east"]
    assert drawn["west"] <= ids["west"]


def test_an_answer_kept_for_one_serves_only_who_has_equal_rights(narrow: TestClient) -> None:
    first = narrow.get(f"{CRIMES}/cells?resolution=9", headers=token("administrator"))
    for who in ("west", "east", "viewer"):
        other = narrow.get(
            f"{CRIMES}/cells?resolution=9", headers={**token(who), "If-None-Match": first.headers["etag"]}
        )
        assert other.status_code == 200
        assert other.headers["etag"] != first.headers["etag"]
        assert other.json()["totals"]["count"] < first.json()["totals"]["count"]


@pytest.mark.parametrize(
    "path",
    [
        f"{CRIMES}/segments",
        f"{CRIMES}/areas",
        f"{CRIMES}/profile",
        f"{CRIMES}/features?limit=5",
        "/w/city/layers",
        "/w/city/imports",
        "/w/city/labels?bbox=76.9,52.25,77,52.31",
        TILE,
    ],
)
def test_the_etag_of_one_reader_is_no_proof_for_another(narrow: TestClient, path: str) -> None:
    first = narrow.get(path, headers=token("administrator"))
    assert first.status_code == 200
    other = narrow.get(path, headers={**token("analyst"), "If-None-Match": first.headers["etag"]})
    assert other.status_code in (200, 204)


def test_a_viewer_reads_sums_and_never_a_record(narrow: TestClient, city: City) -> None:
    row = narrow.get(f"{CRIMES}/features?limit=1", headers=token("analyst")).json()["features"][0]["id"]
    for path in (
        f"{CRIMES}/features",
        f"{CRIMES}/features/{row}",
        f"{CRIMES}/features/{row}/history",
        "/w/city/gap",
        "/w/city/imports/1/rejected",
    ):
        answer = narrow.get(path, headers=token("viewer"))
        assert answer.status_code in (403, 404), path
        assert "secret of a record" not in answer.text
    assert narrow.get(f"{CRIMES}/profile", headers=token("viewer")).json()["count"] > 50
    assert narrow.get("/w/city/layers/crimes", headers=token("viewer")).json()["status"]["rows"] > 50
    assert narrow.get("/w/city/layers/roads/features", headers=token("viewer")).status_code == 200


def test_a_record_outside_the_territory_looks_as_if_it_were_not_there(narrow: TestClient) -> None:
    row = narrow.get(f"{CRIMES}/features?limit=1", headers=token("east")).json()["features"][0]["id"]
    there = narrow.get(f"{CRIMES}/features/{row}", headers=token("west"))
    absent = narrow.get(f"{CRIMES}/features/999999999", headers=token("west"))
    assert there.status_code == absent.status_code == 404
    assert {**there.json(), "instance": "", "params": "", "detail": ""} == {
        **absent.json(),
        "instance": "",
        "params": "",
        "detail": "",
    }
    body = {"changes": {"category": "fraud"}}
    for who, status in (("west", 404), ("analyst", 403), ("viewer", 403), ("nobody", 404)):
        answer = narrow.patch(f"{CRIMES}/features/{row}", json=body, headers={**token(who), "If-Match": 'W/"1"'})
        assert answer.status_code == status


def test_a_change_of_rights_is_a_change_of_the_answer(narrow: TestClient, city: City) -> None:
    from layers import identity
    from layers.spec import Role

    before = narrow.get(f"{CRIMES}/cells?resolution=10", headers=token("quarter"))
    with city.owner() as owner:
        identity.grant(owner, city.people["quarter"], territory_id=city.territories["west"], role=Role.VIEWER)
    try:
        after = narrow.get(
            f"{CRIMES}/cells?resolution=10", headers={**token("quarter"), "If-None-Match": before.headers["etag"]}
        )
        assert after.status_code == 200
        assert after.json()["totals"]["count"] > before.json()["totals"]["count"]
    finally:
        with city.owner() as owner:
            owner.exec_driver_sql(
                f"DELETE FROM role_grant WHERE principal_id = {city.people['quarter'].id} "
                f"AND territory_id = {city.territories['west']}"
            )


def test_jobs_are_their_owners_and_the_administrators(narrow: TestClient, city: City) -> None:
    wanted = Request(kind="derive", params={"layer": "all", "path": "/secret/place"})
    job = jobs.submit(city.engines.app, city.people["analyst"], city.workspace, wanted)
    for who, status in (("analyst", 200), ("west", 404), ("administrator", 200), ("viewer", 404), ("nobody", 404)):
        answer = narrow.get(f"/w/city/jobs/{job}", headers=token(who))
        assert answer.status_code == status, who
        assert "/secret/place" not in answer.text
        listed = narrow.get("/w/city/jobs", headers=token(who))
        assert (f'"id":{job},' in listed.text) == (status == 200)
        assert narrow.post(f"/w/city/jobs/{job}/cancel", headers=token(who)).status_code == (
            202 if status == 200 else 404
        )
    assert narrow.get(f"/w/city/jobs/{job}", headers=token("analyst")).json()["state"] == "cancelled"


def test_plans_are_for_analysts_of_the_whole_territory(narrow: TestClient, city: City) -> None:
    with city.as_("administrator") as connection:
        plan = plans.keep(
            connection,
            city.workspace,
            kind="cameras",
            params={},
            certificate={"objective": 1},
            sites={"type": "FeatureCollection", "features": []},
        )
    assert narrow.get(f"/w/city/plans/{plan}?f=geojson", headers=token("administrator")).json() == {
        "type": "FeatureCollection",
        "features": [],
    }
    assert narrow.get(f"/w/city/plans/{plan}", headers=token("viewer")).status_code == 404
    assert narrow.post("/w/city/plans", json={"cameras": 3}, headers=token("viewer")).status_code == 403
    queued = narrow.post("/w/city/plans", json={"cameras": 3, "seed": 7}, headers=token("analyst"))
    assert queued.status_code == 202
    job = narrow.get(queued.headers["location"], headers=token("analyst")).json()
    assert (job["kind"], job["state"], job["params"]["seed"]) == ("plan", "queued", 7)


def test_only_editors_import_and_undo(narrow: TestClient, city: City) -> None:
    batch, _ = city.load("crimes", [crime("undone later")])
    form = {"files": {"file": ("x.csv", b"lon,lat,category\n76.93,52.26,theft\n")}, "data": {"layer": "crimes"}}
    for who, status in (("analyst", 403), ("viewer", 403), ("nobody", 404)):
        for path in ("/w/city/imports", "/w/city/imports/preview"):
            assert narrow.post(path, headers=token(who), **form).status_code == status
        assert narrow.delete(f"/w/city/imports/{batch}", headers=token(who)).status_code == status
    before = count(narrow, "administrator")
    done = narrow.delete(f"/w/city/imports/{batch}", headers=token("administrator"))
    assert done.json() == {"removed": 1, "restored": 0}
    assert count(narrow, "administrator") == before - 1
    assert narrow.delete(f"/w/city/imports/{batch}", headers=token("administrator")).status_code == 409


def test_a_workspace_of_others_is_not_there(city: City, module_database, narrow: TestClient) -> None:
    other = open_city(module_database, slug="other", shift=2.0)
    try:
        assert narrow.get("/w/other/layers", headers=token("administrator")).status_code == 404
        own = narrow.get("/workspaces", headers=token("administrator")).json()["workspaces"]
        assert [one["slug"] for one in own] == ["city"]
        theirs = narrow.get("/workspaces", headers=token("administrator", "other")).json()["workspaces"]
        assert [one["slug"] for one in theirs] == ["other"]
        job = jobs.submit(
            other.engines.app, other.people["administrator"], other.workspace, Request(kind="derive", params={})
        )
        assert narrow.get(f"/w/city/jobs/{job}", headers=token("administrator")).status_code == 404
        assert narrow.get("/w/city/imports/999", headers=token("administrator", "other")).status_code == 404
    finally:
        other.engines.dispose()


def test_without_a_token_one_is_nobody_unless_this_machine_is_meant(city: City, module_database, tmp_path) -> None:
    with serving(city, module_database, tmp_path) as closed:
        answer = closed.get("/workspaces", headers={"Accept-Language": "en"})
        assert (answer.status_code, answer.json()["code"]) == (401, "sign-in-needed")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        wrong = closed.get("/workspaces", headers={"Authorization": "Bearer guess"})
        assert (wrong.status_code, wrong.json()["code"]) == (401, "unknown-token")
        assert "guess" not in wrong.text
    with serving(city, module_database, tmp_path, local_administrator=None) as local:
        assert local.get("/me").json()["is_local_administrator"] is True
        assert local.get("/w/city/layers").status_code == 200
        assert local.get("/me", headers={"Authorization": "Bearer guess"}).status_code == 401
        # another site's page, a proxy, another machine's name
        for header in ({"Host": "evil.example"}, {"X-Forwarded-For": "10.0.0.1"}, {"Forwarded": "for=10.0.0.1"}):
            assert local.get("/workspaces", headers=header).status_code == 401
        foreign = local.post("/w/city/plans", json={"cameras": 1}, headers={"Origin": "https://evil.example"})
        assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign-origin")
        assert local.post("/w/city/jobs/1/cancel", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_session_cookie_is_set_for_a_token_and_kept_from_scripts(narrow: TestClient) -> None:
    assert narrow.post("/session", json={"token": "guess"}).status_code == 401
    answer = narrow.post("/session", json={"token": "token of city analyst"})
    assert answer.status_code == 204
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "samesite=lax" in answer.headers["set-cookie"].lower()
    assert narrow.get("/me").json()["subject"] == "city-analyst"
    narrow.delete("/session")
    narrow.cookies.clear()
    assert narrow.get("/me").status_code == 401
