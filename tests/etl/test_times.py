"""Times as sources write them: the day, hour and weekday a reader sees must be the true ones, or unknown."""

# ruff: noqa: DTZ001 - wall clocks without a zone are what is tested

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.coercion.fixed_width import read_fixed
from etl.coercion.stamps import Precision, _compile, read_clock, read_epochs, read_stamps
from etl.coercion.times import TimeReader
from etl.coercion.zones import zone_named
from etl.findings import Findings
from etl.quality import FieldReader
from etl.readers import open_source
from geo_core.errors import InvalidInput
from layers.registry import load
from layers.spec import SourceMapping, TimeSource

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ALMATY = "Asia/Almaty"
ZONES = [
    ALMATY,
    "Europe/Helsinki",
    "Europe/London",
    "America/New_York",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
]


def times(columns, zone=ALMATY, minimum_year=1990, **source):
    arrays = {k: v if isinstance(v, pa.Array) else pa.array(v) for k, v in columns.items()}
    rows = len(next(iter(arrays.values())))
    findings = Findings(rows)
    reader = TimeReader(TimeSource(**source), zone_named(zone), NOW, minimum_year)
    return reader.read(arrays, rows, findings), findings


def one(text, zone=ALMATY, **source):
    found, findings = times({"t": [text]}, zone, local="t", **source)
    return found, findings


def utc(value):
    return value.astype("datetime64[s]").item().replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
@given(seconds=st.lists(st.integers(-1_500_000_000, 4_000_000_000), min_size=1, max_size=50))
@settings(max_examples=40, deadline=None)
def test_offsets_equal_the_standard_librarys(zone, seconds):
    rules = ZoneInfo(zone)
    found = zone_named(zone).offset_at(np.array(seconds))
    assert found.tolist() == [
        int(datetime.fromtimestamp(s, UTC).astimezone(rules).utcoffset().total_seconds()) for s in seconds
    ]


@pytest.mark.parametrize("zone", ZONES)
@given(local=st.lists(st.integers(0, 2_000_000_000), min_size=1, max_size=50))
@settings(max_examples=40, deadline=None)
def test_wall_clock_to_instant_equals_both_folds_of_the_standard_library(zone, local):
    rules, epoch = ZoneInfo(zone), datetime(1970, 1, 1)
    first, last, gap = zone_named(zone).to_utc(np.array(local))
    for i, s in enumerate(local):
        wall = epoch + timedelta(seconds=s)
        folds = [int(wall.replace(tzinfo=rules, fold=f).timestamp()) for f in (0, 1)]
        exists = [datetime.fromtimestamp(f, rules).replace(tzinfo=None) == wall for f in folds]
        if any(exists):
            assert (first[i], last[i]) == (min(folds), max(folds))
        assert gap[i] == (not any(exists))


def test_the_change_of_kazakhstan_to_utc_plus_5_is_known():
    before, _ = one("2024-02-29 12:00")
    after, _ = one("2024-03-01 12:00")
    assert utc(before.occurred_from[0]) == datetime(2024, 2, 29, 6, tzinfo=UTC)
    assert utc(after.occurred_from[0]) == datetime(2024, 3, 1, 7, tzinfo=UTC)
    # the hour before that midnight happened twice: the interval holds both
    twice, findings = one("2024-02-29 23:30")
    assert utc(twice.occurred_from[0]) == datetime(2024, 2, 29, 17, 30, tzinfo=UTC)
    assert utc(twice.occurred_to[0]) == datetime(2024, 2, 29, 18, 31, tzinfo=UTC)
    assert (twice.hour[0].as_py(), twice.weekday[0].as_py()) == (23, 4)
    assert findings.flags.mask("clock-put-back").all()


def test_a_time_that_no_clock_showed_is_flagged():
    found, findings = one("2024-03-31 03:30", "Europe/Helsinki")
    assert findings.flags.mask("clock-put-forward").all()
    assert found.day_from[0] == np.datetime64("2024-03-31")


def test_accident_epochs_are_midnight_at_a_fixed_offset_with_the_clock_beside():
    days = [datetime(2013, 3, 5), datetime(2024, 2, 29), datetime(2024, 3, 1), datetime(2024, 12, 31)]
    epochs = [int((d - timedelta(hours=6)).replace(tzinfo=UTC).timestamp() * 1000) for d in days]
    found, _ = times(
        {"e": epochs, "c": ["17:00", "23:59", "00:10", None]}, epoch_ms="e", epoch_clock="+06:00", clock="c"
    )
    assert [d.item() for d in found.day_from] == [d.date() for d in days]
    assert found.hour.to_pylist() == [17, 23, 0, None]
    assert found.weekday.to_pylist() == [d.isoweekday() for d in days]
    assert found.time_precision.to_pylist() == ["minute", "minute", "minute", "day"]
    # from 1 March 2024 the clock is UTC+5 although the epoch still counts from +6
    assert utc(found.occurred_from[2]) == datetime(2024, 2, 29, 19, 10, tzinfo=UTC)


def test_crime_epochs_are_local_wall_time_stored_as_utc():
    # the service's own sample: 1581193800000 beside the text 08.02.2020 20:30
    found, _ = times({"e": [1581193800000]}, epoch_ms="e", epoch_clock="local")
    assert (found.day_from[0].item(), found.hour[0].as_py()) == (date(2020, 2, 8), 20)
    assert utc(found.occurred_from[0]) == datetime(2020, 2, 8, 14, 30, tzinfo=UTC)


def test_seconds_milliseconds_and_microseconds_are_told_apart_and_reported():
    moment = int(datetime(2020, 2, 8, 14, 30, tzinfo=UTC).timestamp())
    found, findings = times({"e": [moment, moment * 1000, moment * 1_000_000]}, epoch_ms="e")
    assert len(set(found.occurred_from.tolist())) == 1
    assert findings.warnings.counts == {"epoch-in-seconds": 1, "epoch-in-microseconds": 1}


def test_a_month_has_neither_day_nor_hour_nor_weekday():
    found, _ = times({"m": ["2017-07", "2024-02"]}, "Europe/London", month="m")
    assert [d.item() for d in found.day_from] == [date(2017, 7, 1), date(2024, 2, 1)]
    assert [d.item() for d in found.day_to] == [date(2017, 7, 31), date(2024, 2, 29)]
    assert found.hour.null_count == found.weekday.null_count == 2
    assert utc(found.occurred_from[0]) == datetime(2017, 6, 30, 23, tzinfo=UTC)
    assert utc(found.occurred_to[0]) == datetime(2017, 7, 31, 23, tzinfo=UTC)


def test_a_date_has_a_weekday_but_no_hour():
    found, _ = one("2024-05-01")
    assert (found.hour[0].as_py(), found.weekday[0].as_py(), found.time_precision[0].as_py()) == (None, 3, "day")
    assert found.occurred_to[0] - found.occurred_from[0] == np.timedelta64(24, "h")


def test_dates_written_as_midnight_throughout_do_not_claim_midnight():
    days = [f"2024-05-{d:02d} 00:00:00" for d in range(1, 29)]
    assert times({"t": days}, local="t")[0].hour.null_count == 28
    mixed = [*days, "2024-05-29 07:15:00"]
    assert times({"t": mixed}, local="t")[0].hour.null_count == 0


@pytest.mark.parametrize("counts", ["utc", "local"])
def test_epochs_that_are_all_midnight_are_days(counts):
    first = int(datetime(2024, 5, 1, tzinfo=UTC).timestamp() * 1000)
    days = [first + 86_400_000 * d for d in range(10)]
    found, findings = times({"e": days}, epoch_ms="e", epoch_clock=counts)
    assert found.hour.null_count == 10
    assert set(found.time_precision.to_pylist()) == {"day"}
    assert [d.item() for d in found.day_from] == [date(2024, 5, 1 + d) for d in range(10)]
    assert findings.warnings.counts["midnight-not-claimed"] == 10
    mixed, _ = times({"e": [*days, first + 3_600_000 * 7]}, epoch_ms="e", epoch_clock=counts)
    assert mixed.hour.null_count == 0


@pytest.mark.parametrize("shown", ["yyyy-mm-dd", "dd.mm.yyyy", "yyyy-mm-dd hh:mm:ss"])
def test_cells_of_a_workbook_that_hold_only_days_claim_no_hour(tmp_path, shown):
    book = openpyxl.Workbook()
    for d in range(1, 11):
        book.active.cell(d + 1, 1, datetime(2024, 5, d)).number_format = shown
    book.active.cell(1, 1, "when")
    book.save(tmp_path / "days.xlsx")
    column = open_source(tmp_path / "days.xlsx").sample().columns["when"]
    found, _ = times({"t": column}, local="t")
    assert found.hour.null_count == 10
    assert set(found.time_precision.to_pylist()) == {"day"}


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("01.05.2024 10:30", {}, "2024-05-01T05:30"),
        ("2024-05-01T10:30:15", {}, "2024-05-01T05:30:15"),
        ("2024-05-01T10:30:00Z", {}, "2024-05-01T10:30"),
        ("2024-05-01T10:30:00.123+03:00", {}, "2024-05-01T07:30"),
        ("05/01/2024 10:30", {"formats": ("%m/%d/%Y %H:%M",)}, "2024-05-01T05:30"),
        ("05/01/2024 10:30:00 PM", {"formats": ("%m/%d/%Y %I:%M:%S %p",)}, "2024-05-01T17:30"),
        ("2024-05-01 10:30", {"zone": "UTC"}, "2024-05-01T10:30"),
    ],
)
def test_the_ways_to_write_a_moment(text, source, expected):
    found, findings = one(text, **source)
    assert not findings.rejected.any()
    assert found.occurred_from[0] == np.datetime64(expected)


@pytest.mark.parametrize(
    "text",
    ["2024-02-30", "2023-02-29 10:00", "2024-13-01", "2024-05-01 25:00", "05/01/2024", "yesterday", "0000-00-00"],
)
def test_what_is_no_time_rejects_the_row(text):
    _, findings = one(text)
    assert [code for code, _ in findings.reasons()[0]] == ["unreadable-time"]


def test_an_interval_gives_only_what_is_certain():
    rows = [
        ("2016-01-01 10:00", "2016-01-01 10:00", 10, 5, "minute"),
        ("2016-01-01 10:05", "2016-01-01 10:40", 10, 5, "hour"),
        ("2016-01-01 10:00", "2016-01-01 16:30", None, 5, "day"),
        ("2016-01-01 22:00", "2016-01-02 06:00", None, None, "day"),
        ("2016-01-01 10:00", "2016-01-20 10:00", None, None, "month"),
        ("2016-01-01 10:00", None, 10, 5, "minute"),
    ]
    start, end, hours, weekdays, precision = zip(*rows, strict=True)
    found, findings = times({"s": list(start), "e": list(end)}, "America/New_York", local="s", end="e")
    assert not findings.rejected.any()
    assert found.hour.to_pylist() == list(hours)
    assert found.weekday.to_pylist() == list(weekdays)
    assert found.time_precision.to_pylist() == list(precision)
    assert found.occurred_to[2] - found.occurred_from[2] == np.timedelta64(6 * 60 + 31, "m")


def test_an_end_before_its_start_rejects_the_row():
    _, findings = times({"s": ["2016-01-02 10:00"], "e": ["2016-01-01 10:00"]}, local="s", end="e")
    assert [code for code, _ in findings.reasons()[0]] == ["end-before-start"]


def test_the_future_and_the_distant_past_reject_the_row():
    found, findings = times({"t": ["2026-05-31 10:00", "2026-06-02", "1900-01-01", "1990-01-01"]}, local="t")
    codes = {row: [c for c, _ in why] for row, why in findings.reasons().items()}
    assert codes == {1: ["time-in-future"], 2: ["time-too-early"]}
    assert len(found.day_from) == 4


def test_an_event_without_any_time_is_kept_and_says_so():
    found, findings = times({"t": ["2024-05-01", None]}, local="t")
    assert not findings.rejected.any()
    assert findings.flags.mask("no-time").tolist() == [False, True]
    assert np.isnat(found.occurred_from).tolist() == [False, True]
    assert found.time_precision.to_pylist() == ["day", "unknown"]


def test_a_clock_that_cannot_be_read_leaves_the_day():
    found, findings = times({"d": ["2024-05-01"] * 5, "c": ["25:00", "1812", "5", "9:07", ""]}, date="d", clock="c")
    assert found.hour.to_pylist() == [None, 18, 0, 9, None]
    assert found.time_precision.to_pylist() == ["day", "minute", "minute", "minute", "day"]
    assert findings.flags.mask("clock-unreadable").tolist() == [True, False, False, False, False]


def test_typed_columns_are_taken_as_they_are():
    naive = pa.array([datetime(2024, 5, 1, 10, 30)], type=pa.timestamp("ms"))
    aware = pa.array([datetime(2024, 5, 1, 10, 30, tzinfo=UTC)], type=pa.timestamp("us", tz="UTC"))
    days = pa.array([date(2024, 5, 1)])
    assert times({"t": naive}, local="t")[0].hour.to_pylist() == [10]
    assert times({"t": aware}, local="t")[0].hour.to_pylist() == [15]
    assert times({"t": days}, local="t")[0].time_precision.to_pylist() == ["day"]


@given(
    st.lists(
        st.datetimes(datetime(1950, 1, 1), datetime(2099, 1, 1)).map(lambda d: d.replace(second=0, microsecond=0)),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=50, deadline=None)
def test_reading_text_equals_the_standard_library(moments):
    for pattern in ("%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S"):
        stamps = read_stamps(pa.array([m.strftime(pattern) for m in moments]))
        assert stamps.seconds.tolist() == [int(m.replace(tzinfo=UTC).timestamp()) for m in moments]
        assert set(stamps.precision) == {Precision.MINUTE}


def test_the_reader_of_a_sliced_column_sees_the_slice():
    column = pa.array(["2024-05-01", "2024-05-02", None, "2024-05-04"])[1:]
    assert (
        read_stamps(column).seconds.tolist()
        == read_stamps(pa.array(["2024-05-02", None, "2024-05-04"])).seconds.tolist()
    )
    assert read_clock(pa.array(["x", "10:00"])[1:])[0].tolist() == [36000]
    assert read_epochs(pa.array([1, 1581193800000])[1:]).seconds.tolist() == [1581193800]


def test_a_zone_nobody_knows_is_refused():
    with pytest.raises(InvalidInput, match="unknown-zone"):
        zone_named("Asia/Atlantis")


def test_times_of_fixed_width_are_those_of_the_standard_library():
    rng = np.random.default_rng(17)
    for pattern in ("%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M:%S", "%Y%m%d", "%Y-%m", "%Y", "%Y/%m/%d"):
        at = rng.integers(-30_000_000_000, 10_000_000_000, 2000)
        texts = [(datetime(1970, 1, 1) + timedelta(seconds=int(s))).strftime(pattern) for s in at]
        # years of fewer than four digits are written without zeros by the C library
        texts = [text for text in texts if len(text) == len(texts[0])]
        for n in range(0, len(texts), 3):  # and spoilt ones: another letter anywhere
            place = int(rng.integers(len(texts[n])))
            texts[n] = texts[n][:place] + str(rng.choice(list("0123456789x"))) + texts[n][place + 1 :]
        letters = np.frombuffer("".join(texts).encode(), dtype=np.uint8)
        starts = np.arange(len(texts)) * len(texts[0])
        for text, seconds, good in zip(texts, *read_fixed(letters, starts, _compile(pattern)), strict=True):
            want = _moment(text, pattern)
            known = want is not None and want.year >= 1000
            assert good == known, (pattern, text)
            assert seconds == ((want - datetime(1970, 1, 1)).total_seconds() if known else 0), (pattern, text)


def _moment(text: str, pattern: str) -> datetime | None:
    try:
        moment = datetime.strptime(text, pattern)  # noqa: DTZ007
    except ValueError:
        return None
    return moment if moment.strftime(pattern) == text else None  # "1" for "01" is not of fixed width


def test_a_clock_without_any_day_keeps_its_hour():
    got, findings = times({"at": ["915", "0", None, "2590"]}, clock="at")
    assert got.hour.to_pylist() == [9, 0, None, None]
    assert got.time_precision.to_pylist() == ["unknown"] * 4
    assert got.weekday.to_pylist() == [None] * 4
    assert not findings.rejected.any()


@given(
    moment=st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    clock=st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"]),
    tail=st.sampled_from(
        ["Z", ".000Z", ".123456", ",5", "+05:00", "-0330", "+05", ".000+05:45", "+24:00", "+05:60", ".", "+5", "Zx"]
    ),
)
@settings(max_examples=300, deadline=None)
def test_fractions_and_offsets_equal_the_standard_librarys(moment, clock, tail):
    text = moment.strftime(clock) + tail
    found = read_stamps(pa.array([text]))
    try:
        expected = datetime.fromisoformat(text)
    except ValueError:
        assert found.unreadable[0]
        return
    aware = expected.tzinfo is not None
    since = (expected if aware else expected.replace(tzinfo=UTC)).timestamp() // 1
    assert (found.seconds[0], found.is_instant[0], found.precision[0]) == (since, aware, Precision.MINUTE)


def test_distinct_texts_left_to_the_standard_library_keep_their_own_rows():
    start = datetime(2024, 1, 1)
    moments = [start + timedelta(hours=7 * i) for i in range(120)]
    texts = [m.strftime("%d %b %Y %H:%M") for m in moments]
    found = read_stamps(pa.array([*texts[::-1], "no time", None, *texts]), formats=("%d %b %Y %H:%M",))
    seconds = [int(m.replace(tzinfo=UTC).timestamp()) for m in moments]
    assert found.seconds.tolist() == [*seconds[::-1], 0, 0, *seconds]
    assert found.unreadable.nonzero()[0].tolist() == [120]


@pytest.mark.parametrize(
    ("text", "formats", "expected"),
    [
        ("2024-02-01 10", (), (10, "hour", 60)),
        ("2024-02-01T10+06:00", (), (10, "hour", 60)),
        ("1.2.2024 9", ("%d.%m.%Y %H",), (9, "hour", 60)),
        ("2024-02-01 10:00", (), (10, "minute", 1)),
    ],
)
def test_an_hour_without_minutes_is_exact_to_the_hour(text, formats, expected):
    found, _ = one(text, formats=formats)
    minutes = (found.occurred_to[0] - found.occurred_from[0]) / np.timedelta64(1, "m")
    assert (found.hour[0].as_py(), found.time_precision[0].as_py(), minutes) == expected


def test_a_date_field_is_the_local_day_and_follows_the_declared_formats():
    layer = load()["crimes"]
    mapping = SourceMapping(id="t", columns={"registered_on": "r"}, time=TimeSource(formats=("%m/%d/%Y",)))
    reader = FieldReader(layer, mapping, {"registered_on": "r"}, zone=zone_named(ALMATY))
    column = pa.array(["2024-03-01T20:00:00Z", "2024-03-01T20:00:00", "03/02/2024", "2024-03-05"])
    days = reader.read({"r": column}, 4, Findings(4))["registered_on"]
    assert days.to_pylist() == [date(2024, 3, 2), date(2024, 3, 1), date(2024, 3, 2), date(2024, 3, 5)]


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ([0.25, 0.5, 0.99999], [21_600, 43_200, 86_399]),
        (["0.25", "0,5"], [21_600, 43_200]),
        (["0.25", "9.15"], [1500, 33_300]),
        (["0.604166666666667"], [52_200]),
        ([1430.0, 900.0], [52_200, 32_400]),
    ],
)
def test_a_part_of_a_day_in_a_clock_column_is_a_time(given, seconds):
    found, known, _ = read_clock(pa.array(given))
    assert known.all()
    assert found.tolist() == seconds


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([45_352.0, 45_353.0], ["2024-03-01T00:00:00", "2024-03-02T00:00:00"]),
        ([45_352.75], ["2024-03-01T18:00:00"]),
        (["45352", "45352.5"], ["2024-03-01T00:00:00", "2024-03-01T12:00:00"]),
    ],
)
def test_day_numbers_of_a_spreadsheet_are_dates(given, expected):
    found = read_stamps(pa.array(given))
    assert [datetime.fromtimestamp(s, UTC).strftime("%Y-%m-%dT%H:%M:%S") for s in found.seconds.tolist()] == expected
    assert [p == Precision.MINUTE for p in found.precision] == [not text.endswith("00:00:00") for text in expected]


def test_numbers_beyond_any_day_number_are_no_dates():
    assert read_stamps(pa.array(["19999", "60000", "4535"])).unreadable[:2].all()
