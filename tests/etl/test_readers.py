"""Every format gives the same rows, and dirt in one row costs that row only."""

from __future__ import annotations

import gzip
import json
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.readers import Limits, open_source
from layers.spec import LayerKind, TimeSource
from tests.fixtures.intake import layer, mapping, read, reasons

HEADER = "id,time,lon,lat,category,killed,height_m,lit,note,registered_on"
ROWS = [
    "a,2024-05-01 10:30,76.95,52.3,theft,0,3.5,yes,one,2024-05-02",
    "b,2024-05-01 23:59,76.96,52.31,кража,1,,no,two,",
    "c,2024-05-02,76.97,52.32,robbery,,4,да,,2024-05-03",
]


def csv_file(folder, rows=ROWS, header=HEADER, name="in.csv", encoding="utf-8", delimiter=","):
    path = folder / name
    path.write_bytes("\n".join(line.replace(",", delimiter) for line in (header, *rows)).encode(encoding))
    return path


def content(batches):
    table = pa.concat_tables([b.to_table() for b in batches])
    return table.drop_columns(["row_number"]).to_pylist()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path, delimiter):
    batches, rejected, report = read(csv_file(tmp_path, delimiter=delimiter))
    assert report.read == 3
    assert not rejected
    assert batches[0].columns["category"].to_pylist() == ["theft", "theft", "robbery"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_cyrillic_is_read_in_the_encodings_offices_use(tmp_path, encoding):
    rows = [r.replace("one", "улица Ленина").replace("two", "двор школы № 3") for r in ROWS]
    batches, rejected, report = read(csv_file(tmp_path, rows, encoding=encoding))
    assert batches[0].columns["note"].to_pylist() == ["улица Ленина", "двор школы № 3", None]
    assert not rejected
    assert ("encoding-guessed" in report.warnings.counts) == (encoding == "cp1251")


def test_blank_lines_line_ends_and_a_title_above_the_header_do_no_harm(tmp_path):
    path = tmp_path / "in.csv"
    path.write_bytes(("Отчёт за май\r\n" + HEADER + "\r\n\r\n" + "\r\n".join(ROWS) + "\r\n\r\n").encode())
    batches, rejected, report = read(path)
    assert (report.read, len(rejected)) == (3, 0)
    assert report.warnings.counts["preamble-skipped"] == 1
    assert batches[0].source_id.to_pylist() == ["a", "b", "c"]


def test_a_row_with_too_few_or_too_many_fields_is_rejected_alone_with_its_number(tmp_path):
    path = csv_file(tmp_path, [ROWS[0], "broken,row", ROWS[1], ROWS[2] + ",extra"])
    batches, rejected, _ = read(path)
    assert batches[0].row_number.tolist() == [1, 3]
    assert reasons(rejected) == {2: ["wrong-field-count"], 4: ["wrong-field-count"]}
    assert rejected[0].raw == {"line": "broken,row"}
    assert rejected[0].reasons[0][1] == {"expected": 10, "found": 2}


def test_a_row_with_a_byte_that_is_not_utf8_is_rejected_alone(tmp_path):
    rows = [f"r{i},2024-05-01,76.95,52.3,кража,0,,,улица {i}," for i in range(40)]
    data = ("\n".join((HEADER, *rows))).encode().replace("улица 7,".encode(), b"\xff\xfe,")
    path = tmp_path / "in.csv"
    path.write_bytes(data)
    _, rejected, report = read(path)
    assert reasons(rejected) == {8: ["bad-encoding"]}
    assert report.accepted == 39


def test_a_byte_its_encoding_does_not_know_rejects_its_row_and_alters_nothing(tmp_path):
    rows = [f"r{i},2024-05-01,76.95,52.3,кража,0,,,улица {i}," for i in range(40)]
    data = "\n".join((HEADER, *rows)).encode("cp1251").replace("улица 7,".encode("cp1251"), b"\xf3\x98\xf3,")
    (tmp_path / "in.csv").write_bytes(data)
    batches, rejected, _ = read(tmp_path / "in.csv")
    assert reasons(rejected) == {8: ["bad-encoding"]}
    assert batches[0].columns["note"][0].as_py() == "улица 0"


def test_line_ends_and_separators_inside_quotes_belong_to_the_value(tmp_path):
    path = csv_file(tmp_path, [ROWS[0].replace("one", '"two\nlines, and ""quotes"""'), *ROWS[1:]])
    batches, rejected, _ = read(path)
    assert batches[0].columns["note"][0].as_py() == 'two\nlines, and "quotes"'
    assert not rejected


@given(
    notes=st.lists(
        st.text(
            st.characters(
                codec="utf-8", exclude_characters="\r\x00", exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"]
            ),
            max_size=12,
        )
        | st.just('x"y\n,z'),
        min_size=1,
        max_size=60,
    ),
    block=st.integers(40, 400),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_blocks_cut_anywhere_give_the_rows_pandas_reads(tmp_path, notes, block):
    frame = pd.DataFrame(
        {"id": [f"k{i}" for i in range(len(notes))], "note": notes, "lon": 76.9, "lat": 52.3, "category": "theft"}
    )
    path = tmp_path / "in.csv"
    frame.to_csv(path, index=False)
    limits = Limits(block_bytes=block, chunk_rows=7)
    with open_source(path, limits=limits) as source:
        chunks = list(source.chunks(["id", "note"]))
    got = [
        (i, n) for c in chunks for i, n in zip(c.columns["id"].to_pylist(), c.columns["note"].to_pylist(), strict=True)
    ]
    assert got == [(f"k{i}", n or None) for i, n in enumerate(notes)]
    assert np.concatenate([c.row_number for c in chunks]).tolist() == list(range(1, len(notes) + 1))


def test_all_formats_give_equal_rows(tmp_path):
    csv_path = csv_file(tmp_path)
    frame = pd.read_csv(csv_path, dtype={"id": str})
    shapes = gpd.GeoDataFrame(
        frame.drop(columns=["lon", "lat"]), geometry=gpd.points_from_xy(frame.lon, frame.lat), crs=4326
    )
    shapes.to_file(tmp_path / "in.gpkg", driver="GPKG")
    shapes.to_file(tmp_path / "in.geojson", driver="GeoJSON")
    shapes.to_parquet(tmp_path / "geo.parquet")
    frame.to_parquet(tmp_path / "plain.parquet")
    (tmp_path / "in.csv.gz").write_bytes(gzip.compress(csv_path.read_bytes()))
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("folder/in.csv", csv_path.read_bytes())
        archive.writestr("__MACOSX/._in.csv", b"litter")
    expected = content(read(csv_path)[0])
    assert len(expected) == 3
    for name in ("in.gpkg", "in.geojson", "geo.parquet", "plain.parquet", "in.csv.gz", "in.zip"):
        how = mapping(lon=None, lat=None) if name in {"in.gpkg", "in.geojson", "geo.parquet"} else mapping()
        assert content(read(tmp_path / name, how=how)[0]) == expected, name


def test_a_file_that_states_another_crs_is_converted(tmp_path):
    frame = gpd.GeoDataFrame({"id": ["a"], "category": ["theft"]}, geometry=[shapely.Point(76.95, 52.3)], crs=4326)
    for name, crs in (("in.gpkg", 32643), ("in.parquet", 3857)):
        there = frame.to_crs(crs)
        there.to_file(tmp_path / name, driver="GPKG") if name.endswith("gpkg") else there.to_parquet(tmp_path / name)
        batches, _, _ = read(tmp_path / name, how=mapping(lon=None, lat=None, time=None))
        assert batches[0].lon[0] == pytest.approx(76.95, abs=1e-8)
        assert batches[0].lat[0] == pytest.approx(52.3, abs=1e-8)


def test_parquet_is_walked_in_chunks_and_reads_only_mapped_columns(tmp_path):
    rows = 2_500
    table = pa.table(
        {"lon": np.full(rows, 76.9), "lat": np.full(rows, 52.3), "category": ["theft"] * rows, "secret": ["x"] * rows}
    )
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=1000)
    how = mapping(columns={"category": "category", "killed": "absent"}, source_id=None, time=None)
    batches, _, report = read(tmp_path / "in.parquet", how=how, limits=Limits(chunk_rows=400))
    assert len(batches) > 5
    assert report.read == rows
    assert report.warnings.counts["column-absent"] == 1


def test_a_rejected_row_shows_only_the_columns_that_were_asked_for(tmp_path):
    path = csv_file(tmp_path, [ROWS[0].replace("theft", "piracy") + ",Иванов И. И."], header=HEADER + ",suspect")
    _, rejected, _ = read(path)
    assert "suspect" not in rejected[0].raw
    assert rejected[0].raw["category"] == "piracy"


def test_geojson_values_that_are_lists_become_text_and_features_without_geometry_are_kept_as_events(tmp_path):
    features = [
        {"type": "Feature", "geometry": None, "properties": {"category": "theft", "note": ["a", 1]}},
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [76.9, 52.3, 120]},
            "properties": {"category": "theft"},
        },
    ]
    path = tmp_path / "in.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    batches, rejected, _ = read(path, how=mapping(lon=None, lat=None, time=None, source_id=None))
    assert not rejected
    assert batches[0].columns["note"].to_pylist() == ['["a", 1]', None]
    assert np.isnan(batches[0].lon).tolist() == [True, False]
    assert batches[0].flags.mask("no-position").tolist() == [True, False]


def test_lines_in_a_csv_are_read_from_well_known_text(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text('name;WKT\nx;"LINESTRING (76.9 52.3, 76.91 52.31)"\ny;not a line\n')
    lines = layer(LayerKind.NETWORK, "LineString", fields=())
    batches, rejected, _ = read(
        path, into=lines, how=mapping(columns={}, lon=None, lat=None, source_id="name", time=None)
    )
    assert batches[0].geometry[0].geom_type == "LineString"
    assert reasons(rejected) == {2: ["empty-geometry"]}


def test_columns_are_found_whatever_their_case(tmp_path):
    path = csv_file(tmp_path, header=HEADER.upper())
    assert read(path)[2].accepted == 3


def test_progress_reaches_the_end(tmp_path):
    from etl.intake import read_batches
    from tests.fixtures.intake import surroundings

    path = csv_file(tmp_path, ROWS * 50)
    reading = read_batches(
        path, layer=layer(), mapping=mapping(source_id=None), context=surroundings(), limits=Limits(block_bytes=600)
    )
    shares = [reading.progress for _ in reading]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5
    assert shares[-1] > 0.95


def test_a_time_column_is_one_of_several_and_only_one_must_be_there(tmp_path):
    how = mapping(time=TimeSource(local="nowhere", month="time"))
    batches, _, _ = read(csv_file(tmp_path), how=how)
    assert set(batches[0].times.time_precision.to_pylist()) == {"month"}
