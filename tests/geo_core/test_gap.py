from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from geo_core.coverage import Share
from geo_core.errors import InvalidInput
from geo_core.gap import GapClass, coverage_gap, tri_state


def test_every_event_is_in_one_figure_and_unknown_is_apart():
    gap = coverage_gap(
        segment=np.array([0, 0, 0, 0, 0, 1, -1, -1]),
        dark=[True, True, True, False, None, True, True, None],
        seen=[True, False, None, False, False, False, None, False],
        weights=[1, 2, 4, 8, 16, 32, 64, 128],
        length_m=[500.0, 250.0],
    )
    assert gap.night_events.tolist() == [3, 1]
    assert gap.night_weight.tolist() == [7.0, 32.0]
    assert gap.unseen_night_events.tolist() == [1, 1]
    assert gap.unseen_night_weight.tolist() == [2.0, 32.0]
    assert gap.seen_unknown_events.tolist() == [1, 0]
    assert gap.dark_unknown_events.tolist() == [1, 0]
    assert gap.rate_per_km.tolist() == [2.0, 4.0]
    assert gap.night_seen == Share(covered=1.0, total=35.0, unknown=68.0)
    assert gap.dark == Share(covered=103.0, total=111.0, unknown=144.0)
    assert gap.placed == Share(covered=63.0, total=255.0)


def test_a_busy_unseen_street_is_told_apart_and_a_short_one_with_a_single_crime_is_not():
    """Forty quiet streets, one of 400 m with 40 unseen night crimes, one of 8 m with a single one (raw 125 per km)."""
    lengths = np.array([300.0] * 40 + [400.0, 8.0])
    events = np.concatenate([np.arange(40), np.full(40, 40), [41]])
    gap = coverage_gap(
        segment=events, dark=np.ones(len(events), bool), seen=np.zeros(len(events), bool), length_m=lengths
    )
    assert gap.rate_per_km[41] == 125.0 > gap.rate_per_km[40]
    assert gap.classes[40] == GapClass.ABOVE
    assert gap.classes[41] == GapClass.NOT_ENOUGH_DATA
    assert gap.rank[40] == 1
    assert gap.shrunk_rate_per_km[41] < gap.shrunk_rate_per_km[40]
    assert gap.mean_per_km == pytest.approx(81 / (lengths.sum() / 1000))
    assert ((gap.low_per_km <= gap.shrunk_rate_per_km) & (gap.shrunk_rate_per_km <= gap.high_per_km)).all()


def test_long_quiet_streets_of_a_bad_city_are_below_and_ranks_are_a_permutation_without_chance():
    lengths = np.array([100.0] * 20 + [5000.0])
    events = np.repeat(np.arange(20), np.arange(20) * 2)
    gap = coverage_gap(segment=events, dark=np.ones(380, bool), seen=np.zeros(380, bool), length_m=lengths)
    assert gap.classes[20] == GapClass.BELOW
    assert sorted(gap.rank) == list(range(1, 22))
    assert (np.diff(gap.shrunk_rate_per_km[gap.ranked()]) <= 0).all()


def test_a_city_whose_crimes_are_all_seen_or_that_has_none_says_nothing():
    seen = coverage_gap(segment=np.array([0, 1]), dark=[True, True], seen=[True, True], length_m=[100.0, 200.0])
    none = coverage_gap(segment=[], dark=[], seen=[], length_m=[100.0, 200.0])
    for gap in (seen, none):
        assert set(gap.classes) == {GapClass.NOT_ENOUGH_DATA}
        assert gap.shrunk_rate_per_km.tolist() == [0.0, 0.0]
    assert seen.night_seen.share == 1.0
    assert math.isnan(none.night_seen.share)


def test_a_uniform_city_is_not_told_apart_and_its_intervals_have_width():
    gap = coverage_gap(segment=np.arange(400), dark=np.ones(400), seen=np.zeros(400), length_m=np.full(400, 100.0))
    assert gap.enough
    assert set(gap.classes) == {GapClass.NOT_ENOUGH_DATA}
    assert (gap.high_per_km > 1.2 * gap.low_per_km).all()


def test_below_thirty_unseen_events_no_street_is_judged():
    """29 crimes on one of 300 streets would stand out, were 29 enough to know how streets differ; the 30th is."""
    for number, enough in ((29, False), (30, True)):
        gap = coverage_gap(
            segment=np.zeros(number, int), dark=np.ones(number), seen=np.zeros(number), length_m=np.full(300, 100.0)
        )
        assert gap.enough is enough
        assert (gap.classes[0] == GapClass.ABOVE) is enough
        assert gap.rank[0] == 1


def test_true_false_and_unknown_are_read_from_what_databases_and_frames_give():
    expected = [1, 0, -1]
    for given in (
        [True, False, None],
        [1.0, 0.0, math.nan],
        pd.array([True, False, pd.NA], dtype="boolean"),
        np.array([np.True_, np.False_, None], dtype=object),
    ):
        assert tri_state(given, field="dark").tolist() == expected
    with pytest.raises(InvalidInput):
        tri_state([2], field="dark")
    with pytest.raises(InvalidInput):
        tri_state(["yes"], field="dark")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"segment": np.array([2])}, "segment"),
        ({"segment": np.array([-2])}, "segment"),
        ({"segment": np.array([0.5])}, "segment"),
        ({"length_m": [0.0, 1.0]}, "length_m"),
        ({"length_m": [math.nan, 1.0]}, "length_m"),
        ({"length_m": []}, "length_m"),
        ({"dark": [True, True]}, "dark"),
        ({"weights": [math.nan]}, "weights"),
        ({"weights": [-1.0]}, "weights"),
    ],
)
def test_what_cannot_be_counted_is_refused_by_name(changes, field):
    good = {"segment": np.array([0]), "dark": [True], "seen": [False], "length_m": [1.0, 1.0], "weights": [1.0]}
    with pytest.raises(InvalidInput) as caught:
        coverage_gap(**(good | changes))
    assert caught.value.params == {"field": field}
