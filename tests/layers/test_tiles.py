"""Tiles hold the right features at the right place, show nothing restricted, and use the index."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from sqlalchemy import text

from geo_core.errors import InvalidInput
from layers import registry
from layers.queries.tiles import EXTENT, check_tile, properties, tile_sql
from tests.layers import mvt
from tests.layers.city import EAST, NORTH, SOUTH, WEST, crime, open_city

LAYERS = registry.load()
CRIMES, ROADS = LAYERS["crimes"], LAYERS["roads"]
COUNT = 2000


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(51).uniform((WEST, SOUTH), (EAST, NORTH), size=(COUNT, 2))


@pytest.fixture(scope="module")
def filled(module_database, points):
    city = open_city(module_database)
    rows = [
        {
            "source_id": str(i),
            "category": "theft" if i % 3 else "drugs",
            "lon": lon,
            "lat": lat,
            "place_text": "у подъезда",
            "article": "188",
        }
        for i, (lon, lat) in enumerate(points.tolist())
    ]
    city.load("crimes", [*rows, {"source_id": "nowhere", "category": "theft"}])
    wide = "LINESTRING(76.90 52.28, 76.95 52.28, 77.0 52.281)"
    city.load(
        "roads",
        [
            {"source_id": "p", "highway_class": "primary", "name": "Теңіз", "geom": wide},
            {"source_id": "f", "highway_class": "footway", "geom": wide},
            {"source_id": "r", "highway_class": "residential", "geom": "LINESTRING(76.93 52.26, 76.9300001 52.26)"},
        ],
    )
    city.load(
        "buildings",
        [
            {
                "source_id": "b",
                "use": "house",
                "levels": 2.5,
                "geom": shapely.MultiPolygon([shapely.box(76.93, 52.26, 76.931, 52.261)]).wkt,
            }
        ],
    )
    with city.owner() as owner:
        owner.exec_driver_sql("ANALYZE layer_crimes")
    yield city
    city.engines.dispose()


def tile(city, layer, z, x, y, who="administrator"):
    with city.as_(who) as connection:
        driver = connection.connection.driver_connection
        (made,) = driver.execute(tile_sql(layer, z), {"ws": city.workspace.id, "z": z, "x": x, "y": y}).fetchone()
    return mvt.read(made).get(layer.id, [])


@pytest.mark.parametrize("z", [12, 14, 16])
def test_a_tile_holds_exactly_the_points_within_it_and_its_margin(filled, points, z):
    with filled.owner() as owner:
        ids = {
            int(r.source_id): r.id
            for r in owner.exec_driver_sql("SELECT source_id, id FROM layer_crimes WHERE cell IS NOT NULL")
        }
    where = np.array([mvt.place(lon, lat, z) for lon, lat in points])
    x, y = (int(v) for v in where[0])
    found = {f["id"]: f for f in tile(filled, CRIMES, z, x, y)}
    units = (where - (x, y)) * EXTENT
    margin = 64
    inside = {
        ids[i]
        for i, (u, v) in enumerate(units)
        if -margin + 1 < u < EXTENT + margin - 1 and -margin + 1 < v < EXTENT + margin - 1
    }
    outside = {
        ids[i]
        for i, (u, v) in enumerate(units)
        if not (-margin - 1 < u < EXTENT + margin + 1 and -margin - 1 < v < EXTENT + margin + 1)
    }
    assert inside <= set(found)
    assert outside.isdisjoint(found)
    number = {id_: i for i, id_ in ids.items()}
    for id_, feature in found.items():
        assert feature["extent"] == EXTENT
        (drawn,) = feature["points"]
        assert drawn == pytest.approx(units[number[id_]], abs=1)
        assert feature["properties"] == {"category": "theft" if number[id_] % 3 else "drugs"}


def test_a_tile_shows_a_reader_their_own_territory_only(filled, points):
    z = 12
    x, y = (int(v) for v in mvt.place(76.94, 52.28, z))
    whole, west = tile(filled, CRIMES, z, x, y), tile(filled, CRIMES, z, x, y, "west")
    middle = (mvt.place(76.95, 52.28, z)[0] - x) * EXTENT
    assert {f["id"] for f in west} == {f["id"] for f in whole if f["points"][0][0] < middle}
    assert 0 < len(west) < len(whole)
    assert tile(filled, CRIMES, z, x, y, "viewer") == []
    assert tile(filled, CRIMES, z, x, y, "nobody") == []


def test_nothing_restricted_is_in_a_tile():
    for layer in LAYERS.values():
        restricted = {f.name for f in layer.fields if f.restricted}
        assert restricted.isdisjoint(properties(layer))
    assert properties(CRIMES) == ["category"]


def test_below_its_zoom_a_layer_draws_nothing_and_small_ways_wait(filled):
    x, y = (int(v) for v in mvt.place(76.94, 52.28, 11))
    assert tile(filled, CRIMES, 11, x, y) == []
    shown = {}
    for z in (4, 7, 8, 12, 14, 15, 16):
        x, y = (int(v) for v in mvt.place(76.95, 52.28, z))
        shown[z] = sorted(f["properties"]["highway_class"] for f in tile(filled, ROADS, z, x, y))
    assert shown == {
        4: [],
        7: [],
        8: ["primary"],
        12: ["primary"],
        14: ["primary"],
        15: ["footway", "primary"],
        16: ["footway", "primary"],
    }


def test_lines_and_polygons_are_cut_to_the_tile_and_keep_their_names(filled):
    z = 15
    x, y = (int(v) for v in mvt.place(76.95, 52.28, z))
    (road,) = [f for f in tile(filled, ROADS, z, x, y) if f["properties"]["highway_class"] == "primary"]
    assert road["type"] == 2
    assert road["properties"]["name"] == "Теңіз"
    assert all(-64 <= u <= EXTENT + 64 for u, _ in road["points"])
    x, y = (int(v) for v in mvt.place(76.9305, 52.2605, z))
    (house,) = tile(filled, LAYERS["buildings"], z, x, y)
    assert house["type"] == 3
    assert house["properties"] == {"use": "house", "levels": 2.5}
    corners = [mvt.place(lon, lat, z) for lon in (76.93, 76.931) for lat in (52.26, 52.261)]
    want = {(round((u - x) * EXTENT), round((v - y) * EXTENT)) for u, v in corners}
    assert all(min(abs(px - u) + abs(py - v) for u, v in want) <= 2 for px, py in house["points"])


def test_an_id_too_long_for_a_number_of_javascript_is_said_as_a_text_too(city):
    long, short = 2**63 - 25, 2**53 - 1
    with city.owner() as owner:
        owner.execute(text("SELECT qorgan_ensure_partition('layer_street_segments', :ws)"), {"ws": city.workspace.id})
        for id_ in (long, short):
            owner.execute(
                text(
                    "INSERT INTO layer_street_segments (workspace_id, id, source_id, highway_class, length_m, territory_id, "
                    "batch_id, row_hash, geom) SELECT :ws, :id, 's' || :id, 'primary', 1000, root_territory_id, 1, 1, "
                    "ST_GeomFromText('LINESTRING(76.93 52.28, 76.96 52.28)', 4326) FROM workspace WHERE id = :ws"
                ),
                {"ws": city.workspace.id, "id": id_},
            )
    x, y = (int(v) for v in mvt.place(76.94, 52.28, 14))
    found = {f["id"]: f["properties"].get("id_text") for f in tile(city, LAYERS["street_segments"], 14, x, y)}
    assert found == {long: str(long), short: None}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))
def test_every_layer_makes_tiles_at_every_zoom(filled, layer):
    with filled.as_("administrator") as connection:
        driver = connection.connection.driver_connection
        for z in (0, 10, 16, 22):
            made = driver.execute(
                tile_sql(layer, z), {"ws": filled.workspace.id, "z": z, "x": 0, "y": 2**z - 1}
            ).fetchone()
            assert made == (b"",)


def nodes(node):
    """A plan's node and all below it."""
    yield node
    for child in node.get("Plans", []):
        yield from nodes(child)


def test_a_tile_is_found_by_the_spatial_index_of_one_partition(city):
    city.load("crimes", [crime("first")])
    with city.owner() as owner:
        owner.execute(
            text(
                "INSERT INTO layer_crimes (workspace_id, source_id, category, territory_id, batch_id, row_hash, geom) "
                "SELECT :ws, n, 'theft', :t, 1, n, ST_SetSRID(ST_MakePoint(76.9 + (n % 211) / 2110.0, 52.25 + (n % 197) / 3300.0), 4326) "
                "FROM generate_series(1, 40000) n"
            ),
            {"ws": city.workspace.id, "t": city.territories["west"]},
        )
        owner.exec_driver_sql("ANALYZE layer_crimes")
        gist = owner.execute(
            text("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%USING gist%' AND tablename = :part"),
            {"part": f"layer_crimes_w{city.workspace.id}"},
        ).scalar_one()
    for who in ("administrator", "analyst"):
        for z in (14, 16):
            x, y = (int(v) for v in mvt.place(76.94, 52.28, z))
            with city.as_(who) as connection:
                driver = connection.connection.driver_connection
                given = {"ws": city.workspace.id, "z": z, "x": x, "y": y}
                (plan,) = driver.execute("EXPLAIN (FORMAT JSON) " + tile_sql(CRIMES, z), given).fetchone()
            every = list(nodes(plan[0]["Plan"]))
            assert gist in {n.get("Index Name") for n in every}
            scanned = {n["Relation Name"] for n in every if n.get("Relation Name", "").startswith("layer_")}
            assert scanned == {f"layer_crimes_w{city.workspace.id}"}
            assert not [n for n in every if n["Node Type"] == "Seq Scan"]


@pytest.mark.parametrize(("z", "x", "y"), [(-1, 0, 0), (23, 0, 0), (3, 8, 0), (3, 0, -1), (0, 0, 1)])
def test_a_tile_that_does_not_exist_is_refused(z, x, y):
    with pytest.raises(InvalidInput) as refused:
        check_tile(z, x, y)
    assert refused.value.code == "bad-tile"
