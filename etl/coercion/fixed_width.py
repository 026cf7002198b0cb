"""Times written at a fixed width, read letter by letter: a million a second costs too much with a Python object each."""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

_FIELDS = "YmdHMS"
_LITERAL = len(_FIELDS)
_LENGTHS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)


@numba.njit(cache=True, nogil=True)
def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 of a day of the Gregorian calendar (H. Hinnant, days_from_civil)."""
    y = year - 1 if month <= 2 else year
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@numba.njit(cache=True, nogil=True)
def _read(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    field: NDArray[np.int64],
    letter: NDArray[np.int64],
    lengths: NDArray[np.int64],
    seconds: NDArray[np.int64],
    good: NDArray[np.bool_],
) -> None:
    value = np.empty(6, dtype=np.int64)
    for row in range(starts.size):
        value[:] = (0, 1, 1, 0, 0, 0)
        at, before, fits = starts[row], -1, True
        for place in range(field.size):
            code = data[at + place]
            which = field[place]
            if which == _LITERAL:
                fits = bool(code == letter[place])
            else:
                digit = np.int64(code) - 48
                fits = bool(0 <= digit <= 9)
                value[which] = (value[which] * 10 if which == before else 0) + digit
            before = which
            if not fits:
                break
        year, month, day = value[0], value[1], value[2]
        if not (fits and year >= 1000 and 1 <= month <= 12 and day >= 1):
            continue
        leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        if day > lengths[month - 1] + (1 if leap else 0) or value[3] > 23 or value[4] > 59 or value[5] > 59:
            continue
        good[row] = True
        seconds[row] = _days(year, month, day) * 86_400 + value[3] * 3600 + value[4] * 60 + value[5]


def read_fixed(
    data: NDArray[np.uint8], starts: NDArray[np.int64], parts: Sequence[tuple[str, int, int]]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Times that begin at ``starts`` in ``data``, all as long as the pattern.

    Parameters
    ----------
    parts : directive ("%Y") or literal, start and end of each part of the pattern; without a year nothing is read.

    Returns
    -------
    seconds : int64 since 1970 of the wall clock; 0 where not ``good``.
    good : which are such times.
    """
    seconds, good = np.zeros(len(starts), dtype=np.int64), np.zeros(len(starts), dtype=np.bool_)
    width = parts[-1][2]
    field, letter = np.full(width, _LITERAL, dtype=np.int64), np.zeros(width, dtype=np.int64)
    for what, start, end in parts:
        if what.startswith("%"):
            field[start:end] = _FIELDS.index(what[1])
        else:
            letter[start] = ord(what)
    if 0 in field:
        _read(data, starts, field, letter, _LENGTHS, seconds, good)
    return seconds, good


@numba.njit(cache=True, nogil=True)
def _two(data: NDArray[np.uint8], at: int, end: int, below: int) -> int:
    """The number of two digits at ``at``, less than ``below``; -1 = there is none."""
    if at + 2 > end:
        return -1
    tens, ones = np.int64(data[at]) - 48, np.int64(data[at + 1]) - 48
    number = tens * 10 + ones
    return int(number) if 0 <= tens <= 9 and 0 <= ones <= 9 and number < below else -1


@numba.njit(cache=True, nogil=True)
def _read_tails(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    width: int,
    fraction: bool,  # noqa: FBT001 - kernels take no keywords
    east: NDArray[np.int64],
    aware: NDArray[np.bool_],
    good: NDArray[np.bool_],
) -> None:
    for row in range(starts.size):
        at, end = starts[row], starts[row] + width
        if fraction and at < end and (data[at] == 46 or data[at] == 44):  # . or ,
            at += 1
            first = at
            while at < end and 48 <= data[at] <= 57:
                at += 1
            if at == first:
                continue
        if at == end:
            good[row] = True
        elif data[at] == 90 and at + 1 == end:  # Z
            good[row], aware[row] = True, True
        elif data[at] == 43 or data[at] == 45:  # + or -
            sign = 1 if data[at] == 43 else -1
            hours, minutes = _two(data, at + 1, end, 24), 0
            at += 3
            if at < end:
                at += 1 if data[at] == 58 else 0  # :
                minutes = _two(data, at, end, 60)
                at += 2
            if hours >= 0 and minutes >= 0 and at == end:
                good[row], aware[row], east[row] = True, True, sign * (hours * 3600 + minutes * 60)


def read_tails(
    data: NDArray[np.uint8], starts: NDArray[np.int64], width: int, *, fraction: bool
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """What follows a clock: a fraction of the second, "Z" or an offset ("+05", "+0500", "+05:00"), all ``width`` letters long.

    Parameters
    ----------
    fraction : a fraction may stand there: the clock has seconds.

    Returns
    -------
    east : int64 seconds east of UTC.
    aware : an offset is stated.
    good : which are such endings.
    """
    rows = len(starts)
    east, aware, good = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.bool_), np.zeros(rows, dtype=np.bool_)
    _read_tails(data, starts, width, fraction, east, aware, good)
    return east, aware, good


def warm_up() -> None:
    """Compile (or load) the kernels."""
    read_tails(np.frombuffer(b"Z", dtype=np.uint8), np.zeros(1, dtype=np.int64), 1, fraction=True)
    read_fixed(np.frombuffer(b"1970", dtype=np.uint8), np.zeros(1, dtype=np.int64), [("%Y", 0, 4)])
