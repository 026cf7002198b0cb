from __future__ import annotations

import itertools
import math
import os
from pathlib import Path

import numpy as np
import pytest
import shapely

from geo_core.errors import InvalidInput
from geo_core.visibility import (
    CameraArrays,
    Obstacles,
    circle_areas,
    sector_areas,
    visible_areas,
)

SHARED = Path(os.environ.get("QORGAN_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def cameras(xy, *, azimuth_deg=0.0, hfov_deg=90.0, range_m=50.0, height_m=4.0, near_m=0.0):
    xy = np.atleast_2d(np.asarray(xy, dtype=float))
    spread = {
        "height_m": height_m,
        "azimuth_deg": azimuth_deg,
        "hfov_deg": hfov_deg,
        "range_m": range_m,
        "near_m": near_m,
    }
    every = {name: np.broadcast_to(np.asarray(value, dtype=float), len(xy)) for name, value in spread.items()}
    return CameraArrays(x_m=xy[:, 0], y_m=xy[:, 1], **every)


def at_viewpoints(given, seen):
    return cameras(
        seen.viewpoints,
        azimuth_deg=given.azimuth_deg,
        hfov_deg=given.hfov_deg,
        range_m=given.range_m,
        height_m=given.height_m,
    )


def town(seed, *, side=8, pitch_m=40.0):
    """Rotated rectangles, one to a block."""
    rng = np.random.default_rng(seed)
    out = []
    for i in range(side):
        for j in range(side):
            w, h = rng.uniform(8, 25, 2)
            turn = rng.uniform(-0.4, 0.4)
            c, s = math.cos(turn), math.sin(turn)
            corners = np.array([[-w, -h], [w, -h], [w, h], [-w, h]]) / 2 @ np.array([[c, s], [-s, c]])
            out.append(shapely.Polygon(corners + np.array([i, j]) * pitch_m + rng.uniform(-5, 5, 2)))
    return np.array(out, dtype=object)


def shadow_difference(eye, azimuth_deg, hfov_deg, range_m, height_m, footprints, tops, target_height_m=1.6):
    """Independent construction: a fine sector minus the union of the shadows of single edges, all with shapely."""
    turn = np.radians(90 - azimuth_deg + np.linspace(-hfov_deg / 2, hfov_deg / 2, 721))
    arc = eye + range_m * np.column_stack([np.cos(turn), np.sin(turn)])
    sector = shapely.Polygon(arc if hfov_deg >= 360 else np.vstack([eye, arc])).buffer(0)
    hidden = []
    for footprint, top in zip(footprints, tops, strict=True):
        if top <= target_height_m or shapely.distance(footprint, shapely.Point(eye)) > range_m:
            continue
        hidden.append(footprint)
        far = 1e4 if top >= height_m else (height_m - target_height_m) / (height_m - top)
        for ring in shapely.get_rings(shapely.get_parts(footprint)):
            p = shapely.get_coordinates(ring)
            for a, b in itertools.pairwise(p):
                hull = shapely.MultiPoint([a, b, eye + far * (a - eye), eye + far * (b - eye)]).convex_hull
                if hull.geom_type == "Polygon":
                    hidden.append(hull)
    return shapely.difference(sector, shapely.union_all(hidden)) if hidden else sector


def iou(a, b):
    return shapely.area(shapely.intersection(a, b)) / shapely.area(shapely.union(a, b))


def test_an_open_field_is_seen_as_the_whole_sector():
    area = visible_areas(cameras([0, 0], range_m=80.0), Obstacles.of()).polygons[0].area
    assert area == pytest.approx(5026.5, rel=0.005)
    assert area < math.pi * 80**2 / 4  # the inscribed polygon never overstates


@pytest.mark.parametrize(
    ("azimuth_deg", "point"), [(0, (0, 9)), (90, (9, 0)), (180, (0, -9)), (270, (-9, 0)), (45, (6, 6))]
)
def test_azimuth_is_clockwise_from_north(azimuth_deg, point):
    seen = visible_areas(
        cameras([0, 0], azimuth_deg=azimuth_deg, hfov_deg=20.0, range_m=10.0), Obstacles.of()
    ).polygons[0]
    assert seen.contains(shapely.Point(point))
    assert not seen.contains(shapely.Point(-point[0], -point[1]))


@pytest.mark.parametrize("hfov_deg", [90.0, 360.0])
def test_a_wall_is_cut_exactly(hfov_deg):
    """A wall 10 m wide at 10 m leaves the triangle in front of it and hides the rest of its angle."""
    seen = visible_areas(
        cameras([0, 0], hfov_deg=hfov_deg, range_m=30.0),
        Obstacles.of(walls=[shapely.LineString([(-5, 10), (5, 10)])]),
        angular_step_deg=0.1,
    ).polygons[0]
    hidden = 2 * math.atan(0.5)
    expected = 50.0 + (math.radians(hfov_deg) - hidden) * 30**2 / 2
    assert seen.area == pytest.approx(expected, rel=1e-5)
    assert {(-5.0, 10.0), (5.0, 10.0)} <= {(round(x, 6), round(y, 6)) for x, y in seen.exterior.coords}


@pytest.mark.parametrize("azimuth_deg", [0.0, 77.0, 180.0, 301.0])
def test_a_wall_straight_behind_an_all_round_camera_is_not_lost(azimuth_deg):
    """The branch cut of the angle lies behind the camera: the wall there must still hide."""
    wall = shapely.LineString([(-5, -10), (5, -10)])
    seen = visible_areas(cameras([0, 0], azimuth_deg=azimuth_deg, hfov_deg=360.0), Obstacles.of(walls=[wall])).polygons[
        0
    ]
    assert seen.contains(shapely.Point(0, -9.9))
    assert not seen.contains(shapely.Point(0, -10.1))
    assert shapely.is_valid(seen)


@pytest.mark.parametrize("hfov_deg", [60.0, 90.0, 180.0, 250.0])
def test_a_camera_facing_a_wall_at_one_metre_sees_less_than_two_percent(hfov_deg):
    wall = shapely.box(-200, 1, 200, 12)
    given = cameras([0, 0], hfov_deg=min(hfov_deg, 120.0), range_m=80.0)
    seen = visible_areas(given, Obstacles.of([wall])).polygons[0]
    assert seen.area < 0.02 * sector_areas(given)[0].area


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("low", [False, True])
def test_two_hundred_random_cameras_agree_with_differences_of_shadows(seed, low):
    rng = np.random.default_rng(seed)
    buildings = town(seed)
    tops = rng.uniform(1.0, 9.0, len(buildings)) if low else np.full(len(buildings), 12.0)
    agreed = compare_with_shadows(rng, buildings, tops, number=100, range_m=60.0)
    assert agreed.mean() >= 0.999
    assert agreed.min() >= 0.99


def compare_with_shadows(rng, buildings, tops, *, number, range_m, least_m2=300.0):
    """IoU of cameras, half of them on corners of buildings, against the independent construction."""
    corners = shapely.get_coordinates(buildings)
    low, high = corners.min(axis=0), corners.max(axis=0)
    xy = np.concatenate([rng.uniform(low, high, (3 * number, 2)), rng.permutation(corners)[: 2 * number]])
    given = cameras(
        xy,
        azimuth_deg=rng.uniform(0, 360, len(xy)),
        hfov_deg=rng.choice([40.0, 90.0, 110.0, 200.0, 360.0], len(xy)),
        range_m=range_m,
        height_m=rng.uniform(3, 7, len(xy)),
    )
    seen = visible_areas(given, Obstacles.of(buildings, tops))
    assert shapely.is_valid(seen.polygons).all()
    big = np.flatnonzero(shapely.area(seen.polygons) > least_m2)
    chosen = np.concatenate([big[big < 3 * number][: number // 2], big[big >= 3 * number][: number - number // 2]])
    assert len(chosen) == number
    tree = shapely.STRtree(buildings)
    out = []
    for i in chosen:
        near = tree.query(shapely.Point(seen.viewpoints[i]).buffer(range_m))
        truth = shadow_difference(
            seen.viewpoints[i],
            given.azimuth_deg[i],
            given.hfov_deg[i],
            range_m,
            given.height_m[i],
            buildings[near],
            tops[near],
        )
        out.append(iou(seen.polygons[i], truth))
    return np.array(out)


def helsinki_buildings():
    osmium = pytest.importorskip("osmium")
    import pyproj

    path = SHARED / "osm" / "helsinki_centre.osm.pbf"
    if not path.exists():
        pytest.skip(f"real buildings are not here: {path}")
    key = osmium.filter.KeyFilter("building")
    factory = osmium.geom.WKBFactory()
    shapes = [
        shapely.from_wkb(factory.create_multipolygon(o))
        for o in osmium.FileProcessor(str(path)).with_areas(key).with_filter(key)
        if o.is_area()
    ]
    metric = pyproj.Transformer.from_crs(4326, 3067, always_xy=True)
    return shapely.transform(
        np.array(shapes, dtype=object), lambda p: np.column_stack(metric.transform(p[:, 0], p[:, 1]))
    )


def test_two_hundred_cameras_among_real_buildings_agree_with_differences_of_shadows():
    buildings = helsinki_buildings()
    rng = np.random.default_rng(7)
    tops = np.where(rng.random(len(buildings)) < 0.2, rng.uniform(2, 6, len(buildings)), 15.0)
    agreed = compare_with_shadows(rng, buildings, tops, number=200, range_m=60.0)
    print(f"{len(agreed)} cameras: mean IoU {agreed.mean():.5f}, worst {agreed.min():.5f}")
    assert agreed.mean() >= 0.97
    assert agreed.min() >= 0.90


def test_heights_agree_with_lines_of_sight_in_three_dimensions():
    """Oracle without any plane geometry of shadows: the lowest point of each line of sight over each building."""
    rng = np.random.default_rng(3)
    buildings = town(3, side=5)
    tops = rng.uniform(1.0, 6.5, len(buildings))
    given = cameras(
        rng.uniform(0, 160, (40, 2)),
        azimuth_deg=rng.uniform(0, 360, 40),
        hfov_deg=120.0,
        height_m=rng.uniform(3, 9, 40),
    )
    seen = visible_areas(given, Obstacles.of(buildings, tops))
    compared = 0
    for i in np.flatnonzero(~seen.inside_building):
        eye, lens = seen.viewpoints[i], given.height_m[i]
        turn = np.radians(90 - given.azimuth_deg[i] + rng.uniform(-59, 59, 60))
        far = rng.uniform(0.5, 49, 60)
        targets = eye + far[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
        sight = shapely.linestrings(np.stack([np.broadcast_to(eye, targets.shape), targets], axis=1))
        free = np.ones(60, dtype=bool)
        for body, top in zip(buildings, tops, strict=True):
            over = shapely.intersection(sight, body)
            for t in np.flatnonzero(~shapely.is_empty(over)):
                last = np.linalg.norm(shapely.get_coordinates(over[t]) - eye, axis=1).max()
                free[t] &= top <= lens - (lens - 1.6) * last / far[t]
        near_boundary = shapely.distance(shapely.boundary(seen.polygons[i]), shapely.points(targets)) < 1e-3
        got = shapely.contains_xy(seen.polygons[i], targets[:, 0], targets[:, 1])
        assert (got == free)[~near_boundary].all()
        compared += 60
    assert compared > 1500


def test_an_obstacle_below_the_line_of_sight_does_not_hide_and_hides_only_a_strip_when_lower_than_the_lens():
    wall = shapely.LineString([(-50, 10), (50, 10)])
    seen = {
        top: visible_areas(
            cameras([0, 0], hfov_deg=20.0, range_m=60.0, height_m=5.0),
            Obstacles.of(walls=[wall], wall_top_height_m=[top]),
        ).polygons[0]
        for top in (1.6, 3.3, 5.0)
    }
    # k = (5 − 1.6) / (5 − 3.3) = 2: hidden from 10 to 20 m
    sees = {
        top: [shapely.contains_xy(area, 0.0, y) for y in (9.9, 10.1, 19.9, 20.1, 59.0)] for top, area in seen.items()
    }
    assert sees == {
        1.6: [True, True, True, True, True],
        3.3: [True, False, False, True, True],
        5.0: [True, False, False, False, False],
    }


def test_a_camera_over_a_roof_looks_down_past_its_edge():
    roof = shapely.box(-100, -100, 100, 5)
    given = cameras([0, 0], hfov_deg=20.0, range_m=60.0, height_m=9.0)
    seen = visible_areas(given, Obstacles.of([roof], [5.3]))
    assert not seen.inside_building[0]
    # k = (9 − 1.6) / (9 − 5.3) = 2: the roof's edge at 5 m hides up to 10 m
    assert [shapely.contains_xy(seen.polygons[0], 0.0, y) for y in (4.0, 9.9, 10.1, 59.0)] == [False, False, True, True]
    wide = shapely.box(-200, -200, 200, 200)
    assert visible_areas(given, Obstacles.of([wide], [5.3])).polygons[0].is_empty


@pytest.mark.parametrize(
    ("xy", "whole_turn_share"),
    [((10, 5), 0.5), ((10, 10), 0.75), ((9.6, 5), 0.5), ((20, 10), 0.25), ((5, 0), 0.5)],
)
def test_a_camera_on_a_wall_or_corner_sees_outward(xy, whole_turn_share):
    """On a wall, on an outer corner, just inside a wall, in an inner corner of two houses, on the lower wall."""
    chosen = [shapely.box(0, 0, 10, 10)]
    if xy == (20, 10):
        chosen = [shapely.box(20, -60, 30, 80), shapely.box(-60, 10, 20, 20)]
    seen = visible_areas(cameras(xy, hfov_deg=360.0, range_m=5.0), Obstacles.of(chosen))
    assert not seen.inside_building[0]
    assert np.linalg.norm(seen.viewpoints[0] - xy) < 0.5
    assert seen.polygons[0].area == pytest.approx(whole_turn_share * math.pi * 25, rel=0.06)


def test_a_camera_on_the_joint_of_two_houses_is_put_outside_both():
    row = [shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)]
    seen = visible_areas(cameras([10, 9.8], hfov_deg=360.0, range_m=5.0), Obstacles.of(row))
    assert seen.viewpoints[0][1] > 10
    assert seen.polygons[0].area == pytest.approx(math.pi * 25 / 2, rel=0.02)


def test_a_camera_deep_inside_a_building_sees_nothing_and_is_flagged():
    given = cameras([[5, 5], [9.8, 5]], hfov_deg=360.0)
    seen = visible_areas(given, Obstacles.of([shapely.box(0, 0, 10, 10)]))
    assert seen.inside_building.tolist() == [True, False]
    assert seen.polygons[0].is_empty
    assert visible_areas(given, Obstacles.of([shapely.box(0, 0, 10, 10)]), mount_tolerance_m=0.1).inside_building.all()


def test_a_camera_in_a_courtyard_sees_the_courtyard():
    house = shapely.box(0, 0, 40, 40).difference(shapely.box(10, 10, 30, 30))
    seen = visible_areas(cameras([20, 20], hfov_deg=360.0, range_m=80.0), Obstacles.of([house]))
    assert shapely.symmetric_difference(seen.polygons[0], shapely.box(10, 10, 30, 30)).area < 1e-6


def test_true_view_lies_in_the_sector_and_the_sector_in_the_circle():
    rng = np.random.default_rng(11)
    given = cameras(
        rng.uniform(0, 280, (300, 2)),
        azimuth_deg=rng.uniform(0, 360, 300),
        hfov_deg=rng.choice([30.0, 90.0, 185.0, 360.0], 300),
        range_m=rng.uniform(5, 80, 300),
    )
    tops = rng.uniform(1, 9, 64)
    seen = visible_areas(given, Obstacles.of(town(11), tops))
    moved = at_viewpoints(given, seen)
    sectors, circles = sector_areas(moved), circle_areas(moved)
    assert shapely.area(shapely.difference(seen.polygons, sectors)).max() < 1e-6
    assert shapely.area(shapely.difference(sectors, circles)).max() < 1e-6
    assert shapely.area(circles).mean() > shapely.area(sectors).mean() > shapely.area(seen.polygons).mean() > 0


def test_a_longer_range_never_sees_less():
    rng = np.random.default_rng(12)
    xy, azimuth_deg = rng.uniform(0, 280, (100, 2)), rng.uniform(0, 360, 100)
    obstacles = Obstacles.of(town(12), rng.uniform(1, 9, 64))
    areas = [
        visible_areas(cameras(xy, azimuth_deg=azimuth_deg, range_m=r), obstacles).polygons for r in (10.0, 25.0, 70.0)
    ]
    assert shapely.area(shapely.difference(areas[0], areas[1])).max() < 1e-6
    assert shapely.area(shapely.difference(areas[1], areas[2])).max() < 1e-6


def test_one_more_wall_never_adds():
    rng = np.random.default_rng(13)
    buildings, tops = town(13), rng.uniform(1, 9, 64)
    given = cameras(rng.uniform(0, 280, (100, 2)), azimuth_deg=rng.uniform(0, 360, 100), hfov_deg=120.0, range_m=60.0)
    before = visible_areas(given, Obstacles.of(buildings, tops))
    ends = rng.uniform(0, 280, (25, 2))
    walls = shapely.linestrings(np.stack([ends, ends + rng.uniform(-20, 20, (25, 2))], axis=1))
    after = visible_areas(given, Obstacles.of(buildings, tops, walls=walls, wall_top_height_m=np.full(25, 3.0)))
    assert shapely.area(shapely.difference(after.polygons, before.polygons)).max() < 1e-6
    assert shapely.area(after.polygons).sum() < shapely.area(before.polygons).sum()


def test_the_blind_foot_is_taken_away():
    seen = visible_areas(cameras([[0, 0], [0, 0]], hfov_deg=360.0, range_m=20.0, near_m=[5.0, 20.0]), Obstacles.of())
    assert seen.polygons[0].area == pytest.approx(math.pi * (400 - 25), rel=0.002)
    assert not shapely.contains_xy(seen.polygons[0], 0.0, 4.9)
    assert seen.polygons[1].is_empty


def test_unknown_heights_take_the_stated_default_and_are_counted():
    wall = shapely.box(-20, 10, 20, 12)
    unknown = Obstacles.of([wall], [math.nan])
    assert (unknown.unknown_heights, unknown.footprint_top_m.tolist()) == (1, [9.0])
    assert Obstacles.of([wall], [math.nan], unknown_top_m=2.0).footprint_top_m.tolist() == [2.0]


def test_collinear_points_are_dropped():
    wall = shapely.LineString([(-30, 10), (30, 10)])
    seen = visible_areas(cameras([0, 0], range_m=50.0), Obstacles.of(walls=[wall]), angular_step_deg=0.5).polygons[0]
    assert len(seen.exterior.coords) == 4  # a triangle


def test_a_far_camera_and_no_camera_are_no_special_cases():
    obstacles = Obstacles.of(town(5))
    far = cameras([[-1e5, -1e5], [1e5, 1e5], [100, 1e5]], range_m=30.0)
    assert shapely.area(visible_areas(far, obstacles).polygons) == pytest.approx(
        shapely.area(sector_areas(far)), rel=1e-6
    )
    assert len(visible_areas(far.take([]), obstacles).polygons) == 0


@pytest.mark.parametrize("field", ["x_m", "height_m", "azimuth_deg", "hfov_deg", "range_m"])
def test_a_camera_without_a_pose_is_refused_and_never_guessed(field):
    values = {"x_m": 0.0, "y_m": 0.0, "height_m": 4.0, "azimuth_deg": 0.0, "hfov_deg": 90.0, "range_m": 9.0}
    with pytest.raises(InvalidInput) as caught:
        CameraArrays(**{name: np.array([value]) for name, value in (values | {field: math.nan}).items()})
    assert caught.value.params["field"] == field


def test_points_are_no_obstacles_and_heights_must_fit():
    with pytest.raises(InvalidInput):
        Obstacles.of([shapely.Point(0, 0)])
    with pytest.raises(InvalidInput):
        Obstacles.of([shapely.box(0, 0, 1, 1)], [3.0, 4.0])
    with pytest.raises(InvalidInput):
        visible_areas(cameras([0, 0]), Obstacles.of(), angular_step_deg=0.0)
