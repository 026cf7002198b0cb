"""Nodes for roads that come as loose lines."""

import numpy as np
import pytest
import shapely

from geo_core.errors import InvalidInput
from geo_core.line_nodes import nodes_from_lines
from geo_core.network import street_segments

METRE_LAT = 1 / 111_270  # degrees, near 51°


def lines(*coordinates):
    return np.array([shapely.LineString(c) for c in coordinates], dtype=object)


def degrees_of(edges):
    nodes, count = np.unique(np.concatenate([edges.from_node, edges.to_node]), return_counts=True)
    return dict(zip(nodes.tolist(), count.tolist(), strict=True))


WEST_EAST = [(71.0, 51.0), (71.01, 51.0), (71.02, 51.0)]
SOUTH_NORTH = [(71.01, 50.99), (71.01, 51.0), (71.01, 51.01)]


def test_lines_on_one_level_join_at_a_shared_vertex():
    edges = nodes_from_lines(lines(WEST_EAST, SOUTH_NORTH))
    assert len(edges) == 4
    assert sorted(degrees_of(edges).values()) == [1, 1, 1, 1, 4]
    assert edges.source.tolist() == [0, 0, 1, 1]


def test_a_bridge_does_not_join_the_road_below_even_at_a_shared_vertex():
    edges = nodes_from_lines(lines(WEST_EAST, SOUTH_NORTH), level=[0, 1])
    assert len(edges) == 2
    assert sorted(degrees_of(edges).values()) == [1, 1, 1, 1]
    assert edges.level.tolist() == [0, 1]


def test_a_crossing_without_a_shared_vertex_does_not_join():
    edges = nodes_from_lines(lines([(71.0, 51.0), (71.02, 51.0)], [(71.01, 50.99), (71.01, 51.01)]))
    assert len(edges) == 2


def test_a_bridge_joins_the_roads_at_its_ends():
    road, bridge, on = [(71.0, 51.0), (71.01, 51.0)], [(71.01, 51.0), (71.02, 51.0)], [(71.02, 51.0), (71.03, 51.0)]
    edges = nodes_from_lines(lines(road, bridge, on), level=[0, 1, 0])
    assert sorted(degrees_of(edges).values()) == [1, 1, 2, 2]
    assert len(street_segments(edges.from_node, edges.to_node, edges.lines)) == 1


def test_a_bridge_that_ends_in_the_middle_of_a_road_joins_it():
    edges = nodes_from_lines(lines(WEST_EAST, [(71.01, 51.0), (71.01, 51.01)]), level=[0, 1])
    assert sorted(degrees_of(edges).values()) == [1, 1, 1, 3]


def test_a_branch_on_the_bridge_does_not_reach_the_road_below():
    edges = nodes_from_lines(lines(WEST_EAST, SOUTH_NORTH, [(71.01, 51.0), (71.02, 51.01)]), level=[0, 1, 1])
    assert edges.source.tolist() == [0, 1, 1, 2]
    assert sorted(degrees_of(edges).values()) == [1, 1, 1, 1, 1, 3]


def test_two_halves_of_a_bridge_meet_above_a_road_without_joining_it():
    halves = [SOUTH_NORTH[:2], SOUTH_NORTH[1:]]
    edges = nodes_from_lines(lines(WEST_EAST, *halves), level=[0, 1, 1])
    assert edges.source.tolist() == [0, 1, 2]
    assert sorted(degrees_of(edges).values()) == [1, 1, 1, 1, 2]


def test_ends_within_the_snapping_distance_meet_and_others_do_not():
    gap = [(71.01, 51.0 + 0.4 * METRE_LAT), (71.01, 51.01)]
    road = [(71.0, 51.0), (71.01, 51.0)]
    assert sorted(degrees_of(nodes_from_lines(lines(road, gap), snap_m=0.5)).values()) == [1, 1, 2]
    assert sorted(degrees_of(nodes_from_lines(lines(road, gap), snap_m=0.3)).values()) == [1, 1, 1, 1]
    assert sorted(degrees_of(nodes_from_lines(lines(road, gap))).values()) == [1, 1, 1, 1]


def test_an_end_is_moved_onto_an_inner_vertex_and_inner_vertices_stay():
    branch = [(71.01, 51.0 + 0.4 * METRE_LAT), (71.01, 51.01)]
    edges = nodes_from_lines(lines(WEST_EAST, branch), snap_m=0.5)
    assert sorted(degrees_of(edges).values()) == [1, 1, 1, 3]
    moved = edges.lines[edges.source.tolist().index(1)]
    assert shapely.get_coordinates(moved)[0].tolist() == [71.01, 51.0]
    close = [(71.0, 51.0 + 0.3 * METRE_LAT), (71.01, 51.0 + 0.3 * METRE_LAT), (71.02, 51.001)]
    apart = nodes_from_lines(lines([(70.9, 51.0), *WEST_EAST], [(70.9, 51.001), *close]), snap_m=0.5)
    assert len(apart) == 2  # inner vertices never move


def test_nodes_survive_a_new_import_in_another_order():
    one = nodes_from_lines(lines(WEST_EAST, SOUTH_NORTH))
    two = nodes_from_lines(lines(SOUTH_NORTH[::-1], WEST_EAST))
    assert degrees_of(one) == degrees_of(two)
    ids = [street_segments(e.from_node, e.to_node, e.lines).segment_id.tolist() for e in (one, two)]
    assert ids[0] == ids[1]


def test_parts_of_multilines_count_as_lines_and_empty_ones_make_no_edge():
    parts = shapely.MultiLineString([WEST_EAST, SOUTH_NORTH])
    edges = nodes_from_lines(np.array([None, parts, shapely.LineString()], dtype=object), level=[0, 2, 0])
    assert edges.source.tolist() == [1] * 4
    assert edges.level.tolist() == [2] * 4
    assert len(nodes_from_lines(np.empty(0, object), snap_m=1.0)) == 0
    assert len(nodes_from_lines(np.array([None], dtype=object))) == 0


def test_faulty_lines_are_refused():
    with np.errstate(invalid="ignore"):
        no_number = lines([(71.0, np.nan), (71.0, 51.0)])
    for use, code in (
        (lambda: nodes_from_lines(np.array([shapely.Point(1, 1)], dtype=object)), "geometry-not-line"),
        (lambda: nodes_from_lines(lines([(7e6, 5e6), (7e6, 5.1e6)])), "coordinates-out-of-range"),
        (lambda: nodes_from_lines(no_number), "geometry-not-finite"),
        (lambda: nodes_from_lines(lines(WEST_EAST), snap_m=-1.0), "snap-negative"),
        (lambda: nodes_from_lines(lines(WEST_EAST), snap_m=np.nan), "snap-negative"),
    ):
        with pytest.raises(InvalidInput) as fault:
            use()
        assert fault.value.code == code
