from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from geo_core.coverage import (
    Share,
    cell_matrix,
    cell_shares,
    honesty,
    point_matrix,
    points_seen,
    segment_shares,
    touched,
)
from geo_core.errors import InvalidInput
from geo_core.visibility import CameraArrays, Obstacles, circle_areas, sector_areas, visible_areas


def objects(*geometries):
    return np.array(geometries, dtype=object)


NOTHING = np.empty(0, dtype=object)


@pytest.fixture(scope="module")
def city():
    """120 cameras among 49 blocks, and cells that tile the place."""
    rng = np.random.default_rng(4)
    blocks = objects(*[shapely.box(x, y, x + 18, y + 14) for x in range(0, 280, 40) for y in range(0, 280, 40)])
    number = 120
    cameras = CameraArrays(
        x_m=rng.uniform(0, 280, number),
        y_m=rng.uniform(0, 280, number),
        height_m=np.full(number, 4.0),
        azimuth_deg=rng.uniform(0, 360, number),
        hfov_deg=np.full(number, 90.0),
        range_m=np.full(number, 45.0),
    )
    seen = visible_areas(cameras, Obstacles.of(blocks))
    cells = objects(*[shapely.box(x, y, x + 35, y + 35) for x in range(-70, 350, 35) for y in range(-70, 350, 35)])
    return cameras, seen, cells


def test_ground_that_three_cameras_see_counts_once():
    views = objects(shapely.box(0, 0, 10, 10), shapely.box(0, 0, 10, 5), shapely.box(0, 0, 5, 10))
    got = cell_shares(views, objects(shapely.box(0, 0, 20, 10), shapely.box(50, 0, 60, 10)))
    assert got.seen.tolist() == [100.0, 0.0]
    assert got.backup.tolist() == [75.0, 0.0]
    assert got.seen_share.tolist() == [0.5, 0.0]
    assert got.overall() == Share(covered=100.0, total=300.0)


def test_cells_sum_to_the_area_of_the_union_and_backup_to_that_of_pairs(city):
    _, seen, cells = city
    got = cell_shares(seen.polygons, cells)
    assert got.seen.sum() == pytest.approx(shapely.union_all(seen.polygons).area, rel=1e-9)
    pairs = [a.intersection(b) for i, a in enumerate(seen.polygons) for b in seen.polygons[i + 1 :] if a.intersects(b)]
    assert got.backup.sum() == pytest.approx(shapely.union_all(pairs).area, rel=1e-9)
    assert (got.seen <= got.total).all()
    assert (got.backup <= got.seen).all()
    assert got.seen.sum() < shapely.area(seen.polygons).sum()


def test_lengths_of_streets_seen_agree_with_cutting_by_the_union(city):
    _, seen, _ = city
    rng = np.random.default_rng(8)
    lines = objects(*[shapely.LineString(rng.uniform(-50, 330, (5, 2))) for _ in range(30)])
    got = segment_shares(seen.polygons, lines)
    union = shapely.union_all(seen.polygons)
    assert got.seen == pytest.approx(shapely.length(shapely.intersection(lines, union)), rel=1e-6)
    assert got.total == pytest.approx(shapely.length(lines))
    assert (got.backup <= got.seen + 1e-9).all()
    assert got.backup.sum() > 0


def test_a_loop_that_runs_twice_over_the_same_ground_is_seen_twice_as_long_and_no_camera_counts_double():
    there_and_back = shapely.LineString([(0, 0), (10, 0), (0, 0)])
    views = objects(shapely.box(2, -1, 5, 1), shapely.box(4, -1, 7, 1))
    got = segment_shares(views, objects(there_and_back))
    assert got.seen.tolist() == pytest.approx([10.0])
    assert got.backup.tolist() == pytest.approx([2.0])
    assert got.total.tolist() == [20.0]


def test_a_street_along_the_edge_of_a_view_and_one_that_touches_it():
    views = objects(shapely.box(0, 0, 10, 10))
    got = segment_shares(
        views, objects(shapely.LineString([(2, 10), (6, 10)]), shapely.LineString([(10, 10), (20, 20)]))
    )
    assert got.seen.tolist() == pytest.approx([4.0, 0.0])


def test_multilines_with_repeated_points_keep_their_length():
    line = shapely.MultiLineString([[(0, 0), (3, 0), (3, 0), (3, 4)], [(10, 0), (12, 0)]])
    got = segment_shares(objects(shapely.box(2, -1, 11, 2)), objects(line))
    assert (got.seen[0], got.total[0]) == pytest.approx((1 + 2 + 1, 9.0))


def test_no_cameras_see_nothing_and_no_features_are_no_case():
    cells, lines = objects(shapely.box(0, 0, 1, 1)), objects(shapely.LineString([(0, 0), (1, 0)]))
    assert cell_shares(NOTHING, cells).seen.tolist() == [0.0]
    assert segment_shares(NOTHING, lines).seen.tolist() == [0.0]
    assert segment_shares(objects(shapely.Polygon()), lines).seen.tolist() == [0.0]
    assert len(cell_shares(cells, NOTHING).seen) == len(segment_shares(cells, NOTHING).seen) == 0
    assert points_seen(NOTHING, [[0.0, 0.0]]).tolist() == [0]
    assert points_seen(cells, np.empty((0, 2))).tolist() == []
    assert touched(NOTHING, NOTHING, cells).tolist() == []


def test_matrices_agree_with_shapely_pair_by_pair(city):
    _, seen, cells = city
    rng = np.random.default_rng(9)
    xy = rng.uniform(0, 280, (200, 2))
    expected = shapely.intersects(seen.polygons[:, None], shapely.points(xy)[None, :])
    assert (point_matrix(seen.polygons, xy).toarray() == expected).all()
    assert points_seen(seen.polygons, xy).tolist() == expected.sum(axis=0).tolist()
    shares = shapely.area(shapely.intersection(seen.polygons[:, None], cells[None, :])) / shapely.area(cells)
    assert cell_matrix(seen.polygons, cells).toarray() == pytest.approx(shares, abs=1e-12)


def test_a_point_exactly_on_the_edge_is_seen_and_a_place_not_known_is_refused():
    view = objects(shapely.box(0, 0, 10, 10))
    assert points_seen(view, [[10.0, 5.0], [10.0001, 5.0]]).tolist() == [1, 0]
    with pytest.raises(InvalidInput) as caught:
        points_seen(view, [[math.nan, 1.0], [1.0, 1.0]])
    assert caught.value.params == {"number": 1}


def test_only_touched_cells_can_change(city):
    cameras, seen, cells = city
    turned = CameraArrays(
        **{name: getattr(cameras, name) for name in ("x_m", "y_m", "height_m", "hfov_deg", "range_m")},
        azimuth_deg=np.where(np.arange(len(cameras)) < 3, cameras.azimuth_deg + 120, cameras.azimuth_deg),
    )
    blocks = Obstacles.of([shapely.box(x, y, x + 18, y + 14) for x in range(0, 280, 40) for y in range(0, 280, 40)])
    after = visible_areas(turned, blocks).polygons
    changed = touched(seen.polygons[:3], after[:3], cells)
    full_before, full_after = cell_shares(seen.polygons, cells), cell_shares(after, cells)
    different = np.flatnonzero(np.abs(full_before.seen - full_after.seen) > 1e-9)
    assert 0 < len(changed) < len(cells) / 2
    assert set(different) <= set(changed)
    redone = cell_shares(after, cells[changed])
    assert redone.seen == pytest.approx(full_after.seen[changed], abs=1e-9)


def test_circles_claim_more_than_sectors_and_sectors_more_than_is_seen(city):
    cameras, seen, _ = city
    region = shapely.box(0, 0, 280, 280)
    got = honesty(circle_areas(cameras), sector_areas(cameras), seen.polygons, region=region)
    assert got.true_m2 < got.sector_m2 < got.circle_m2 < got.region_m2 == 280**2
    assert got.circle_overstatement == pytest.approx(got.circle_m2 / got.true_m2)
    assert got.circle_overstatement > got.sector_overstatement > 1
    assert honesty(NOTHING, NOTHING, NOTHING).true_m2 == 0.0
    assert math.isnan(honesty(NOTHING, NOTHING, NOTHING).circle_overstatement)


def test_a_share_of_nothing_known_is_unknown_and_not_zero():
    assert math.isnan(Share(covered=0.0, total=0.0, unknown=5.0).share)
