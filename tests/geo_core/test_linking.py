"""Points to segments and areas, lines to covers; shapely one by one is the oracle."""

import numpy as np
import pytest
import shapely

from geo_core.errors import InvalidInput
from geo_core.linking import nearest_segment, points_in_areas, share_of_lines
from geo_core.projection import local_projection, points_to_lonlat, points_to_metric, to_lonlat, to_metric

CRS = local_projection([71.3, 71.5], [51.0, 51.2])


def metric(*shapes):
    """Shapes drawn in metres about the centre, as lon, lat."""
    return to_lonlat(np.array(shapes, dtype=object), crs=CRS)


def test_the_nearest_segment_equals_brute_force():
    rng = np.random.default_rng(1)
    starts = rng.uniform(-2000, 2000, (80, 2))
    lines = metric(*(shapely.LineString([s, s + rng.normal(0, 150, 2)]) for s in starts))
    x, y = rng.uniform(-2500, 2500, (2, 400))
    lon, lat = points_to_lonlat(x, y, crs=CRS)
    index, distance_m = nearest_segment(lon, lat, lines, max_distance_m=200.0, crs=CRS)
    points = shapely.points(*points_to_metric(lon, lat, crs=CRS))
    every = shapely.distance(points[:, None], to_metric(lines, crs=CRS)[None])
    near = every.min(axis=1) <= 200.0
    assert 0.1 < near.mean() < 0.99
    np.testing.assert_array_equal(index, np.where(near, every.argmin(axis=1), -1))
    np.testing.assert_allclose(distance_m, np.where(near, every.min(axis=1), np.nan), atol=1e-9)


def test_of_segments_equally_near_the_smallest_id_is_taken():
    lines = metric(*(shapely.LineString([(0, 0), end]) for end in ((100, 50), (100, -50), (50, 100), (100, 0))))
    lon, lat = points_to_lonlat([-10.0], [-1.0], crs=CRS)
    for ids, want in (([40, 30, 20, 10], 3), ([1, 2, 3, 4], 0), ([9, 2, 9, 4], 1)):
        index, distance_m = nearest_segment(lon, lat, lines, segment_ids=ids, max_distance_m=50.0, crs=CRS)
        assert index.tolist() == [want]
        assert distance_m[0] == pytest.approx(np.hypot(10, 1), abs=1e-6)
    assert nearest_segment(lon, lat, lines, max_distance_m=50.0, crs=CRS)[0].tolist() == [0]


def test_a_segment_exactly_at_the_distance_is_near_enough():
    lines = metric(shapely.LineString([(-50, 0), (50, 0)]))
    lon, lat = points_to_lonlat([0.0], [30.0], crs=CRS)
    exact = nearest_segment(lon, lat, lines, max_distance_m=100.0, crs=CRS)[1][0]
    assert nearest_segment(lon, lat, lines, max_distance_m=exact, crs=CRS)[0].tolist() == [0]
    assert nearest_segment(lon, lat, lines, max_distance_m=np.nextafter(exact, 0), crs=CRS)[0].tolist() == [-1]


def test_a_point_nobody_knows_or_a_network_without_segments_links_to_nothing():
    lines = metric(shapely.LineString([(-50, 0), (50, 0)]))
    lon, lat = points_to_lonlat([0.0, np.nan, 1.0], [3.0, 3.0, 1.0], crs=CRS)
    index, distance_m = nearest_segment(lon, lat, lines, max_distance_m=10.0, crs=CRS)
    assert index.tolist() == [0, -1, 0]
    assert np.isnan(distance_m).tolist() == [False, True, False]
    for nothing in (np.empty(0, object), np.array([None], dtype=object)):
        index, distance_m = nearest_segment(lon, lat, nothing, max_distance_m=10.0, crs=CRS)
        assert index.tolist() == [-1] * 3
        assert np.isnan(distance_m).all()


def test_areas_of_points_equal_brute_force_and_a_border_belongs_to_the_smallest_row():
    rng = np.random.default_rng(2)
    grid = [shapely.box(x, y, x + 0.1, y + 0.1) for x in (71.2, 71.3, 71.4) for y in (51.0, 51.1)]
    holed = shapely.box(71.15, 50.95, 71.6, 51.3) - shapely.box(71.31, 51.01, 71.39, 51.09)
    areas = np.array([None, *grid, shapely.Polygon(), shapely.MultiPolygon([holed])], dtype=object)
    lon = np.concatenate([rng.uniform(71.1, 71.7, 3000), [71.3, 71.3, 71.4, np.nan, 71.3]])
    lat = np.concatenate([rng.uniform(50.9, 51.4, 3000), [51.05, 51.1, 51.1, 51.1, np.nan]])
    got = points_in_areas(lon, lat, areas)
    for n, (p, q) in enumerate(zip(lon, lat, strict=True)):
        covering = [
            i for i, a in enumerate(areas) if a is not None and np.isfinite(p + q) and a.covers(shapely.Point(p, q))
        ]
        assert got[n] == (min(covering) if covering else -1)
    assert {-1, 1, 6, 8} <= set(got.tolist())
    assert points_in_areas([], [], areas).shape == (0,)
    assert points_in_areas(lon, lat, np.empty(0, object)).tolist() == [-1] * lon.size


def test_the_share_of_a_line_is_its_covered_length_over_its_length():
    cover = metric(shapely.MultiPolygon([shapely.box(0, -10, 40, 10), shapely.box(60, -10, 70, 10)]))[0]
    given = metric(
        shapely.LineString([(0, 0), (100, 0)]),
        shapely.LineString([(0, 100), (100, 100)]),
        shapely.LineString([(10, 0), (30, 5)]),
        shapely.MultiLineString([[(30, 0), (50, 0)], [(65, 0), (75, 0)]]),
        shapely.LineString([(20, 0), (60, 0), (20, 0)]),
        shapely.LineString([(5, 5), (5, 5)]),
        None,
    )
    want = [0.5, 0.0, 1.0, 0.5, 0.5, np.nan, np.nan]
    np.testing.assert_allclose(share_of_lines(given, cover, crs=CRS), want, atol=1e-6)
    for nothing in (None, shapely.Polygon()):
        np.testing.assert_array_equal(share_of_lines(given, nothing, crs=CRS), [0, 0, 0, 0, 0, np.nan, np.nan])


def test_shares_equal_brute_force_under_a_ragged_cover():
    rng = np.random.default_rng(3)
    cover_m = shapely.union_all(shapely.buffer(shapely.points(rng.uniform(-500, 500, (60, 2))), 70))
    drawn = [shapely.LineString(rng.uniform(-600, 600, (rng.integers(2, 5), 2))) for _ in range(150)]
    drawn += [shapely.LineString([p, p + rng.normal(0, 15, 2)]) for p in rng.uniform(-500, 500, (150, 2))]
    got = share_of_lines(metric(*drawn), metric(cover_m)[0], crs=CRS)
    want = [cover_m.intersection(line).length / line.length for line in drawn]
    np.testing.assert_allclose(got, want, atol=1e-6)
    assert (got == 1.0).any()
    assert (got == 0.0).any()


def test_what_cannot_be_linked_is_refused():
    line = metric(shapely.LineString([(0, 0), (1, 1)]))
    bow = shapely.Polygon([(71, 51), (72, 52), (72, 51), (71, 52)])
    for use, code in (
        (lambda: nearest_segment([71.4], [51.1], line, max_distance_m=5.0, crs=None), "crs-missing"),
        (lambda: nearest_segment([71.4], [51.1], line, max_distance_m=5.0, crs=4326), "crs-not-metric"),
        (lambda: nearest_segment([71.4], [51.1], line, max_distance_m=0.0, crs=CRS), "distance-not-positive"),
        (
            lambda: nearest_segment([71.4], [51.1], line, segment_ids=[1, 2], max_distance_m=1.0, crs=CRS),
            "shapes-differ",
        ),
        (lambda: nearest_segment([7e6], [51.1], line, max_distance_m=5.0, crs=CRS), "coordinates-out-of-range"),
        (lambda: points_in_areas([71.4], [51.1], line), "geometry-not-polygon"),
        (lambda: points_in_areas([71.4], [51.1, 5], line), "shapes-differ"),
        (lambda: share_of_lines(line, shapely.Point(71, 51), crs=CRS), "geometry-not-polygon"),
        (lambda: share_of_lines(line, bow, crs=CRS), "geometry-invalid"),
        (lambda: share_of_lines(line, bow, crs="EPSG:4326"), "crs-not-metric"),
    ):
        with pytest.raises(InvalidInput) as fault:
            use()
        assert fault.value.code == code
