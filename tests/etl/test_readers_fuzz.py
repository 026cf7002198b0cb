"""Readers under random input: they read or refuse, they never break, and what pandas and json read they read too."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.intake import read_batches
from etl.readers import Limits, open_source
from etl.readers.encoding import decode_lines, guess
from etl.readers.quoting import records
from geo_core.errors import QorganError
from tests.etl.hostile import cut, features, tables, texts, workbooks
from tests.fixtures.intake import layer, mapping, surroundings

QUICK = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
LONG = settings(QUICK, max_examples=1500)
HOW = mapping(columns={"category": "category", "note": "note"})
SHAPED = mapping(columns={"category": "category", "note": "note"}, lon=None, lat=None)
LIMITS = Limits(block_bytes=512, chunk_rows=5)
WORDS = st.text(st.sampled_from('ab,;\t|"\n\r\x00жқ가ß \ufeff=1.-:'), max_size=10)
# other control characters make a small file look binary, which is told by name
PRINTED = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\n\r\t"), max_size=8)
SEEDS = {
    "csv": (texts.GOOD.encode, False),
    "cp1251": (lambda: texts.text(texts.records(notes=texts.PLAIN_RUSSIAN)).encode("cp1251"), False),
    "xlsx": (lambda: workbooks.book(workbooks.sheet(workbooks.table())), False),
    "geojson": (features.collection, True),
    "sequence": (features.lines, True),
    "kml": (features.kml, True),
    "gpx": (features.gpx, True),
    "gpkg": (tables.geopackage, True),
    "parquet": (tables.parquet, False),
    "shapefile": (tables.shapes, True),
}


def read(path, data: bytes, how=HOW) -> None:
    """Read whatever it is; only our errors may come, and the counts must add up."""
    path.write_bytes(data)
    try:
        reading = read_batches(path, layer=layer(), mapping=how, context=surroundings(), limits=LIMITS)
        batches = list(reading)
    except QorganError as error:
        assert error.code != "internal"  # noqa: PT017 - any other error fails by itself
        json.dumps(error.params)
        return
    report = reading.report
    rejected = [row for b in batches for row in b.rejected]
    assert report.read == report.accepted + report.rejected == sum(map(len, batches)) + len(rejected)
    numbers = np.concatenate([b.row_number for b in batches] + [[r.row_number for r in rejected]])
    assert sorted(numbers) == list(range(1, report.read + 1))


@given(
    rows=st.lists(st.lists(WORDS, min_size=1, max_size=7), max_size=20),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
)
@QUICK
def test_any_text_is_read_or_refused(tmp_path, rows, delimiter):
    read(tmp_path / "in.csv", "\n".join(delimiter.join(r) for r in [texts.HEADER, *rows]).encode())


@given(data=st.binary(max_size=600))
@QUICK
def test_any_bytes_are_read_or_refused(tmp_path, data):
    read(tmp_path / "in.dat", data)


@given(
    rows=st.lists(st.lists(PRINTED, min_size=3, max_size=3), min_size=2, max_size=12),
    block=st.integers(30, 300),
)
@QUICK
def test_what_python_writes_as_csv_comes_back(tmp_path, rows, block):
    body = [[f"k{i}", *row[:2], "1"] for i, row in enumerate(rows)]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(
        [["key", "first name", "second name", "count"], *body]
    )
    (tmp_path / "in.csv").write_bytes(out.getvalue().encode("utf-8", "replace"))
    expected = [[v.encode("utf-8", "replace").decode() or None for v in row] for row in body]
    with open_source(tmp_path / "in.csv", limits=Limits(block_bytes=block, chunk_rows=3)) as source:
        found = [
            list(r)
            for c in source.chunks()
            for r in zip(*(c.columns[n].to_pylist() for n in source.header), strict=True)
        ]
    assert found == expected


@given(lines=st.lists(st.text(st.sampled_from('a,"b\n'), max_size=8), max_size=12))
@QUICK
def test_every_line_is_in_one_record(lines):
    text = "\n".join(lines)
    physical = io.StringIO(text, newline="").readlines()
    found = list(records(physical, ","))
    taken = [k for r in found for k in range(r.first, r.last + 1)]
    assert len(taken) == len(set(taken))
    assert {k for k, line in enumerate(physical) if line.strip("\r\n")} <= set(taken)


@given(data=st.binary(max_size=200), encoding=st.sampled_from(["utf-8", "cp1251", "cp949", "cp1252"]))
@QUICK
def test_no_line_is_lost_in_decoding(data, encoding):
    found = decode_lines(data, encoding)
    assert len(found.texts) == len(data.splitlines())
    assert guess(data, cut=False).encoding


@pytest.mark.parametrize("kind", SEEDS)
@given(seed=st.integers(0, 2**32))
@settings(QUICK, max_examples=8)
def test_good_files_with_bytes_changed_are_read_or_refused(tmp_path, kind, seed):
    make, shaped = SEEDS[kind]
    read(tmp_path / "in.dat", cut.spoilt(make(), seed), SHAPED if shaped else HOW)


@pytest.mark.full
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", SEEDS)
@given(seed=st.integers(0, 2**32), share=st.floats(0, 1))
@settings(LONG, max_examples=400)
def test_many_files_cut_and_changed_are_read_or_refused(tmp_path, kind, seed, share):
    make, shaped = SEEDS[kind]
    data = make()
    read(tmp_path / "in.dat", cut.spoilt(data[: max(1, int(len(data) * share))], seed), SHAPED if shaped else HOW)


@given(
    shape=st.recursive(
        st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["type", "coordinates", "geometries", "a"]), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
@QUICK
def test_any_json_as_geometry_or_properties_is_read_or_refused(tmp_path, shape):
    found = features.features(3)
    found[1] = {**found[1], "geometry": shape}
    found[2] = {**found[2], "properties": shape}
    for name, document in (
        ("a", {"type": "FeatureCollection", "features": found}),
        ("b", shape),
        ("c", {"type": "FeatureCollection", "features": shape}),
    ):
        read(tmp_path / name, json.dumps(document).encode(), SHAPED)
    read(tmp_path / "d", b"\n".join(json.dumps(x).encode() for x in (found[0], shape, found[1])), SHAPED)
