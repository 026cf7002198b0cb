"""Garbage in every parameter: always a sentence, never a 500."""

from __future__ import annotations

import itertools
import json

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import token

BOSS = token("administrator")
CRIMES = "/w/city/layers/crimes"
GARBAGE = ("", " ", "'", '"; DROP TABLE layer_crimes; --', "%00", "%ED%A0%80", "é" * 3000, "-1", "1e999", "NaN", "null")
GARBAGE += ("9" * 40, "../../etc/passwd", "{}", "[]", "0x10", "１２", "true", "🙂", "a,b,c,d", "1,2,3,4", ",", "-")
QUERIES = {
    f"{CRIMES}/cells": ("resolution", "from", "to", "hours", "weekdays", "dark", "category", "bbox", "f", "language"),
    f"{CRIMES}/features": ("limit", "after", "cell", "segment", "area", "hours", "bbox", "category", "f"),
    f"{CRIMES}/segments": ("limit", "from", "category"),
    f"{CRIMES}/areas": ("kind", "to"),
    f"{CRIMES}/profile": ("cell", "segment", "area", "dark"),
    f"{CRIMES}/compare": ("before_from", "before_to", "after_from", "after_to", "resolution"),
    "/w/city/labels": ("bbox", "zoom", "f", "language"),
    "/w/city/style.json": ("theme", "language"),
    "/w/city/imports": ("layer",),
    "/w/city/imports/1/rejected": ("after", "limit", "f"),
    "/w/city/gap": ("demand", "layer", "limit", "hours", "bbox"),
    "/w/city/jobs": ("limit",),
    "/w/city/plans/1": ("f",),
}


def is_refusal(answer) -> bool:
    if answer.status_code in (200, 304):
        return True
    body = answer.json()
    return (
        400 <= answer.status_code < 500
        and answer.headers["content-type"] == "application/problem+json"
        and body["status"] == answer.status_code
        and bool(body["detail"])
    )


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in QUERIES.items() for name in names])
def test_no_value_of_a_parameter_breaks_the_service(client: TestClient, path: str, name: str) -> None:
    for value in GARBAGE:
        answer = client.get(f"{path}?{name}=" + value.replace("#", "").replace("&", ""), headers=BOSS)
        assert is_refusal(answer), (name, value, answer.status_code, answer.text[:300])


@pytest.mark.parametrize(
    "template",
    [
        "/workspaces/{}",
        "/w/{}/layers",
        "/w/city/layers/{}",
        "/w/city/layers/{}/cells",
        f"{CRIMES}/features/{{}}",
        f"{CRIMES}/features/{{}}/history",
        "/w/city/imports/{}",
        "/w/city/plans/{}",
        "/w/city/jobs/{}",
        "/w/{}/tiles/crimes/1/0/0.mvt",
        "/w/city/tiles/{}/1/0/0.mvt",
    ],
)
def test_no_part_of_an_address_breaks_the_service(client: TestClient, template: str) -> None:
    for value in ("%00", "%ED%A0%80", "'", "%F0%9F%99%82", "-1", "9" * 30, "a" * 5000, "%2e%2e", "1.5", "%0d%0aX: y"):
        answer = client.get(template.format(value), headers=BOSS)
        assert is_refusal(answer), (value, answer.status_code, answer.text[:300])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("hours=22-25", "bad-parameter"),
        ("weekdays=0", "bad-parameter"),
        ("from=2024-02-30", "bad-parameter"),
        ("from=2024-W05-1", "bad-parameter"),
        ("from=2024-05-01&to=2024-04-01", "bad-period"),
        ("bbox=1,2,3", "bad-bbox"),
        ("bbox=nan,1,2,3", "bad-bbox"),
        ("bbox=77,52,76,53", "bad-bbox"),
        ("category=nonsense", "unknown-category"),
        ("resolution=12", "unknown-resolution"),
        ("resolution=6.5", "bad-parameters"),
        ("dark=maybe", "bad-parameter"),
        ("f=exe", "bad-parameter"),
        ("language=de", "bad-parameter"),
    ],
)
def test_a_refusal_says_what_to_change_in_three_languages(client: TestClient, query: str, code: str) -> None:
    said = set()
    for language in ("kk", "ru", "en"):
        answer = client.get(f"{CRIMES}/cells?{query}", headers=BOSS | {"Accept-Language": language})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.headers["content-language"] == language
        assert "…" not in answer.json()["detail"]
        said.add(answer.json()["detail"])
    assert len(said) == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"changes": 5}',
        b'{"changes": {"category": {"a": 1}}}',
        b'{"changes": {"category": "\\u0000"}}',
        b'{"changes": {"nothing": 1}}',
        b'{"changes": {"place_text": "\\ud800"}}',
        b'{"changes": {}, "position": [1e400, 0]}',
        b'{"changes": {}, "position": [NaN, 0]}',
        b'{"changes": {}, "position": [500, 0]}',
        b'{"changes": {}, "position": [0]}',
        b'{"unknown": 1}',
        b'{"changes": {"category": "theft"}, "reason": "\\u0000"}',
        b"[" * 20000,
    ],
)
def test_no_body_of_an_edit_breaks_the_service(client: TestClient, body: bytes) -> None:
    row = client.get(f"{CRIMES}/features?limit=1", headers=BOSS).json()["features"][0]
    headers = BOSS | {"Content-Type": "application/json", "If-Match": f'W/"{row["properties"]["version"]}"'}
    answer = client.patch(f"{CRIMES}/features/{row['id']}", content=body, headers=headers)
    assert is_refusal(answer), (body[:60], answer.status_code, answer.text)


@pytest.mark.parametrize("tag", ["", "*", "1", 'W/"x"', 'W/"99999999999999999999"', '"-1"', '"' * 500, 'W/"1", W/"2"'])
def test_no_if_match_breaks_the_service(client: TestClient, tag: str) -> None:
    row = client.get(f"{CRIMES}/features?limit=1", headers=BOSS).json()["features"][0]["id"]
    answer = client.patch(
        f"{CRIMES}/features/{row}", json={"changes": {"category": "theft"}}, headers=BOSS | {"If-Match": tag}
    )
    assert answer.status_code in (412, 422, 428)
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [{}, {"cameras": "x"}, {"cameras": 0}, {"cameras": 1e400}, {"cameras": 2, "demand": "x"}]
)
def test_no_wish_for_a_plan_breaks_the_service(client: TestClient, body: dict) -> None:
    content = json.dumps(body).encode()
    answer = client.post("/w/city/plans", content=content, headers=BOSS | {"Content-Type": "application/json"})
    assert is_refusal(answer), answer.text
    assert answer.status_code != 200


@pytest.mark.parametrize(
    "more",
    [
        {"layer": "nothing"},
        {"mapping": "{"},
        {"mapping": "[" * 100_000},
        {"mapping": '{"id": 5}'},
        {"mapping": '{"id": "x", "columns": {"nothing": "a"}}'},
        {"dry_run": "perhaps"},
        {"layer": "\x00"},
        {"layer": "street_segments"},
    ],
)
@pytest.mark.parametrize("path", ["/w/city/imports", "/w/city/imports/preview"])
def test_no_word_about_a_file_breaks_the_service(client: TestClient, path: str, more: dict[str, str]) -> None:
    answer = client.post(
        path,
        files={"file": ("x.csv", b"lon,lat,category\n76.93,52.26,theft\n")},
        data={"layer": "crimes"} | more,
        headers=BOSS,
    )
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["detail"]


FILES = {
    "empty": b"",
    "header-only": b"lon,lat,category\n",
    "binary": bytes(range(256)) * 20,
    "zip": b"PK\x03\x04" + b"\x00" * 100,
    "pbf": b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18",
    "gz": b"\x1f\x8b\x08\x00",
    "geojson": b'{"type": "FeatureCollection", "features": [',
    "parquet": b"PAR1xxxxPAR1",
    "one-line": b"\xff" * 5000,
}


@pytest.mark.parametrize(
    ("name", "path"), list(itertools.product(FILES, ["/w/city/imports", "/w/city/imports/preview"]))
)
def test_no_file_breaks_the_service(client: TestClient, name: str, path: str) -> None:
    for ending in (".csv", ".geojson", ".zip", ".osm.pbf", ".parquet", ".gpkg", ".gz", ""):
        answer = client.post(
            path, files={"file": (f"../../{name}{ending}", FILES[name])}, data={"layer": "crimes"}, headers=BOSS
        )
        assert 400 <= answer.status_code < 500, (ending, answer.text)
        assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"garbage", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"a=b", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ],
)
def test_no_form_breaks_the_service(client: TestClient, content: bytes, kind: str) -> None:
    answer = client.post("/w/city/imports", content=content, headers=BOSS | {"Content-Type": kind})
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]
