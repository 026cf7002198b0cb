"""Points judged by roads, water and districts, against plain distances."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely

from etl.surroundings import METRES_PER_DEGREE, RoadDistance, Surroundings, spellings
from layers.queries.quality_places import PlacesNearby

LON, LAT = 71.4, 51.1
WIDE = METRES_PER_DEGREE * np.cos(np.deg2rad(LAT))


def at(x_m, y_m):
    return LON + np.asarray(x_m, dtype=float) / WIDE, LAT + np.asarray(y_m, dtype=float) / METRES_PER_DEGREE


def line(*places):
    return shapely.linestrings(np.column_stack(at([p[0] for p in places], [p[1] for p in places])))


def box(west, south, east, north):
    return shapely.box(*(float(v) for v in (at(west, 0)[0], at(0, south)[1], at(east, 0)[0], at(0, north)[1])))


def around(*, roads=(), water=(), districts=(), codes=()):
    def shapes(given):
        out = np.empty(len(given), dtype=object)
        out[:] = list(given)
        return out

    return Surroundings(PlacesNearby(shapes(roads), shapes(water), shapes(districts), tuple(codes)))


@pytest.mark.parametrize("limit", [30.0, 200.0, 2000.0])
def test_distances_to_roads_agree_with_shapely(limit):
    rng = np.random.default_rng(1)
    roads = np.array([line(*rng.uniform(-6000, 6000, (rng.integers(2, 6), 2)).tolist()) for _ in range(12)])
    reach = RoadDistance(roads)
    scale = np.array(reach.scale)
    lon, lat = at(rng.uniform(-9000, 9000, 4000), rng.uniform(-9000, 9000, 4000))
    lon[0] = np.nan
    union = shapely.union_all(shapely.transform(roads, lambda c: c * scale))
    distance = shapely.distance(union, shapely.points(lon[1:] * scale[0], lat[1:] * scale[1]))
    found = reach.farther(lon, lat, limit)
    assert not found[0]
    assert (found[1:] == (distance > limit)).all()
    assert 0.05 < found.mean() < 0.99


def test_far_from_roads_is_judged_only_where_there_are_roads():
    place = around(roads=[line((-3000, 0), (3000, 0))])
    lon, lat = at([0, 0, 0, 0], [50, 190, 210, 5000])
    assert place.far_from_road(lon, lat).tolist() == [False, False, True, False]


def test_a_bridge_is_not_in_the_water():
    place = around(roads=[line((0, -500), (0, 500))], water=[box(-200, -100, 200, 100)])
    lon, lat = at([10, 100, 300, np.nan], [0, 0, 0, 0])
    assert place.in_water(lon, lat).tolist() == [False, True, False, False]


def test_a_row_far_outside_the_district_it_names_is_noted_and_one_on_its_border_is_not():
    place = around(districts=[box(0, 0, 2000, 2000), box(2000, 0, 4000, 2000)], codes=["711110000", "711310000"])
    lon, lat = at([1000, 2050, 2150, 2150, 3000, 3000], [1000] * 6)
    codes = pa.array(["197111", "197111", "197111 a district", "711110000", "999999", None])
    assert place.outside_district(lon, lat, codes).tolist() == [False, False, True, True, False, False]


def test_a_code_two_districts_could_mean_says_nothing():
    place = around(districts=[box(0, 0, 10, 10), box(20, 0, 30, 10)], codes=["711110100", "711110200"])
    lon, lat = at([5000], [0])
    assert not place.outside_district(lon, lat, pa.array(["197111"])).any()
    assert place.outside_district(lon, lat, pa.array(["711110100"])).all()


def test_nothing_around_judges_nothing():
    place = around()
    lon, lat = at([0], [0])
    assert not (place.far_from_road(lon, lat) | place.in_water(lon, lat)).any()
    assert not place.outside_district(lon, lat, pa.array(["197111"])).any()


def test_codes_are_spelt_as_the_registers_do():
    assert spellings("711110000") == {"711110000", "197111"}
    assert spellings("12") == set()
