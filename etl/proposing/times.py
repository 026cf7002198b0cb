"""Which columns say when, and how dates are written: formats are told apart by evidence, and what stays ambiguous is said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa

from etl.coercion.numbers import as_text
from etl.coercion.stamps import SERIALS_BELOW, SERIALS_FROM, Precision, read_clock, read_epochs, read_hours, read_stamps
from etl.proposing.guess import DOUBTFUL, LIKELY, SURE, Guess
from etl.proposing.words import EXACT
from layers.spec import How, TimeSource

DAY_S, HOUR_S = 86_400, 3_600
MOSTLY = 0.9
_SEPARATED = re.compile(
    r"^(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T,]+(\d{1,2}:\d{2}(?::\d{2})?)(\s*[AaPp][Mm])?)?$"
)
_ORDER_NEEDS = 10
_EXAMPLE = datetime(2024, 12, 31, 14, 30)  # noqa: DTZ001 - only its written form is shown


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What a column holds: time | date | serial time | serial date | month | epoch | clock | hour | none, and the patterns it needs."""

    name: str = ""
    formats: tuple[str, ...] = ()
    doubt: str = ""
    confidence: float = 1.0


def find_times(guess: Guess) -> TimeSource | None:
    """Take the columns that say when; None = nothing does."""
    kinds = {c: kind_of(guess.sample[c], is_number=guess.numbers(c) is not None) for c in guess.free()}
    for target, wanted in (
        ("@time", {"time", "epoch", "serial time"}),
        ("@end", {"time"}),
        ("@date", {"date", "time", "epoch", "serial time", "serial date"}),
        ("@clock", {"clock"}),
        ("@hour", {"hour"}),
        ("@month", {"month"}),
    ):
        if (target == "@date" and "@time" in guess.took) or (
            target == "@month" and {"@time", "@date"} & set(guess.took)
        ):
            continue
        for score, column, reason in guess.named(target):
            if kinds[column].name in wanted:
                guess.take(target, column, score * SURE * kinds[column].confidence, reason)
                break
    if not {"@time", "@date", "@month"} & set(guess.took):
        _from_parts(guess) or _by_values(guess, kinds)
    if "@hour" not in guess.took and "@clock" not in guess.took and {"@date", "@month"} & set(guess.took):
        # "Time" of 14:00-15:00 is an hour, and "hour" of 14:05 a clock
        for names, target, kind in (("@clock", "@hour", "hour"), ("@hour", "@clock", "clock")):
            other = next((c for _, c, _ in guess.named(names) if kinds[c].name == kind), None)
            if other is not None:
                guess.take(target, other, LIKELY, "by-values")
                break
    if not {"@time", "@date", "@month"} & set(guess.took):
        called = [c for target in ("@time", "@date") for score, c, _ in guess.named(target) if score >= EXACT]
        if called:
            guess.doubt("@time", "date-not-read", column=called[0], blocks=True)
            guess.confidence.pop("@time", None)
    return _source(guess, kinds)


def kind_of(values: pa.Array, *, is_number: bool) -> _Kind:
    """What kind of time a column holds, by what most of its values are; day numbers count only under a name that says a date."""
    texts = as_text(values)
    present = len(values) - texts.null_count
    if not present:
        return _Kind()
    if is_number:
        return _of_numbers(values, present)
    stamps = read_stamps(values)
    if stamps.known.sum() > MOSTLY * present:
        return _Kind(name=_level(int(np.median(stamps.precision[stamps.known]))))
    written = _written(texts)
    if written is not None:
        return written
    hours, clocks = int(read_hours(values)[1].sum()), int(read_clock(values)[1].sum())
    # "10:00, 11:00" are hours, but one 10:05 among them says that minutes are known
    if hours > MOSTLY * present and hours >= clocks:
        return _Kind(name="hour")
    return _Kind(name="clock" if clocks > MOSTLY * present else "")


def _level(precision: int) -> str:
    return {Precision.MINUTE: "time", Precision.DAY: "date", Precision.MONTH: "month"}.get(Precision(precision), "")


def _of_numbers(values: pa.Array, present: int) -> _Kind:
    numbers = np.abs(read_numbers(values))
    if ((numbers > 5e8) & (numbers < 5e9)).mean() > MOSTLY or ((numbers > 5e11) & (numbers < 5e12)).mean() > MOSTLY:
        return _Kind(name="epoch")
    if ((numbers >= 19_000_101) & (numbers < 21_000_101)).mean() > MOSTLY:
        return _Kind(name="date" if read_stamps(values).known.sum() > MOSTLY * present else "")
    if ((numbers >= SERIALS_FROM) & (numbers < SERIALS_BELOW)).mean() > MOSTLY:
        return _Kind(name="serial time" if (numbers % 1 != 0).any() else "serial date")
    whole = numbers == np.floor(numbers)
    if whole.all() and (numbers <= 23).mean() > 0.97 and (numbers <= 24).all():
        return _Kind(name="hour")
    return _Kind(name="clock" if read_clock(values)[1].sum() > MOSTLY * present else "")


def read_numbers(values: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Present numbers of a column."""
    from etl.coercion.numbers import as_reals

    numbers = as_reals(values)[0]
    return numbers[np.isfinite(numbers)]


def _written(texts: pa.StringArray) -> _Kind | None:
    """Dates with the day and the month in an order only the values can tell."""
    found = [_SEPARATED.fullmatch(t) for t in texts.to_pylist() if t is not None]
    parts = [m for m in found if m is not None]
    if len(parts) < MOSTLY * len(found):
        return None
    firsts, seconds = np.array([int(m[1]) for m in parts]), np.array([int(m[3]) for m in parts])
    day_first, month_first = (seconds <= 12).mean(), (firsts <= 12).mean()
    mark, year = parts[0][2], "%Y" if len(parts[0][4]) == 4 else "%y"
    clock = ""
    if parts[0][5]:
        seconds_too = ":%S" if parts[0][5].count(":") == 2 else ""
        clock = f" %I:%M{seconds_too} %p" if parts[0][6] else f" %H:%M{seconds_too}"
    name = "time" if clock else "date"
    both = {True: (f"%d{mark}%m{mark}{year}{clock}",), False: (f"%m{mark}%d{mark}{year}{clock}",)}
    if day_first > 0.97 and month_first < 1:
        return _Kind(name=name, formats=both[True])
    if month_first > 0.97 and day_first < 1:
        return _Kind(name=name, formats=both[False])
    if day_first < 1 and month_first < 1:
        return None
    if mark == ".":
        return _Kind(name=name, formats=both[True])  # nobody writes the month first with dots
    ordered = {first: _is_ordered(parts, day_first=first) for first in (True, False)}
    if ordered[True] != ordered[False]:
        return _Kind(name=name, formats=both[ordered[True]], doubt="dates-by-order", confidence=LIKELY)
    # the day first is the custom of the country, but nothing in the file says so
    return _Kind(name=name, formats=both[True], doubt="dates-ambiguous", confidence=DOUBTFUL)


def _is_ordered(parts: list[re.Match[str]], *, day_first: bool) -> bool:
    """Whether the rows, sorted by nobody else, stand in order of time when read so."""
    month, day = (3, 1) if day_first else (1, 3)
    keys = [(int(m[4]), int(m[month]), int(m[day])) for m in parts]
    if len(set(keys)) < _ORDER_NEEDS:
        return False
    steps = [a <= b for a, b in pairwise(keys)]
    return all(steps) or not any(a < b for a, b in pairwise(keys))


def _from_parts(guess: Guess) -> bool:
    """Year, month and perhaps day in columns of their own."""
    taken: dict[str, str] = {}
    for target, low, high in (("@year", 1900, 2100), ("@month_of_year", 1, 12), ("@day_of_month", 1, 31)):
        for score, column, _ in guess.named(target):
            numbers = guess.numbers(column)
            if score < EXACT or numbers is None or column in taken.values():
                continue
            known = numbers[np.isfinite(numbers)]
            if ((known >= low) & (known <= high) & (known == np.floor(known))).mean() > MOSTLY:
                taken[target] = column
                break
    if not {"@year", "@month_of_year"} <= set(taken):
        return False
    target = "@date" if "@day_of_month" in taken else "@month"
    guess.take(target, guess.make(target, How.DATE, *taken.values()), LIKELY, "by-name")
    return True


def _by_values(guess: Guess, kinds: dict[str, _Kind]) -> bool:
    """Nobody called it so: the only column of its kind."""
    for kind, target in (("time", "@time"), ("date", "@date"), ("month", "@month"), ("epoch", "@time")):
        alike = [c for c in guess.free() if c in kinds and kinds[c].name == kind]
        if len(alike) == 1:
            guess.take(target, alike[0], DOUBTFUL, "by-values")
            guess.doubt(target, "by-values-only", column=alike[0])
            return True
    return False


def _source(guess: Guess, kinds: dict[str, _Kind]) -> TimeSource | None:
    took = guess.took
    formats: list[str] = []
    for target in ("@time", "@date", "@end"):
        kind = kinds.get(took.get(target, ""), _Kind())
        formats += kind.formats
        if kind.doubt:
            guess.doubt(
                target,
                kind.doubt,
                column=took[target],
                format=kind.formats[0],
                example=_EXAMPLE.strftime(kind.formats[0]),
                blocks=kind.doubt == "dates-ambiguous",
            )
    clock = took.get("@clock") if {"@date"} & set(took) else None
    hour = took.get("@hour") if {"@date", "@month"} & set(took) and clock is None else None
    _let_go(guess, "@clock", keep=clock is not None)
    _let_go(guess, "@hour", keep=hour is not None)
    epoch = next((took[t] for t in ("@time", "@date") if kinds.get(took.get(t, ""), _Kind()).name == "epoch"), None)
    if epoch is not None:
        counts, sure = _epoch_clock(guess, epoch)
        if not sure:
            guess.doubt("@time" if "@time" in took else "@date", "epoch-clock", column=epoch, clock=counts)
        return TimeSource(epoch_ms=epoch, epoch_clock=counts, clock=clock if counts[0] in "+-" else None)
    if not {"@time", "@date", "@month"} & set(took):
        return None
    return TimeSource(
        local=took.get("@time"),
        date=took.get("@date"),
        clock=clock,
        hour=hour,
        month=took.get("@month"),
        end=took.get("@end") if "@time" in took else None,
        formats=tuple(dict.fromkeys(formats)),
    )


def _let_go(guess: Guess, target: str, *, keep: bool) -> None:
    if not keep:
        for known in (guess.took, guess.confidence, guess.reasons):
            known.pop(target, None)


def _epoch_clock(guess: Guess, column: str) -> tuple[str, bool]:
    """What an epoch counts, by a column that writes the same moment out, or by midnights; and whether something said so."""
    epochs = read_epochs(guess.sample[column])
    seconds = epochs.seconds[epochs.known]
    for other in guess.header:
        if other == column or other not in guess.sample:
            continue
        stamps = read_stamps(guess.sample[other])
        both = epochs.known & stamps.known & (stamps.precision == Precision.MINUTE) & ~stamps.is_instant
        if both.sum() < 1:
            continue
        apart = np.round((stamps.seconds - epochs.seconds)[both] / 60).astype(np.int64)
        if (np.abs(apart) <= 1).all():
            return "local", True
        if (apart == apart[0]).all() and abs(int(apart[0])) <= 14 * 60:
            return ("utc", True) if apart[0] else ("local", True)
    # only days: midnight somewhere
    hours = np.unique(seconds % DAY_S)
    if len(seconds) >= 2 and len(hours) == 1 and hours[0] % HOUR_S == 0:
        east = int((DAY_S - hours[0]) % DAY_S) // HOUR_S
        east = east - 24 if east > 14 else east
        return (f"{'+' if east >= 0 else '-'}{abs(east):02d}:00", False) if east else ("local", False)
    return "utc", True
