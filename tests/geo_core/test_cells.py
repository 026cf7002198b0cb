"""Cells of points and arithmetic of ids, with the h3 library as oracle."""

import numpy as np
import pytest
import shapely
from h3.api import basic_int as h3
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from shapely.ops import split

from geo_core import cells as c
from geo_core.cell_kernel import _index, icosahedron
from geo_core.errors import InvalidInput, LimitExceeded


def told(lon, lat, resolution):
    """What the library says, point by point."""
    pairs = zip(lat.tolist(), lon.tolist(), strict=True)
    return np.array([h3.latlng_to_cell(p, q, resolution) for p, q in pairs], np.uint64)


def on_sphere(count, seed):
    rng = np.random.default_rng(seed)
    return rng.uniform(-180, 180, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count)))


def adversarial_points():
    """Places where an index goes wrong first: corners, edges, pentagons, face borders and centres, poles, antimeridian."""
    rng = np.random.default_rng(7)
    lon, lat = [], []

    def add(lon_deg, lat_deg):
        lon.extend(np.atleast_1d(lon_deg).tolist())
        lat.extend(np.atleast_1d(lat_deg).tolist())

    some = [h3.latlng_to_cell(p, q, r) for r in (0, 1, 2, 7, 9, 11) for q, p in zip(*on_sphere(150, r), strict=True)]
    for cell in some + [p for r in (0, 1, 2, 5, 9, 11) for p in h3.get_pentagons(r)]:
        corners = np.array(h3.cell_to_boundary(cell))
        add(corners[:, 1], corners[:, 0])
        if np.ptp(corners[:, 1]) < 180:
            middle = (corners + np.roll(corners, 1, axis=0)) / 2
            add(middle[:, 1], middle[:, 0])
        centre = h3.cell_to_latlng(cell)
        add(centre[1], centre[0])
    for pentagon in h3.get_pentagons(0):
        p, q = h3.cell_to_latlng(pentagon)
        reach = 10.0 ** rng.uniform(-7, 1.2, 600)
        turn = rng.uniform(0, 2 * np.pi, 600)
        add(np.clip(q + reach * np.cos(turn), -180, 180), np.clip(p + reach * np.sin(turn), -90, 90))
    centres = icosahedron().centres
    between = (centres[:, None] + centres[None])[centres @ centres.T > 0.7].reshape(-1, 3)  # on borders of faces
    for scatter in (0.0, 1e-12, 1e-9, 1e-6, 1e-3, 1e-1):
        for base in (centres, between):
            v = base + rng.normal(size=(4, *base.shape)) * scatter
            v = (v / np.linalg.norm(v, axis=-1, keepdims=True)).reshape(-1, 3)
            add(np.degrees(np.arctan2(v[:, 1], v[:, 0])), np.degrees(np.arcsin(np.clip(v[:, 2], -1, 1))))
    for sign in (-1, 1):
        add(rng.uniform(-180, 180, 300), sign * (90 - 10.0 ** rng.uniform(-14, 0, 300)))
        add(np.linspace(-180, 180, 25), np.full(25, sign * 90.0))
        add(sign * (180 - 10.0 ** rng.uniform(-14, 0, 300)), rng.uniform(-90, 90, 300))
        add(np.full(50, sign * 180.0), np.linspace(-90, 90, 50))
    add(np.repeat(np.arange(-180.0, 181, 30), 7), np.tile(np.arange(-90.0, 91, 30), 13))
    return np.array(lon), np.array(lat)


@pytest.mark.parametrize("resolution", [0, 1, 2, 3, 6, 7, 9, 11, 15])
def test_cells_equal_the_library_to_the_bit_all_over_the_earth(resolution):
    lon, lat = on_sphere(25_000, resolution)
    np.testing.assert_array_equal(c.index_points(lon, lat, resolution), told(lon, lat, resolution))


@pytest.mark.parametrize("resolution", range(16))
def test_cells_equal_the_library_where_an_index_goes_wrong_first(resolution):
    lon, lat = adversarial_points()
    assert lon.size > 20_000
    np.testing.assert_array_equal(c.index_points(lon, lat, resolution), told(lon, lat, resolution))


@settings(max_examples=200, deadline=None)
@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90), resolution=st.integers(0, 15))
@example(lon=0.0, lat=0.0, resolution=11)
@example(lon=-180.0, lat=5e-324, resolution=15)
def test_cell_of_any_point_equals_the_library(lon, lat, resolution):
    assert c.index_points([lon], [lat], resolution)[0] == h3.latlng_to_cell(lat, lon, resolution)


def test_the_kernel_itself_answers_for_nearly_all_points():
    known = icosahedron()
    for resolution in (1, 7, 11):
        lon, lat = on_sphere(100_000, resolution)
        raw = _index(lon, lat, resolution, known.centres, known.axes, known.names, known.turned)
        assert (raw == 1).mean() < 0.001


def test_a_position_that_is_not_finite_has_no_cell():
    lon = [71.4, np.nan, 71.4, np.inf]
    lat = [51.1, 51.1, np.nan, -np.inf]
    found = c.index_points(lon, lat)
    assert found[0] == h3.latlng_to_cell(51.1, 71.4, 11)
    assert found[1:].tolist() == [0, 0, 0]
    assert found.dtype == np.uint64
    assert c.index_points([], []).shape == (0,)


@pytest.mark.parametrize(("lon", "lat"), [(71.4, 90.0001), (7_948_000.0, 51.0), (180.5, 0.0), (71.0, -6_600_000.0)])
def test_coordinates_that_are_not_degrees_are_refused(lon, lat):
    with pytest.raises(InvalidInput) as fault:
        c.index_points([0.0, lon], [0.0, lat])
    assert fault.value.code == "coordinates-out-of-range"
    assert (fault.value.params["lon"], fault.value.params["lat"]) == (lon, lat)


@pytest.mark.parametrize("resolution", [-1, 16, 2.5, True])
def test_a_resolution_that_h3_does_not_have_is_refused(resolution):
    with pytest.raises(InvalidInput) as fault:
        c.index_points([0.0], [0.0], resolution)
    assert fault.value.code == "resolution-out-of-range"


def test_parents_equal_the_library_and_no_cell_stays_no_cell():
    lon, lat = on_sphere(3000, 3)
    cells = c.index_points(lon, lat, 11)
    for resolution in range(12):
        want = [h3.cell_to_parent(cell, resolution) for cell in cells.tolist()]
        assert c.parents(cells, resolution).tolist() == want
    assert c.parents([0, cells[0]], 7).tolist() == [0, h3.cell_to_parent(int(cells[0]), 7)]
    with pytest.raises(InvalidInput, match="cell-too-coarse"):
        c.parents(c.parents(cells, 6), 7)


def test_the_sql_of_a_parent_is_the_same_arithmetic():
    lon, lat = on_sphere(500, 4)
    cells = c.index_points(lon, lat, 11)
    for resolution in (0, 7, 9, 11):
        expression = c.parent_sql("e.cell", resolution).replace("::bigint", "").replace("e.cell", "cell")
        got = [eval(expression, {"cell": cell}) for cell in cells.tolist()]
        assert got == c.parents(cells, resolution).tolist()
        assert max(got) < 2**63
    for bad in ("cell; drop table x", "cell + 1", "", "a.", '"x', "f(cell)"):
        with pytest.raises(InvalidInput, match="column-name-invalid"):
            c.parent_sql(bad, 9)
    assert c.parent_sql('"Layer".cell', 9).startswith('(("Layer".cell & ')


def test_the_range_of_children_holds_exactly_the_descendants():
    some = [h3.latlng_to_cell(51.1, 71.4, 8), h3.get_pentagons(8).pop(), h3.latlng_to_cell(-33.9, 151.2, 9)]
    for cell in some:
        low, high = c.children_range(cell, 11)
        children = set(h3.cell_to_children(cell, 11))
        assert low == min(children)
        assert high == max(children)
        around = {n for near in h3.grid_disk(cell, 2) if near != cell for n in h3.cell_to_children(near, 11)}
        assert not any(low <= other <= high for other in around)
    assert c.children_range(some[0], 8) == (some[0], some[0])
    with pytest.raises(InvalidInput, match="cell-too-fine"):
        c.children_range(h3.latlng_to_cell(51.1, 71.4, 12), 11)


def test_hexadecimal_goes_there_and_back():
    lon, lat = on_sphere(2000, 5)
    cells = np.concatenate([c.index_points(lon, lat, r) for r in (0, 9, 15)])
    texts = c.to_hex(cells)
    assert texts.tolist() == [h3.int_to_str(cell) for cell in cells.tolist()]
    np.testing.assert_array_equal(c.from_hex(texts), cells)
    np.testing.assert_array_equal(c.from_hex(np.char.upper(texts)), cells)
    assert c.to_hex([0]).tolist() == [""]
    assert c.from_hex(["", texts[0]]).tolist() == [0, cells[0]]
    assert c.from_hex([]).shape == (0,)


@pytest.mark.parametrize(
    "text", ["zzz", "8928308280fffff0", "8928308280ffff", "ж928308280fffff", "0928308280fffff", " 8928308280ffff"]
)
def test_a_text_that_is_no_cell_is_refused_and_named(text):
    with pytest.raises(InvalidInput) as fault:
        c.from_hex(["8928308280fffff", text])
    assert fault.value.code == "cell-invalid"
    assert fault.value.params["cell"] == text


@settings(max_examples=300, deadline=None)
@given(hnp.arrays(np.uint64, 20, elements=st.integers(0, 2**64 - 1)), st.integers(0, 63))
def test_validity_equals_the_library_for_random_and_for_damaged_ids(noise, bit):
    lon, lat = on_sphere(20, 6)
    damaged = c.index_points(lon, lat, 9) ^ np.uint64(1 << bit)
    pentagon = np.array(sorted(h3.get_pentagons(5)), np.uint64)
    deleted = pentagon & ~np.uint64(7 << 39) | np.uint64(1 << 39)
    for ids in (noise, damaged, pentagon, deleted):
        assert c.are_cells(ids).tolist() == [bool(h3.is_valid_cell(i)) for i in ids.tolist()]


def test_mixed_resolutions_floats_and_negative_numbers_are_refused():
    nine, eight = h3.latlng_to_cell(51.1, 71.4, 9), h3.latlng_to_cell(51.1, 71.4, 8)
    assert c.check_one_resolution([0, nine, nine]) == 9
    assert c.resolution_of([0, nine, eight]).tolist() == [-1, 9, 8]
    for bad, code in (([nine, eight], "cells-mixed-resolutions"), ([], "cells-empty"), ([0], "cells-empty")):
        with pytest.raises(InvalidInput) as fault:
            c.check_one_resolution(bad)
        assert fault.value.code == code
    with pytest.raises(InvalidInput, match="cells-not-integers"):
        c.to_hex(np.array([float(nine)]))
    with pytest.raises(InvalidInput, match="cell-invalid"):
        c.to_hex(np.array([-1]))
    assert c.as_cells(np.array([nine], np.int64)).tolist() == [nine]


def test_a_disk_is_sorted_and_equals_the_library():
    cell = h3.latlng_to_cell(51.1, 71.4, 9)
    assert c.grid_disk([cell], 3).tolist() == sorted(h3.grid_disk(cell, 3))
    two = [cell, h3.latlng_to_cell(51.2, 71.4, 9)]
    assert c.grid_disk(two, 1).tolist() == sorted({n for t in two for n in h3.grid_disk(t, 1)})
    with pytest.raises(InvalidInput, match="steps-negative"):
        c.grid_disk([cell], -1)


def test_cells_of_a_polygon_are_those_whose_centre_it_holds():
    hole = shapely.box(71.42, 51.12, 71.45, 51.14)
    city = shapely.MultiPolygon(
        [shapely.box(71.40, 51.10, 71.48, 51.16) - hole, shapely.box(71.50, 51.10, 71.52, 51.11)]
    )
    for resolution in (8, 9, 10):
        around = c.grid_disk([h3.latlng_to_cell(51.13, 71.45, resolution)], {8: 15, 9: 40, 10: 110}[resolution])
        lonlat = c.centres(around)
        want = around[shapely.contains_xy(city, lonlat[:, 0], lonlat[:, 1])]
        np.testing.assert_array_equal(c.polygon_cells(city, resolution), want)
    tiny = shapely.Point(71.4, 51.1).buffer(1e-6)
    assert c.polygon_cells(tiny, 9).size == 0
    assert c.polygon_cells(shapely.Polygon(), 9).size == 0


def test_cells_of_neighbouring_polygons_are_a_partition():
    whole = shapely.box(71.3, 51.0, 71.6, 51.2)
    cut = shapely.LineString([(71.3, 51.03), (71.44, 51.12), (71.6, 51.17)])
    one, two = split(whole, cut).geoms
    parts = [c.polygon_cells(p, 9) for p in (one, two)]
    assert np.intersect1d(*parts).size == 0
    np.testing.assert_array_equal(np.union1d(*parts), c.polygon_cells(whole, 9))


def test_polygons_that_cannot_be_filled_are_refused():
    for shape, code in (
        (shapely.Point(1, 2), "geometry-not-polygon"),
        (shapely.box(7e6, 5e6, 8e6, 6e6), "coordinates-out-of-range"),
        (shapely.box(-100, 0, 100, 1), "polygon-too-wide"),
    ):
        with pytest.raises(InvalidInput) as fault:
            c.polygon_cells(shape, 3)
        assert fault.value.code == code
    with pytest.raises(LimitExceeded):
        c.polygon_cells(shapely.box(50, 40, 80, 55), 11)


def test_outlines_equal_the_library_and_are_whole_at_the_antimeridian():
    lon, lat = on_sphere(500, 8)
    cells = np.concatenate([c.index_points(lon, lat, 5), np.array(sorted(h3.get_pentagons(5)), np.uint64)])
    lonlat, counts = c.boundaries(cells)
    assert lonlat.shape == (512, 10, 2)
    for row, cell in enumerate(cells.tolist()):
        want = np.array(h3.cell_to_boundary(cell))[:, ::-1]
        assert counts[row] == len(want)
        assert np.isnan(lonlat[row, counts[row] :]).all()
        difference = lonlat[row, : counts[row]] - want
        np.testing.assert_allclose(np.remainder(difference[:, 0] + 180, 360) - 180, 0, atol=1e-9)
        np.testing.assert_array_equal(difference[:, 1], 0)
    across = c.index_points([179.999999], [51.0], 5)
    (outline,) = c.cell_polygons(across)
    assert outline.is_valid
    assert np.ptp(shapely.get_coordinates(outline)[:, 0]) < 1
    (at_home,) = c.cell_polygons(c.index_points([71.4], [51.1], 9))
    assert at_home.contains(shapely.Point(*c.centres(c.index_points([71.4], [51.1], 9))[0]))
    assert at_home.exterior.is_ccw


def test_warm_up_leaves_everything_compiled():
    c.warm_up()
    assert _index.signatures


@pytest.mark.parametrize(
    ("cell", "finer"), [("871f1d489ffffff", 9), ("891f1d48943ffff", 11), ("8708000a9ffffff", 9), ("870800000ffffff", 9)]
)
def test_descendants_are_the_library_s_children_also_below_a_pentagon(cell, finer):
    expected = np.sort(np.array(list(h3.cell_to_children(h3.str_to_int(cell), finer)), np.uint64))
    np.testing.assert_array_equal(c.descendants(c.from_hex([cell]), finer), expected)
