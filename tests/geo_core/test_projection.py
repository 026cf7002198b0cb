"""Metric planes of workspaces."""

import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod

from geo_core.errors import InvalidInput
from geo_core.projection import (
    grid_convergence_deg,
    local_projection,
    metric_crs,
    points_to_lonlat,
    points_to_metric,
    scale_error,
    to_lonlat,
    to_metric,
)

GEOD = Geod(ellps="WGS84")
ASTANA = local_projection([71.2, 71.7], [51.0, 51.3])


def test_the_plane_is_metric_and_centred_on_the_territory():
    x, y = points_to_metric([71.45], [51.15], crs=ASTANA)
    np.testing.assert_allclose([x[0], y[0]], 0.0, atol=1e-6)
    assert metric_crs(ASTANA) is ASTANA
    assert metric_crs(ASTANA.to_wkt()) == ASTANA
    assert local_projection(71.45, 51.15) == ASTANA
    assert local_projection([71.2, np.nan, 71.7], [51.0, np.nan, 51.3]) == ASTANA


def test_distances_are_geodesic_within_the_stated_scale_error():
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(70.7, 72.2, 500), rng.uniform(50.7, 51.6, 500)
    east, north, _ = GEOD.fwd(lon, lat, rng.uniform(0, 360, 500), np.full(500, 100.0))
    (x, y), (u, v) = points_to_metric(lon, lat, crs=ASTANA), points_to_metric(east, north, crs=ASTANA)
    error = np.abs(np.hypot(u - x, v - y) / 100.0 - 1.0)
    assert (error <= scale_error(lon, lat, crs=ASTANA) + 1e-6).all()
    far = np.abs(x) / 6_380_000  # the docstring's formula
    np.testing.assert_allclose(scale_error(lon, lat, crs=ASTANA), far**2 / 2, rtol=0.02, atol=3e-8)


def test_points_and_geometries_go_there_and_back_and_unknown_stays_unknown():
    lon, lat = np.array([71.3, np.nan, 71.6]), np.array([51.05, 51.1, 51.2])
    x, y = points_to_metric(lon, lat, crs=ASTANA)
    assert np.isnan([x[1], y[1]]).all()
    back = points_to_lonlat(x, y, crs=ASTANA)
    np.testing.assert_allclose(back, np.where(np.isnan(lon), np.nan, [lon, lat]), atol=1e-10)
    shapes = np.array(
        [shapely.Point(71.3, 51.05), shapely.box(71.3, 51, 71.4, 51.1), None, shapely.Point()], dtype=object
    )
    moved = to_metric(shapes, crs=ASTANA)
    assert (moved[0].x, moved[0].y) == (x[0], y[0])
    assert moved[2] is None
    assert moved[3].is_empty
    assert shapely.equals_exact(to_lonlat(moved[1], crs=ASTANA), shapes[1], tolerance=1e-9)


@pytest.mark.parametrize("crs", [ASTANA, "EPSG:32642", "EPSG:3067"])
def test_an_azimuth_from_true_north_less_the_convergence_is_the_angle_on_the_plane(crs):
    rng = np.random.default_rng(2)
    centre = (24.9, 60.2) if crs == "EPSG:3067" else (71.4, 51.1)
    lon, lat = centre[0] + rng.uniform(-1, 1, 200), centre[1] + rng.uniform(-0.5, 0.5, 200)
    azimuth = rng.uniform(0, 360, 200)
    east, north, _ = GEOD.fwd(lon, lat, azimuth, np.full(200, 10.0))
    (x, y), (u, v) = points_to_metric(lon, lat, crs=crs), points_to_metric(east, north, crs=crs)
    on_plane = np.degrees(np.arctan2(u - x, v - y))
    difference = (azimuth - grid_convergence_deg(lon, lat, crs=crs) - on_plane + 180) % 360 - 180
    assert np.abs(difference).max() < 1e-3
    assert np.abs(grid_convergence_deg(lon, lat, crs=crs)).max() > 0.5


@pytest.mark.parametrize(
    ("crs", "code"),
    [
        (None, "crs-missing"),
        ("", "crs-missing"),
        ("EPSG:4326", "crs-not-metric"),
        (CRS("OGC:CRS84"), "crs-not-metric"),
        ("EPSG:2263", "crs-not-metric"),  # feet
        ("EPSG:4978", "crs-not-metric"),  # metres from the Earth's centre
        ("a plane", "crs-unknown"),
    ],
)
def test_a_crs_that_is_missing_or_not_a_plane_in_metres_is_refused(crs, code):
    for use in (
        lambda: metric_crs(crs),
        lambda: points_to_metric([1.0], [1.0], crs=crs),
        lambda: to_metric(shapely.Point(1, 1), crs=crs),
        lambda: grid_convergence_deg([1.0], [1.0], crs=crs),
    ):
        with pytest.raises(InvalidInput) as fault:
            use()
        assert fault.value.code == code


def test_coordinates_that_cannot_be_projected_are_refused():
    for use, code in (
        (lambda: points_to_metric([7e6], [5e6], crs=ASTANA), "coordinates-out-of-range"),
        (lambda: to_metric(shapely.Point(7e6, 5e6), crs=ASTANA), "coordinates-out-of-range"),
        (lambda: points_to_metric([161.45], [0.0], crs=ASTANA), "outside-projection"),
        (lambda: to_metric(shapely.Point(np.nan, 5), crs=ASTANA), "geometry-not-finite"),
        (lambda: local_projection([np.nan], [51.0]), "position-missing"),
        (lambda: local_projection([46.0, 87.0], [40.0, 55.0]), "territory-too-wide"),
        (lambda: local_projection([510_000.0], [5_660_000.0]), "coordinates-out-of-range"),
    ):
        with pytest.raises(InvalidInput) as fault:
            use()
        assert fault.value.code == code
