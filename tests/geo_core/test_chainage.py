"""A kilometre along drawn lines: against the geodesic itself, in any order and direction, over gaps and forks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from pyproj import Geod

from geo_core.chainage import LEAST_ERROR_M, course, locate

GEOD = Geod(ellps="WGS84")


def geodesic(
    length_m: float, *, steps: int = 60, lon: float = 76.9, lat: float = 52.2, azimuth: float = 40.0
) -> np.ndarray:
    """Points of a geodesic, both ends included."""
    far = GEOD.fwd(lon, lat, azimuth, length_m)[:2]
    inner = GEOD.npts(lon, lat, *far, steps - 1)
    return np.array([(lon, lat), *inner, far])


def cut(points: np.ndarray, pieces: int) -> list[np.ndarray]:
    at = np.linspace(0, len(points) - 1, pieces + 1).astype(int)
    return [points[a : b + 1] for a, b in itertools.pairwise(at)]


@pytest.mark.parametrize("seed", range(5))
def test_a_road_in_shuffled_pieces_is_measured_to_the_metre(seed):
    rng = np.random.default_rng(seed)
    whole = geodesic(120_000, azimuth=float(rng.uniform(0, 360)))
    pieces = cut(whole, 17)
    turned = {int(n) for n in rng.choice(17, 5, replace=False)}
    drawn = [piece[::-1] if n in turned else piece for n, piece in enumerate(pieces)]
    found = course([drawn[int(n)] for n in rng.permutation(17)])
    assert found.length_m == pytest.approx(120_000, abs=1)
    for distance in (0, 37_000, 85_400, 120_000 - 1):
        point = locate(found, distance)
        expected = GEOD.fwd(*whole[0], GEOD.inv(*whole[0], *whole[-1])[0], distance)[:2]
        assert GEOD.inv(point.lon, point.lat, *expected)[2] < 1.5


def test_the_beginning_is_where_most_of_the_road_is_drawn_from():
    whole = geodesic(10_000)
    assert course([whole[::-1]]).points[0] == pytest.approx(whole[-1])
    assert course([whole]).points[0] == pytest.approx(whole[0])


def test_a_gap_is_bridged_counted_and_told_as_error():
    whole = geodesic(20_000, steps=200)
    found = course([whole[:90], whole[110:]])
    assert found.length_m == pytest.approx(20_000, abs=5)
    assert locate(found, 5_000).error_m == LEAST_ERROR_M
    assert locate(found, 15_000).error_m == pytest.approx(150 + 2_100, abs=120)


def test_what_lies_too_far_apart_is_not_one_road():
    whole = geodesic(40_000, steps=200)
    found = course([whole[:60], whole[120:]])
    assert found.length_m == pytest.approx(40_000 * 79 / 200, rel=0.03)


def test_a_branch_is_left_out_and_counted():
    whole = geodesic(30_000, steps=100)
    branch = geodesic(4_000, lon=whole[50][0], lat=whole[50][1], azimuth=130)
    found = course([whole[:51], whole[50:], branch])
    assert found.length_m == pytest.approx(30_000, abs=1)
    assert found.left_out_m == pytest.approx(4_000, abs=1)


def test_beyond_the_end_there_is_nothing():
    found = course([geodesic(5_000)])
    assert locate(found, 5_001) is None
    assert locate(found, -1) is None
    assert course([]) is None
    assert course([np.array([[76.9, 52.2], [76.9, 52.2]])]) is None
