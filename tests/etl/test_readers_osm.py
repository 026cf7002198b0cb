"""OpenStreetMap data made by hand: whole ways, edges, areas, and what OSM's conventions mean."""

from __future__ import annotations

import osmium
import pytest
import shapely

from layers.spec import Field, FieldType, LayerKind, SourceMapping
from tests.fixtures.intake import layer, read, reasons

ROAD_FIELDS = (
    Field(name="from_node", type=FieldType.INTEGER),
    Field(name="to_node", type=FieldType.INTEGER),
    Field(name="highway"),
    Field(name="oneway", type=FieldType.BOOLEAN),
    Field(name="is_bridge", type=FieldType.BOOLEAN),
)
TAGS = {"highway": "highway", "oneway": "oneway", "is_bridge": "bridge"}
EDGES = SourceMapping(
    id="edges", columns={**TAGS, "from_node": "from_node", "to_node": "to_node"}, where={"highway": ()}
)
WAYS = SourceMapping(id="ways", columns=TAGS, where={"highway": ()})
ROADS = layer(LayerKind.NETWORK, "LineString", fields=ROAD_FIELDS)


def at(number: int) -> tuple[float, float]:
    return 76.9 + 0.001 * number, 52.3 + 0.0005 * (number % 7)


@pytest.fixture
def extract(tmp_path):
    def build(ways, nodes=range(1, 30), tagged=None, relations=()):
        path = tmp_path / "made.osm.pbf"
        with osmium.SimpleWriter(str(path), overwrite=True) as out:
            for n in nodes:
                tags = (tagged or {}).get(n, {})
                out.add_node(osmium.osm.mutable.Node(id=n, location=at(n), tags=tags, version=1))
            for i, (refs, tags) in enumerate(ways, start=1):
                out.add_way(osmium.osm.mutable.Way(id=i, nodes=refs, tags=tags, version=1))
            for i, (members, tags) in enumerate(relations, start=1):
                out.add_relation(osmium.osm.mutable.Relation(id=i, members=members, tags=tags, version=1))
        return path

    return build


STREET = {"highway": "residential"}


def test_whole_ways_keep_their_nodes_in_order(extract):
    path = extract([([1, 2, 3], STREET), ([3, 4], STREET), ([5, 6], {"railway": "rail"})])
    batches, rejected, _ = read(path, into=ROADS, how=WAYS)
    assert not rejected
    assert batches[0].source_id.to_pylist() == ["w1", "w2"]
    assert batches[0].node_ids.to_pylist() == [[1, 2, 3], [3, 4]]
    assert shapely.get_coordinates(batches[0].geometry[0]).tolist() == [
        pytest.approx(at(n), abs=1e-7) for n in (1, 2, 3)
    ]


def test_edges_end_where_ways_meet(extract):
    # 2 crosses 1 in node 2; way 3 ends in the middle of way 2; way 4 is a loop that meets itself
    path = extract([([1, 2, 3], STREET), ([4, 2, 5, 6], STREET), ([7, 5], STREET), ([8, 9, 10, 8], STREET)])
    batches, _, _ = read(path, into=ROADS, how=EDGES)
    batch = batches[0]
    assert batch.node_ids.to_pylist() == [[1, 2], [2, 3], [4, 2], [2, 5], [5, 6], [7, 5], [8, 9, 10, 8]]
    assert batch.source_id.to_pylist() == ["w1.0", "w1.1", "w2.0", "w2.1", "w2.2", "w3.0", "w4.0"]
    assert batch.columns["from_node"].to_pylist() == [1, 2, 4, 2, 5, 7, 8]
    assert batch.columns["to_node"].to_pylist() == [2, 3, 2, 5, 6, 5, 8]


def test_a_way_that_leaves_the_extract_is_never_bridged(extract):
    path = extract([([1, 2, 99, 3, 4, 5], STREET), ([98, 99], STREET)])
    batches, rejected, _ = read(path, into=ROADS, how=EDGES)
    assert batches[0].node_ids.to_pylist() == [[1, 2], [3, 4, 5]]
    assert reasons(rejected) == {3: ["outside-extract"]}
    batches, _, _ = read(path, into=ROADS, how=WAYS)
    assert batches[0].node_ids.to_pylist() == [[3, 4, 5]]


@pytest.mark.parametrize(
    ("tags", "oneway", "bridge", "nodes"),
    [
        ({"oneway": "yes"}, True, None, [1, 2]),
        ({"oneway": "-1"}, True, None, [2, 1]),
        ({"oneway": "no"}, False, None, [1, 2]),
        ({"oneway": "reversible"}, None, None, [1, 2]),
        ({"junction": "roundabout"}, True, None, [1, 2]),
        ({"highway": "motorway"}, True, None, [1, 2]),
        ({"highway": "motorway", "oneway": "no"}, False, None, [1, 2]),
        ({"bridge": "viaduct"}, None, True, [1, 2]),
        ({"bridge": "no"}, None, False, [1, 2]),
    ],
)
def test_conventions_of_the_tags(extract, tags, oneway, bridge, nodes):
    batches, rejected, _ = read(extract([([1, 2], {**STREET, **tags})]), into=ROADS, how=WAYS)
    assert not rejected
    columns = batches[0].columns
    assert (columns["oneway"][0].as_py(), columns["is_bridge"][0].as_py()) == (oneway, bridge)
    assert batches[0].node_ids.to_pylist() == [nodes]


def test_areas_come_from_closed_ways_and_relations_and_lines_stay_lines(extract):
    water = {"natural": "water"}
    ring = [
        ([1, 3, 10, 1], water),
        ([12, 14, 20], {"waterway": "river"}),
        ([21, 24, 28], {}),
        ([28, 21], {}),
        ([2, 4], {"natural": "tree_row"}),
    ]
    members = [("w", 3, "outer"), ("w", 4, "outer")]
    path = extract(ring, relations=[(members, {"type": "multipolygon", **water})])
    into = layer(LayerKind.BACKDROP, "Geometry", fields=(Field(name="kind"),))
    how = SourceMapping(id="w", columns={"kind": "osm_kind"}, where={"natural": ("water",), "waterway": ()})
    batches, rejected, _ = read(path, into=into, how=how)
    assert not rejected
    found = dict(zip(batches[0].source_id.to_pylist(), batches[0].geometry, strict=True))
    assert {k: g.geom_type for k, g in found.items()} == {
        "w1": "MultiPolygon",
        "w2": "LineString",
        "r1": "MultiPolygon",
    }
    assert sorted(batches[0].columns["kind"].to_pylist()) == ["natural=water", "natural=water", "waterway=river"]


def test_places_are_points_and_grounds_and_devices_are_points_only(extract):
    school = {"amenity": "school"}
    path = extract([([1, 3, 10, 1], school)], tagged={5: school})
    how = SourceMapping(id="p", columns={}, where={"amenity": ("school",)})
    batches, _, report = read(path, into=layer(LayerKind.PLACE, fields=()), how=how)
    assert sorted(batches[0].source_id.to_pylist()) == ["n5", "w1"]
    assert report.warnings.counts["point-from-shape"] == 1
    ground = shapely.Polygon([at(n) for n in (1, 3, 10)])
    inside = shapely.intersects_xy(ground, batches[0].lon, batches[0].lat)
    assert inside.tolist() == [i == "w1" for i in batches[0].source_id.to_pylist()]
    batches, _, _ = read(path, into=layer(LayerKind.DEVICE, fields=()), how=how)
    assert batches[0].source_id.to_pylist() == ["n5"]


def test_only_the_values_asked_for_are_read(extract):
    path = extract([], tagged={1: {"highway": "street_lamp"}, 2: {"highway": "crossing"}, 3: {"amenity": "bench"}})
    how = SourceMapping(id="l", columns={}, where={"highway": ("street_lamp",)})
    batches, _, _ = read(path, into=layer(LayerKind.DEVICE, fields=()), how=how)
    assert batches[0].source_id.to_pylist() == ["n1"]
