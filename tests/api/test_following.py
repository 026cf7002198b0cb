"""What a change makes stale is queued by the change itself."""

from tests.api.conftest import token


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
