"""Measures on a grid of H3 cells, and how they go up to the parents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo_core.areas import cell_areas_m2
from geo_core.cell_ids import Cells, as_cells, check_cells, check_one_resolution, check_resolution, parents
from geo_core.errors import InvalidInput


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    """A read-only array that shares nothing a caller could still write to."""
    if array.flags.writeable or array.base is not None:
        array = array.copy()
        array.setflags(write=False)
    return array


@dataclass(frozen=True, kw_only=True, eq=False)
class CellGrid:
    """Cells of one resolution, sorted and unique, with their areas.

    Parameters
    ----------
    resolution : 0–15.
    cells : uint64[n], strictly increasing, all of that resolution.
    areas_m2 : float64[n], geodesic on WGS84, positive.

    Raises
    ------
    InvalidInput : ``cells-not-sorted``, ``cells-mixed-resolutions``, ``cell-invalid``, ``shapes-differ``, ``areas-not-positive``.
    """

    resolution: int
    cells: Cells
    areas_m2: NDArray[np.float64]

    def __post_init__(self) -> None:
        check_resolution(self.resolution)
        cells = check_cells(self.cells)
        areas = np.asarray(self.areas_m2, np.float64)
        if cells.ndim != 1 or areas.shape != cells.shape:
            raise InvalidInput("shapes-differ", cells=list(cells.shape), areas_m2=list(areas.shape))
        if cells.size and check_one_resolution(cells) != self.resolution:
            raise InvalidInput("cells-mixed-resolutions", resolutions=[check_one_resolution(cells), self.resolution])
        if not (cells[1:] > cells[:-1]).all():
            raise InvalidInput("cells-not-sorted")
        if not (areas > 0.0).all():
            raise InvalidInput("areas-not-positive")
        object.__setattr__(self, "cells", _frozen(cells))
        object.__setattr__(self, "areas_m2", _frozen(areas))

    @classmethod
    def of(cls, cells: ArrayLike, resolution: int | None = None) -> CellGrid:
        """The grid of these cells, in any order and with repeats; 0, no cell, is dropped.

        Parameters
        ----------
        resolution : needed only when there may be no cell at all.
        """
        ids = np.unique(as_cells(cells))
        ids = ids[ids != 0]
        if resolution is None or ids.size:
            found = check_one_resolution(ids)
            if resolution is not None and resolution != found:
                raise InvalidInput("cells-mixed-resolutions", resolutions=[found, resolution])
            resolution = found
        return cls(resolution=resolution, cells=ids, areas_m2=cell_areas_m2(ids))

    def __len__(self) -> int:
        return int(self.cells.size)

    def positions(self, cells: ArrayLike) -> NDArray[np.int64]:
        """Row of each cell in the grid: int64[n]; -1 where the grid has no such cell."""
        wanted = as_cells(cells)
        if not self.cells.size:
            return np.full(wanted.shape, -1, np.int64)
        place = np.minimum(np.searchsorted(self.cells, wanted), self.cells.size - 1)
        return np.where(self.cells[place] == wanted, place, -1)


@dataclass(frozen=True, kw_only=True)
class Share:
    """A measure that is a quotient of two sums of the same table.

    Parameters
    ----------
    numerator, denominator : names of measures that are themselves sums.
    """

    numerator: str
    denominator: str


@dataclass(frozen=True, kw_only=True, eq=False)
class CellTable:
    """Measures of the cells of a grid.

    Parameters
    ----------
    grid : the cells.
    measures : name → float64[n]. NaN = unknown, 0 = observed none.

    Raises
    ------
    InvalidInput : ``shapes-differ`` when a measure has not one value per cell.
    """

    grid: CellGrid
    measures: Mapping[str, NDArray[np.float64]]

    def __post_init__(self) -> None:
        frozen = {}
        for name, values in self.measures.items():
            array = np.asarray(values, np.float64)
            if array.shape != self.grid.cells.shape:
                raise InvalidInput(
                    "shapes-differ", measure=name, values=list(array.shape), cells=list(self.grid.cells.shape)
                )
            frozen[name] = _frozen(array)
        object.__setattr__(self, "measures", MappingProxyType(frozen))

    def to_parent(self, resolution: int, aggregations: Mapping[str, Literal["sum"] | Share]) -> CellTable:
        """The same measures on the parents of the cells.

        Parameters
        ----------
        resolution : at most the grid's.
        aggregations : for every measure, ``"sum"`` or a :class:`Share`. A sum is NaN when any child *of the table* is NaN, since the rest
            is not the whole; children not in the table count as outside. A share is
            ``sum(numerator) / sum(denominator)`` over the children of the table where both are known, never a mean of shares; NaN when
            that denominator is 0.

        Raises
        ------
        InvalidInput : ``measure-unknown`` for a name the table lacks, ``aggregation-missing`` for a measure without a rule,
            ``aggregation-unknown``, ``cell-too-coarse``.
        """
        missing = sorted(set(self.measures) - set(aggregations))
        if missing:
            raise InvalidInput("aggregation-missing", measures=missing)
        above, row = np.unique(parents(self.grid.cells, resolution), return_inverse=True)
        grid = CellGrid(resolution=resolution, cells=above, areas_m2=cell_areas_m2(above))
        out: dict[str, NDArray[np.float64]] = {}
        for name, rule in aggregations.items():
            if isinstance(rule, Share):
                part, whole = self._measure(rule.numerator), self._measure(rule.denominator)
                known = ~(np.isnan(part) | np.isnan(whole))
                upper = np.bincount(row[known], weights=part[known], minlength=above.size)
                lower = np.bincount(row[known], weights=whole[known], minlength=above.size)
                out[name] = np.divide(upper, lower, out=np.full(above.size, np.nan), where=lower != 0.0)
            elif rule == "sum":
                out[name] = np.bincount(row, weights=self._measure(name), minlength=above.size).astype(np.float64)
            else:
                raise InvalidInput("aggregation-unknown", measure=name, aggregation=str(rule))
        return CellTable(grid=grid, measures=out)

    def _measure(self, name: str) -> NDArray[np.float64]:
        if name not in self.measures:
            raise InvalidInput("measure-unknown", measure=name)
        return self.measures[name]
