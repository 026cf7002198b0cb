"""Mappings over HTTP: tried with what is wrong told, kept as files for the next file of the source, forgotten, and audited."""

from __future__ import annotations

import json

import numpy as np
import pyproj
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from api.service import service_of
from tests.api.conftest import token
from tests.layers.city import City

EDITOR = token("west") | {"Accept-Language": "ru"}
N = 40
LON = 76.931 + np.arange(N) * 1e-4
LAT = 52.261 + np.arange(N) * 1e-4


def sheet(x, y, header: str = "№ записи;X;Y;Состояние;Высота, фут", status: str = "works") -> bytes:
    rows = [f"{i};{x[i]};{y[i]};{status};{20 + i % 3}" for i in range(N)]
    return "\n".join([header, *rows, ""]).encode()


def preview(client: TestClient, data: bytes, **more) -> dict:
    form = {"layer": "lamps"} | {name: json.dumps(value) for name, value in more.items()}
    answer = client.post("/w/city/imports/preview", files={"file": ("фонари.csv", data)}, data=form, headers=EDITOR)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def metres():
    return pyproj.Transformer.from_crs(4326, 32643, always_xy=True).transform(LON, LAT)


def test_a_preview_shows_every_coordinate_system_that_fits_and_asks(client: TestClient, metres) -> None:
    found = preview(client, sheet(*metres))
    assert found["mapping"]["crs"] == "EPSG:32643"
    assert found["mapping"]["units"] == {"height_m": "ft"}
    first = found["references"][0]
    assert (first["crs"], first["turned"], first["inside_share"]) == ("EPSG:32643", False, 1.0)
    assert np.allclose(np.array(first["points"]), np.column_stack([LON, LAT]), atol=2e-5)
    assert found["tried"] == {"read": N, "accepted": N, "rejected": 0}
    assert found["after"][0]["values"]["height_m"] == pytest.approx(20 * 0.3048)
    assert found["units"]["height_m"][0] == "m"
    asked = [one for one in found["doubts"] if one["target"] == "@crs"]
    assert len(asked) == int(found["several_references"])
    assert all("EPSG" in one["text"] for one in asked)


def test_a_refused_file_comes_back_with_its_sentence_and_what_would_fit(client: TestClient) -> None:
    found = preview(client, sheet(LAT, LON, "№;Долгота;Широта;Состояние;h"))
    assert found["problem"]["code"] == "coordinates-swapped"
    assert "перепутаны" in found["problem"]["text"]
    assert found["after"] == []
    # the very choice that mends it is among those offered
    assert [(one["crs"], one["turned"]) for one in found["references"]] == [("EPSG:4326", True)]
    mended = found["mapping"] | {"lon": found["mapping"]["lat"], "lat": found["mapping"]["lon"]}
    again = preview(client, sheet(LAT, LON, "№;Долгота;Широта;Состояние;h"), mapping=mended)
    assert again["problem"] is None
    assert again["tried"]["accepted"] == N


def test_a_mapping_with_the_wrong_reference_is_told_so_and_the_right_one_named(client: TestClient, metres) -> None:
    found = preview(client, sheet(*metres))
    wrong = preview(client, sheet(*metres), mapping=found["mapping"] | {"crs": "EPSG:4326"})
    assert wrong["problem"]["code"] == "coordinates-in-metres"
    assert wrong["references"][0]["crs"] == "EPSG:32643"
    far = preview(client, sheet(*metres), mapping=found["mapping"] | {"crs": "EPSG:32630"})
    assert far["problem"]["code"] == "far-outside-workspace"


def test_unknown_codes_are_counted_by_value(client: TestClient) -> None:
    found = preview(client, sheet(LON, LAT, "id;lon;lat;status;h", status="светит"))
    assert found["unseen"] == [{"field": "status", "value": "светит", "count": N}]
    assert found["rejected_by_reason"][0]["count"] == N
    mended = preview(
        client,
        sheet(LON, LAT, "id;lon;lat;status;h", status="светит"),
        mapping=found["mapping"] | {"codes": {"status": {"светит": "works"}}},
    )
    assert mended["tried"]["accepted"] == N
    assert mended["unseen"] == []


def test_a_kept_mapping_is_a_file_proposed_to_the_next_file_of_its_source_and_audited(
    client: TestClient, city: City, metres
) -> None:
    data = sheet(*metres)
    first = preview(client, data)
    document = first["mapping"] | {"id": "gorsvet", "signature": first["columns"]}
    kept = client.put("/w/city/mappings/lamps/gorsvet", json=document, headers=EDITOR)
    assert kept.status_code == 200, kept.text
    path = service_of(client.app).settings.mappings_folder / "city" / "lamps" / "gorsvet.json"
    assert json.loads(path.read_text(encoding="utf-8")) == kept.json()
    again = preview(client, data)
    assert again["mapping"] == kept.json()
    assert set(again["reasons"].values()) == {"by-saved"}
    assert again["doubts"] == []
    listed = client.get("/w/city/mappings/lamps", headers=EDITOR).json()["mappings"]
    assert [(one["id"], one["fault"]) for one in listed] == [("gorsvet", None)]
    assert client.get("/w/city/mappings/lamps/gorsvet", headers=EDITOR).json() == kept.json()
    path.with_name("broken.json").write_text("{", encoding="utf-8")
    listed = client.get("/w/city/mappings/lamps", headers=EDITOR).json()["mappings"]
    assert {one["id"]: one["fault"] for one in listed} == {"broken": "mapping-not-json", "gorsvet": None}
    assert preview(client, data)["mapping"]["id"] == "gorsvet"
    path.with_name("broken.json").unlink()
    assert client.delete("/w/city/mappings/lamps/gorsvet", headers=EDITOR).status_code == 204
    assert not path.exists()
    assert client.delete("/w/city/mappings/lamps/gorsvet", headers=EDITOR).status_code == 404
    assert preview(client, data)["mapping"]["id"] == "proposed-lamps"
    with city.engines.owner.connect() as connection:
        told = connection.execute(
            text("SELECT action, detail->>'mapping' FROM audit WHERE action LIKE '%-mapping' ORDER BY id")
        ).all()
    assert [tuple(row) for row in told] == [("keep-mapping", "gorsvet"), ("forget-mapping", "gorsvet")]


@pytest.mark.parametrize(
    ("name", "document", "code"),
    [
        ("x", {"colour": 1}, "mapping-unknown-key"),
        ("x", {"id": "y"}, "mapping-other-id"),
        ("x", {"columns": {"nothing": "a"}}, "mapping-unknown-field"),
        ("..%2F..%2Fetc", {}, None),
        ("Ұзын", {}, "bad-mapping-id"),
    ],
)
def test_what_is_no_mapping_or_no_name_is_refused(client: TestClient, name, document, code) -> None:
    answer = client.put(f"/w/city/mappings/lamps/{name}", json=document, headers=EDITOR)
    assert answer.status_code in ({422} if code else {404, 422})
    if code:
        assert answer.json()["code"] == code
    assert not list(service_of(client.app).settings.mappings_folder.rglob("*.json"))


@pytest.mark.parametrize("who", ["viewer", "analyst", "nobody"])
def test_only_editors_see_and_keep_mappings(client: TestClient, city: City, who: str) -> None:
    for method, path in (("GET", ""), ("GET", "/x"), ("PUT", "/x"), ("DELETE", "/x")):
        more = {"json": {}} if method == "PUT" else {}
        answer = client.request(method, f"/w/city/mappings/lamps{path}", headers=token(who), **more)
        assert answer.status_code in {403, 404}
