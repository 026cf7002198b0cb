"""Cells are exact: sums of children, sums of rows, unknown apart from zero; oracle: h3 and plain Python."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date

import h3
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod
from sqlalchemy import text

from geo_core.errors import InvalidInput
from layers import registry
from layers.queries.cells import cells, rows
from layers.queries.filters import Filter
from tests.layers.city import EAST, NORTH, SOUTH, WEST, open_city
from tests.layers.events import DAYS, FIRST, cell_of, passes, random_events

LAYERS = registry.load()
CRIMES, ACCIDENTS = LAYERS["crimes"], LAYERS["accidents"]
COUNT = 3000


class Events(dict):
    """By layer; too long to be printed when a test fails."""

    def __repr__(self):
        return f"{len(self)} lists of events"


@pytest.fixture(scope="module")
def events():
    made = Events({name: random_events(name, COUNT, seed=seed) for name, seed in (("crimes", 11), ("accidents", 12))})
    for row in made["crimes"]:
        row["cell_8"] = cell_of(row, 8)
    return made


@pytest.fixture(scope="module")
def filled(module_database, events):
    city = open_city(module_database)
    for name, given_ in events.items():
        city.load(name, given_[: COUNT // 2], aside=True)
        city.load(name, given_[COUNT // 3 :], aside=False)  # a part twice: nothing may count double
    yield city
    city.engines.dispose()


def ask(city, layer, resolution, **wanted):
    with city.as_("administrator") as connection:
        return cells(connection, city.workspace, layer, resolution=resolution, given=Filter(**wanted))


@pytest.mark.parametrize("resolution", range(7, 12))
def test_counts_and_sums_equal_pandas_and_h3(filled, events, resolution):
    frame = pd.DataFrame(events["accidents"])
    frame["cell"] = [cell_of(row, resolution) for row in events["accidents"]]
    placed = frame[frame.cell != 0].groupby("cell")
    answer = ask(filled, ACCIDENTS, resolution)
    want = placed.size().sort_index()
    assert answer.cells.tolist() == want.index.tolist()
    assert answer.cells.dtype == np.uint64
    assert answer.measures["count"].tolist() == want.tolist()
    for name in ("killed", "injured"):
        sums = placed[name].sum(min_count=1).sort_index()
        np.testing.assert_array_equal(answer.measures[name], sums.to_numpy(dtype=float))
    assert answer.totals == {
        "count": COUNT,
        "unknown_count": 0,
        "without_position": int((frame.cell == 0).sum()),
    }
    assert answer.totals["without_position"] > 0


@pytest.mark.parametrize("resolution", range(7, 11))
def test_a_parent_is_the_sum_of_its_children_to_the_unit(filled, resolution):
    coarse, fine = (ask(filled, ACCIDENTS, r, hours=frozenset({22, 23, 0, 1})) for r in (resolution, resolution + 1))
    parents = np.array([h3.str_to_int(h3.cell_to_parent(h3.int_to_str(int(c)), resolution)) for c in fine.cells])
    assert set(parents.tolist()) == set(coarse.cells.tolist())
    for name in ("count", "unknown_count"):
        added = pd.Series(fine.measures[name]).groupby(parents).sum()
        assert added.sort_index().tolist() == coarse.measures[name].tolist()
    assert coarse.totals == fine.totals
    # a sum leaves out what is unknown, and is unknown only where nothing is known
    added = pd.Series(fine.measures["killed"]).groupby(parents).sum(min_count=1).sort_index()
    known = ~np.isnan(coarse.measures["killed"])
    assert (added.to_numpy()[known] == coarse.measures["killed"][known]).all()


def test_densities_are_over_geodesic_areas(filled):
    geod = Geod(ellps="WGS84")
    answer = ask(filled, CRIMES, 9)
    for i in range(0, len(answer.cells), 7):
        ring = h3.cell_to_boundary(h3.int_to_str(int(answer.cells[i])))
        area_m2 = abs(geod.polygon_area_perimeter([lon for _, lon in ring], [lat for lat, _ in ring])[0])
        assert answer.areas_m2[i] == pytest.approx(area_m2, rel=1e-9)
        assert answer.measures["count_per_km2"][i] == pytest.approx(
            answer.measures["count"][i] / (area_m2 / 1e6), rel=1e-9
        )


def test_a_sum_over_rows_that_say_nothing_is_unknown_and_over_no_rows_zero(city):
    city.load(
        "accidents",
        [
            {"source_id": "a", "category": "other", "lon": 76.93, "lat": 52.26, "killed": None, "injured": 2},
            {"source_id": "b", "category": "other", "lon": 76.96, "lat": 52.28, "killed": 1, "hour": None},
            {"source_id": "c", "category": "other", "lon": 76.98, "lat": 52.30, "killed": 1, "hour": 3},
        ],
    )
    by_hour = {row["cell"]: row for row in rows(ask(city, ACCIDENTS, 9, hours=frozenset({3})))}
    a, b, c = (cell_of({"lon": lon, "lat": lat}, 9) for lon, lat in ((76.93, 52.26), (76.96, 52.28), (76.98, 52.30)))
    assert math.isnan({row["cell"]: row for row in rows(ask(city, ACCIDENTS, 9))}[a]["killed"])
    assert (by_hour[b]["count"], by_hour[b]["unknown_count"], by_hour[b]["killed"]) == (0, 1, 0)
    assert (by_hour[c]["count"], by_hour[c]["unknown_count"], by_hour[c]["killed"]) == (1, 0, 1)


@pytest.mark.parametrize("resolution", [-1, 0, 6, 12, 15])
def test_other_resolutions_are_refused(filled, resolution):
    with pytest.raises(InvalidInput) as refused:
        ask(filled, CRIMES, resolution)
    assert refused.value.code == "unknown-resolution"


days = st.integers(-40, DAYS + 40).map(lambda n: date.fromordinal(FIRST.toordinal() + n))
filters = st.builds(
    lambda period, hours, weekdays, dark, categories, bbox: Filter(
        first_day=min(period) if period and period[0] is not None else None,
        last_day=max(period) if period else None,
        hours=hours,
        weekdays=weekdays,
        dark=dark,
        categories=categories,
        bbox=bbox,
    ),
    st.none() | st.tuples(days, days),
    st.none() | st.frozensets(st.integers(0, 23), min_size=1),
    st.none() | st.frozensets(st.integers(1, 7), min_size=1),
    st.none() | st.booleans(),
    st.none() | st.frozensets(st.sampled_from(CRIMES.field_named("category").codes.good), min_size=1),
    st.none()
    | st.tuples(
        st.floats(WEST, WEST + 0.05),
        st.floats(SOUTH, SOUTH + 0.03),
        st.floats(EAST - 0.04, EAST),
        st.floats(NORTH - 0.02, NORTH),
    ),
)


@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=filters)
def test_a_filter_passes_fails_or_cannot_know_as_the_brute_force_says(filled, events, wanted):
    told = [(row["cell_8"], passes(row, wanted)) for row in events["crimes"]]
    with filled.as_("administrator") as connection:
        answer = cells(connection, filled.workspace, CRIMES, resolution=8, given=wanted)
    certain = Counter(cell for cell, it in told if it is True)
    maybe = Counter(cell for cell, it in told if it is None)
    assert answer.totals["count"] == certain.total()
    assert answer.totals["unknown_count"] == maybe.total()
    assert answer.totals["without_position"] == certain[0]
    want = {cell: (certain[cell], maybe[cell]) for cell in {*certain, *maybe} - {0}}
    assert {row["cell"]: (row["count"], row["unknown_count"]) for row in rows(answer)} == want


def test_all_hours_or_weekdays_are_no_filter(filled):
    answer = ask(filled, CRIMES, 9, hours=frozenset(range(24)), weekdays=frozenset(range(1, 8)))
    assert answer.totals["count"] == COUNT
    assert answer.totals["unknown_count"] == 0


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"first_day": date(2024, 2, 1), "last_day": date(2024, 1, 1)}, "bad-period"),
        ({"hours": frozenset({24})}, "bad-parameter"),
        ({"hours": frozenset()}, "bad-parameter"),
        ({"weekdays": frozenset({0})}, "bad-parameter"),
        ({"bbox": (77, 52, 76, 53)}, "bad-bbox"),
        ({"bbox": (76, -91, 77, 53)}, "bad-bbox"),
        ({"bbox": (76, float("nan"), 77, 53)}, "bad-bbox"),
        ({"categories": frozenset({"THEFT"})}, "unknown-category"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(filled, wanted, code):
    with pytest.raises(InvalidInput) as refused:
        ask(filled, CRIMES, 9, **wanted)
    assert refused.value.code == code


def test_a_category_of_a_layer_without_categories_is_refused_and_its_time_is_no_filter(city):
    with pytest.raises(InvalidInput) as refused:
        ask(city, LAYERS["buildings"], 9, categories=frozenset({"x"}))
    assert refused.value.code == "no-category"
    city.load("lamps", [{"source_id": "l", "status": "works", "lon": 76.93, "lat": 52.26}])
    assert ask(city, LAYERS["lamps"], 9, hours=frozenset({3}), dark=True).totals["count"] == 1


def test_shares_of_parents_are_sums_of_numerators_over_sums_of_denominators(city):
    rng = np.random.default_rng(5)
    points = rng.uniform((WEST, SOUTH), (EAST, NORTH), size=(200, 2))
    leaves = sorted({cell_of({"lon": lon, "lat": lat}) for lon, lat in points})
    stored = [
        (c, None if rng.random() < 0.2 else float(rng.uniform(0, 900)), float(rng.uniform(900, 2000))) for c in leaves
    ]
    coverage = LAYERS["camera_coverage"]
    with city.owner() as owner:
        for measure in coverage.measures:
            owner.execute(
                text("INSERT INTO cell_share VALUES (:ws, 'camera_coverage', :m, :c, :n, :d, :t)"),
                [
                    {"ws": city.workspace.id, "m": measure.name, "c": c, "n": n, "d": d, "t": city.territories["west"]}
                    for c, n, d in stored
                ],
            )
    with city.as_("analyst") as connection:
        answer = cells(connection, city.workspace, coverage, resolution=8)
    frame = pd.DataFrame(stored, columns=["leaf", "n", "d"])
    frame["cell"] = [h3.str_to_int(h3.cell_to_parent(h3.int_to_str(c), 8)) for c in frame.leaf]
    known = frame.dropna(subset="n").groupby("cell")[["n", "d"]].sum().reindex(sorted(set(frame.cell)))
    np.testing.assert_allclose(answer.measures["covered_share"], known.n / known.d, rtol=1e-12)
    unknown = frame[frame.n.isna()].groupby("cell").d.sum().reindex(sorted(set(frame.cell)), fill_value=0)
    np.testing.assert_allclose(answer.measures["unknown_m2"], unknown, rtol=1e-12)
    assert answer.totals["covered_share.numerator_m2"] == pytest.approx(frame.n.sum())
    with city.as_("viewer") as connection:
        assert len(cells(connection, city.workspace, coverage, resolution=8).cells) == 0
