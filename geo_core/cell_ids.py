"""H3 cell ids as integers: parents, ranges of descendants, resolution, hexadecimal spelling, validity.

A cell is ``np.uint64`` in numpy, BIGINT in SQL (an id is below 2^60, so the sign is never touched) and 15 hexadecimal digits in
JSON; never a float, which cannot hold it. 0 is no cell. The bits (https://h3geo.org/docs/core-library/h3Indexing):
1 reserved, 4 mode (1), 3 reserved (0), 4 resolution, 7 base cell, then fifteen digits of 3 bits, 7 where finer than the resolution.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from geo_core.errors import InvalidInput

Cells = NDArray[np.uint64]

FINEST_RESOLUTION: Final = 15
ROW_RESOLUTION: Final = 11  # of the cell every row stores
NO_CELL: Final = np.uint64(0)

_RESOLUTION_SHIFT: Final = 52
_PENTAGON_BASE_CELLS: Final = (4, 14, 24, 38, 49, 58, 63, 72, 83, 97, 107, 117)
_IDENTIFIER: Final = re.compile(r'(?:[A-Za-z_][A-Za-z0-9_]*|"[^"\x00]+")(?:\.(?:[A-Za-z_][A-Za-z0-9_]*|"[^"\x00]+"))*')
_HEX_DIGITS: Final = np.frombuffer(b"0123456789abcdef", np.uint8)


def check_resolution(resolution: int) -> int:
    """The resolution itself, when it is one of H3's (0–15).

    Raises
    ------
    InvalidInput : ``resolution-out-of-range``.
    """
    if isinstance(resolution, bool) or not 0 <= int(resolution) <= FINEST_RESOLUTION or int(resolution) != resolution:
        raise InvalidInput("resolution-out-of-range", resolution=resolution, finest=FINEST_RESOLUTION)
    return int(resolution)


def as_cells(cells: ArrayLike) -> Cells:
    """An array of ids as uint64, refusing floats (a float has already lost digits of the id).

    Parameters
    ----------
    cells : uint64[n] or a signed integer array of the same values (BIGINT); an empty sequence is an empty array.

    Raises
    ------
    InvalidInput : ``cells-not-integers``; ``cell-invalid`` for a negative number.
    """
    # numpy makes a float of a list that mixes its own integers with Python's
    array = np.asarray(cells, dtype=object if isinstance(cells, list | tuple) else None)
    if array.dtype == np.uint64:
        return array
    if array.size == 0:
        return np.empty(array.shape, np.uint64)
    if array.dtype == object and all(isinstance(c, int | np.integer) for c in array.flat):
        if any(not 0 <= int(c) < 1 << 64 for c in array.flat):
            raise InvalidInput("cell-invalid", cell=str(next(int(c) for c in array.flat if not 0 <= int(c) < 1 << 64)))
        return np.array([int(c) for c in array.flat], np.uint64).reshape(array.shape)
    if array.dtype.kind not in "iu":
        raise InvalidInput("cells-not-integers", dtype=str(array.dtype))
    if array.dtype.kind == "i" and bool((array < 0).any()):
        raise InvalidInput("cell-invalid", cell=str(int(array.min())))
    return array.astype(np.uint64)


def resolution_of(cells: ArrayLike) -> NDArray[np.int8]:
    """Resolution of each cell: int8[n]; -1 for 0, no cell."""
    ids = as_cells(cells)
    found = ((ids >> np.uint64(_RESOLUTION_SHIFT)) & np.uint64(15)).astype(np.int8)
    return np.where(ids == NO_CELL, np.int8(-1), found)


def check_one_resolution(cells: ArrayLike) -> int:
    """The one resolution all cells have (0, no cell, is passed over); the library does not check this.

    Raises
    ------
    InvalidInput : ``cells-empty`` when there is no cell, ``cells-mixed-resolutions`` with those found.
    """
    found = np.unique(resolution_of(cells))
    found = found[found >= 0]
    if found.size == 0:
        raise InvalidInput("cells-empty")
    if found.size > 1:
        raise InvalidInput("cells-mixed-resolutions", resolutions=found.tolist())
    return int(found[0])


def _parent_masks(resolution: int) -> tuple[int, int]:
    """What of an id its parent keeps, and what is set in the parent."""
    tail = (1 << (3 * (FINEST_RESOLUTION - resolution))) - 1
    keep = (1 << 60) - 1 & ~(15 << _RESOLUTION_SHIFT) & ~tail
    return keep, (resolution << _RESOLUTION_SHIFT) | tail


def parents(cells: ArrayLike, resolution: int) -> Cells:
    """Ancestor of each cell at a coarser (or its own) resolution, by bit arithmetic.

    Parameters
    ----------
    cells : uint64[n]; 0 stays 0. Resolutions may differ.

    Raises
    ------
    InvalidInput : ``resolution-out-of-range``; ``cell-too-coarse`` when a cell is coarser than the resolution asked.
    """
    check_resolution(resolution)
    ids = as_cells(cells)
    present = ids != NO_CELL
    coarsest = int(resolution_of(ids[present]).min(initial=FINEST_RESOLUTION))
    if coarsest < resolution:
        raise InvalidInput("cell-too-coarse", resolution=coarsest, asked=resolution)
    keep, put = _parent_masks(resolution)
    out: Cells = (ids & np.uint64(keep)) | np.uint64(put)
    return np.where(present, out, NO_CELL)


def parent_sql(column: str, resolution: int) -> str:
    """PostgreSQL expression (BIGINT) for the ancestor of the cell in a column; the same arithmetic as :func:`parents`.

    Parameters
    ----------
    column : plain or quoted identifier, with table or schema before it if wanted (``e.cell``). NULL gives NULL. Its cells
        must be at least as fine as the resolution: the row's cell of resolution 11 is.

    Raises
    ------
    InvalidInput : ``column-name-invalid`` (no expressions: what is spliced into SQL must be a name).
    """
    check_resolution(resolution)
    if _IDENTIFIER.fullmatch(column) is None:
        raise InvalidInput("column-name-invalid", column=column)
    keep, put = _parent_masks(resolution)
    return f"(({column} & {keep}::bigint) | {put}::bigint)"


def children_range(cell: int | np.uint64, resolution: int = ROW_RESOLUTION) -> tuple[int, int]:
    """First and last id, both inclusive, of the range that holds exactly the descendants of a cell at a resolution.

    Every valid cell of that resolution between the two descends from the cell, so ``BETWEEN`` on an indexed column replaces
    arithmetic on every row.

    Raises
    ------
    InvalidInput : ``cell-invalid``; ``cell-too-fine`` when the cell is finer than the resolution.
    """
    check_resolution(resolution)
    ids = check_cells(np.array([int(cell)], np.uint64))
    own = int(resolution_of(ids)[0])
    if own > resolution:
        raise InvalidInput("cell-too-fine", resolution=own, asked=resolution)
    value = int(ids[0])
    width = 3 * (resolution - own)
    foot = 3 * (FINEST_RESOLUTION - resolution)
    base = value & ~(15 << _RESOLUTION_SHIFT) | resolution << _RESOLUTION_SHIFT
    low = base & ~(((1 << width) - 1) << foot)
    sixes = int("6" * (resolution - own) or "0", 8)
    return low, low | sixes << foot


def descendants(cells: ArrayLike, resolution: int = ROW_RESOLUTION) -> Cells:
    """All descendants of cells at a finer (or their own) resolution, sorted: uint64.

    Parameters
    ----------
    cells : uint64[n] of one resolution.

    Raises
    ------
    InvalidInput : ``cell-invalid``, ``cells-mixed-resolutions``, ``cells-empty``, ``cell-too-fine``.
    """
    check_resolution(resolution)
    ids = np.unique(check_cells(cells))
    own = check_one_resolution(ids)
    if own > resolution:
        raise InvalidInput("cell-too-fine", resolution=own, asked=resolution)
    for level in range(own + 1, resolution + 1):
        shift = 3 * (FINEST_RESOLUTION - level)
        cleared = ids & ~np.uint64(7 << shift) & ~np.uint64(15 << _RESOLUTION_SHIFT)
        digits = np.arange(7, dtype=np.uint64) << np.uint64(shift)
        ids = ((cleared[:, None] | digits) | np.uint64(level << _RESOLUTION_SHIFT)).ravel()
        # Below a pentagon one digit is skipped.
        ids = ids[are_cells(ids)]
    return np.sort(ids)


@njit(cache=True)
def _valid(ids: NDArray[np.uint64], pentagons: NDArray[np.bool_]) -> NDArray[np.bool_]:
    out = np.zeros(ids.shape[0], np.bool_)
    for n in range(ids.shape[0]):
        value = ids[n]
        if value >> np.uint64(56) != np.uint64(8):  # reserved 0, mode 1, reserved 0
            continue
        resolution = np.int64((value >> np.uint64(52)) & np.uint64(15))
        base = np.int64((value >> np.uint64(45)) & np.uint64(127))
        if base > 121:
            continue
        good = True
        leading = True
        for level in range(1, 16):
            digit = (value >> np.uint64(45 - 3 * level)) & np.uint64(7)
            if level <= resolution:
                if digit == np.uint64(7):
                    good = False
                    break
                if leading and digit != np.uint64(0):
                    leading = False
                    if digit == np.uint64(1) and pentagons[base]:  # the missing sixth of a pentagon
                        good = False
                        break
            elif digit != np.uint64(7):
                good = False
                break
        out[n] = good
    return out


def are_cells(cells: ArrayLike) -> NDArray[np.bool_]:
    """Whether each id is a valid H3 cell (0 is not): bool[n]."""
    pentagons = np.zeros(128, np.bool_)
    pentagons[list(_PENTAGON_BASE_CELLS)] = True
    out: NDArray[np.bool_] = _valid(np.ascontiguousarray(as_cells(cells).ravel()), pentagons)
    return out


def check_cells(cells: ArrayLike) -> Cells:
    """The cells as uint64, all valid.

    Raises
    ------
    InvalidInput : ``cell-invalid`` with the first bad id and how many are bad; ``cells-not-integers``.
    """
    ids = as_cells(cells)
    bad = np.flatnonzero(~are_cells(ids))
    if bad.size:
        raise InvalidInput("cell-invalid", cell=f"{int(ids.ravel()[bad[0]]):x}", count=int(bad.size))
    return ids


def to_hex(cells: ArrayLike) -> NDArray[np.str_]:
    """Fifteen hexadecimal digits of each cell: str15[n]; 0, no cell, is the empty string."""
    ids = as_cells(cells)
    shifts = np.arange(56, -4, -4, dtype=np.uint64)
    nibbles = (ids.ravel()[:, None] >> shifts) & np.uint64(15)
    letters = np.ascontiguousarray(_HEX_DIGITS[nibbles.astype(np.uint8)].astype(np.uint32))
    text = letters.view("U15").reshape(ids.shape)
    return np.where(ids == NO_CELL, "", text)


def from_hex(texts: ArrayLike) -> Cells:
    """Cells of their hexadecimal spelling (either case): uint64[n]; the empty string is 0.

    Raises
    ------
    InvalidInput : ``cell-invalid`` with the first spelling that is not a valid cell.
    """
    given = np.asarray(texts, dtype=np.str_)
    if given.size == 0:
        return np.empty(given.shape, np.uint64)
    flat = given.ravel()
    empty = flat == ""
    lengths = np.char.str_len(flat)
    bad = ~empty & (lengths != 15)
    ids = np.zeros(flat.shape, np.uint64)
    if not bad.any() and not empty.all():
        letters = np.ascontiguousarray(flat[~empty].astype("U15")).view(np.uint32).reshape(-1, 15)
        digit = np.full(letters.shape, 255, np.uint8)
        for first, last, value in ((48, 57, 0), (97, 102, 10), (65, 70, 10)):
            inside = (letters >= first) & (letters <= last)
            digit[inside] = (letters[inside] - first + value).astype(np.uint8)
        fine = (digit < 16).all(axis=1)
        shifts = np.arange(56, -4, -4, dtype=np.uint64)
        value_of = ((digit & 15).astype(np.uint64) << shifts).sum(axis=1, dtype=np.uint64)
        fine &= are_cells(value_of)
        ids[~empty] = value_of
        bad[~empty] = ~fine
    if bad.any():
        raise InvalidInput("cell-invalid", cell=str(flat[np.argmax(bad)])[:40], count=int(bad.sum()))
    return ids.reshape(given.shape)
