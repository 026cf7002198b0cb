"""Two periods are compared only where their numbers can be, and the interval is the exact one."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest
from scipy import stats
from sqlalchemy import text

from geo_core.errors import DataQuality, InvalidInput
from i18n import texts
from layers import registry
from layers.queries.compare import Period, compare, rate_ratio, seasons_differ
from layers.queries.coverage import Days, widened
from layers.queries.filters import Filter
from tests.layers.city import IN_WEST, open_city
from tests.layers.events import cell_of, passes, random_events

LAYERS = registry.load()
CRIMES = LAYERS["crimes"]
Y2023, Y2024 = Period(date(2023, 1, 1), date(2023, 12, 31)), Period(date(2024, 1, 1), date(2024, 12, 31))


@pytest.fixture(scope="module")
def events():
    return random_events("crimes", 900, seed=41)


@pytest.fixture(scope="module")
def filled(module_database, events):
    """Covered by two batches that meet, from 2023 to the end of June 2025; then a gap, then August 2025."""
    city = open_city(module_database)
    half = len(events) // 2
    city.load("crimes", events[:half], period=(date(2023, 1, 1), date(2024, 3, 31)))
    city.load("crimes", events[half:], period=(date(2024, 4, 1), date(2025, 6, 30)))
    city.load("crimes", [], aside=False, period=(date(2025, 8, 1), date(2025, 8, 31)))
    with city.owner() as owner:
        for layer_id, day in (("crimes", date(2025, 1, 1)), ("accidents", date(2024, 6, 1))):
            owner.execute(
                text("INSERT INTO registration_break VALUES (:ws, :layer, :day)"),
                {"ws": city.workspace.id, "layer": layer_id, "day": day},
            )
    yield city
    city.engines.dispose()


def ask(city, before, after, *, layer=CRIMES, **more):
    with city.as_("administrator") as connection:
        return compare(connection, city.workspace, layer, before=before, after=after, resolution=9, **more)


@pytest.mark.parametrize("given", [None, Filter(hours=frozenset({20, 21, 22}))])
def test_counts_of_both_periods_equal_plain_counting(filled, events, given):
    answer = ask(filled, Y2023, Y2024, given=given)

    def told(period):
        from dataclasses import replace

        wanted = replace(given or Filter(), first_day=period.first, last_day=period.last)
        return {e["source_id"]: passes(e, wanted) for e in events}

    one, two = told(Y2023), told(Y2024)
    for name, marks, counts in (("before", one, answer.before), ("after", two, answer.after)):
        assert answer.totals[name] == sum(v is True for v in marks.values())
        assert answer.totals[f"unknown_{name}"] == sum(v is None for v in marks.values())
        by_cell = {}
        for e in events:
            if marks[e["source_id"]] and "lon" in e:
                by_cell[cell_of(e, 9)] = by_cell.get(cell_of(e, 9), 0) + 1
        assert {int(c): int(n) for c, n in zip(answer.cells, counts, strict=True) if n} == by_cell
    assert answer.cells.tolist() == sorted(set(answer.cells.tolist()))
    assert answer.difference.tolist() == pytest.approx((answer.after * 365 / 366 - answer.before).tolist())
    assert (answer.totals["days_before"], answer.totals["days_after"]) == (365, 366)


@pytest.mark.parametrize(
    ("before", "after", "differ"),
    [
        (Y2023, Y2024, False),
        (Period(date(2012, 1, 1), date(2012, 1, 31)), Period(date(2022, 1, 1), date(2022, 12, 31)), True),
        (Period(date(2023, 2, 1), date(2023, 2, 28)), Period(date(2024, 2, 1), date(2024, 2, 29)), False),
        (Period(date(2023, 4, 1), date(2023, 6, 30)), Period(date(2023, 7, 1), date(2023, 9, 30)), True),
        (Period(date(2022, 1, 1), date(2023, 12, 31)), Y2024, True),
        (Period(date(2022, 7, 1), date(2023, 6, 30)), Period(date(2023, 7, 1), date(2024, 6, 30)), False),
    ],
)
def test_periods_of_other_months_or_lengths_are_noted(before, after, differ):
    assert seasons_differ(before, after) is seasons_differ(after, before) is differ


def test_a_season_against_another_is_compared_with_a_warning(filled):
    spring, summer = Period(date(2023, 4, 1), date(2023, 6, 30)), Period(date(2023, 7, 1), date(2023, 9, 30))
    noted, plain = ask(filled, spring, summer).totals, ask(filled, Y2023, Y2024).totals
    assert (noted["seasons_differ"], noted["warnings"]) == (True, ["warning.seasons-differ"])
    assert (plain["seasons_differ"], plain["warnings"]) == (False, [])


def test_a_break_between_or_inside_the_periods_refuses(filled):
    spring, summer = Period(date(2025, 1, 1), date(2025, 3, 31)), Period(date(2025, 4, 1), date(2025, 6, 30))
    for before, after in (
        (Y2024, spring),
        (Y2023, summer),
        (Period(date(2024, 12, 1), date(2025, 1, 1)), Period(date(2025, 2, 1), date(2025, 3, 1))),
    ):
        for pair in ((before, after), (after, before)):
            with pytest.raises(DataQuality) as refused:
                ask(filled, *pair)
            assert refused.value.code == "period-crosses-registration-break"
            assert refused.value.params["day"] == "2025-01-01"
    ask(filled, spring, summer)  # the break is the first day of the new order: both periods lie after it
    ask(filled, Period(date(2024, 11, 1), date(2024, 11, 30)), Period(date(2024, 12, 1), date(2024, 12, 31)))
    ask(filled, Y2023, Y2024)  # the break of accidents in 2024 does not concern crimes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Period(date(2025, 2, 1), date(2025, 2, 28)), Period(date(2025, 6, 1), date(2025, 7, 15))),
        (Period(date(2025, 2, 1), date(2025, 2, 28)), Period(date(2025, 7, 1), date(2025, 7, 31))),
        (Period(date(2025, 5, 1), date(2025, 5, 31)), Period(date(2025, 6, 30), date(2025, 8, 1))),
        (Period(date(2022, 12, 1), date(2023, 2, 1)), Period(date(2023, 3, 1), date(2023, 4, 1))),
    ],
)
def test_a_period_that_no_batch_covers_refuses(filled, before, after):
    with pytest.raises(DataQuality) as refused:
        ask(filled, before, after)
    assert refused.value.code == "period-not-covered"


def steady(city, first, last, *, every):
    """One event every so many days."""
    days = range(first.toordinal(), last.toordinal() + 1, every)
    rows = [
        {"source_id": f"s{day}", "day_from": date.fromordinal(day), "day_to": date.fromordinal(day)}
        | {"category": "theft", "time_precision": "day", "lon": IN_WEST[0], "lat": IN_WEST[1]}
        for day in days
    ]
    return city.load("crimes", rows, period=(rows[0]["day_from"], rows[-1]["day_from"]))[0]


def test_a_quiet_last_day_is_covered_where_the_rate_lets_it_be_quiet_and_the_rule_is_told(city):
    steady(city, date(2022, 1, 1), date(2023, 12, 28), every=2)
    y2022 = Period(date(2022, 1, 1), date(2022, 12, 31))
    told = ask(city, y2022, Y2023).totals
    assert [told["coverage"][name]["rule"] for name in ("before", "after")] == ["delivered", "expected-gap"]
    rule = told["coverage"]["after"]
    assert (
        math.exp(-rule["per_day"] * rule["quiet_days"]) >= 0.01 > math.exp(-rule["per_day"] * (rule["quiet_days"] + 1))
    )
    assert [one["code"] for one in told["warnings"] if not isinstance(one, str)] == ["quiet-days-covered"]
    late = date(2023, 12, 28) + timedelta(days=rule["quiet_days"])
    ask(city, y2022, Period(date(2023, 1, 5), late))
    with pytest.raises(DataQuality, match="period-not-covered"):
        ask(city, y2022, Period(date(2023, 1, 5), late + timedelta(days=1)))


def test_nothing_is_covered_after_the_day_the_source_was_asked(city):
    batch = steady(city, date(2022, 1, 1), date(2023, 12, 28), every=2)
    with city.owner() as owner:
        owner.execute(text("UPDATE batch SET retrieved_at = '2023-12-30T12:00+05' WHERE id = :id"), {"id": batch})
    y2022 = Period(date(2022, 1, 1), date(2022, 12, 31))
    ask(city, y2022, Period(date(2023, 1, 1), date(2023, 12, 30)))
    with pytest.raises(DataQuality, match="period-not-covered"):
        ask(city, y2022, Y2023)


@pytest.mark.parametrize("first_year", [2019, 2022])
def test_a_month_delivered_at_a_tenth_is_named_beside_the_difference(city, first_year):
    rng = np.random.default_rng(5)
    rows = []
    for year in range(first_year, 2024):
        for month in range(1, 13):
            count = 4 if (year, month) == (2023, 5) else int(rng.poisson(40))
            for i in range(count):
                day = date(year, month, 1 + i % 28)
                rows.append(
                    {"source_id": f"{day}-{i}", "day_from": day, "day_to": day, "category": "theft"}
                    | {"time_precision": "day", "lon": IN_WEST[0], "lat": IN_WEST[1]}
                )
    city.load("crimes", rows, period=(date(first_year, 1, 1), date(2023, 12, 31)))
    y2022 = Period(date(2022, 1, 1), date(2022, 12, 31))
    few = [one for one in ask(city, y2022, Y2023).totals["warnings"] if not isinstance(one, str)]
    assert few == [{"code": "period-month-few", "params": {"layer": "crimes", "count": 1, "months": ["2023-05"]}}]
    after = Period(date(2023, 6, 1), date(2023, 12, 31))
    assert ask(city, Period(date(2022, 6, 1), date(2022, 12, 31)), after).totals["warnings"] == []


def test_gaps_close_only_where_chance_explains_the_whole_of_them():
    one, two = Days(date(2023, 1, 10), date(2023, 1, 20)), Days(date(2023, 1, 25), date(2023, 1, 31))
    known = {one.last: date(2024, 1, 1), two.last: date(2023, 2, 2)}
    assert widened([one, two], 4, known) == [Days(date(2023, 1, 6), date(2023, 2, 2))]
    assert widened([one, two], 3, known) == [Days(date(2023, 1, 7), one.last), Days(two.first, date(2023, 2, 2))]
    assert widened([one, two], 1, known)[0].last == date(2023, 1, 21)
    assert widened([one, two], 0, known) == [one, two]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_refusal_names_months_in_words_and_ends_once(language):
    silent = {"layer": "crimes", "months": ["2015-01", "2015-02"], "expected": 12}
    said = texts().error("period-month-silent", language, silent)
    assert "2015-01" not in said
    assert {"kk": "қаңтар", "ru": "январь", "en": "January"}[language] in said
    uncovered = {"layer": "crimes", "first": "2023-01-01", "last": "2023-12-31"}
    assert ".." not in texts().error("period-not-covered", language, uncovered)


def test_periods_either_side_of_a_gap_are_compared(filled):
    answer = ask(filled, Period(date(2025, 6, 1), date(2025, 6, 30)), Period(date(2025, 8, 1), date(2025, 8, 31)))
    assert answer.totals["days_after"] == 31


def test_an_undone_batch_covers_nothing(city):
    from layers import batches

    batch_id, _ = city.load("crimes", [], aside=False, period=(date(2023, 1, 1), date(2024, 12, 31)))
    ask(city, Y2023, Y2024)
    with city.as_("administrator") as connection:
        batches.undo(connection, city.workspace, batch_id)
    with pytest.raises(DataQuality, match="period-not-covered"):
        ask(city, Y2023, Y2024)


def test_overlapping_periods_and_layers_without_time_are_refused(filled):
    for after in (Period(date(2023, 12, 31), date(2024, 1, 31)), Y2023, Period(date(2023, 5, 1), date(2023, 6, 1))):
        with pytest.raises(InvalidInput) as refused:
            ask(filled, Y2023, after)
        assert refused.value.code == "periods-overlap"
    with pytest.raises(InvalidInput) as refused:
        ask(filled, Y2023, Y2024, layer=LAYERS["lamps"])
    assert refused.value.code == "layer-without-time"
    with pytest.raises(InvalidInput) as refused:
        Period(date(2024, 1, 2), date(2024, 1, 1))
    assert refused.value.code == "bad-period"


@pytest.mark.parametrize(
    ("n_before", "days_before", "n_after", "days_after"),
    [(10, 365, 14, 365), (120, 365, 80, 366), (3, 31, 0, 28), (1, 365, 30, 90), (2500, 365, 2400, 365)],
)
def test_the_interval_of_a_ratio_is_that_of_the_exact_binomial_test(n_before, days_before, n_after, days_after):
    told = rate_ratio(n_before, days_before, n_after, days_after)
    share = stats.binomtest(n_after, n_before + n_after).proportion_ci(confidence_level=0.90, method="exact")
    scale = days_before / days_after
    assert told["ratio"] == pytest.approx((n_after / days_after) / (n_before / days_before))
    assert told["ratio_low"] == pytest.approx(share.low / (1 - share.low) * scale, rel=1e-9)
    assert told["ratio_high"] == pytest.approx(share.high / (1 - share.high) * scale, rel=1e-9)
    assert told["ratio_low"] <= told["ratio"] <= told["ratio_high"]


def test_the_limits_are_where_the_test_of_equal_rates_turns(filled):
    """The definition of an interval: at its lower limit 5 % of such pairs give as many events after or more."""
    told = rate_ratio(20, 365, 33, 300)
    for limit, tail in (("ratio_low", "greater"), ("ratio_high", "less")):
        p = told[limit] * 300 / (told[limit] * 300 + 365)
        assert stats.binomtest(33, 53, p, alternative=tail).pvalue == pytest.approx(0.05, rel=1e-6)


def test_nothing_before_gives_no_ratio():
    assert rate_ratio(0, 365, 5, 365) == {"ratio": None, "ratio_low": None, "ratio_high": None, "level": 0.9}
