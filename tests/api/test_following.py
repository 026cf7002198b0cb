"""What a change makes stale is queued by the change itself."""

from tests.api.conftest import tile_path, token


def derivations(client):
    found = client.get("/w/city/jobs", headers=token("administrator")).json()["jobs"]
    return [job for job in found if job["kind"] == "derive"]


def test_an_edit_queues_one_derivation_of_what_depends_on_it_however_often_it_is_edited(client):
    assert derivations(client) == []
    for number in range(2):
        page = client.get("/w/city/layers/crimes/features?limit=1", headers=token("administrator")).json()
        address = f"/w/city/layers/crimes/features/{page['features'][0]['id']}"
        record = client.get(address, headers=token("administrator"))
        answer = client.patch(
            address,
            json={"changes": {"article": str(188 + number)}, "reason": "read again"},
            headers=token("administrator") | {"If-Match": record.headers["etag"]},
        )
        assert answer.status_code == 200, answer.text
    queued = derivations(client)
    assert len(queued) == 1
    assert queued[0]["state"] == "queued"
    assert queued[0]["params"] == {"layer": "all"}


def test_a_mistyped_filter_is_refused_instead_of_ignored(client):
    answer = client.get("/w/city/layers/crimes/cells?resolution=8&hour=22", headers=token("administrator"))
    assert answer.status_code == 422
    assert answer.json()["code"] == "unknown-parameter"
    assert answer.json()["params"]["name"] == "hour"
    assert "hours" in answer.json()["params"]["known"]


def test_looking_at_records_on_the_map_is_written_down_once(client, city):
    for _ in range(3):
        assert client.get(tile_path(14), headers=token("analyst")).status_code in (200, 204)
    with city.owner() as owner:
        lines = owner.exec_driver_sql("SELECT layer_id FROM audit WHERE action = 'read-tiles'").scalars().all()
    assert lines == ["crimes"]
