"""Real files from end to end: counts, days and shapes equal what the sources themselves say."""

from __future__ import annotations

import csv
from collections import Counter

import numpy as np
import openpyxl
import osmium
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

from etl.readers import open_source
from layers.registry import load
from layers.spec import Codes, Field, FieldType, Layer, LayerKind, SourceMapping, TableReading, TimeSource
from tests.fixtures.intake import layer, mapping, read, shared

ASTANA = shapely.box(70.9, 50.9, 72.0, 51.4)
WEST_YORKSHIRE = shapely.box(-2.3, 53.45, -1.1, 54.1)
HELSINKI = shapely.box(24.9, 60.1, 25.0, 60.2)


def source_of(name: str, source: str) -> tuple[Layer, SourceMapping]:
    found = load()[name]
    return found, next(s for s in found.sources if s.id == source)


@pytest.fixture(scope="module")
def accidents():
    path = shared("kz/astana_accidents_2011_2024.parquet")
    into, how = source_of("accidents", "kpssu-accidents")
    return read(path, into=into, how=how, territory=ASTANA), pq.read_table(path)


def test_all_accidents_of_astana_are_accepted(accidents):
    (batches, rejected, report), raw = accidents
    assert (report.read, report.accepted, len(rejected)) == (10_252, 10_252, 0)
    assert (len(batches), raw.num_rows) == (1, 10_252)


def test_every_accident_has_the_year_and_month_its_own_file_states(accidents):
    (batches, _, _), raw = accidents
    days = batches[0].times.day_from
    np.testing.assert_array_equal(days.astype("datetime64[Y]").astype(int) + 1970, raw["yr"].to_numpy())
    np.testing.assert_array_equal(days.astype("datetime64[M]").astype(int) % 12 + 1, raw["period"].to_numpy())
    np.testing.assert_array_equal(days, batches[0].times.day_to)


def test_every_accident_has_the_hour_of_its_clock_and_the_sums_of_the_file(accidents):
    (batches, _, _), raw = accidents
    hours = [int(text.split(":")[0]) for text in raw["fd1r05p1"].to_pylist()]
    assert batches[0].times.hour.to_pylist() == hours
    for ours, theirs in (("injured", "fd1r13p1"), ("killed", "fd1r13p2")):
        assert pc.sum(batches[0].columns[ours]).as_py() == pc.sum(raw[theirs]).as_py()
        assert batches[0].columns[ours].null_count == 0
    assert batches[0].columns["street_light"].null_count > 6_900  # not known by day, and not "lit"
    theirs = Counter(raw["fd1r08p1"].to_pylist())
    assert Counter(batches[0].columns["category"].to_pylist())["pedestrian"] == theirs["05"]


def test_accidents_lie_where_the_projection_says(accidents):
    (batches, _, _), raw = accidents
    back = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    x, y = back.transform(batches[0].lon, batches[0].lat)
    assert np.abs(x - raw["x"].to_numpy()).max() < 1e-3
    assert np.abs(y - raw["y"].to_numpy()).max() < 1e-3


@pytest.mark.parametrize("year", [2016, 2017])
def test_west_yorkshire_keeps_rows_without_place_and_claims_neither_day_nor_hour(year):
    path = shared(f"crimes/{year}-07-west-yorkshire-street.csv")
    into, how = source_of("crimes", "police-uk")
    batches, _, report = read(path, into=into, how=how, zone="Europe/London", territory=WEST_YORKSHIRE)
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert report.read == len(rows)
    assert set(report.reasons) <= {"exact-duplicate", "duplicate-id"}
    batch = batches[0]
    assert report.warnings.counts["no-position"] == sum(not r["Longitude"] for r in rows)
    assert int(np.isnan(batch.lon).sum()) == sum(not r["Longitude"] for r in rows)
    assert batch.times.hour.null_count == batch.times.weekday.null_count == len(batch)
    assert set(batch.times.time_precision.to_pylist()) == {"month"}
    assert (report.period[0].isoformat(), report.period[1].isoformat()) == (f"{year}-07-01", f"{year}-07-31")
    ids = batch.source_id.to_pylist()
    assert len(set(ids)) == len(ids)
    assert sum(i.startswith("~") for i in ids) == sum(not r["Crime ID"] for r in rows)
    antisocial = sum(r["Crime type"] == "Anti-social behaviour" for r in rows)
    assert batch.columns["category"].to_pylist().count("antisocial") == antisocial


def osm(into: Layer, how: SourceMapping):
    return read(shared("osm/helsinki_centre.osm.pbf"), into=into, how=how, zone="Europe/Helsinki", territory=HELSINKI)


@pytest.mark.parametrize(("name", "count"), [("lamps", 586), ("cameras", 221)])
def test_devices_of_helsinki(name, count):
    batches, rejected, report = osm(*source_of(name, f"osm-{name}"))
    assert (report.accepted, rejected) == (count, [])
    assert all(i.startswith("n") for i in batches[0].source_id.to_pylist())
    if name == "cameras":
        assert batches[0].columns["azimuth_deg"].null_count == count  # no direction is known: no coverage


def highways():
    path = str(shared("osm/helsinki_centre.osm.pbf"))
    ways = {}
    for way in osmium.FileProcessor(path, osmium.osm.NODE | osmium.osm.WAY).with_locations():
        if way.is_way() and "highway" in way.tags:
            ways[way.id] = [(n.ref, n.location.valid()) for n in way.nodes]
    return ways


def test_roads_of_helsinki_are_whole_ways_with_their_nodes():
    fields = (Field(name="highway"), Field(name="oneway", type=FieldType.BOOLEAN))
    roads = layer(LayerKind.NETWORK, "LineString", fields=fields)
    how = SourceMapping(id="x", columns={"highway": "highway", "oneway": "oneway"}, where={"highway": ()})
    batches, rejected, _ = osm(roads, how)
    batch, truth = batches[0], highways()
    assert len(batch) + len(rejected) == len(truth)
    assert {code for r in rejected for code, _ in r.reasons} <= {
        "outside-extract",
        "wrong-geometry-type",
        "empty-geometry",
    }
    lengths = pc.list_value_length(batch.node_ids).to_numpy()
    np.testing.assert_array_equal(lengths, shapely.get_num_coordinates(batch.geometry))
    for name, nodes in zip(batch.source_id.to_pylist(), batch.node_ids.to_pylist(), strict=True):
        everything = [ref for ref, _ in truth[int(name[1:])]]
        if all(there for _, there in truth[int(name[1:])]):
            assert nodes in (everything, everything[::-1])


def test_roads_asked_for_with_nodes_are_edges_of_a_network():
    batches, _, _ = osm(*source_of("roads", "osm-roads"))
    batch = batches[0]
    edges = batch.node_ids.to_pylist()
    uses = Counter(node for edge in edges for node in set(edge))
    inner = [node for edge in edges for node in edge[1:-1]]
    assert inner
    assert all(uses[node] == 1 for node in inner)  # no edge passes through a node of another
    ends = [(edge[0], edge[-1]) for edge in edges]
    assert list(zip(batch.columns["from_node"].to_pylist(), batch.columns["to_node"].to_pylist(), strict=True)) == ends


def test_buildings_of_helsinki_equal_the_closed_ways_and_relations():
    batches, rejected, _ = osm(*source_of("buildings", "osm-buildings"))
    path = str(shared("osm/helsinki_centre.osm.pbf"))
    ways = {
        f"w{w.id}": [n.ref for n in w.nodes]
        for w in osmium.FileProcessor(path, osmium.osm.WAY)
        if "building" in w.tags and w.is_closed()
    }
    ids = set(batches[0].source_id.to_pylist()) | {row.raw["osm_id"] for row in rejected}
    complete = {i for i in ids if i.startswith("w")}
    assert complete <= set(ways)
    assert len(batches[0]) >= 433
    assert {g.geom_type for g in batches[0].geometry} == {"MultiPolygon"}
    assert shapely.is_valid(batches[0].geometry).all()


def test_chicago_metres_new_york_intervals_and_memphis_points_are_read():
    thefts = layer(fields=(Field(name="place"),))
    how = mapping(
        columns={"place": "location_category"},
        lon="longitude",
        lat="latitude",
        source_id="uid",
        time=TimeSource(local="date_start", end="date_end"),
    )
    _, rejected, report = read(
        shared("crimes/nyc_vehicle_thefts_2014_2017.csv.gz"),
        into=thefts,
        how=how,
        zone="America/New_York",
        territory=shapely.box(-74.3, 40.4, -73.6, 41),
    )
    assert (report.read, len(rejected)) == (35_746, 0)
    plain = layer(fields=())
    how = mapping(columns={}, lon="X", lat="Y", source_id=None, crs="ESRI:102671", time=TimeSource(date="date"))
    _, _, report = read(
        shared("crimes/chicago_burglaries_2016.csv"), into=plain, how=how, zone="America/Chicago", territory=None
    )
    assert report.read == 11_701


def test_berlin_has_decimal_commas_latin_letters_and_one_shifted_row():
    fields = (
        Field(name="severity", type=FieldType.CODE, codes=Codes(good=("fatal", "serious", "slight"))),
        Field(name="surface", type=FieldType.CODE, codes=Codes(good=("dry", "wet", "icy"))),
        Field(name="place"),
    )
    how = mapping(
        columns={"severity": "UKATEGORIE", "place": "STRASSE", "surface": "USTRZUSTAND"},
        codes={
            "severity": {"1": "fatal", "2": "serious", "3": "slight"},
            "surface": {"0": "dry", "1": "wet", "2": "icy"},
        },
        lon="XGCSWGS84",
        lat="YGCSWGS84",
        source_id="OBJECTID",
        time=None,
    )
    into, berlin = layer(fields=fields), shapely.box(13, 52.3, 13.8, 52.7)
    batches, rejected, report = read(
        shared("crashes/berlin_2019.csv"), into=into, how=how, zone="Europe/Berlin", territory=berlin
    )
    assert report.read == 13_390
    assert [row.raw["OBJECTID"] for row in rejected] == ["201196"]
    assert rejected[0].reasons[0] == ("unseen-code", {"field": "surface", "value": "Hellersdorfer Promenade"})
    assert [code for code, _ in rejected[0].reasons] == ["unseen-code", "far-outside-workspace"], "every fault is told"
    assert "Wittenau Süd" in batches[0].columns["place"].to_pylist()


# Every file as it lies there: format, rows as another library counts them, names that must be among the columns.
OPENED = [
    ("kz/astana_accidents_2011_2024.parquet", "parquet", 10_252, {"rta_date", "fd1r05p1"}),
    ("kz/astana_pois_osm.parquet", "parquet", 5_883, {"osm_id"}),
    ("kz/astana_districts.geojson", "geojson", 6, {"name_object_kaz"}),
    ("kz/astana_city.geojson", "geojson", 1, set()),
    ("kz/astana_streets.json", "json", 28_225, {"name", "lat", "lng"}),
    ("kz/astana_intersections.json", "json", 31_790, {"@key", "crossroad", "lat", "lng"}),
    ("kz/almaty_districts.geojson", "geojson", 8, {"osm_id"}),
    ("kz/districts_geoboundaries.geojson", "geojson", 174, {"shapeName"}),
    ("kz/districts_osm.geojson", "geojson", 99, {"admin_level"}),
    ("kz/populated_places_hotosm.geojson", "geojson", 9_899, {"population"}),
    ("kz/kato_2025.csv", "csv", 15_594, {"kato", "name_kk"}),
    ("kz/population.csv", "csv", 33, {"population", "precision"}),
    ("kz/republican_corridors.csv", "csv", 13, {"road_ref"}),
    ("kz/rescue_posts_known.csv", "csv", 6, {"highway", "km"}),
    ("kz/crime_form_1m/Almaty.XLSX", "xlsx", 422, {"Шифр строки"}),
    ("kz/crime_form_1m/comb.csv", "csv", 20, {"Region", "Value"}),
    ("crimes/2016-07-west-yorkshire-street.csv", "csv", 27_176, {"Crime ID", "Crime type"}),
    ("crimes/2017-07-west-yorkshire-street.csv", "csv", 28_537, {"Crime ID", "Crime type"}),
    ("crimes/nyc_vehicle_thefts_2014_2017.csv.gz", "csv", 35_746, {"date_start", "date_end"}),
    ("crimes/chicago_burglaries_2016.csv", "csv", 11_701, {"X", "Y", "date"}),
    ("crimes/memphis_robberies.csv", "csv", 2_245, {"uid", "lon", "lat"}),
    ("crimes/memphis_population.csv", "csv", 10_393, {"population"}),
    ("crashes/berlin_2019.csv", "csv", 13_390, {"UKATEGORIE", "XGCSWGS84"}),
    ("crashes/leeds_2019.csv", "csv", 1_907, {"Grid Ref: Easting", "Time (24hr)"}),
    ("crashes/montreal/bike_accidents.csv", "csv", 347, {"x", "y"}),
    ("crashes/montreal/mtl_network.csv", "csv", 2_945, {"ClsRte"}),
    ("crashes/montreal/small_mtl_network.csv", "csv", 1_244, {"ClsRte"}),
    ("cameras/taiwan_speed_cameras.geojson", "geojson", 2_512, {"bearing"}),
    ("cameras/gyeongsan_cctv.csv", "csv", 3_538, {"설치목적구분"}),
    ("lamps/gyeongsan_lamps.csv", "csv", 619, {"위도", "경도"}),
    ("lamps/gyeongsan_buildings.csv", "csv", 2_359, {"건물명"}),
    ("lamps/cambridge_ma_street_lights.geojson", "geojson", 6_117, {"PoleID"}),
    ("lamps/cambridge_ma_centrelines.geojson", "geojson", 2_643, {"Street_Name"}),
    ("oracle/allagash/demand_polygon.shp", "shapefile", 212, {"GEOID10"}),
    ("oracle/allagash/facility2.shp", "shapefile", 23, {"ID"}),
]


@pytest.mark.parametrize(("name", "kind", "rows", "columns"), OPENED, ids=[name for name, *_ in OPENED])
def test_every_real_file_opens_whole(name, kind, rows, columns):
    with open_source(shared(name)) as source:
        chunks = list(source.chunks())
    assert source.format == kind
    assert (sum(map(len, chunks)), [row for c in chunks for row in c.rejected]) == (rows, [])
    assert columns <= set(source.header)
    shapes = [shape for c in chunks if c.geometry is not None for shape in c.geometry]
    assert all(shape is None or not shape.is_empty for shape in shapes)


def test_form_1m_of_almaty_equals_what_openpyxl_reads():
    path = shared("kz/crime_form_1m/Almaty.XLSX")
    with open_source(path) as source:
        (chunk,) = source.chunks()
        assert source.warnings.samples["sheet-chosen"][0]["sheet"] == "R1"
        assert source.warnings.samples["header-joined"] == [{"rows": 3}]  # two of names, one that numbers the columns
    rows = list(
        openpyxl.load_workbook(path, data_only=True, read_only=True)["R1"].iter_rows(min_row=7, values_only=True)
    )
    codes = chunk.columns["Шифр строки"].to_pylist()
    assert [float(c) for c in codes] == [float(row[3]) for row in rows]
    registered = next(n for n in source.header if n.startswith("Количество правонарушений, зарегистрированных"))
    found = [float(v) for v in chunk.columns[registered].to_pylist()]
    assert found == [float(row[5]) for row in rows]
    assert (found[0], found[1] + found[2]) == (34_891, 34_891)  # all = misdemeanours + crimes


def test_sheets_of_form_1m_are_read_by_name():
    path = shared("kz/crime_form_1m/Almaty.XLSX")
    book = openpyxl.load_workbook(path, data_only=True, read_only=True)
    for name in ("R3", "PRIL3", "R11"):
        with open_source(path, reading=TableReading(sheet=name)) as source:
            rows = sum(len(c) + len(c.rejected) for c in source.chunks())
            below = book[name].iter_rows(min_row=source.body_from, values_only=True)
            assert rows == sum(any(v is not None and str(v).strip() for v in row) for row in below), name
            assert source.header


def test_korean_cameras_are_read_in_their_encoding_and_their_direction_is_empty():
    path = shared("cameras/gyeongsan_cctv.csv")
    with open_source(path) as source:
        (chunk,) = source.chunks()
    assert source.warnings.samples["encoding-guessed"] == [{"encoding": "cp949"}]
    theirs = pd.read_csv(path, encoding="cp949", dtype=str, keep_default_na=False)
    for name in source.header:
        assert [v or "" for v in chunk.columns[name].to_pylist()] == theirs[name].tolist(), name
    direction = next(n for n in source.header if "방향" in n or "방면" in n)
    assert chunk.columns[direction].null_count == 3_538
