"""Services connected over HTTP: who may, which addresses, what is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from etl.sources.addresses import Guard, is_public, parse
from geo_core.errors import Forbidden, InvalidInput, Unavailable
from tests.api.conftest import serving, token
from tests.layers.city import City

HERE = "/w/city/sources"
BOSS = token("administrator")
URL = "https://gis.example.kz/arcgis/rest/services/KPSSU/crime/FeatureServer/1"
PUBLIC = "93.184.216.34"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names and what they resolve to, instead of the network's."""
    known = {"gis.example.kz": [PUBLIC]}

    def resolve(host: str, port: int, **_: object) -> list[tuple]:
        if host in known:
            found = known[host]
        elif host.replace(".", "").isdigit() or ":" in host:
            found = [host]
        else:
            raise socket.gaierror(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known


@pytest.fixture
def wanted(client: TestClient, names: dict[str, list[str]]) -> Iterator[dict]:
    yield {"layer": "crimes", "url": URL, "mapping": "kpssu-crimes"}
    for one in client.get(HERE, headers=BOSS).json()["sources"]:
        client.delete(one["links"]["self"], headers=BOSS)


def test_a_service_is_connected_listed_run_and_removed(client: TestClient, wanted: dict) -> None:
    made = client.post(HERE, json=wanted | {"every": "7d", "at": "03:30"}, headers=BOSS)
    assert made.status_code == 201, made.text
    one = made.json()
    assert made.headers["location"] == one["links"]["self"]
    assert (one["state"], one["every_hours"], one["at_local"], one["url"]) == ("waiting", 168, "03:30", URL)
    assert client.get(HERE, headers=BOSS).json()["sources"] == [one]
    assert client.get(one["links"]["self"], headers=BOSS).json() == one
    said = client.get(HERE, headers=BOSS | {"Accept-Language": "kk"}).json()["sources"][0]["state_text"]
    assert said == "алғашқы сұрауды күтуде"
    started = client.post(one["links"]["run"], headers=BOSS)
    assert started.status_code == 202
    job = client.get(started.headers["location"], headers=BOSS).json()
    assert (job["kind"], job["state"]) == ("refresh", "queued")
    assert client.post(one["links"]["run"], headers=BOSS).status_code == 409, "never two at once"
    assert client.post(HERE, json=wanted, headers=BOSS).json()["code"] == "source-connection-exists"
    assert client.delete(one["links"]["self"], headers=BOSS).json() == {"removed": one["id"]}
    assert client.get(one["links"]["self"], headers=BOSS).status_code == 404
    assert client.delete(one["links"]["self"], headers=BOSS).status_code == 404


def test_only_editors_connect_and_only_analysts_see(client: TestClient, wanted: dict) -> None:
    one = client.post(HERE, json=wanted, headers=BOSS).json()
    for person in ("viewer", "analyst"):
        assert client.post(HERE, json=wanted | {"where": "a = 1"}, headers=token(person)).status_code == 403
        assert client.delete(one["links"]["self"], headers=token(person)).status_code == 403
        assert client.post(one["links"]["run"], headers=token(person)).status_code == 403
    assert client.get(HERE, headers=token("viewer")).status_code == 403
    assert [found["id"] for found in client.get(HERE, headers=token("analyst")).json()["sources"]] == [one["id"]]
    assert client.get(HERE).status_code == 401


def test_an_editor_does_not_remove_what_somebody_else_connected(client: TestClient, wanted: dict) -> None:
    one = client.post(HERE, json=wanted, headers=BOSS).json()
    refused = client.delete(one["links"]["self"], headers=token("west"))
    assert (refused.status_code, refused.json()["code"]) == (403, "source-connection-not-yours")
    own = client.post(HERE, json=wanted | {"where": "yr = 2024"}, headers=token("west"))
    assert own.status_code == 201
    assert client.delete(own.json()["links"]["self"], headers=token("west")).status_code == 200


PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.1.1",
    "172.16.0.9",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1",
]
PRIVATE += [
    "::1",
    "fe80::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:0a00:0001::1",
    "::",
    "::127.0.0.1",
    "fec0::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_request_reaches_a_private_network(client: TestClient, wanted: dict, names: dict, address: str) -> None:
    assert not is_public(address)
    names["gis.example.kz"] = [PUBLIC, address]
    refused = client.post(HERE, json=wanted, headers=BOSS)
    assert (refused.status_code, refused.json()["code"]) == (403, "service-address-private")
    assert address not in refused.text
    host = f"[{address}]" if ":" in address else address
    refused = client.post(HERE, json=wanted | {"url": f"http://{host}/rest/services/a/FeatureServer/1"}, headers=BOSS)
    assert refused.json()["code"] == "service-address-private"
    assert Guard(allow_private=True).resolve(parse(f"http://{host}:8399/a")) == address


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_an_operator_may_allow_private_networks(city: City, module_database, tmp_path, names) -> None:
    names["gis.local"] = ["10.0.0.5"]
    with serving(city, module_database, tmp_path, private_services=True) as client:
        url = "http://gis.local:8399/arcgis/rest/services/stat/MapServer/5"
        made = client.post(HERE, json={"layer": "crimes", "url": url, "mapping": "kpssu-crimes"}, headers=BOSS)
        assert made.status_code == 201, made.text
        client.delete(made.json()["links"]["self"], headers=BOSS)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": "file:///etc/passwd"}, "service-url-invalid"),
        ({"url": "ftp://gis.example.kz/a/FeatureServer/1"}, "service-url-invalid"),
        ({"url": "https://user:secret@gis.example.kz/a/FeatureServer/1"}, "service-url-invalid"),
        ({"url": "https://gis.example.kz:99999/a/FeatureServer/1"}, "service-url-invalid"),
        ({"url": "https://gis.example.kz\\@evil.example/a/FeatureServer/1"}, "service-url-invalid"),
        ({"url": "https://gis.exa\nmple.kz/a/FeatureServer/1"}, "service-url-invalid"),
        ({"url": "https:///a/FeatureServer/1"}, "service-url-invalid"),
        ({"url": "https://[::1/a/FeatureServer/1"}, "service-url-invalid"),
        ({"url": "https://gis.example.kz/arcgis/rest/services/a"}, "service-url-not-a-layer"),
        ({"url": "https://gis.example.kz/a/FeatureServer"}, "service-url-not-a-layer"),
        ({"url": "https://gis.example.kz/a/FeatureServer/x"}, "service-url-not-a-layer"),
        ({"layer": "street_segments", "mapping": {"id": "x"}}, "source-layer-derived"),
        ({"mapping": "nonsense"}, "unknown-mapping"),
        ({"mapping": {"id": "x", "columns": {"place_text": "ud"}}}, "service-identifier-column"),
        ({"every": "0d"}, "source-schedule-invalid"),
        ({"every": "6h", "at": "03:30"}, "source-schedule-invalid"),
        ({"where": "a = 1; DROP TABLE x"}, "service-where-invalid"),
        ({"where": "a\u0000"}, "service-where-invalid"),
        ({"source_name": "\u0000"}, "bad-parameter"),
        ({"overlap_days": -1}, "bad-parameters"),
        ({"secret": 1}, "bad-parameters"),
    ],
)
def test_what_cannot_be_connected_is_refused_with_a_sentence(
    client: TestClient, wanted: dict, change: dict, code: str
) -> None:
    refused = client.post(HERE, json=wanted | change, headers=BOSS)
    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    assert "secret" not in refused.json()["detail"] or "secret" in change
    assert refused.json()["detail"]


def test_a_name_that_is_not_known_is_told(client: TestClient, wanted: dict) -> None:
    refused = client.post(HERE, json=wanted | {"url": "https://nowhere.example/a/FeatureServer/1"}, headers=BOSS)
    assert (refused.status_code, refused.json()["code"]) == (503, "service-host-unknown")


def test_the_name_is_resolved_once_and_the_connection_goes_where_it_was_checked(names: dict) -> None:
    names["gis.example.kz"] = ["10.0.0.1"]
    with pytest.raises(Forbidden):
        Guard().resolve(parse(URL))
    with pytest.raises(Unavailable):
        Guard().resolve(parse("https://nowhere.example"))
    with pytest.raises(InvalidInput):
        parse("gopher://gis.example.kz/a")
