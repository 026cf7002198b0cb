"""Geodesic areas and lengths."""

import numpy as np
import pytest
import shapely
from h3.api import basic_int as h3
from pyproj import Geod

from geo_core import areas
from geo_core.areas import cell_areas_m2, line_length_m, line_lengths_m, polygon_area_m2
from geo_core.cells import boundaries, cell_polygons, grid_disk, index_points
from geo_core.errors import InvalidInput

GEOD = Geod(ellps="WGS84")


def densified_area_m2(cell, pieces):
    """pyproj's area of a cell whose edges, great circles of a sphere, are cut into many geodesics."""
    corners = np.radians(np.array(h3.cell_to_boundary(cell)))
    lat, lon = corners.T
    unit = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    share = np.linspace(0, 1, pieces, endpoint=False)[None, :, None]
    ring = (unit[:, None] * (1 - share) + np.roll(unit, -1, axis=0)[:, None] * share).reshape(-1, 3)
    ring /= np.linalg.norm(ring, axis=1, keepdims=True)
    return abs(
        GEOD.polygon_area_perimeter(np.degrees(np.arctan2(ring[:, 1], ring[:, 0])), np.degrees(np.arcsin(ring[:, 2])))[
            0
        ]
    )


@pytest.mark.parametrize(("resolution", "pieces"), [(0, 3000), (1, 2000), (2, 1000), (5, 40), (7, 8), (9, 4), (11, 1)])
def test_areas_of_cells_equal_geodesics_along_the_densified_outline(resolution, pieces):
    rng = np.random.default_rng(resolution)
    lon, lat = rng.uniform(-180, 180, 40), np.degrees(np.arcsin(rng.uniform(-1, 1, 40)))
    lat[:2] = 90.0, -90.0  # cells that hold a pole
    cells = np.unique(
        np.concatenate([index_points(lon, lat, resolution), np.array(h3.get_pentagons(resolution)[:3], np.uint64)])
    )
    got = cell_areas_m2(cells)
    want = np.array([densified_area_m2(cell, pieces) for cell in cells.tolist()])
    polar = np.isin(cells, index_points([0.0, 0.0], [90.0, -90.0], resolution))
    np.testing.assert_allclose(got[~polar], want[~polar], rtol=1e-7)
    np.testing.assert_allclose(got[polar], want[polar], rtol=1.1e-4)


def test_all_cells_together_cover_the_ellipsoid():
    cells = np.array([child for base in h3.get_res0_cells() for child in h3.cell_to_children(base, 2)], np.uint64)
    assert cell_areas_m2(cells).sum() == pytest.approx(510_065_621_724_089, rel=1e-9)


def test_a_cell_of_astana_at_resolution_nine_has_126_thousand_square_metres():
    cells = grid_disk(index_points([71.43], [51.13], 9), 20)
    got = cell_areas_m2(cells)
    assert got.mean() == pytest.approx(126_040, rel=0.003)
    assert got.min() > h3.average_hexagon_area(9, "m^2") * 1.16


def test_areas_keep_the_order_asked_repeats_and_what_was_remembered():
    cells = grid_disk(index_points([30.0], [60.0], 8), 3)
    shuffled = np.random.default_rng(0).permutation(np.concatenate([cells, cells[:5]]))
    some = cell_areas_m2(shuffled[:10])
    everything = cell_areas_m2(shuffled)
    np.testing.assert_array_equal(everything[:10], some)
    fresh = areas._ring_areas_m2(*boundaries(shuffled), areas.WGS84_SEMI_MAJOR_M, areas.WGS84_FLATTENING)
    np.testing.assert_array_equal(everything, fresh)


def test_the_memory_of_areas_stays_bounded(monkeypatch):
    monkeypatch.setattr(areas, "_MOST_REMEMBERED_CELLS", 50)
    for lat in (10.0, 20.0, 30.0):
        cell_areas_m2(grid_disk(index_points([10.0], [lat], 7), 3))
        assert areas._remembered.content[0].size <= 50
    assert cell_areas_m2(grid_disk(index_points([10.0], [40.0], 7), 5)).size == 91


def test_an_id_that_is_no_cell_has_no_area():
    with pytest.raises(InvalidInput, match="cell-invalid"):
        cell_areas_m2(np.array([0], np.uint64))


def test_area_of_a_polygon_takes_off_holes_and_ignores_direction():
    outer, inner = shapely.box(71.3, 51.0, 71.5, 51.2), shapely.box(71.35, 51.05, 71.4, 51.1)
    whole, hole = abs(GEOD.geometry_area_perimeter(outer)[0]), abs(GEOD.geometry_area_perimeter(inner)[0])
    ring = shapely.Polygon(outer.exterior.coords, [inner.exterior.coords])  # both rings turn the same way
    assert polygon_area_m2(outer) == pytest.approx(whole, rel=1e-12)
    assert polygon_area_m2(outer.reverse()) == pytest.approx(whole, rel=1e-12)
    assert polygon_area_m2(ring) == pytest.approx(whole - hole, rel=1e-12)
    two = shapely.MultiPolygon([inner, shapely.box(72, 51, 72.1, 51.1)])
    assert polygon_area_m2(two) == pytest.approx(hole + abs(GEOD.geometry_area_perimeter(two.geoms[1])[0]), rel=1e-12)
    (cell,) = cell_polygons(index_points([71.4], [51.1], 9))
    assert polygon_area_m2(cell) == pytest.approx(cell_areas_m2(index_points([71.4], [51.1], 9))[0], rel=1e-7)


def test_an_area_or_length_of_nothing_is_unknown():
    assert np.isnan(polygon_area_m2(None))
    assert np.isnan(polygon_area_m2(shapely.Polygon()))
    assert np.isnan(line_length_m(None))
    assert np.isnan(line_length_m(shapely.LineString()))
    assert line_lengths_m([]).shape == (0,)


def test_lengths_equal_pyproj_line_by_line():
    rng = np.random.default_rng(3)
    lines = [shapely.LineString(rng.uniform([71, 51], [72, 52], (n, 2))) for n in (2, 5, 17)]
    lines += [shapely.MultiLineString(lines[:2]), None, shapely.LineString([(71, 51), (71, 51)])]
    got = line_lengths_m(np.array(lines, dtype=object))
    want = [GEOD.geometry_length(line) for line in lines[:4]]
    np.testing.assert_allclose(got[:4], want, rtol=1e-12)
    assert np.isnan(got[4])
    assert got[5] == 0.0
    assert line_length_m(shapely.LineString([(0, 0), (0, 1)])) == pytest.approx(110_574.39, abs=0.01)


def test_wrong_kinds_and_metres_are_refused():
    with pytest.raises(InvalidInput, match="geometry-not-line"):
        line_length_m(shapely.Point(1, 1))
    with pytest.raises(InvalidInput, match="geometry-not-polygon"):
        polygon_area_m2(shapely.Point(1, 1))
    with pytest.raises(InvalidInput, match="coordinates-out-of-range"):
        polygon_area_m2(shapely.box(7e6, 6e6, 7.1e6, 6.1e6))
    with pytest.raises(InvalidInput, match="coordinates-out-of-range"):
        line_length_m(shapely.LineString([(0, 0), (500, 0)]))
