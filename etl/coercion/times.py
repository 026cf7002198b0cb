"""When events happened: the columns a source has → half-open UTC intervals, local days, hours and weekdays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.coercion.stamps import DAY_S, Precision, Stamps, read_clock, read_epochs, read_hours, read_stamps
from etl.coercion.zones import Zone, zone_named
from etl.findings import Findings
from etl.records import EventTimes
from geo_core.errors import InvalidInput
from layers.spec import TimeSource

MIDNIGHTS_NEEDED = 5  # so many times that all say 00:00 are dates written as times
NAMES = pa.array([p.name.lower() for p in Precision])


@dataclass
class TimeReader:
    """Reads the times of a whole source, chunk by chunk.

    Parameters
    ----------
    source : which columns hold what.
    zone : of the workspace: days, hours and weekdays are its own.
    now : aware; later events are refused (``time-in-future``).
    minimum_year : events before it are refused (``time-too-early``).
    midnight_is_unknown, epoch_midnight_is_unknown : decided on the first chunk that has times: where every time of at least 5 is
        00:00, the clock is not known and midnight is not claimed.
    """

    source: TimeSource
    zone: Zone
    now: datetime
    minimum_year: int
    midnight_is_unknown: bool | None = None
    epoch_midnight_is_unknown: bool | None = None

    def read(self, columns: Mapping[str, pa.Array], rows: int, findings: Findings) -> EventTimes:
        """Times of one chunk; rows whose time is unreadable, in the future or too early are rejected in ``findings``.

        A row without any time is kept with the flag ``no-time``: that it happened is known.
        """
        source = self.source
        stamps = Stamps.empty(rows)
        if source.local in columns and source.local is not None:
            stamps.fill_from(self._local(columns[source.local], findings))
        if source.date in columns and source.date is not None:
            dates = read_stamps(columns[source.date], formats=source.formats)
            midnight = (dates.precision == Precision.MINUTE) & ~dates.is_instant & (dates.seconds % DAY_S == 0)
            dates.precision[midnight] = Precision.DAY
            stamps.fill_from(self._with_clock(dates, columns, findings))
        if source.epoch_ms in columns and source.epoch_ms is not None:
            stamps.fill_from(self._epoch(columns, findings))
        if source.month in columns and source.month is not None:
            months = read_stamps(columns[source.month], formats=source.formats)
            months.precision = np.minimum(months.precision, Precision.MONTH).astype(np.uint8)
            stamps.fill_from(months)
        hours = self._hours(columns, stamps, findings)
        given = next((c for c in (source.local, source.date, source.epoch_ms, source.month) if c in columns), None)
        findings.reject("unreadable-time", stamps.unreadable, values=columns.get(given or ""), column=given)
        start, end = self._interval(stamps, findings)
        precision = stamps.precision.copy()
        if source.end is not None and source.end in columns:
            end, precision = self._until(columns[source.end], stamps, start, end, precision, findings)
        known = stamps.known & ~stamps.unreadable
        findings.flag("no-time", ~known & ~stamps.unreadable)
        now_s = int(self.now.timestamp())
        first_s = int(np.datetime64(f"{self.minimum_year:04d}-01-01", "s").astype(np.int64))
        values = columns.get(given or "")
        findings.reject("time-in-future", known & (start > now_s), values=values, column=given)
        findings.reject(
            "time-too-early",
            known & (self.zone.to_local(start) < first_s),
            values=values,
            column=given,
            year=self.minimum_year,
        )
        times = self._as_event_times(start, end, precision, known)
        if hours is None:
            return times
        # of what day is not known, but at what hour
        return replace(times, hour=pc.coalesce(times.hour, pa.array(hours[0].astype(np.int16), mask=~hours[1])))

    def _hours(
        self, columns: Mapping[str, pa.Array], stamps: Stamps, findings: Findings
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
        """Hours of rows whose day is not known; where it is, ``stamps`` become exact to the hour."""
        column = columns.get(self.source.hour or "")
        if column is None:
            return self._hours_of_clock(columns)
        hours, known, unreadable = read_hours(column)
        findings.flag("clock-unreadable", unreadable & stamps.known)
        exact = known & (stamps.precision == Precision.DAY) & ~stamps.is_instant
        stamps.seconds = stamps.seconds + np.where(exact, hours * 3600, 0)
        stamps.precision[exact] = Precision.HOUR
        return hours, known & stamps.known & (stamps.precision < Precision.DAY)

    def _hours_of_clock(self, columns: Mapping[str, pa.Array]) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
        """Hours of a source that has a clock and no column for the day: the day stays unknown, the hour does not."""
        source = self.source
        column = columns.get(source.clock or "")
        if column is None or any((source.local, source.date, source.epoch_ms, source.month)):
            return None
        seconds, known, _ = read_clock(column)
        return seconds // 3600, known

    def _local(self, column: pa.Array, findings: Findings) -> Stamps:
        stamps = read_stamps(column, formats=self.source.formats)
        timed = (stamps.precision == Precision.MINUTE) & ~stamps.is_instant
        midnight = timed & (stamps.seconds % DAY_S == 0)
        if self.midnight_is_unknown is None and timed.any():
            self.midnight_is_unknown = bool(timed.sum() >= MIDNIGHTS_NEEDED and midnight.sum() == timed.sum())
        if self.midnight_is_unknown:
            stamps.precision[midnight] = Precision.DAY
            findings.warnings.add("midnight-not-claimed", int(midnight.sum()), column=self.source.local)
        return stamps

    def _with_clock(self, dates: Stamps, columns: Mapping[str, pa.Array], findings: Findings) -> Stamps:
        clock = self.source.clock
        if clock is None or clock not in columns:
            return dates
        seconds, known, unreadable = read_clock(columns[clock])
        timed = known & (dates.precision == Precision.DAY)
        dates.seconds = dates.seconds + np.where(timed, seconds, 0)
        dates.precision[timed] = Precision.MINUTE
        # the day is still right: the hour stays unknown
        findings.flag("clock-unreadable", unreadable & dates.known)
        return dates

    def _epoch(self, columns: Mapping[str, pa.Array], findings: Findings) -> Stamps:
        name = self.source.epoch_ms or ""
        epochs = read_epochs(columns[name])
        findings.warnings.add("epoch-in-seconds", epochs.in_seconds, column=name)
        findings.warnings.add("epoch-in-microseconds", epochs.in_microseconds, column=name)
        out = Stamps(
            epochs.seconds,
            np.where(epochs.known, Precision.MINUTE, Precision.UNKNOWN).astype(np.uint8),
            np.zeros(len(epochs.known), dtype=np.bool_),
            epochs.unreadable,
        )
        counts = self.source.epoch_clock
        if counts in {"utc", "local"}:
            out.is_instant = epochs.known & (counts == "utc")
            midnight = epochs.known & (epochs.seconds % DAY_S == 0)
            if self.epoch_midnight_is_unknown is None and epochs.known.any():
                count = int(epochs.known.sum())
                self.epoch_midnight_is_unknown = count >= MIDNIGHTS_NEEDED and int(midnight.sum()) == count
            if self.epoch_midnight_is_unknown:
                # a day written as 00:00 of UTC is that day, not the morning of the zone it is read in
                out.precision[midnight], out.is_instant[midnight] = Precision.DAY, False
                findings.warnings.add("midnight-not-claimed", int(midnight.sum()), column=name)
            return out
        # midnight at a fixed offset: only the day is meant
        out.seconds = np.floor_divide(epochs.seconds + offset_s(counts), DAY_S) * DAY_S
        out.precision[epochs.known] = Precision.DAY
        return self._with_clock(out, columns, findings)

    def _interval(self, stamps: Stamps, findings: Findings | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Half-open UTC seconds that hold the true instant."""
        zone = zone_named(self.source.zone) if self.source.zone else self.zone
        local, precision = stamps.seconds, stamps.precision
        first, last, gap = zone.to_utc(local)
        start = np.where(stamps.is_instant, local, first)
        end = np.where(stamps.is_instant, local, last) + 60
        exact = ~stamps.is_instant & (precision == Precision.MINUTE)
        if findings is not None:
            findings.flag("clock-put-forward", exact & gap)
            findings.flag("clock-put-back", exact & (first != last))
        for level, unit in ((Precision.DAY, "D"), (Precision.MONTH, "M"), (Precision.YEAR, "Y"), (Precision.HOUR, "h")):
            at = precision == level
            if at.any():
                following = (local[at].astype("datetime64[s]").astype(f"datetime64[{unit}]") + 1).astype(
                    "datetime64[s]"
                )
                end[at] = zone.to_utc(following.astype(np.int64))[1]
        hours = stamps.is_instant & (precision == Precision.HOUR)
        end[hours] = start[hours] + 3600
        return start, end

    def _until(
        self,
        column: pa.Array,
        stamps: Stamps,
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        precision: NDArray[np.uint8],
        findings: Findings,
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """The interval until the end a source states, its last minute included."""
        ends = read_stamps(column, formats=self.source.formats)
        findings.reject("unreadable-time", ends.unreadable, values=column, column=self.source.end)
        _, until = self._interval(ends, None)
        both = stamps.known & ends.known
        findings.reject("end-before-start", both & (until <= start), values=column, column=self.source.end)
        both &= until > start
        end = np.where(both, np.maximum(until, start + 60), end)
        length = end - start
        levels = (
            (120, Precision.MINUTE),
            (3_660, Precision.HOUR),
            (DAY_S + 60, Precision.DAY),
            (31 * DAY_S + 3_660, Precision.MONTH),
            (366 * DAY_S + 3_660, Precision.YEAR),
        )
        by_length = np.full(len(length), Precision.UNKNOWN, dtype=np.uint8)
        for limit, level in reversed(levels):
            by_length[length <= limit] = level
        return end, np.where(both, by_length, precision).astype(np.uint8)

    def _as_event_times(
        self, start: NDArray[np.int64], end: NDArray[np.int64], precision: NDArray[np.uint8], known: NDArray[np.bool_]
    ) -> EventTimes:
        local_first, local_last = self.zone.to_local(start), self.zone.to_local(end - 1)
        day_from, day_to = local_first // DAY_S, local_last // DAY_S
        hour_known = known & (local_first // 3600 == local_last // 3600)
        weekday_known = known & (day_from == day_to)

        def moments(seconds: NDArray[np.int64]) -> NDArray[np.datetime64]:
            return np.where(known, (seconds * 1_000_000).astype("datetime64[us]"), np.datetime64("NaT", "us"))

        def days(numbers: NDArray[np.int64]) -> NDArray[np.datetime64]:
            return np.where(known, numbers.astype("datetime64[D]"), np.datetime64("NaT", "D"))

        return EventTimes(
            occurred_from=moments(start),
            occurred_to=moments(end),
            time_precision=NAMES.take(pa.array(np.where(known, precision, 0))),
            day_from=days(day_from),
            day_to=days(day_to),
            hour=pa.array(((local_first // 3600) % 24).astype(np.int16), mask=~hour_known),
            weekday=pa.array(
                ((day_from + 3) % 7 + 1).astype(np.int16), mask=~weekday_known
            ),  # 1970-01-01 was a Thursday
        )


def offset_s(text: str) -> int:
    """Seconds east of UTC of "+06:00".

    Raises
    ------
    InvalidInput : ``bad-epoch-clock``.
    """
    try:
        sign = {"+": 1, "-": -1}[text[0]]
        hours, minutes = text[1:].split(":")
        return sign * (int(hours) * 3600 + int(minutes) * 60)
    except (KeyError, ValueError, IndexError):
        raise InvalidInput("bad-epoch-clock", found=text) from None
