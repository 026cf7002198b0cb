"""Position of the sun and darkness of moments and intervals.

The oracle's values are from NREL's Solar Position Algorithm (Reda & Andreas 2004, ±0.0003°) as implemented in pvlib 0.16.1,
``solarposition.spa_python(...).elevation`` (true elevation, without refraction).
"""

import numpy as np
import pytest

from geo_core.errors import InvalidInput
from geo_core.sun import dark_of_interval, is_dark, solar_elevation_deg

ORACLE = [
    ("1950-02-11T03:14:15", 71.43, 51.13, 4.5338),
    ("2026-06-21T16:45:00", 76.9, 43.25, -16.9946),
    ("2024-12-21T05:30:00", 24.94, 60.17, -11.8191),
    ("2026-03-20T18:22:10", -1.55, 53.8, -1.2252),
    ("2019-10-05T13:00:00", 76.95, 52.28, -6.7071),
    ("2030-01-15T10:40:00", 18.95, 69.65, -0.7539),
    ("2021-11-02T19:05:00", 151.2, -33.87, 1.5170),
    ("2016-02-29T23:59:59", -70.9, -53.2, -3.4011),
    ("2026-09-23T06:00:00", 0.0, 0.0, 1.8825),
    ("2080-07-04T20:00:00", 71.43, 51.13, -15.6040),
]


@pytest.mark.parametrize(("moment", "lon", "lat", "elevation"), ORACLE)
def test_elevation_is_within_two_hundredths_of_a_degree_of_the_solar_position_algorithm(moment, lon, lat, elevation):
    assert solar_elevation_deg(lon, lat, np.datetime64(moment)) == pytest.approx(elevation, abs=0.02)


def low_precision_elevation_deg(lon, lat, moments):
    """The Astronomical Almanac's low-precision sun (page C5; ±0.01° for 1950–2050), written apart from ours."""
    n = (moments - np.datetime64("2000-01-01T12:00:00")) / np.timedelta64(1, "D")
    mean, anomaly = 280.460 + 0.9856474 * n, np.radians(357.528 + 0.9856003 * n)
    longitude = np.radians(mean + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    tilt = np.radians(23.439 - 0.0000004 * n)
    sun = np.stack([np.cos(longitude), np.cos(tilt) * np.sin(longitude), np.sin(tilt) * np.sin(longitude)])
    day = np.floor(n - 0.5) + 0.5  # the last midnight: n counts from noon
    sidereal_h = 6.697375 + 0.0657098242 * day + 1.00273791 * (n - day) * 24
    theta = np.radians(15 * sidereal_h + lon)
    phi = np.radians(lat)
    zenith = np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)])
    return np.degrees(np.arcsin((sun * zenith).sum(axis=0)))


def random_moments(count, seed):
    rng = np.random.default_rng(seed)
    moments = np.datetime64("1970-01-01T00:00:00") + rng.integers(0, 75 * 366 * 86400, count)
    return rng.uniform(-180, 180, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count))), moments


def test_elevation_agrees_with_an_independent_almanac_everywhere_and_always():
    lon, lat, moments = random_moments(20_000, 1)
    ours = solar_elevation_deg(lon, lat, moments)
    assert np.abs(ours - low_precision_elevation_deg(lon, lat, moments)).max() < 0.05


def test_a_place_or_moment_nobody_knows_gives_unknown():
    moments = np.array(["2026-01-01T00:00", "NaT", "2026-01-01T00:00", "2026-01-01T06:00"], "datetime64[m]")
    got = is_dark([71.4, 71.4, np.nan, 71.4], [51.1, 51.1, 51.1, 51.1], moments)
    np.testing.assert_array_equal(got, [1.0, np.nan, np.nan, 0.0])
    late = moments + np.timedelta64(1, "h")
    np.testing.assert_array_equal(
        dark_of_interval([71.4, 71.4, np.nan, 71.4], 51.1, moments, late), [1.0, np.nan, np.nan, 0.0]
    )


def test_the_threshold_itself_is_light():
    moment = np.datetime64("2026-05-05T15:30")
    elevation = float(solar_elevation_deg(71.4, 51.1, moment))
    assert is_dark(71.4, 51.1, moment, threshold_deg=elevation) == 0.0
    assert is_dark(71.4, 51.1, moment, threshold_deg=np.nextafter(elevation, 90)) == 1.0


def test_june_nights_of_pavlodar_are_short_and_december_nights_long():
    for day, low, high in (("2026-06-21", 4.0, 6.5), ("2026-12-21", 14.5, 15.5)):
        minutes = np.datetime64(day + "T06:00") + np.arange(1440)  # from local late morning on
        assert low < is_dark(76.95, 52.28, minutes).sum() / 60 < high


def test_an_interval_is_dark_or_light_only_when_every_minute_of_it_is():
    rng = np.random.default_rng(2)
    lon, lat, start = random_moments(1500, 3)
    minutes = rng.integers(0, 40 * 60, start.size)
    got = dark_of_interval(lon, lat, start, start + minutes.astype("timedelta64[m]"))
    for n in range(start.size):
        every = is_dark(lon[n], lat[n], start[n] + np.arange(minutes[n] + 1).astype("timedelta64[m]"))
        if np.isnan(got[n]):
            sampled = solar_elevation_deg(lon[n], lat[n], start[n] + np.arange(minutes[n] + 1).astype("timedelta64[m]"))
            assert 0 < every.mean() < 1 or np.abs(sampled + 6).min() < 0.05  # passed between two minutes
        else:
            assert (every == got[n]).all()
    assert {0.0, 1.0} == set(got[~np.isnan(got)])
    assert np.isnan(got).any()


def test_a_whole_day_is_known_only_in_a_polar_night_or_day():
    start = np.array(["2026-06-01", "2026-12-01"], "datetime64[D]")
    for lat, want in ((51.1, [np.nan, np.nan]), (75.0, [0.0, 1.0])):
        np.testing.assert_array_equal(dark_of_interval(71.4, lat, start, start + np.timedelta64(10, "D")), want)


def test_times_that_are_no_datetimes_and_reversed_intervals_are_refused():
    with pytest.raises(InvalidInput, match="time-not-datetime64"):
        is_dark(0.0, 0.0, [1_700_000_000])
    with pytest.raises(InvalidInput, match="interval-reversed"):
        dark_of_interval(0.0, 0.0, np.array(["2026-01-02"], "M8[D]"), np.array(["2026-01-01"], "M8[D]"))
    with pytest.raises(InvalidInput, match="coordinates-out-of-range"):
        is_dark(0.0, 91.0, np.datetime64("2026-01-01"))
    with pytest.raises(InvalidInput, match="shapes-differ"):
        is_dark([0.0, 1.0], 0.0, np.array(["2026-01-01"] * 3, "M8[D]"))


def test_the_shape_of_the_times_is_kept_and_places_are_broadcast():
    moments = np.datetime64("2026-01-01T00:00") + np.arange(6).reshape(2, 3) * 60
    assert solar_elevation_deg(71.4, 51.1, moments).shape == (2, 3)
    assert solar_elevation_deg(71.4, 51.1, np.empty(0, "M8[s]")).shape == (0,)
    assert solar_elevation_deg(71.4, 51.1, np.datetime64("2026-01-01")).shape == ()
