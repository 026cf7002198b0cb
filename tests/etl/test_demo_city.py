"""The ground of the demo: streets with topology, buildings beside them, inventories as real ones are."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import shapely

from etl.demo.city import City, make
from etl.demo.frame import to_lonlat, to_xy
from etl.demo.names import COLUMN_NAMES, GARAGE_NAME
from etl.demo.plan import BRIDGE_ROW, ROW_NAMES, district_rings, river_ring, territory_ring
from etl.demo.streets import junctions

SEED = 20260101


@pytest.fixture(scope="module")
def city() -> City:
    return make(SEED, scale=0.02)


@pytest.fixture(scope="module")
def lines(city: City) -> np.ndarray:
    return np.array([shapely.LineString(edge.xy) for edge in city.edges])


@pytest.fixture(scope="module")
def footprints(city: City) -> np.ndarray:
    return np.array([shapely.Polygon(to_xy(building.ring)) for building in city.sketch.buildings])


def test_it_lies_near_pavlodar_and_is_as_large_as_a_city_district():
    ring = to_xy(territory_ring())
    assert 20 < shapely.Polygon(ring).area / 1e6 < 26
    lon, lat = to_lonlat(ring).mean(axis=0)
    assert (lon, lat) == pytest.approx((76.97, 52.28), abs=0.05)


def test_metres_on_the_plan_are_metres_on_the_ellipsoid():
    from pyproj import Geod

    a, b = np.array([-1500.0, -2000.0]), np.array([1800.0, 1700.0])
    (lon0, lat0), (lon1, lat1) = to_lonlat(a), to_lonlat(b)
    _, _, metres = Geod(ellps="WGS84").inv(lon0, lat0, lon1, lat1)
    assert metres == pytest.approx(float(np.hypot(*(b - a))), rel=1e-3)


def test_it_has_about_fifteen_hundred_street_segments_and_three_thousand_buildings(city):
    assert 1200 <= len(city.edges) <= 1700
    assert 2800 <= len(city.sketch.buildings) <= 4000


def test_the_network_is_one_piece(city):
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for edge in city.edges:
        parent[root(edge.from_node)] = root(edge.to_node)
    sizes = Counter(root(node) for node in list(parent))
    assert max(sizes.values()) >= 0.99 * len(parent)


def test_streets_of_one_level_cross_only_at_shared_nodes(city, lines):
    tree = shapely.STRtree(lines)
    first, second = tree.query(lines, predicate="intersects")
    for a, b in zip(first[first < second], second[first < second], strict=True):
        one, other = city.edges[a], city.edges[b]
        shared = {one.from_node, one.to_node} & {other.from_node, other.to_node}
        if one.level == other.level:
            assert shared, f"{one.id} and {other.id} cross without a junction"


def test_the_bridge_passes_over_the_embankment_without_a_junction(city, lines):
    bridge = [i for i, e in enumerate(city.edges) if e.is_bridge and e.name == ROW_NAMES[BRIDGE_ROW]]
    below = [i for i, e in enumerate(city.edges) if e.name == COLUMN_NAMES[0]]
    assert len(bridge) == 1
    crossed = [i for i in below if lines[i].intersects(lines[bridge[0]])]
    over = city.edges[bridge[0]]
    assert over.level == 1
    assert len(crossed) == 1
    assert not {over.from_node, over.to_node} & {city.edges[crossed[0]].from_node, city.edges[crossed[0]].to_node}
    assert lines[bridge[0]].intersects(shapely.Polygon(to_xy(river_ring())))


def test_the_avenue_has_two_one_way_carriageways_in_opposite_directions(city):
    avenue = [edge for edge in city.edges if edge.name == COLUMN_NAMES[3]]
    northward = [edge.xy[-1, 1] > edge.xy[0, 1] for edge in avenue]
    assert all(edge.oneway for edge in avenue)
    assert 0.4 < np.mean(northward) < 0.6


def test_no_street_on_the_ground_runs_through_a_building_and_no_two_buildings_overlap(city, lines, footprints):
    assert shapely.is_valid(footprints).all()
    tree = shapely.STRtree(footprints)
    ground = lines[[edge.level == 0 for edge in city.edges]]
    assert tree.query(ground, predicate="intersects").shape[1] == 0
    first, second = tree.query(footprints, predicate="intersects")
    pairs = first < second
    overlap = shapely.area(shapely.intersection(footprints[first[pairs]], footprints[second[pairs]]))
    assert overlap.max(initial=0.0) < 0.01


def test_everything_lies_in_the_territory_and_no_house_in_the_river(city, lines, footprints):
    territory = shapely.Polygon(to_xy(territory_ring())).buffer(1.0)
    river = shapely.Polygon(to_xy(river_ring()))
    assert shapely.contains(territory, lines).all()
    assert shapely.contains(territory, footprints).all()
    assert not shapely.intersects(river, footprints).any()


def test_districts_beats_and_residents_add_up(city):
    districts = [area for area in city.areas if area.kind == "district"]
    beats = [area for area in city.areas if area.kind == "beat"]
    people = sum(area.population for area in districts)
    assert sum(area.population for area in beats) == pytest.approx(people, abs=len(beats))
    assert 100_000 < people < 250_000
    whole = shapely.Polygon(to_xy(territory_ring())).area
    for parts in (districts, beats):
        assert sum(shapely.Polygon(to_xy(area.ring)).area for area in parts) == pytest.approx(whole, rel=1e-6)
    assert len(district_rings()) == len(districts)


def test_the_camera_inventory_has_the_faults_real_ones_have(city):
    found = city.cameras
    assert np.mean([c.azimuth_deg is None for c in found]) == pytest.approx(0.35, abs=0.01)
    assert np.mean([c.status == "broken" for c in found]) == pytest.approx(0.08, abs=0.01)
    poles = Counter((round(float(c.xy[0]), 2), round(float(c.xy[1]), 2)) for c in found)
    assert sum(count for count in poles.values() if count > 1) > 0.08 * len(found)  # shared poles
    stale = [c.verified_on is None or c.verified_on.year <= 2022 for c in found]
    assert np.mean(stale) > 0.5
    points = np.array([c.xy for c in found])
    gaps = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) + 1e9 * np.eye(len(points))
    assert ((gaps > 0) & (gaps < 5)).any(axis=1).sum() >= 10  # the same device listed twice


def test_the_lamp_inventory_is_a_quarter_unknown_and_agrees_with_the_streets(city, lines):
    status = Counter(lamp.status for lamp in city.lamps)
    total = len(city.lamps)
    assert status["unknown"] / total == pytest.approx(0.25, abs=0.02)
    working = shapely.points(np.array([lamp.xy for lamp in city.lamps if lamp.status == "works"]))
    nearest = shapely.STRtree(lines).nearest(working)
    assert np.mean([city.edges[i].is_lit for i in nearest]) > 0.93
    for edge in city.edges:
        assert edge.lit is None or edge.lit == ("yes" if edge.is_lit else "no")
    assert {edge.lit for edge in city.edges} == {"yes", "no", None}


def test_garage_street_has_neither_lamp_nor_camera(city):
    street = shapely.union_all([shapely.LineString(e.xy) for e in city.edges if e.name == GARAGE_NAME])
    assert street.length > 400
    assert shapely.distance(street, shapely.points(np.array([c.xy for c in city.cameras]))).min() > 150
    lamps = shapely.points(np.array([lamp.xy for lamp in city.lamps]))
    inner = shapely.buffer(street.centroid, 200)  # the two avenues at its ends have lamps of their own
    assert shapely.distance(shapely.intersection(street, inner), lamps).min() > 40


def test_stops_signals_and_crossings_stand_on_the_network(city):
    kinds = Counter(place.kind for place in city.places)
    for kind in ("school", "kindergarten", "venue", "shop", "alcohol_shop", "stop", "garage", "wasteland", "park"):
        assert kinds[kind] > 0, kind
    nodes = np.array([point for point, _ in junctions(city.edges).values()])
    for place in city.places:
        if place.kind == "signals":
            assert np.hypot(*(nodes - place.xy).T).min() < 0.5
