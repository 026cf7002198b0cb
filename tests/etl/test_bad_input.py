"""Files that cannot be used are refused with a code that says what to change, and never half read in silence."""

from __future__ import annotations

import json
import os
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from etl.intake import read_batches
from etl.readers import Limits, open_source
from geo_core.errors import DataQuality, InvalidInput, LimitExceeded, NotFound, QorganError, Unavailable
from layers.spec import LayerKind, TimeSource
from tests.fixtures.intake import layer, mapping, read, shared, surroundings

GOOD = "id,time,lon,lat,category\na,2024-05-01,76.95,52.3,theft\n"
PLAIN = mapping(columns={"category": "category"})


def refused(path, **given) -> QorganError:
    with pytest.raises(QorganError) as caught:
        read(path, **{"how": PLAIN, **given})
    json.dumps(caught.value.params)  # params fill a sentence and travel as JSON
    return caught.value


def put(folder, data, name="in.csv"):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def points(folder, lon, lat, name="in.csv"):
    rows = {"id": range(len(lon)), "time": "2024-05-01", "lon": lon, "lat": lat, "category": "theft"}
    pd.DataFrame(rows).to_csv(folder / name, index=False)
    return folder / name


@pytest.mark.parametrize(
    ("data", "name", "kind", "code"),
    [
        (b"", "in.csv", DataQuality, "empty-file"),
        (b"\xef\xbb\xbf \r\n\n", "in.csv", DataQuality, "empty-file"),
        ("id,time,lon,lat,category\n", "in.csv", DataQuality, "no-rows"),
        ("id,time,lon,lat,category", "in.csv", DataQuality, "no-rows"),
        ("id~time~lon~lat~category\na~b~c~d~e\n", "in.csv", InvalidInput, "wrong-delimiter"),
        ("id,time,lng,latitude,category\na,b,c,d,e\n", "in.csv", InvalidInput, "missing-columns"),
        ("1,2024,76.95,52.3,5\n2,2024,76.95,52.3,5\n".replace("2024", "20"), "in.csv", DataQuality, "no-header"),
        (os.urandom(5000), "in.csv", DataQuality, "binary-file"),
        (b"<!DOCTYPE html><html>login</html>", "in.csv", InvalidInput, "unsupported-format"),
        (b"%PDF-1.7 ...", "in.pdf", InvalidInput, "unsupported-format"),
        (b'{"type": "FeatureCollection", "features": [', "in.geojson", DataQuality, "broken-json"),
        (b'{"error": {"code": 400}}', "in.json", InvalidInput, "not-a-feature-collection"),
        (b'{"type": "FeatureCollection", "features": []}', "in.geojson", DataQuality, "no-rows"),
        (b"PAR1" + b"x" * 100, "in.parquet", DataQuality, "truncated-file"),
        (b"SQLite format 3\x00" + b"x" * 100, "in.gpkg", DataQuality, "truncated-file"),
        (b"PK\x03\x04" + b"x" * 100, "in.zip", DataQuality, "truncated-file"),
        (b"\x1f\x8b\x08" + b"x" * 100, "in.csv.gz", DataQuality, "truncated-file"),
    ],
)  # fmt: skip
def test_a_file_that_is_nothing_usable(tmp_path, data, name, kind, code):
    error = refused(put(tmp_path, data, name))
    assert (type(error), error.code) == (kind, code)


def test_the_sentence_can_name_what_is_missing_and_what_is_there(tmp_path):
    error = refused(put(tmp_path, "id;time;lng;category\na;b;c;d\n"))
    assert error.params == {"columns": ["lat", "lon"], "header": ["id", "time", "lng", "category"]}


def test_a_file_that_is_not_there():
    with pytest.raises(NotFound, match="no-such-file"):
        open_source("/nowhere/at/all.csv")


@pytest.mark.parametrize("share", [0.3, 0.9])
@pytest.mark.parametrize("name", ["parquet", "gpkg", "csv.gz", "zip"])
def test_a_truncated_file_is_refused(tmp_path, share, name):
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(76.8, 77, 4000), rng.uniform(52.2, 52.4, 4000)
    frame = gpd.GeoDataFrame({"id": range(4000), "category": "theft"}, geometry=gpd.points_from_xy(lon, lat), crs=4326)
    whole = tmp_path / f"whole.{name}"
    if name == "parquet":
        frame.to_parquet(whole)
    elif name == "gpkg":
        frame.to_file(whole, driver="GPKG")
    elif name == "csv.gz":
        pd.DataFrame({"id": range(4000), "time": "2024-05-01", "lon": lon, "lat": lat, "category": "theft"}).to_csv(
            whole, index=False
        )
    else:
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(
                "in.csv",
                GOOD
                + "\n".join(f"{i},2024-05-01,{x},{y},theft" for i, (x, y) in enumerate(zip(lon, lat, strict=True))),
            )
    data = whole.read_bytes()
    path = put(tmp_path, data[: int(len(data) * share)], f"cut.{name}")
    how = (
        mapping(columns={"category": "category"}, lon=None, lat=None, time=None)
        if name in {"parquet", "gpkg"}
        else PLAIN
    )
    assert refused(path, how=how).code == "truncated-file"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_a_truncated_osm_extract_is_refused(tmp_path, share):
    data = shared("osm/helsinki_centre.osm.pbf").read_bytes()
    path = put(tmp_path, data[: int(len(data) * share)], "cut.osm.pbf")
    lamps = mapping(columns={}, lon=None, lat=None, source_id=None, time=None, where={"highway": ("street_lamp",)})
    error = refused(path, into=layer(LayerKind.DEVICE, fields=()), how=lamps, territory=None)
    assert (error.code, error.params["format"]) == ("truncated-file", "osm-pbf")


def test_an_osm_extract_needs_a_filter(tmp_path):
    path = shared("osm/helsinki_centre.osm.pbf")
    assert (
        refused(path, into=layer(LayerKind.DEVICE, fields=()), how=mapping(columns={}, lon=None, lat=None)).code
        == "osm-without-filter"
    )


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in.csv", GOOD + "a,2024-05-01,76.95,52.3,theft\n" * 1_000_000)
    error = refused(path)
    assert (type(error), error.code) == (LimitExceeded, "zip-bomb")
    limits = Limits(max_ratio=10**6, max_unpacked_bytes=1 << 20)
    assert refused(path, limits=limits).code == "unpacked-too-large"


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["a.csv", "b.csv"], "zip-content"),
        (["readme.md"], "zip-content"),
        ([], "unsupported-format"),
        (["inner.zip"], "zip-nested"),
        (["x.csv", "y.gz"], "zip-nested"),
    ],
)
def test_an_archive_holds_one_readable_file(tmp_path, names, code):
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, GOOD)
    assert refused(path).code == code


def test_a_path_inside_an_archive_leads_nowhere_else(tmp_path):
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../outside/in.csv", GOOD)
    assert read(path, how=PLAIN)[2].accepted == 1
    assert not (tmp_path.parent / "outside").exists()


def test_nothing_unpacked_is_left_behind(tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("in.csv", GOOD)
    read(path, how=PLAIN)
    refused(path, how=mapping(lon="x", lat="y"))
    reading = read_batches(path, layer=layer(), mapping=PLAIN, context=surroundings())
    reading.close()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_full_disk_is_said_to_be_full(tmp_path, monkeypatch):
    import errno
    from pathlib import Path

    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("in.csv", GOOD)
    opened = Path.open

    def full(self, mode="r", *args, **more):
        if "w" in mode:
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(self, mode, *args, **more)

    monkeypatch.setattr(Path, "open", full)
    error = refused(path)
    assert (type(error), error.code) == (Unavailable, "disk-full")


def test_sizes_are_limited_by_name(tmp_path):
    big = put(tmp_path, b'{"type": "FeatureCollection", "features": []}', "in.geojson")
    error = refused(big, limits=Limits(max_geojson_bytes=10))
    assert (type(error), error.code, error.params["limit_bytes"]) == (LimitExceeded, "geojson-too-large", 10)
    assert refused(points(tmp_path, [76.9] * 5, [52.3] * 5), limits=Limits(max_rows=4)).code == "too-many-rows"


RNG = np.random.default_rng(7)
LON, LAT = RNG.uniform(76.85, 77.05, 200).round(6), RNG.uniform(52.22, 52.38, 200).round(6)


def test_swapped_coordinates_are_refused_as_a_whole(tmp_path):
    error = refused(points(tmp_path, LAT, LON))
    assert (type(error), error.code) == (DataQuality, "coordinates-swapped")
    assert error.params == {"rows": 200, "share": 1.0}


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:32643", "EPSG:28413"])
def test_metres_given_as_degrees_are_refused_with_the_crs_that_fits(tmp_path, crs):
    import pyproj

    x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(LON, LAT)
    path = points(tmp_path, x, y)
    error = refused(path)
    assert (error.code, error.params["guess"]) == ("coordinates-in-metres", crs)
    batches, _, _ = read(path, how=mapping(columns={"category": "category"}, crs=crs))
    assert np.abs(batches[0].lon - LON).max() < 1e-7


def test_a_file_of_another_place_is_refused(tmp_path):
    assert refused(points(tmp_path, LON - 20, LAT)).code == "far-outside-workspace"
    mixed = points(tmp_path, np.where(np.arange(200) < 90, LON - 20, LON), LAT)
    _, rejected, report = read(mixed, how=PLAIN)
    assert report.reasons == {"far-outside-workspace": 90}
    assert len(rejected) == 90
    assert "outside-territory" not in report.warnings.counts


def test_a_lone_far_point_is_kept_apart_and_a_near_stray_is_noted(tmp_path):
    batches, rejected, report = read(points(tmp_path, [76.95, 77.9, 100.0], [52.3, 52.3, 10.0]), how=PLAIN)
    assert [code for code, _ in rejected[0].reasons] == ["far-outside-workspace"]
    assert rejected[0].raw["lon"] == "100.0"
    assert batches[0].flags.mask("outside-territory").tolist() == [False, True]
    assert report.warnings.counts["outside-territory"] == 1


def test_accepted_rows_still_know_what_the_source_wrote(tmp_path):
    batches, _, _ = read(points(tmp_path, [76.95, 0, 76.96], [52.3, 0, 52.3]), how=PLAIN)
    assert [row["id"] for row in batches[0].raw(np.arange(2))] == ["0", "2"]
    assert batches[0].raw(np.array([1]))[0]["lon"] == "76.96"


def test_the_file_is_judged_even_when_the_consumer_took_the_first_rows(tmp_path):
    reading = read_batches(
        points(tmp_path, LAT, LON), layer=layer(), mapping=PLAIN, context=surroundings(), limits=Limits(chunk_rows=50)
    )
    assert len(next(reading)) == 0
    with pytest.raises(InvalidInput, match="reading-unfinished"):
        _ = reading.report
    with pytest.raises(DataQuality, match="coordinates-swapped"):
        list(reading)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        (mapping(crs="EPSG:999999"), "unknown-crs"),
        (mapping(lon=None, lat=None), "no-position-columns"),
        (mapping(time=TimeSource(local="when")), "missing-columns"),
        (mapping(time=TimeSource(epoch_ms="time", epoch_clock="noon")), "bad-epoch-clock"),
        (mapping(time=TimeSource(local="time", zone="Mars/Olympus")), "unknown-zone"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(tmp_path, how, code):
    assert refused(put(tmp_path, GOOD), how=how).code == code


def test_two_columns_that_differ_only_in_case_must_be_told_apart(tmp_path):
    path = put(tmp_path, "ID,Id,time,lon,lat,category\na,b,2024-05-01,76.95,52.3,theft\n")
    assert refused(path).code == "ambiguous-column"


def test_a_geopackage_with_several_tables_must_be_split(tmp_path):
    for name in ("one", "two"):
        gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(76.9, 52.3)], crs=4326).to_file(
            tmp_path / "in.gpkg", layer=name, driver="GPKG"
        )
    assert refused(tmp_path / "in.gpkg", how=mapping(lon=None, lat=None)).code == "several-layers"


def test_an_unclosed_quote_costs_no_other_row_its_place_in_the_count(tmp_path):
    text = GOOD + 'b,2024-05-01,76.95,52.3,"theft\n' + "".join(f"c{i},2024-05-01,76.95,52.3,theft\n" for i in range(5))
    _, rejected, report = read(put(tmp_path, text), how=PLAIN)
    assert report.read == report.accepted + report.rejected
    assert rejected
