"""Tiles: the same as PostGIS makes them, by right, by version."""

from __future__ import annotations

import time

import pytest
from starlette.testclient import TestClient

from api import point_tiles
from api.service import service_of
from layers import registry
from layers.identity import Purpose
from layers.queries.guarded_tiles import tile_question
from layers.queries.run import mappings
from layers.queries.tiles import tile_sql
from tests.api.conftest import serving, tile_of, token
from tests.api.conftest import tile_path as path
from tests.api.mvt import layer_names, points
from tests.layers.city import IN_WEST, City, crime

CRIMES = "/w/city/tiles/crimes"


@pytest.fixture(scope="module")
def ready(client: TestClient) -> TestClient:
    """The client once our own writer of points is compiled."""
    service = service_of(client.app)
    service.writes_points()
    until = time.monotonic() + 60
    while not service.writes_points() and time.monotonic() < until:
        time.sleep(0.02)
    return client


@pytest.mark.parametrize("z", [12, 13, 14, 16])
def test_our_points_are_those_of_postgis(ready: TestClient, city: City, z: int) -> None:
    _, x, y = tile_of(z)
    layer = registry.load()["crimes"]
    assert point_tiles.suits(layer)
    with city.as_("administrator") as connection:
        theirs = mappings(connection, tile_sql(layer, z), {"ws": city.workspace.id, "z": z, "x": x, "y": y})[0][
            "coalesce"
        ]
    ours = ready.get(path(z), headers=token("administrator"))
    expected, found = points(bytes(theirs)), points(ours.content)
    assert layer_names(ours.content) == (["crimes"] if expected else [])
    assert z > 14 or len(expected) > 10
    assert {i: p[2] for i, p in found.items()} == {i: p[2] for i, p in expected.items()}
    for i, (column, row, _) in expected.items():
        assert abs(found[i][0] - column) <= 1
        assert abs(found[i][1] - row) <= 1


def test_before_the_kernel_is_ready_the_database_writes_the_same_tile(
    city: City, ready: TestClient, module_database, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(city, module_database, tmp_path) as other:
        monkeypatch.setattr(service_of(other.app), "writes_points", lambda: False)
        theirs = other.get(path(13), headers=token("administrator")).content
    assert set(points(theirs)) == set(points(ready.get(path(13), headers=token("administrator")).content))


def test_lines_with_names_are_written_by_the_database(client: TestClient) -> None:
    answer = client.get(path(14, "roads", lon=76.9501, lat=52.2801), headers=token("administrator"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert layer_names(answer.content) == ["roads"]
    assert "Құрманғазы көшесі".encode() in answer.content


def test_a_tile_where_nothing_lies_is_204_with_an_etag(client: TestClient) -> None:
    answer = client.get("/w/city/tiles/crimes/14/0/0.mvt", headers=token("administrator"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["etag"]


def test_nothing_is_drawn_below_the_layers_own_zoom(ready: TestClient) -> None:
    assert ready.get(path(11), headers=token("administrator")).status_code == 204


def test_a_viewer_gets_no_single_records_and_an_analyst_only_those_of_the_territory(ready: TestClient) -> None:
    every = points(ready.get(path(12), headers=token("administrator")).content)
    west = points(ready.get(path(12), headers=token("analyst")).content)
    assert ready.get(path(12), headers=token("viewer")).status_code == 204
    assert 0 < len(west) < len(every)
    assert set(west) < set(every)


def test_who_has_no_right_is_told_there_is_no_such_workspace(client: TestClient) -> None:
    answer = client.get(path(12), headers=token("nobody"))
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown-workspace"


def test_an_unchanged_tile_is_not_sent_again_and_a_changed_one_is(ready: TestClient, city: City) -> None:
    first = ready.get(path(12), headers=token("administrator"))
    again = {**token("administrator"), "If-None-Match": first.headers["etag"]}
    assert ready.get(path(12), headers=again).status_code == 304
    assert ready.get(path(12), headers=token("administrator")).content == first.content  # from the cache
    city.load("crimes", [crime("new one", (76.95, 52.28))])
    changed = ready.get(path(12), headers=again)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]
    assert len(points(changed.content)) == len(points(first.content)) + 1


def test_an_etag_of_one_reader_gives_another_reader_no_304(ready: TestClient) -> None:
    first = ready.get(path(12), headers=token("administrator"))
    other = ready.get(path(12), headers={**token("analyst"), "If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    assert other.content != first.content


@pytest.mark.parametrize("place", ["23/1/1", "3/8/0", "3/0/8", "12/4096/0"])
def test_a_tile_that_does_not_exist_is_refused_in_words(client: TestClient, place: str) -> None:
    answer = client.get(f"{CRIMES}/{place}.mvt", headers=token("administrator") | {"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-tile")


@pytest.mark.parametrize("place", ["a/b/c", "-1/0/0", "1.5/0/0", "999999999999/0/0"])
def test_what_is_no_tile_address_is_404(client: TestClient, place: str) -> None:
    assert client.get(f"{CRIMES}/{place}.mvt", headers=token("administrator")).status_code in (404, 422)


def test_an_unknown_layer_is_404(client: TestClient) -> None:
    answer = client.get("/w/city/tiles/nothing/1/0/0.mvt", headers=token("administrator"))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-layer")


def test_the_gate_is_asked_once_and_the_tile_only_when_it_is_not_held(city: City) -> None:
    layer = registry.load()["roads"]
    z, x, y = tile_of(14, lon=76.9501, lat=52.2801)
    with city.as_("administrator", purpose=Purpose.RECORDS) as connection:
        params = {"slug": "city", "layers": ["roads"], "held": [], "z": z, "x": x, "y": y}
        mark, tile = mappings(connection, tile_question(layer, 14), params)[0].values()
        held = mappings(connection, tile_question(layer, 14), {**params, "held": [mark]})[0]
    assert tile
    assert list(held.values()) == [mark, None]


def test_points_near_the_edge_lie_in_the_buffer_of_the_neighbour(ready: TestClient, city: City) -> None:
    _, x, y = tile_of(14, *IN_WEST)
    edge = (x + 1) / 2**14 * 360 - 180
    batch, _ = city.load("crimes", [crime("edge", (edge - 1e-6, IN_WEST[1]))])
    with city.as_("administrator") as connection:
        row = mappings(connection, "SELECT id FROM layer_crimes WHERE batch_id = %(b)s", {"b": batch})[0]["id"]
    left = points(ready.get(f"{CRIMES}/14/{x}/{y}.mvt", headers=token("administrator")).content)
    right = points(ready.get(f"{CRIMES}/14/{x + 1}/{y}.mvt", headers=token("administrator")).content)
    assert left[row][0] in (4095, 4096)
    assert right[row][0] in (-1, 0)
