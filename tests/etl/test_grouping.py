"""Rows made into records, against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from etl.grouping import Grouper, count_column, ungrouped
from etl.mapping import mapping_from_json, to_json
from etl.readers.source import RawChunk
from etl.records import RejectedRow
from layers.registry import load
from layers.spec import Grouping, SourceMapping

GROUPING = Grouping(
    key=("case", "day"),
    counts={"killed": {"harm": ("1",)}, "injured": {"harm": ("2", "3")}},
    worst={"severity": ("1", "2", "3")},
)
MAPPING = SourceMapping(
    id="cards", columns={"severity": "worst", "category": "kind"}, lon="x", lat="y", grouping=GROUPING
)
NAMES = ("case", "day", "harm", "worst", "kind", "x", "y")


def chunks_of(frame, sizes):
    start = 0
    for size in sizes:
        part = frame.iloc[start : start + size]
        columns = {
            name: pa.array([None if v is None or v != v else v for v in part[name]], pa.string()) for name in NAMES
        }
        yield RawChunk(columns, np.arange(start + 1, start + 1 + len(part)))
        start += size


def grouped(frame, sizes, chunk_rows=100_000):
    grouper = Grouper(GROUPING, MAPPING, {name: name for name in NAMES}, chunk_rows)
    return grouper, list(grouper.records(chunks_of(frame, sizes)))


def made_up(rng, count):
    case = rng.integers(0, count // 3, count)
    harm = rng.integers(1, 4, count)
    return pd.DataFrame(
        {
            "case": case.astype(str),
            "day": (case % 7).astype(str),
            "harm": harm.astype(str),
            "worst": np.where(rng.random(count) < 0.1, None, harm.astype(str)),
            "kind": np.where(rng.random(count) < 0.3, None, (case % 4).astype(str)),
            "x": (71 + case / 1000).round(4).astype(str),
            "y": (51 + case / 1000).round(4).astype(str),
        }
    )


@pytest.mark.parametrize("sizes", [[3000], [1000, 1500, 500]])
def test_records_are_those_of_pandas(sizes):
    frame = made_up(np.random.default_rng(1), 3000)
    grouper, parts = grouped(frame, sizes, chunk_rows=400)
    made = pd.concat([pd.DataFrame({n: c.to_pylist() for n, c in chunk.columns.items()}) for chunk, _ in parts])
    oracle = frame.groupby(["case", "day"], sort=False).agg(
        killed=("harm", lambda s: (s == "1").sum()),
        injured=("harm", lambda s: s.isin(["2", "3"]).sum()),
        worst=("worst", lambda s: min(s.dropna(), default=None)),
        kind=("kind", lambda s: next(iter(s.dropna()), None)),
    )
    assert made["case"].tolist() == oracle.index.get_level_values("case").tolist()
    assert made[count_column("killed")].tolist() == oracle["killed"].tolist()
    assert made[count_column("injured")].tolist() == oracle["injured"].tolist()
    assert made["worst"].tolist() == oracle["worst"].tolist()
    assert made["kind"].tolist() == oracle["kind"].tolist()
    assert grouper.merged == len(frame) - len(oracle)
    first = frame.reset_index().groupby(["case", "day"], sort=False)["index"].first() + 1
    assert np.concatenate([chunk.row_number for chunk, _ in parts]).tolist() == first.tolist()
    assert not any(conflict.any() for _, conflict in parts)


def test_rows_that_contradict_each_other_are_noted_and_the_first_is_taken():
    frame = made_up(np.random.default_rng(2), 30)
    twice = frame.iloc[[4]].assign(x="99.0")
    both = pd.concat([frame, twice], ignore_index=True)
    _, [(chunk, conflict)] = grouped(both, [31])
    at = chunk.columns["case"].to_pylist().index(frame.loc[4, "case"])
    assert np.flatnonzero(conflict).tolist() == [at]
    assert chunk.columns["x"].to_pylist()[at] == frame.loc[4, "x"]


def test_rows_without_any_key_stay_alone():
    frame = made_up(np.random.default_rng(3), 9)
    frame.loc[:, ["case", "day"]] = None
    grouper, [(chunk, _)] = grouped(frame, [9])
    assert len(chunk) == 9
    assert grouper.merged == 0


def test_a_value_nobody_ranked_comes_after_those_ranked():
    frame = made_up(np.random.default_rng(4), 3)
    frame[["case", "day", "worst"]] = [["a", "1", "9"], ["a", "1", "3"], ["a", "1", None]]
    _, [(chunk, _)] = grouped(frame, [3])
    assert chunk.columns["worst"].to_pylist() == ["3"]


def test_lines_that_could_not_be_cut_are_passed_on():
    frame = made_up(np.random.default_rng(5), 3)
    [chunk] = chunks_of(frame, [3])
    lost = RejectedRow(row_number=4, raw={"line": "x"}, reasons=(("wrong-field-count", {}),))
    grouper = Grouper(GROUPING, MAPPING, {name: name for name in NAMES})
    given = RawChunk(chunk.columns, chunk.row_number, rejected=(lost,))
    parts = [made for made, _ in grouper.records([given])]
    assert [row for part in parts for row in part.rejected] == [lost]
    assert sum(len(part) for part in parts) + grouper.merged == 3


def test_the_mapping_of_records_takes_counts_from_their_columns():
    plain = ungrouped(MAPPING)
    assert plain.grouping is None
    assert plain.columns["killed"] == count_column("killed")
    assert ungrouped(plain) is plain


def test_values_that_differ_by_nature_are_joined_or_the_first_is_meant_and_neither_is_a_conflict():
    frame = made_up(np.random.default_rng(5), 3).assign(case="a", day="1", harm="1", worst="1")
    frame["kind"] = ["Abay", None, "Lenin"]
    frame["x"] = ["1", "2", "3"]
    frame["y"] = "5"
    grouping = Grouping(key=("case",), together={"kind": " × "}, first=("x",))
    grouper = Grouper(grouping, MAPPING, {name: name for name in NAMES})
    [(chunk, conflict)] = list(grouper.records(chunks_of(frame, [1, 2])))
    assert not conflict.any()
    assert (grouper.merged, len(chunk)) == (2, 1)
    assert chunk.columns["kind"].to_pylist() == ["Abay × Lenin"]
    assert chunk.columns["x"].to_pylist() == ["1"]
    read_back = mapping_from_json(
        {"id": "x", "columns": {"category": "k"}, "grouping": {"key": ["a"], "together": {"k": " × "}, "first": ["b"]}},
        layer=load()["accidents"],
    )
    assert read_back.grouping == Grouping(key=("a",), together={"k": " × "}, first=("b",))
    assert mapping_from_json(to_json(read_back), layer=load()["accidents"]) == read_back
