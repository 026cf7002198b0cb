"""A batch beside what was there: counts, months too few, breaks proposed and accepted."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from geo_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from layers import batches, breaks, registry
from layers.queries.coverage import coverage
from layers.queries.edges import edge_months
from layers.queries.quality import quality
from tests.layers.city import City


def months_of(first, last):
    return [date(y, m, 1) for y in range(first, last + 1) for m in range(1, 13)]


def load(city: City, counts, *, severe=None, prefix="a"):
    """``counts`` : month → rows; ``severe`` : month → of them grave."""
    rows = []
    for month, count in counts.items():
        for i in range(count):
            day = month.replace(day=1 + i % 28)
            rows.append(
                {
                    "source_id": f"{prefix}-{month:%Y%m}-{i}",
                    "category": "theft",
                    "severity": "grave" if severe and i < severe[month] else "minor",
                    "day_from": day,
                    "day_to": day,
                    "lon": 76.91 + (i % 9) / 100,
                    "lat": 52.28,
                }
            )
    last = max(counts)
    end = date(last.year, last.month, 28) if last.month == 2 else date(last.year, last.month, 30)
    end = date(last.year, 12, 31) if last.month == 12 else end
    return city.load("crimes", rows, period=(min(counts), end))[0]


def asked(city: City, who="administrator", **given):
    with city.as_(who) as connection:
        return quality(connection, city.workspace, registry.load()["crimes"], **given)


def test_a_batch_is_told_beside_what_was_there(city: City):
    rng = np.random.default_rng(1)
    load(city, {month: int(n) for month, n in zip(months_of(2020, 2022), rng.poisson(20, 36), strict=True)})
    newest = {month: int(n) for month, n in zip(months_of(2023, 2023), rng.poisson(20, 12), strict=True)}
    newest[date(2023, 5, 1)] = 4
    newest.pop(date(2023, 8, 1))
    newest[date(2022, 12, 1)] = 2
    batch = load(city, newest, prefix="b")
    told = asked(city, batch_id=batch)
    by_month = {row["month"]: row for row in told["months"]}
    assert len(by_month) == 48
    assert all(row["before"] + row["brought"] == row["count"] for row in told["months"])
    assert by_month["2022-12-01"]["brought"] == 2
    assert by_month["2023-05-01"]["brought"] == by_month["2023-05-01"]["count"] == 4
    assert [m for m, row in by_month.items() if row["is_missing"]] == ["2023-08-01"]
    assert [m for m, row in by_month.items() if row["is_suspicious"]] == ["2023-05-01", "2023-08-01"]
    assert by_month["2020-05-01"]["expected"] is None
    assert told["proposed_breaks"] == []
    assert sum(row["count"] for row in told["months"]) == sum(newest.values()) + sum(
        row["before"] for row in told["months"]
    )


def test_districts_are_counted_month_by_month(city: City):
    batch = load(city, {date(2023, 1, 1): 27, date(2023, 2, 1): 9})
    told = asked(city, batch_id=batch, by_district=True)
    flat = [month for area in told["districts"] for month in area["months"]]
    assert sum(month["count"] for month in flat) == sum(month["of_batch"] for month in flat) == 36


def test_a_break_is_proposed_with_its_evidence_and_only_an_administrator_of_the_whole_accepts_it(city: City):
    rng = np.random.default_rng(2)
    months = months_of(2019, 2023)
    counts = dict(zip(months, rng.poisson([20] * 48 + [46] * 12).tolist(), strict=True))
    load(city, counts, severe=dict.fromkeys(months, 3))
    [proposal] = asked(city)["proposed_breaks"]
    assert proposal["day"] == "2023-01-01"
    assert 1.9 < proposal["ratio"] < 2.8
    assert proposal["severe_after"] < 0.6 * proposal["severe_before"]
    assert proposal["severe_ratio"] == pytest.approx(1.0)
    layer = registry.load()["crimes"]
    with city.as_("west") as connection, pytest.raises(Forbidden, match="breaks-need-administrator"):
        breaks.accept(connection, city.workspace, layer, date(2023, 1, 1), reason="new order")
    with city.as_("administrator") as connection:
        with pytest.raises(InvalidInput, match="reason-needed"):
            breaks.accept(connection, city.workspace, layer, date(2023, 1, 1), reason=" ")
        breaks.accept(connection, city.workspace, layer, date(2023, 1, 1), reason="new order")
    with city.as_("administrator") as connection, pytest.raises(Conflict, match="break-exists"):
        breaks.accept(connection, city.workspace, layer, date(2023, 1, 1), reason="again")
    told = asked(city)
    assert told["proposed_breaks"] == []
    assert [row["day"] for row in told["accepted_breaks"]] == [date(2023, 1, 1)]
    with city.as_("administrator") as connection:
        breaks.withdraw(connection, city.workspace, layer, date(2023, 1, 1))
        with pytest.raises(NotFound, match="unknown-break"):
            breaks.withdraw(connection, city.workspace, layer, date(2023, 1, 1))
    assert len(asked(city)["proposed_breaks"]) == 1


def test_one_mistyped_old_date_neither_stretches_the_series_nor_invents_a_break(city: City):
    rng = np.random.default_rng(1)
    counts = {month: int(n) for month, n in zip(months_of(2020, 2023), rng.poisson(20, 48), strict=True)}
    counts[date(2023, 5, 1)] = 2
    load(city, {date(1988, 3, 1): 1, **counts})
    told = asked(city)
    assert [row["month"] for row in told["months"]] == [month.isoformat() for month in months_of(2020, 2023)]
    assert [row["month"] for row in told["months"] if row["is_suspicious"]] == ["2023-05-01"]
    assert (told["proposed_breaks"], told["ignored_months"]) == ([], ["1988-03-01"])
    assert told["warnings"] == [{"code": "edge-months-ignored", "params": {"layer": "crimes", "months": ["1988-03"]}}]
    with city.as_("administrator") as connection:
        found = coverage(connection, city.workspace, registry.load()["crimes"])
    assert [(span.first, span.last) for span in found.delivered] == [(date(2020, 1, 1), date(2023, 12, 31))]


def test_only_small_runs_behind_a_long_silence_are_edges():
    main = dict.fromkeys(months_of(2020, 2022), 10)
    assert edge_months(main) == []
    assert edge_months({**main, date(2018, 12, 1): 1}) == [date(2018, 12, 1)]
    assert edge_months({**main, date(2019, 3, 1): 1}) == []
    assert edge_months({**main, date(2010, 1, 1): 3}) == [date(2010, 1, 1)]
    assert edge_months({**main, date(2010, 1, 1): 4}) == []
    assert edge_months({**main, date(1990, 1, 1): 2, date(2010, 1, 1): 2}) == [date(1990, 1, 1)]
    assert edge_months({**main, date(1990, 1, 1): 1, date(2030, 1, 1): 2}) == [date(1990, 1, 1), date(2030, 1, 1)]
    assert edge_months({}) == []


def test_an_empty_layer_has_no_months(city: City):
    told = asked(city)
    assert (told["months"], told["proposed_breaks"], told["unknown_month"]) == ([], [], 0)


def test_a_batch_taken_back_is_no_longer_counted(city: City):
    batch = load(city, {date(2023, 1, 1): 5})
    with city.as_("administrator") as connection:
        batches.undo(connection, city.workspace, batch)
    assert asked(city)["months"] == []
