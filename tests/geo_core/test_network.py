"""Road topology: ways cut at shared nodes, street segments between junctions."""

import itertools
from collections import Counter, defaultdict

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_core.areas import line_lengths_m
from geo_core.errors import InvalidInput
from geo_core.network import split_ways, street_segments


def place(node):
    """A position of its own for every node number, nowhere on a line with its neighbours."""
    return (71.0 + (node * 37 % 101) / 1000, 51.0 + (node * 53 % 97) / 1000)


def edges_of(*pairs):
    """Straight edges between numbered nodes."""
    lines = np.array([shapely.LineString([place(a), place(b)]) for a, b in pairs], dtype=object)
    tail, head = np.array(pairs).T if pairs else (np.empty(0, int), np.empty(0, int))
    return tail, head, lines


def curved(seed, pairs):
    """The same with bends, a loop where both ends are one node."""
    rng = np.random.default_rng(seed)
    lines = [
        shapely.LineString([place(a), *(rng.uniform(-0.01, 0.01, (rng.integers(2, 5), 2)) + place(a)), place(b)])
        for a, b in pairs
    ]
    return np.array(pairs)[:, 0], np.array(pairs)[:, 1], np.array(lines, dtype=object)


def members_of(segments):
    return [
        segments.members[segments.member_offsets[n] : segments.member_offsets[n + 1]].tolist()
        for n in range(len(segments))
    ]


def test_a_chain_between_two_junctions_is_one_segment():
    tail, head, lines = edges_of((1, 2), (3, 2), (3, 4), (1, 5), (1, 6), (4, 7), (4, 8))
    segments = street_segments(tail, head, lines)
    assert sorted(map(sorted, members_of(segments))) == [[0, 1, 2], [3], [4], [5], [6]]
    row = segments.segment_of_edges()[1]
    assert {segments.from_node[row], segments.to_node[row]} == {1, 4}
    corners = shapely.get_coordinates(segments.lines[row]).tolist()
    assert corners in ([list(place(n)) for n in (1, 2, 3, 4)], [list(place(n)) for n in (4, 3, 2, 1)])
    assert segments.length_m[row] == pytest.approx(line_lengths_m(lines[:3]).sum(), rel=1e-12)
    assert segments.representative[row] == np.argmax(line_lengths_m(lines[:3]))


def test_a_change_of_class_ends_a_segment_and_a_dead_end_does_too():
    tail, head, lines = edges_of((1, 2), (2, 3), (3, 4))
    assert members_of(street_segments(tail, head, lines)) in ([[0, 1, 2]], [[2, 1, 0]])
    cut = street_segments(tail, head, lines, road_class=["residential", "residential", "footway"])
    assert sorted(map(sorted, members_of(cut))) == [[0, 1], [2]]


def test_a_ring_without_junction_is_one_closed_segment_wherever_it_was_begun():
    pairs = [(1, 2), (2, 3), (3, 4), (4, 1)]
    ids = set()
    for turn in range(4):
        tail, head, lines = edges_of(*(pairs[turn:] + pairs[:turn]))
        segments = street_segments(tail, head, lines)
        assert len(segments) == 1
        assert segments.lines[0].is_closed
        assert segments.from_node[0] == segments.to_node[0]
        ids.add(int(segments.segment_id[0]))
    assert len(ids) == 1


def test_a_loop_at_a_junction_and_a_lonely_loop_are_segments_of_their_own():
    tail, head, lines = curved(3, [(1, 2), (2, 2), (9, 9)])
    segments = street_segments(tail, head, lines)
    assert sorted(members_of(segments)) == [[0], [1], [2]]
    assert (segments.from_node == segments.to_node).sum() == 2


def test_edges_drawn_twice_are_kept_apart_with_ids_of_their_own():
    tail, head, lines = edges_of((1, 2), (1, 2), (1, 3), (2, 4), (1, 2))
    segments = street_segments(tail, head, lines)
    assert len(segments) == 5
    assert np.unique(segments.segment_id).size == 5
    assert (segments.segment_id >= 0).all()


def test_an_empty_network_has_no_segments():
    segments = street_segments([], [], np.empty(0, object))
    assert len(segments) == 0
    assert segments.member_offsets.tolist() == [0]


def partition_by_union(tail, head, classes):
    """Which edges belong together: joined wherever exactly two edge ends of one class meet."""
    parent = list(range(len(tail)))

    def root(e):
        while parent[e] != e:
            e = parent[e]
        return e

    at = defaultdict(list)
    for edge, (a, b) in enumerate(zip(tail, head, strict=True)):
        at[a].append(edge)
        at[b].append(edge)
    for meeting in at.values():
        if len(meeting) == 2 and classes[meeting[0]] == classes[meeting[1]]:
            parent[root(meeting[0])] = root(meeting[1])
    groups = defaultdict(set)
    for edge in range(len(tail)):
        groups[root(edge)].add(edge)
    return sorted(map(sorted, groups.values()))


graphs = st.lists(st.tuples(st.integers(1, 14), st.integers(1, 14)), min_size=1, max_size=18)


@settings(max_examples=150, deadline=None)
@given(pairs=graphs, seed=st.integers(0, 1000), kinds=st.integers(1, 3))
def test_segments_of_any_graph_equal_the_partition_found_by_hand(pairs, seed, kinds):
    rng = np.random.default_rng(seed)
    tail, head, lines = curved(seed, pairs)
    classes = rng.integers(0, kinds, len(pairs))
    segments = street_segments(tail, head, lines, road_class=classes)
    assert sorted(map(sorted, members_of(segments))) == partition_by_union(tail, head, classes)
    np.testing.assert_allclose(segments.length_m, line_lengths_m(segments.lines), rtol=1e-9)
    assert (np.diff(segments.segment_id) > 0).all()
    for row, members in enumerate(members_of(segments)):
        back = segments.member_backwards[segments.member_offsets[row] : segments.member_offsets[row + 1]]
        walked = [(head[e], tail[e]) if b else (tail[e], head[e]) for e, b in zip(members, back, strict=True)]
        assert all(one[1] == two[0] for one, two in itertools.pairwise(walked))
        assert (walked[0][0], walked[-1][1]) == (segments.from_node[row], segments.to_node[row])
        drawn = shapely.get_coordinates(segments.lines[row])
        pieces = [shapely.get_coordinates(lines[e])[:: -1 if b else 1] for e, b in zip(members, back, strict=True)]
        np.testing.assert_array_equal(drawn, np.concatenate([pieces[0], *(p[1:] for p in pieces[1:])]))


@settings(max_examples=100, deadline=None)
@given(pairs=graphs, seed=st.integers(0, 1000))
def test_ids_survive_another_order_and_other_directions_of_drawing(pairs, seed):
    rng = np.random.default_rng(seed)
    tail, head, lines = curved(seed, pairs)
    before = street_segments(tail, head, lines)
    order, flip = rng.permutation(len(pairs)), rng.random(len(pairs)) < 0.5
    again = street_segments(
        np.where(flip, head, tail)[order],
        np.where(flip, tail, head)[order],
        np.where(flip, shapely.reverse(lines), lines)[order],
    )
    np.testing.assert_array_equal(before.segment_id, again.segment_id)
    assert shapely.equals_exact(before.lines, again.lines, tolerance=0).all()
    np.testing.assert_array_equal(before.from_node, again.from_node)


def test_ids_are_the_same_in_every_version_of_the_program():
    tail, head, lines = edges_of((1, 2), (2, 3), (2, 4))
    assert street_segments(tail, head, lines).segment_id.tolist() == [
        4463405749770752593,
        6650885637098092806,
        6833374841192172281,
    ]


def test_faulty_networks_are_refused():
    tail, head, lines = edges_of((1, 2), (2, 3))
    for use, code in (
        (lambda: street_segments(tail[:1], head, lines), "shapes-differ"),
        (lambda: street_segments(tail, head, np.array([lines[0], None], dtype=object)), "geometry-not-line"),
        (
            lambda: street_segments(tail, head, np.array([lines[0], shapely.LineString()], dtype=object)),
            "geometry-not-line",
        ),
        (lambda: split_ways([1, 2], [0, 1], [0.0, 1.0], [0.0, 1.0]), "shapes-differ"),
        (lambda: split_ways([1, 2], [0, 2], [0.0, 1.0], [0.0, 500.0]), "coordinates-out-of-range"),
    ):
        with pytest.raises(InvalidInput) as fault:
            use()
        assert fault.value.code == code


def ways(*lists, missing=()):
    nodes = [n for way in lists for n in way]
    offsets = np.cumsum([0, *map(len, lists)])
    lonlat = np.array([place(n) if n not in missing else (np.nan, np.nan) for n in nodes]).reshape(-1, 2)
    return nodes, offsets, lonlat[:, 0], lonlat[:, 1]


def test_ways_are_cut_where_they_meet_and_keep_their_level_and_source():
    edges = split_ways(*ways([1, 2, 3, 4], [5, 3, 6]), level=[0, 1])
    assert list(zip(edges.from_node, edges.to_node, strict=True)) == [(1, 3), (3, 4), (5, 3), (3, 6)]
    assert edges.source.tolist() == [0, 0, 1, 1]
    assert edges.level.tolist() == [0, 0, 1, 1]
    assert shapely.get_coordinates(edges.lines[0]).tolist() == [list(place(n)) for n in (1, 2, 3)]


def test_a_way_that_meets_itself_is_cut_there():
    edges = split_ways(*ways([1, 2, 3, 4, 2, 5]))
    assert list(zip(edges.from_node, edges.to_node, strict=True)) == [(1, 2), (2, 2), (2, 5)]
    ring = split_ways(*ways([1, 2, 3, 1]))
    assert (ring.from_node.tolist(), ring.to_node.tolist()) == ([1], [1])


def test_a_node_missing_from_the_extract_ends_the_way_and_begins_it_again():
    edges = split_ways(*ways([1, 2, 9, 3, 4, 9, 5], [9, 9], [7], [6, 6, 8], missing={9}))
    assert list(zip(edges.from_node, edges.to_node, strict=True)) == [(1, 2), (3, 4), (6, 8)]
    assert edges.source.tolist() == [0, 0, 3]
    assert len(split_ways([], [0], [], [])) == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(1, 20), min_size=2, max_size=8), min_size=1, max_size=6))
def test_no_edge_passes_through_a_shared_node_and_nothing_is_lost(lists):
    edges = split_ways(*ways(*lists))
    plain = [[n for i, n in enumerate(way) if i == 0 or way[i - 1] != n] for way in lists]
    uses = Counter(n for way in plain for n in way)
    steps = [pair for way in plain for pair in itertools.pairwise(way)]
    where = {place(n): n for n in range(1, 21)}
    walked = []
    for line, a, b in zip(edges.lines, edges.from_node, edges.to_node, strict=True):
        nodes = [where[tuple(c)] for c in shapely.get_coordinates(line).tolist()]
        assert (nodes[0], nodes[-1]) == (a, b)
        assert all(uses[n] == 1 for n in nodes[1:-1])
        walked += list(itertools.pairwise(nodes))
    assert walked == steps
