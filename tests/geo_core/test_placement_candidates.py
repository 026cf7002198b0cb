from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo_core.errors import InvalidInput
from geo_core.placement import PlacementProblem, solve_max_cover
from geo_core.placement.candidates import StandardCamera, candidate_poses, corner_sites
from geo_core.visibility import Obstacles

STANDARD = StandardCamera(range_m=40.0, hfov_deg=90.0, height_m=4.0)


def blocks():
    return np.array([shapely.box(x, y, x + 20, y + 15) for x in (0, 50, 100) for y in (0, 45, 90)], dtype=object)


def test_outer_corners_are_sites_and_inner_corners_and_points_along_a_wall_are_not():
    ell = shapely.Polygon([(0, 0), (10, 0), (20, 0), (20, 10), (10, 10), (10, 20), (0, 20)])
    assert corner_sites(np.array([ell, ell.reverse()])).tolist() == [[0, 0], [0, 20], [10, 20], [20, 0], [20, 10]]
    court = shapely.box(0, 0, 40, 40).difference(shapely.box(10, 10, 30, 30))
    assert len(corner_sites(np.array([court]))) == 4  # corners of the courtyard turn inward for who stands in it
    assert corner_sites(np.array([], dtype=object)).shape == (0, 2)


def test_candidates_see_what_they_say_and_poses_that_see_nothing_are_left_out():
    rng = np.random.default_rng(2)
    demand = rng.uniform(-10, 130, (150, 2))
    got = candidate_poses(corner_sites(blocks()), demand, Obstacles.of(blocks()), STANDARD, azimuths=6)
    assert got.cover.shape == (150, len(got))
    assert (got.cover.sum(axis=0) > 0).all()
    expected = shapely.intersects(got.areas[None, :], shapely.points(demand)[:, None])
    assert (got.cover.toarray() == expected).all()
    place = np.column_stack([got.cameras.x_m, got.cameras.y_m])
    assert (place == corner_sites(blocks())[got.site]).all()
    free = demand[~shapely.intersects(blocks()[:, None], shapely.points(demand)[None, :]).any(axis=0)]
    assert 0.3 < got.cover.sum(axis=1).astype(bool).sum() / len(free) <= 1.0


def test_leaving_out_dominated_poses_does_not_change_the_best_plan():
    rng = np.random.default_rng(3)
    demand, sites = rng.uniform(-10, 130, (80, 2)), corner_sites(blocks())
    every = candidate_poses(sites, demand, Obstacles.of(blocks()), STANDARD, azimuths=8)
    best = candidate_poses(sites, demand, Obstacles.of(blocks()), STANDARD, azimuths=8, drop_dominated=True)
    assert len(best) < len(every)
    objective = [
        solve_max_cover(PlacementProblem(cover=c.cover, weights=np.ones(80), p=4)).objective for c in (every, best)
    ]
    assert objective[0] == objective[1] > 0


def test_no_sites_or_no_demand_give_no_candidates():
    obstacles = Obstacles.of(blocks())
    assert len(candidate_poses(np.empty((0, 2)), [[0.0, 0.0]], obstacles, STANDARD)) == 0
    assert candidate_poses([[0.0, 0.0]], np.empty((0, 2)), obstacles, STANDARD).cover.shape == (0, 0)
    assert len(candidate_poses([[0.0, 0.0]], [[500.0, 500.0]], obstacles, STANDARD)) == 0


@pytest.mark.parametrize(
    ("sites", "azimuths", "field"), [([[np.nan, 0.0]], 4, "sites_xy"), ([[0.0, 0.0]], 0, "azimuths")]
)
def test_candidates_without_place_or_direction_are_refused(sites, azimuths, field):
    with pytest.raises(InvalidInput) as caught:
        candidate_poses(sites, [[1.0, 1.0]], Obstacles.of(), STANDARD, azimuths=azimuths)
    assert caught.value.params == {"field": field}
