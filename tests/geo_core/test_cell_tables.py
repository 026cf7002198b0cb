"""Grids and tables of cells, and how measures go up to the parents."""

import pickle

import numpy as np
import pytest

from geo_core.cells import CellGrid, CellTable, Share, cell_areas_m2, grid_disk, index_points, parents
from geo_core.errors import InvalidInput


@pytest.fixture
def grid():
    return CellGrid.of(grid_disk(index_points([71.43], [51.13], 9), 12))


def test_a_grid_is_sorted_unique_and_read_only():
    cells = index_points([71.5, 71.4, 71.5, np.nan], [51.1, 51.1, 51.1, 51.1], 9)
    grid = CellGrid.of(cells)
    assert grid.cells.tolist() == sorted(set(cells[:3].tolist()))
    assert grid.resolution == 9
    assert len(grid) == 2
    np.testing.assert_array_equal(grid.areas_m2, cell_areas_m2(grid.cells))
    for array in (grid.cells, grid.areas_m2):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_a_grid_shares_nothing_that_a_caller_can_still_write_to():
    cells = np.sort(index_points([71.5, 71.4], [51.1, 51.1], 9))
    areas = np.array([1.0, 2.0])
    view = areas[:]
    view.setflags(write=False)
    grid = CellGrid(resolution=9, cells=cells, areas_m2=view)
    areas[0] = 99.0
    cells[0] = 0
    assert grid.areas_m2.tolist() == [1.0, 2.0]
    assert grid.cells[0] != 0


def test_positions_find_rows_and_say_minus_one_for_strangers(grid):
    wanted = np.concatenate([grid.cells[[5, 0, 17]], index_points([0.0], [0.0], 9), [np.uint64(0)]])
    assert grid.positions(wanted).tolist() == [5, 0, 17, -1, -1]
    assert CellGrid.of([], 9).positions(wanted).tolist() == [-1] * 5


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cells": lambda g: g.cells[::-1]}, "cells-not-sorted"),
        ({"cells": lambda g: g.cells[[0, 0, *range(2, len(g))]]}, "cells-not-sorted"),
        ({"resolution": lambda _: 8}, "cells-mixed-resolutions"),
        ({"areas_m2": lambda g: g.areas_m2[1:]}, "shapes-differ"),
        ({"areas_m2": lambda g: g.areas_m2 * np.nan}, "areas-not-positive"),
        ({"cells": lambda g: g.cells + np.uint64(1 << 60)}, "cell-invalid"),
    ],
)
def test_a_faulty_grid_is_refused(grid, change, code):
    parts = {"resolution": grid.resolution, "cells": grid.cells, "areas_m2": grid.areas_m2}
    parts |= {name: make(grid) for name, make in change.items()}
    with pytest.raises(InvalidInput) as fault:
        CellGrid(**parts)
    assert fault.value.code == code


def test_sums_go_up_to_the_unit_and_unknown_stays_unknown(grid):
    rng = np.random.default_rng(1)
    count = rng.integers(0, 50, len(grid)).astype(float)
    table = CellTable(grid=grid, measures={"count": count})
    for resolution in (9, 8, 7, 5):
        above = table.to_parent(resolution, {"count": "sum"})
        assert above.grid.resolution == resolution
        assert above.measures["count"].sum() == count.sum()
        up = parents(grid.cells, resolution)
        for cell, value in zip(above.grid.cells, above.measures["count"], strict=True):
            assert value == count[up == cell].sum()
    count[3] = np.nan
    above = CellTable(grid=grid, measures={"count": count}).to_parent(8, {"count": "sum"})
    hit = above.grid.cells == parents(grid.cells[[3]], 8)[0]
    assert np.isnan(above.measures["count"]).tolist() == hit.tolist()


def test_a_share_is_the_quotient_of_sums_and_never_a_mean_of_shares(grid):
    rng = np.random.default_rng(2)
    seen = rng.uniform(0, 10, len(grid))
    length = seen + rng.uniform(0, 90, len(grid))
    seen[4], length[5] = np.nan, np.nan
    share = seen / length
    rules = {"seen_m": "sum", "length_m": "sum", "seen_share": Share(numerator="seen_m", denominator="length_m")}
    table = CellTable(grid=grid, measures={"seen_m": seen, "length_m": length, "seen_share": share})
    above = table.to_parent(7, rules)
    up = parents(grid.cells, 7)
    for cell, value in zip(above.grid.cells, above.measures["seen_share"], strict=True):
        here = (up == cell) & ~np.isnan(seen) & ~np.isnan(length)
        assert value == pytest.approx(seen[here].sum() / length[here].sum(), rel=1e-12)
    empty = CellTable(grid=grid, measures={"n": seen * 0, "d": seen * 0})
    up_empty = empty.to_parent(7, {"n": "sum", "d": "sum", "share": Share(numerator="n", denominator="d")})
    assert np.isnan(up_empty.measures["share"]).all()


def test_rules_that_do_not_fit_the_table_are_refused(grid):
    table = CellTable(grid=grid, measures={"n": np.zeros(len(grid))})
    for rules, code in (
        ({}, "aggregation-missing"),
        ({"n": "mean"}, "aggregation-unknown"),
        ({"n": "sum", "x": "sum"}, "measure-unknown"),
        ({"n": Share(numerator="n", denominator="x")}, "measure-unknown"),
    ):
        with pytest.raises(InvalidInput) as fault:
            table.to_parent(8, rules)
        assert fault.value.code == code
    with pytest.raises(InvalidInput, match="shapes-differ"):
        CellTable(grid=grid, measures={"n": np.zeros(3)})
    with pytest.raises(TypeError):
        table.measures["m"] = np.zeros(len(grid))


def test_an_empty_grid_goes_up_to_an_empty_grid():
    table = CellTable(grid=CellGrid.of([], 9), measures={"n": np.empty(0)})
    above = table.to_parent(7, {"n": "sum"})
    assert len(above.grid) == 0
    assert above.measures["n"].dtype == np.float64


def test_a_grid_travels_to_another_process(grid):
    there = pickle.loads(pickle.dumps(grid))
    np.testing.assert_array_equal(there.cells, grid.cells)
