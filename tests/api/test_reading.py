"""What is read: the numbers are those of the queries, in every form, fresh after every change, sent once."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from starlette.testclient import TestClient

from geo_core.cell_wire import MEDIA_TYPE, decode_cells
from layers import registry
from layers.identity import Purpose
from layers.queries.cells import cells
from layers.queries.compare import Period, compare
from layers.queries.filters import Filter, Place
from layers.queries.profile import profile
from tests.api.conftest import token
from tests.layers.city import City, crime

BOSS = token("administrator")
CRIMES = "/w/city/layers/crimes"
QUESTION = "resolution=8&hours=22-5&weekdays=1-5&category=theft,robbery&from=2024-02-01&to=2024-10-31"
FILTER = Filter(
    first_day=date(2024, 2, 1),
    last_day=date(2024, 10, 31),
    hours=frozenset({22, 23, 0, 1, 2, 3, 4, 5}),
    weekdays=frozenset(range(1, 6)),
    categories=frozenset({"theft", "robbery"}),
)


def expected(city: City, given: Filter = FILTER, resolution: int = 8):
    with city.as_("administrator", purpose=Purpose.AGGREGATE) as connection:
        return cells(connection, city.workspace, registry.load()["crimes"], resolution=resolution, given=given)


def test_cells_as_columns_are_the_querys_own_numbers(client: TestClient, city: City) -> None:
    answer = client.get(f"{CRIMES}/cells?{QUESTION}", headers=BOSS).json()
    right = expected(city)
    assert [int(cell, 16) for cell in answer["cells"]] == right.cells.tolist()
    assert answer["totals"] == right.totals
    assert right.totals["unknown_count"] > 0  # the missing hour is unknown and not midnight
    for name, values in right.measures.items():
        assert answer["measures"][name] == values.tolist()
    assert answer["area_m2"] == right.areas_m2.tolist()
    density = next(one for one in answer["described"] if one["name"] == "count_per_km2")
    assert density["denominator"] == "area_m2"
    assert answer["provenance"]["licences"] == ["CC0"]
    assert answer["filter"]["hours"] == [0, 1, 2, 3, 4, 5, 22, 23]


def test_every_form_of_cells_holds_the_same_numbers(client: TestClient, city: City) -> None:
    right = expected(city)

    def ask(media: str) -> bytes:
        answer = client.get(f"{CRIMES}/cells?{QUESTION}", headers=BOSS | {"Accept": media})
        assert answer.headers["content-type"].split(";")[0] == media
        return answer.content

    table = pa.ipc.open_stream(ask("application/vnd.apache.arrow.stream")).read_all()
    assert table["cell"].to_numpy().tolist() == right.cells.tolist()
    assert table["count_per_km2"].to_numpy().tolist() == right.measures["count_per_km2"].tolist()
    assert json.loads(table.schema.metadata[b"qorgan"])["totals"] == right.totals
    rows = list(csv.DictReader(io.StringIO(ask("text/csv").decode())))
    assert [int(row["cell"], 16) for row in rows] == right.cells.tolist()
    assert [float(row["count"]) for row in rows] == right.measures["count"].tolist()
    features = json.loads(ask("application/geo+json"))["features"]
    assert [one["properties"]["unknown_count"] for one in features] == right.measures["unknown_count"].tolist()
    ring = np.array(features[0]["geometry"]["coordinates"][0])
    assert ring.shape == (7, 2)
    assert (ring[0] == ring[-1]).all()
    assert ring[:, 0].min() > 76.8  # longitude first
    wire = decode_cells(ask(MEDIA_TYPE))
    assert wire.cells.tolist() == right.cells.tolist()
    assert wire.values["count"].tolist() == right.measures["count"].tolist()
    assert wire.values["count_per_km2"] == pytest.approx(right.measures["count_per_km2"], rel=1e-7)
    assert wire.header["provenance"]["is_synthetic"] is True


def test_f_goes_before_accept_and_an_unknown_form_is_406(client: TestClient) -> None:
    answer = client.get(f"{CRIMES}/cells?f=csv", headers=BOSS | {"Accept": "application/json"})
    assert answer.headers["content-type"].startswith("text/csv")
    refused = client.get(f"{CRIMES}/cells", headers=BOSS | {"Accept": "image/png"})
    assert (refused.status_code, refused.json()["code"]) == (406, "not-acceptable")


def test_the_sum_over_cells_is_the_same_at_every_resolution(client: TestClient) -> None:
    sums = set()
    for resolution in range(7, 12):
        answer = client.get(f"{CRIMES}/cells?resolution={resolution}", headers=BOSS).json()
        sums.add(sum(answer["measures"]["count"]) + answer["totals"]["without_position"])
    assert len(sums) == 1


def test_the_card_of_a_cell_is_the_querys_own(client: TestClient, city: City) -> None:
    every = client.get(f"{CRIMES}/cells?resolution=7", headers=BOSS).json()
    cell = every["cells"][int(np.argmax(every["measures"]["count"]))]
    answer = client.get(f"{CRIMES}/profile?cell={cell}&dark=true", headers=BOSS).json()
    with city.as_("administrator", purpose=Purpose.AGGREGATE) as connection:
        right = profile(
            connection,
            city.workspace,
            registry.load()["crimes"],
            place=Place(cell=int(cell, 16)),
            given=Filter(dark=True),
        )
    assert answer == json.loads(json.dumps(right))
    assert answer["count"] > 0


def test_two_periods_are_compared_as_the_query_does(client: TestClient, city: City) -> None:
    asked = "before_from=2024-01-01&before_to=2024-06-30&after_from=2024-07-01&after_to=2024-12-31&resolution=8"
    answer = client.get(f"{CRIMES}/compare?{asked}", headers=BOSS).json()
    with city.as_("administrator", purpose=Purpose.AGGREGATE) as connection:
        right = compare(
            connection,
            city.workspace,
            registry.load()["crimes"],
            before=Period(date(2024, 1, 1), date(2024, 6, 30)),
            after=Period(date(2024, 7, 1), date(2024, 12, 31)),
            resolution=8,
        )
    assert answer["difference"] == right.difference.tolist()
    assert answer["totals"] == right.totals


def test_a_comparison_with_a_period_nobody_loaded_is_refused_in_words(client: TestClient) -> None:
    asked = "before_from=2020-01-01&before_to=2020-06-30&after_from=2024-07-01&after_to=2024-12-31"
    answer = client.get(f"{CRIMES}/compare?{asked}", headers=BOSS | {"Accept-Language": "kk"})
    assert (answer.status_code, answer.json()["code"]) == (422, "period-not-covered")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "2020" in answer.json()["detail"]


def test_records_come_in_pages_that_miss_and_repeat_nothing(client: TestClient) -> None:
    whole = client.get(f"{CRIMES}/features?limit=10000&category=theft", headers=BOSS).json()
    link, found = "/w/city/layers/crimes/features?limit=40&category=theft", []
    while link:
        page = client.get(link, headers=BOSS).json()
        found += page["features"]
        link = page["links"]["next"]
    assert [one["id"] for one in found] == [one["id"] for one in whole["features"]]
    assert len(found) > 80


def test_records_as_csv_have_positions_and_no_formula(client: TestClient, city: City) -> None:
    city.load("crimes", [crime("formula", place_text="=1+1", day_from=date(2024, 1, 2), day_to=date(2024, 1, 2))])
    answer = client.get(f"{CRIMES}/features?limit=10000", headers=BOSS | {"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["place_text"] for row in rows} == {"secret of a record", "'=1+1"}
    assert all(row["lon"] == "" or 76 < float(row["lon"]) < 78 for row in rows)


def test_an_edit_needs_the_version_and_shows_at_once_in_cells_history_and_record(client: TestClient) -> None:
    page = client.get(f"{CRIMES}/features?limit=1&category=burglary", headers=BOSS).json()["features"][0]
    address = f"{CRIMES}/features/{page['id']}"
    before = client.get(f"{CRIMES}/cells?category=burglary", headers=BOSS)
    record = client.get(address, headers=BOSS)
    body = {"changes": {"category": "theft"}, "reason": "wrong article"}
    assert client.patch(address, json=body, headers=BOSS).json()["code"] == "precondition-required"
    assert client.patch(address, json=body, headers=BOSS).status_code == 428
    done = client.patch(address, json=body, headers=BOSS | {"If-Match": record.headers["etag"]})
    assert done.status_code == 200
    assert done.json()["properties"]["category"] == "theft"
    assert done.headers["etag"] != record.headers["etag"]
    late = client.patch(address, json=body, headers=BOSS | {"If-Match": record.headers["etag"]})
    assert (late.status_code, late.json()["code"]) == (412, "version-conflict")
    after = client.get(f"{CRIMES}/cells?category=burglary", headers=BOSS | {"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["totals"]["count"] == before.json()["totals"]["count"] - 1
    history = client.get(f"{address}/history", headers=BOSS).json()["history"]
    assert history[0]["before"]["category"] == "burglary"
    assert history[0]["reason"] == "wrong article"


@pytest.mark.parametrize(
    "path",
    [
        "/w/city/layers",
        "/w/city/layers/crimes",
        f"{CRIMES}/cells?resolution=8",
        f"{CRIMES}/segments",
        f"{CRIMES}/areas",
        f"{CRIMES}/profile",
        f"{CRIMES}/features?limit=3",
        "/w/city/style.json",
        "/w/city/labels?bbox=76.9,52.25,77,52.31",
        "/w/city/imports",
        "/w/city/jobs",
        "/w/city/plans",
        "/workspaces",
        "/me",
    ],
)
def test_what_did_not_change_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(path, headers=BOSS)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in first.headers["vary"]
    again = client.get(path, headers=BOSS | {"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(("accept", "used"), [("zstd, gzip", "zstd"), ("gzip", "gzip"), ("br", None), ("*;q=0", None)])
def test_answers_are_compressed_as_the_reader_can(client: TestClient, accept: str, used: str | None) -> None:
    answer = client.get(f"{CRIMES}/cells?resolution=8", headers=BOSS | {"Accept-Encoding": accept})
    assert answer.headers.get("content-encoding") == used
    data = zstandard.ZstdDecompressor().decompressobj().decompress(answer.content) if used == "zstd" else answer.content
    assert json.loads(data)["count"] > 50
    etags = {
        client.get(f"{CRIMES}/cells?resolution=8", headers=BOSS | {"Accept-Encoding": one}).headers["etag"]
        for one in ("zstd", "gzip", "identity")
    }
    assert len(etags) == 3


def test_layers_are_described_in_the_readers_language(client: TestClient) -> None:
    said = {}
    for language in ("kk", "ru", "en"):
        found = client.get("/w/city/layers", headers=BOSS | {"Accept-Language": language}).json()["layers"]
        said[language] = {one["id"]: one["title"] for one in found}
        assert list(said[language]) == list(registry.load())
        assert not any("[" in title for title in said[language].values())
    assert said["en"]["crimes"] != said["ru"]["crimes"] != said["kk"]["crimes"]
    crimes = client.get("/w/city/layers/crimes?language=en", headers=BOSS).json()
    assert crimes["status"]["rows"] >= 300
    assert crimes["status"]["completeness"]["category"] == 1.0
    assert crimes["status"]["completeness"]["severity"] == 0.0
    assert crimes["status"]["is_synthetic"] is True
    assert crimes["legend"]["palette"] == [list(rgb) for rgb in registry.load()["crimes"].style.palette]


def test_the_style_asks_nothing_of_anybody_else(client: TestClient) -> None:
    for theme in ("light", "dark"):
        answer = client.get(f"/w/city/style.json?theme={theme}", headers=BOSS)
        assert "://" not in answer.text
        style = answer.json()
        assert "glyphs" not in style
        assert "sprite" not in style
        assert not [one for one in style["layers"] if one["type"] == "symbol"]
        for source in style["sources"].values():
            assert source["tiles"][0].startswith("/w/city/tiles/")
        used = {one["source"] for one in style["layers"] if "source" in one}
        assert used == set(style["sources"])


def test_names_on_the_ground_are_kazakh_where_they_are_and_lie_along_the_street(client: TestClient) -> None:
    box = "bbox=76.9,52.25,77,52.31"
    rows = client.get(f"/w/city/labels?{box}&zoom=15&language=kk&f=rows", headers=BOSS).json()
    assert [row["name"] for row in rows] == ["Құрманғазы көшесі", "Әл-Фараби даңғылы"]
    assert abs(rows[0]["angle_deg"]) < 5
    assert abs(abs(rows[1]["angle_deg"]) - 90) < 5
    assert 76.9 < rows[0]["position"][0] < 77
    assert client.get(f"/w/city/labels?{box}&zoom=9&f=rows", headers=BOSS).json() == []
    shapes = client.get(f"/w/city/labels?{box}&zoom=15", headers=BOSS).json()
    assert shapes["features"][0]["geometry"]["type"] == "Point"
