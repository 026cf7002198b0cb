"""Dates and times as text, typed columns or epochs → wall-clock seconds with a precision, on whole columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.coercion.fixed_width import read_fixed, read_tails
from etl.coercion.numbers import as_reals, as_text

DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# ISO 8601 and the day-first form with dots, which nobody writes month-first. Slashes are ambiguous: they must be declared.
ALWAYS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%MZ",
    "%Y-%m-%d",
    "%Y-%m",
    "%Y",
    "%Y%m%d",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
)
# Day numbers of spreadsheets: from 1954 to 2064.
SERIALS_FROM, SERIALS_BELOW = 20_000, 60_000
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")
_FRACTION = re.compile(r"0[.,]\d+")
_POINTED = re.compile(r"(?:[1-9]|\d\d)[.,]\d\d")
_ONLY_HOUR = re.compile(r"[Tt ]\d\d(?:Z|[+-][\d:]+)?$")
# Clocks after which a fraction, a Z or an offset may stand.
_BEFORE_TAILS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")
_WIDTH = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2}
# Epochs are told apart by size: seconds of 1990–2100 are 0.6–4.1e9, milliseconds 0.6–4.1e12, microseconds 0.6–4.1e15.
SECONDS_BELOW = 1e11
MICROSECONDS_FROM = 1e14


class Precision(IntEnum):
    """How exactly a source knows a time; the names are stored."""

    UNKNOWN = 0
    YEAR = 1
    MONTH = 2
    DAY = 3
    HOUR = 4
    MINUTE = 5


@dataclass(eq=False)
class Stamps:
    """Times of a column.

    Parameters
    ----------
    seconds : int64 since 1970: of the wall clock, or of UTC where ``is_instant``; 0 where unknown.
    precision : uint8, a :class:`Precision`.
    is_instant : the source stated its offset.
    unreadable : there is something, but it is no time.
    """

    seconds: NDArray[np.int64]
    precision: NDArray[np.uint8]
    is_instant: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]

    @classmethod
    def empty(cls, rows: int) -> Stamps:
        none = np.zeros(rows, dtype=np.bool_)
        return cls(np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.uint8), none, none.copy())

    @property
    def known(self) -> NDArray[np.bool_]:
        return self.precision > 0

    def fill_from(self, other: Stamps) -> None:
        """Where nothing is known yet, take what ``other`` knows."""
        take = ~self.known & other.known
        for name in ("seconds", "precision", "is_instant"):
            getattr(self, name)[take] = getattr(other, name)[take]
        self.unreadable = (self.unreadable | other.unreadable) & ~self.known


def read_stamps(column: pa.Array, *, formats: Sequence[str] = ()) -> Stamps:
    """Times of a text, date or timestamp column; ``formats`` (strptime patterns) are tried before ISO 8601."""
    kind = column.type
    out = Stamps.empty(len(column))
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        known = ~np.asarray(pc.is_null(column))
        aware = pa.types.is_timestamp(kind) and kind.tz is not None
        plain = column.cast(pa.timestamp("us", tz="UTC" if aware else None)).cast(pa.int64())
        out.seconds = plain.fill_null(0).to_numpy(zero_copy_only=False) // 1_000_000
        out.precision[known] = Precision.DAY if pa.types.is_date(kind) else Precision.MINUTE
        out.is_instant = known & aware
        return out
    texts = as_text(column)
    offsets = (
        np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
        if len(texts)
        else np.zeros(1, np.int32)
    )
    data = np.frombuffer(texts.buffers()[2] or b"", dtype=np.uint8)
    lengths = np.diff(offsets)
    open_rows = ~np.asarray(pc.is_null(texts), dtype=np.bool_)
    for length in np.unique(lengths[open_rows]).tolist():
        rows = np.flatnonzero(open_rows & (lengths == length))
        starts = offsets[rows].astype(np.int64)
        for pattern in dict.fromkeys((*formats, *ALWAYS)):
            parts = _compile(pattern)
            if parts is None or parts[-1][2] != length:
                continue
            seconds, good = read_fixed(data, starts, parts)
            hit = rows[good]
            out.seconds[hit], out.precision[hit] = seconds[good], _precision_of(parts)
            out.is_instant[hit] = pattern.endswith("Z")
            open_rows[hit] = False
            rows, starts = rows[~good], starts[~good]
            if not len(rows):
                break
        # a declared pattern of another kind is asked first, unless it begins as these do
        if all(_compile(pattern) is not None or pattern.startswith("%Y-%m-%d") for pattern in formats):
            _read_with_tails(data, rows, starts, length, out, open_rows)
    _read_slowly(texts, open_rows, formats, out)
    return out


def _read_with_tails(
    data: NDArray[np.uint8],
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    length: int,
    out: Stamps,
    open_rows: NDArray[np.bool_],
) -> None:
    """Times with a fraction or an offset among ``rows``, whose texts are ``length`` bytes long."""
    for pattern in _BEFORE_TAILS:
        parts = _compile(pattern) or []
        width = parts[-1][2]
        if not len(rows) or length <= width:
            continue
        seconds, good = read_fixed(data, starts, parts)
        east, aware, ends = read_tails(data, starts + width, length - width, fraction="%S" in pattern)
        good &= ends
        hit = rows[good]
        out.seconds[hit], out.precision[hit] = seconds[good] - east[good], Precision.MINUTE
        out.is_instant[hit] = aware[good]
        open_rows[hit] = False
        rows, starts = rows[~good], starts[~good]


def _compile(pattern: str) -> list[tuple[str, int, int]] | None:
    """(directive or literal, start, end) of a pattern of fixed width; None when it is not."""
    parts: list[tuple[str, int, int]] = []
    at = i = 0
    while i < len(pattern):
        if pattern[i] == "%":
            width = _WIDTH.get(pattern[i + 1 : i + 2])
            if width is None:
                return None
            parts.append((pattern[i : i + 2], at, at + width))
            at, i = at + width, i + 2
        else:
            if not pattern[i].isascii():
                return None
            parts.append((pattern[i], at, at + 1))
            at, i = at + 1, i + 1
    return parts or None


def _precision_of(parts: list[tuple[str, int, int]]) -> Precision:
    said = {what for what, _, _ in parts}
    for directive, precision in (
        ("%M", Precision.MINUTE),
        ("%H", Precision.HOUR),
        ("%d", Precision.DAY),
        ("%m", Precision.MONTH),
    ):
        if directive in said:
            return precision
    return Precision.YEAR


def _read_slowly(texts: pa.StringArray, rows: NDArray[np.bool_], formats: Sequence[str], out: Stamps) -> None:
    """Each distinct remaining text through the standard library: fractions, offsets, month names, am and pm."""
    if not rows.any():
        return
    at = np.flatnonzero(rows)
    encoded = texts.take(pa.array(at)).dictionary_encode()
    index = encoded.indices.to_numpy(zero_copy_only=False)
    slow = list(formats)  # also those of fixed width: "1/5/2024" has no zeros in front
    distinct = len(encoded.dictionary)
    seconds, precisions = np.zeros(distinct, dtype=np.int64), np.zeros(distinct, dtype=np.uint8)
    instant = np.zeros(distinct, dtype=np.bool_)
    for code, text in enumerate(encoded.dictionary.to_pylist()):
        moment, precision = _one(text, slow)
        if moment is None:
            continue
        instant[code] = moment.tzinfo is not None
        since = moment - _EPOCH if instant[code] else moment.replace(tzinfo=UTC) - _EPOCH
        seconds[code], precisions[code] = since.days * DAY_S + since.seconds, precision
    out.seconds[at], out.precision[at], out.is_instant[at] = seconds[index], precisions[index], instant[index]
    out.unreadable[at] = precisions[index] == Precision.UNKNOWN


def _precision_of_pattern(pattern: str) -> Precision:
    for marks, precision in (
        (("%M", "%X", "%c"), Precision.MINUTE),
        (("%H", "%I"), Precision.HOUR),
        (("%d", "%x", "%j"), Precision.DAY),
        (("%m", "%b", "%B"), Precision.MONTH),
    ):
        if any(mark in pattern for mark in marks):
            return precision
    return Precision.YEAR


def _serial(text: str) -> tuple[datetime, Precision] | None:
    """The moment of a spreadsheet's day number, counted from 30 December 1899; of years nobody keeps registers of there is none."""
    if not _SERIAL.fullmatch(text):
        return None
    days = float(text.replace(",", "."))
    if not SERIALS_FROM <= days < SERIALS_BELOW:
        return None
    # wall clock, like every cell of a spreadsheet
    moment = datetime(1899, 12, 30) + timedelta(seconds=round(days * DAY_S))  # noqa: DTZ001
    return moment, Precision.DAY if days == int(days) else Precision.MINUTE


def _one(text: str, formats: Sequence[str]) -> tuple[datetime | None, Precision]:
    for pattern in formats:
        try:
            # a zone is only known where the pattern holds %z
            moment = datetime.strptime(text, pattern)  # noqa: DTZ007
        except ValueError:
            continue
        return moment, _precision_of_pattern(pattern)
    if (serial := _serial(text)) is not None:
        return serial
    # the standard library takes any letter between day and clock, a digit too
    if len(text) > 10 and any(mark in text for mark in "Tt "):
        try:
            return datetime.fromisoformat(text), Precision.HOUR if _ONLY_HOUR.search(text) else Precision.MINUTE
        except ValueError:
            pass
    return None, Precision.UNKNOWN


@dataclass(frozen=True, eq=False)
class Epochs:
    """Seconds since 1970 of an epoch column; ``in_seconds`` counts the values that were not milliseconds."""

    seconds: NDArray[np.int64]
    known: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]
    in_seconds: int
    in_microseconds: int


def read_epochs(column: pa.Array) -> Epochs:
    """Epochs in milliseconds; seconds and microseconds are recognised by size. Typed timestamps are taken as they are."""
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        stamps = read_stamps(column)
        return Epochs(stamps.seconds, stamps.known, stamps.unreadable, 0, 0)
    values, unreadable = as_reals(column)
    known = ~np.isnan(values)
    values = np.where(known, values, 0.0)
    seconds = known & (np.abs(values) < SECONDS_BELOW) & (values != 0)
    micro = known & (np.abs(values) >= MICROSECONDS_FROM)
    unit = np.where(seconds | (values == 0), 1.0, np.where(micro, 1e6, 1e3))
    whole = np.floor(values / unit)
    huge = np.abs(whole) > 1e11
    return Epochs(
        np.where(huge, 0, whole).astype(np.int64),
        known & ~huge,
        unreadable | huge,
        int(seconds.sum()),
        int(micro.sum()),
    )


def read_clock(column: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Seconds since midnight of HH:MM, H:MM, HH:MM:SS or HHMM without leading zeros; known; unreadable."""
    if pa.types.is_time(column.type):
        known = ~np.asarray(pc.is_null(column))
        micro = column.cast(pa.time64("us")).cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        return micro // 1_000_000, known, np.zeros(len(column), dtype=np.bool_)
    encoded = as_text(column).dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    # "0.25" is a quarter of a day (06:00) of a spreadsheet, unless others are written with a point too ("9.15")
    pointed = any(_POINTED.fullmatch(text) for text in texts)
    seconds = np.array(
        [_day_fraction(text) if _FRACTION.fullmatch(text) and not pointed else _clock(text) for text in texts] + [-2],
        dtype=np.int64,
    )
    found = seconds[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return np.maximum(found, 0), found >= 0, found == -1


def _day_fraction(text: str) -> int:
    return min(round(float(text.replace(",", ".")) * DAY_S), DAY_S - 1)


def _clock(text: str) -> int:
    digits = text.replace(".", ":").replace("-", ":").split(":")
    if len(digits) == 1 and text.isdigit() and len(text) <= 4:
        padded = text.zfill(4)
        digits = [padded[:2], padded[2:]]
    if len(digits) not in {2, 3} or not all(d.isascii() and d.isdigit() and len(d) <= 2 for d in digits):
        return -1
    hour, minute, second = (int(d) for d in (*digits, "0")[:3])
    return hour * 3600 + minute * 60 + second if hour < 24 and minute < 60 and second < 60 else -1


_HOUR = re.compile(r"^(?:с\s*)?(\d{1,2})(?:[:.]00)?\s*(?:ч|час|часов|h|сағ)?\.?$")
_HOURS = re.compile(
    r"^(?:с\s*)?(\d{1,2})(?:[:.](\d{2}))?\s*(?:[-–—]|до|по|to)\s*(\d{1,2})(?:[:.](\d{2}))?\s*(?:ч|час|часов|h|сағ)?\.?$"
)


def read_hours(column: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Hour of the day of "14", "14 ч", "14:00-15:00", "14-15"; known; unreadable (also a range longer than an hour)."""
    encoded = as_text(column).dictionary_encode()
    hours = np.array([_hour(text) for text in encoded.dictionary.to_pylist()] + [-2], dtype=np.int64)
    found = hours[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return np.maximum(found, 0), found >= 0, found == -1


def _hour(text: str) -> int:
    plain = text.strip().casefold()
    if alone := _HOUR.fullmatch(plain):
        hour, until = int(alone[1]), int(alone[1]) * 60 + 60
    elif both := _HOURS.fullmatch(plain):
        hour, until = int(both[1]), int(both[3]) * 60 + int(both[4] or 0)
        if int(both[2] or 0):
            return -1
        until += 24 * 60 if until == 0 else 0
    else:
        return -1
    # "14:00-14:59" is the same hour as "14:00-15:00"
    return hour if hour < 24 and until - hour * 60 in {59, 60} else -1
