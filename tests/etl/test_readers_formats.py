"""What each format gives equals what other libraries read, and what a mapping states about a file is taken."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import osmium
import pandas as pd
import pytest
import shapely

from etl.coercion.numbers import as_reals
from etl.readers import Limits, open_source
from etl.readers.encoding import guess
from etl.readers.sheets import _kind
from etl.readers.source import RawChunk
from geo_core.errors import InvalidInput
from layers.spec import LayerKind, SourceMapping, TableReading
from tests.etl.hostile import features, tables, texts
from tests.etl.hostile.case import GERMAN, HEADER, KOREAN, PLAIN_RUSSIAN, records
from tests.fixtures.intake import layer, mapping, read, reasons


def everything(
    path, reading: TableReading | None = None, limits: Limits | None = None
) -> tuple[list[RawChunk], object]:
    with open_source(path, reading=reading, limits=limits) as source:
        return list(source.chunks()), source


def values(chunks: list[RawChunk]) -> dict[str, list]:
    return {name: [v for c in chunks for v in c.columns[name].to_pylist()] for name in chunks[0].columns}


# ---- text


@pytest.mark.parametrize(
    ("words", "encoding"),
    [(PLAIN_RUSSIAN, "cp1251"), (PLAIN_RUSSIAN, "koi8-r"), (PLAIN_RUSSIAN, "cp866"), (KOREAN, "cp949"), (GERMAN, "cp1252"), (("дата;широта",), "cp1251"),
     (("Höhe",), "cp1252"), (("위도",), "cp949")],
)  # fmt: skip
def test_an_encoding_is_found_by_its_letters(words, encoding):
    found = guess("\n".join(words).encode(encoding))
    assert (found.encoding, found.guessed) == (encoding, True)


def test_kazakh_in_utf8_is_no_guess():
    assert guess("Сәтбаев көшесі".encode()).guessed is False
    assert guess("Сәтбаев көшесі".encode()[:-1]).encoding == "utf-8"


def test_a_line_in_another_encoding_is_read_by_its_own_and_noted(tmp_path):
    rows = texts.GOOD.split("\n")
    rows[3] = rows[3].rpartition(",")[0] + ",двор школы"
    data = b"\n".join(line.encode("cp1251" if k == 3 else "utf-8") for k, line in enumerate(rows))
    (tmp_path / "in.csv").write_bytes(data)
    batches, rejected, report = read(tmp_path / "in.csv")
    assert not rejected
    assert batches[0].columns["note"][2].as_py() == "двор школы"
    assert np.flatnonzero(batches[0].flags.mask("encoding-mixed")).tolist() == [2]
    assert report.warnings.counts["encoding-mixed"] == 1


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [("1,5", None, 1.5), ("1 234,5", None, 1234.5), ("1\u00a0234.5", None, 1234.5), ("1'234.5", None, 1234.5), ("1.234,5", None, 1234.5), ("1,234.5", None, 1234.5),
     ("1,234,567", None, 1_234_567), ("1.234.567", None, 1_234_567), ("1,234", None, 1.234), ("1,234", ".", 1234), ("1.234", ",", 1234), ("1.234,5", ",", 1234.5), ("5,25", ",", 5.25),
     ("52.3", ",", np.nan), ("1,5", ".", np.nan), ("12,34,56", None, np.nan), ("1.2.3", None, np.nan), ("1,2,3", ",", np.nan), ("-1 234,50", ",", -1234.5)],
)  # fmt: skip
def test_marks_in_numbers_are_told_apart_or_the_number_is_not_read(text, decimal, value):
    import pyarrow as pa

    found, unreadable = as_reals(pa.array([text, None]), decimal=decimal)
    np.testing.assert_equal(found[0], value)
    assert unreadable.tolist() == [bool(np.isnan(value)), False]


def test_a_header_of_two_rows_is_joined_and_a_numbered_one_left_out(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text(
        "Отчёт за май;;;;\nРайон;ДТП;;;Примечание\n;всего;погибло;ранено;\n1;2;3;4;5\nАлматы;10;1;9;нет\nЕсиль;20;2;18;да\n"
    )
    chunks, source = everything(path)
    assert source.header == ("Район", "ДТП / всего", "ДТП / погибло", "ДТП / ранено", "Примечание")
    assert values(chunks)["ДТП / погибло"] == ["1", "2"]
    assert source.warnings.counts["preamble-skipped"] == 1
    assert source.warnings.samples["header-joined"] == [{"rows": 3}]


def test_rows_are_never_taken_for_names(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("a,,c\nx,y,\nz,w,v\n")
    assert values(everything(path)[0])["a"] == ["x", "z"]


def test_what_a_mapping_states_goes_before_what_is_found(tmp_path):
    path = tmp_path / "in.csv"
    path.write_bytes("x!y\nимя!число\nЁж!1.234\n".encode("koi8-r"))
    how = TableReading(encoding="koi8-r", delimiter="!", header_row=2, decimal=",")
    chunks, source = everything(path, how)
    assert values(chunks) == {"имя": ["Ёж"], "число": ["1.234"]}
    assert (source.decimal, source.warnings.counts["encoding-guessed"]) == (",", 0)
    things = layer(LayerKind.DEVICE, fields=())
    spaced = tmp_path / "spaced.txt"
    spaced.write_text("lon   lat\n76.9   52.3\n76.91  52.31\n")
    batches, _, _ = read(
        spaced, into=things, how=mapping(columns={}, source_id=None, time=None, reading=TableReading(delimiter="  "))
    )
    assert batches[0].lon.tolist() == [76.9, 76.91]


def test_totals_below_a_table_are_rejected_by_name(tmp_path):
    (tmp_path / "in.csv").write_text(texts.GOOD + "Итого:,12,12,12,12,\n")
    _, rejected, report = read(tmp_path / "in.csv")
    assert reasons(rejected) == {13: ["footer-row"]}
    assert report.accepted == 12


def test_clean_and_dirty_blocks_read_the_same(tmp_path):
    """A stray quote sends its block to the slow parser; its neighbours must come out equal to pandas."""
    rows = records(3000)
    rows[1500] = (*rows[1500][:5], 'труба 5" стальная')
    (tmp_path / "in.csv").write_text(texts.text(rows).replace('"труба 5"" стальная"', 'труба 5" стальная'))
    limits = Limits(block_bytes=8000)
    chunks, _ = everything(tmp_path / "in.csv", limits=limits)
    assert [tuple(r) for r in zip(*values(chunks).values(), strict=True)] == [tuple(r) for r in rows]


# ---- workbooks


@pytest.fixture
def workbook(tmp_path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Обложка"
    sheet["B2"] = "Отчёт"
    data = book.create_sheet("Данные")
    data.append(["Отчёт за май 2024"])
    data.append(["Район", "ДТП", None, "Когда", "День", "Час", "Есть"])
    data.append([None, "всего", "погибло", None, None, None, None])
    data.merge_cells("A2:A3")
    data.merge_cells("B2:C2")
    for c in "DEFG":
        data.merge_cells(f"{c}2:{c}3")
    for k in range(40):
        data.append(
            [
                f"Район {k % 5}",
                k * 1.5,
                str(k),
                datetime.fromisoformat(f"2024-05-{1 + k % 28:02}T10:30"),
                date(2024, 5, 1 + k % 28),
                time(k % 24, 15),
                k % 2 == 0,
            ]
        )
    data["B20"] = "=1/0"
    data["C21"] = "=SUM(B4:B6)"
    data.append(["Всего", 99, 1])
    hidden = book.create_sheet("Скрытый")
    hidden.sheet_state = "hidden"
    hidden.append(["a", "b"])
    book.save(tmp_path / "in.xlsx")
    return tmp_path / "in.xlsx"


def test_a_workbook_reads_as_openpyxl_reads_it(workbook):
    chunks, source = everything(workbook)
    assert source.header == ("Район", "ДТП / всего", "ДТП / погибло", "Когда", "День", "Час", "Есть")
    assert "sheet-chosen" not in source.warnings.counts  # a cover is no table
    ours = values(chunks)
    theirs = list(openpyxl.load_workbook(workbook, data_only=True)["Данные"].iter_rows(min_row=4, values_only=True))[
        :-1
    ]
    assert ours["Район"] == [r[0] for r in theirs]
    assert ours["ДТП / всего"] == [r[1] for r in theirs]
    assert ours["ДТП / погибло"] == [r[2] for r in theirs]
    assert ours["Когда"] == [r[3] for r in theirs]
    assert ours["День"] == [r[4].date() for r in theirs]
    assert ours["Час"] == [f"{r[5]:%H:%M}" for r in theirs]
    assert ours["Есть"] == [r[6] for r in theirs]
    assert np.flatnonzero(chunks[0].flags["formula-without-value"]).tolist() == [16, 17]
    assert [r.reasons for c in chunks for r in c.rejected] == [(("footer-row", {}),)]


def test_a_sheet_is_chosen_by_name_and_an_unknown_one_names_those_there_are(workbook):
    assert everything(workbook, TableReading(sheet="скрытый"))[1].header == ("a", "b")
    with pytest.raises(InvalidInput) as caught:
        everything(workbook, TableReading(sheet="Лист1"))
    assert (caught.value.code, caught.value.params["found"]) == ("no-such-sheet", ["Обложка", "Данные", "Скрытый"])


@pytest.mark.parametrize(
    ("code", "kind"),
    [("General", None), ("0.00", None), ("dd.mm.yyyy", "date"), ("dd\\.mm\\.yyyy\\ hh:mm", "moment"), ("[h]:mm:ss", "clock"), ("h:mm AM/PM", "clock"), ("mmm", "date"),
     ('0.0"d"', None), ("[Red]0;[Blue]-0", None), ("[$-419]d mmmm yyyy;@", "date"), ("#,##0 [$₸-43F]", None), ("@", None), ("mm:ss.0", "clock")],
)  # fmt: skip
def test_what_a_number_format_shows(code, kind):
    assert _kind(code) == kind


# ---- shapefiles, sequences, KML, GPX, OSM XML


@pytest.mark.parametrize("kind", ["Point", "LineString", "Polygon"])
@pytest.mark.parametrize("height", [False, True])
def test_a_zipped_shapefile_reads_as_geopandas_reads_it(tmp_path, kind, height):
    rng = np.random.default_rng(3)
    points = shapely.points(rng.uniform(76, 77, 30), rng.uniform(52, 53, 30))
    shapes = {
        "Point": points,
        "LineString": [shapely.LineString([p, shapely.Point(p.x + 1, p.y)]) for p in points],
        "Polygon": shapely.buffer(points, 0.1),
    }[kind]
    shapes = shapely.force_3d(shapes, 7) if height else shapes
    frame = gpd.GeoDataFrame({"name": [f"улица {i}" for i in range(30)], "n": range(30)}, geometry=shapes, crs=32643)
    frame.to_file(tmp_path / "x.shp", encoding="cp1251")
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for part in tmp_path.glob("x.*"):
            if part.suffix != ".cpg":
                archive.write(part, f"слой/{part.name}")
    chunks, source = everything(tmp_path / "in.zip")
    theirs = gpd.read_file(tmp_path / "x.shp", encoding="cp1251")
    assert source.crs == "EPSG:32643"
    assert source.warnings.samples["encoding-guessed"] == [{"encoding": "cp1251"}]
    assert values(chunks)["name"] == theirs["name"].tolist()
    assert shapely.equals_exact(
        shapely.force_2d(chunks[0].geometry), shapely.force_2d(theirs.geometry.to_numpy()), 1e-9
    ).all()


@pytest.mark.parametrize("before", [b"", b"\x1e"])
def test_a_sequence_reads_as_geopandas_reads_it(tmp_path, before):
    path = tmp_path / "in.geojsonl"
    path.write_bytes(features.lines(300, before))
    chunks, source = everything(path, limits=Limits(chunk_rows=64))
    theirs = gpd.read_file(f"GeoJSONSeq:{path}")
    assert len(chunks) == 5
    assert source.format == "geojson-seq"
    for name in ("id", "note"):
        assert values(chunks)[name] == theirs[name].tolist()
    np.testing.assert_allclose(
        shapely.get_coordinates(np.concatenate([c.geometry for c in chunks])), theirs.get_coordinates()
    )


def test_kml_and_gpx_read_as_geopandas_reads_them(tmp_path):
    (tmp_path / "in.kml").write_bytes(features.kml(50))
    (tmp_path / "in.gpx").write_bytes(features.gpx(50))
    for name, layer_name in (("in.kml", None), ("in.gpx", "waypoints")):
        chunks, _ = everything(tmp_path / name)
        try:
            theirs = gpd.read_file(tmp_path / name, **({"layer": layer_name} if layer_name else {}))
        except Exception as error:  # noqa: BLE001 - the library may be built without this format
            pytest.skip(f"GDAL reads no {name}: {error}")
        np.testing.assert_allclose(
            shapely.get_coordinates(chunks[0].geometry),
            shapely.get_coordinates(shapely.force_2d(theirs.geometry.to_numpy())),
        )
        assert values(chunks)["name"] == theirs["Name" if "Name" in theirs else "name"].tolist()


def test_shapes_of_kml_keep_their_holes_and_parts(tmp_path):
    ring = "<LinearRing><coordinates>{}</coordinates></LinearRing>"
    outer, inner = "76,52,1 77,52,1 77,53,1 76,52,1", "76.5,52.2 76.6,52.2 76.6,52.3 76.5,52.2"
    polygon = f"<Polygon><outerBoundaryIs>{ring.format(outer)}</outerBoundaryIs><innerBoundaryIs>{ring.format(inner)}</innerBoundaryIs></Polygon>"
    line = "<LineString><coordinates>76,52 77,53</coordinates></LineString>"
    shapes = [
        polygon,
        f"<MultiGeometry>{polygon}{polygon}</MultiGeometry>",
        f"<MultiGeometry>{line}{line}</MultiGeometry>",
        line,
    ]
    body = "".join(f"<Placemark><TimeSpan><begin>2024-05-01</begin></TimeSpan>{s}</Placemark>" for s in shapes)
    (tmp_path / "in.kml").write_text(f"<kml><Document>{body}</Document></kml>")
    chunks, _ = everything(tmp_path / "in.kml")
    assert [g.geom_type for g in chunks[0].geometry] == ["Polygon", "MultiPolygon", "MultiLineString", "LineString"]
    assert len(chunks[0].geometry[0].interiors) == 1
    assert values(chunks)["begin"] == ["2024-05-01"] * 4


def test_osm_xml_reads_as_the_same_pbf(tmp_path):
    (tmp_path / "in.osm").write_bytes(features.osm(40))
    with osmium.SimpleWriter(str(tmp_path / "in.osm.pbf")) as out:
        for thing in osmium.FileProcessor(str(tmp_path / "in.osm")):
            out.add(thing)
    things = layer(LayerKind.PLACE, fields=())
    how = SourceMapping(id="x", where={"amenity": ()})
    xml, pbf = (read(tmp_path / name, into=things, how=how)[0][0] for name in ("in.osm", "in.osm.pbf"))
    assert xml.source_id.to_pylist() == pbf.source_id.to_pylist()
    np.testing.assert_array_equal(xml.lon, pbf.lon)


def test_lists_of_objects_one_level_deeper_are_tables(tmp_path):
    path = tmp_path / "in.json"
    path.write_text(
        json.dumps(
            {
                "streets": [
                    {"name": "a", "points": [{"lat": 1, "lng": 2}, {"lat": 3, "lng": 4}]},
                    {"name": "b", "points": []},
                ]
            }
        )
    )
    chunks, source = everything(path)
    assert source.header == ("name", "lat", "lng", "points")
    assert values(chunks)["name"] == ["a", "a", "b"]
    assert values(chunks)["lat"] == [1, 3, None]


def test_all_formats_give_the_same_rows(tmp_path):
    frame = pd.DataFrame(records(60, PLAIN_RUSSIAN), columns=list(HEADER))
    frame.to_excel(tmp_path / "in.xlsx", index=False)
    frame.to_csv(tmp_path / "in.tsv", index=False, sep="\t", encoding="utf-16")
    (tmp_path / "in.geojsonl").write_bytes(
        b"".join(features.written(features.feature(r)) + b"\n" for r in records(60, PLAIN_RUSSIAN))
    )
    (tmp_path / "in.zip").write_bytes(tables.shapes(60))
    (tmp_path / "in.json").write_text(frame.to_json(orient="records"))
    found = {}
    for name in ("in.xlsx", "in.tsv", "in.geojsonl", "in.zip", "in.json"):
        place = {} if name in {"in.geojsonl", "in.zip"} else {"lon": "lon", "lat": "lat"}
        batches, _, report = read(
            tmp_path / name,
            how=mapping(columns={"category": "category", "note": "note"}, **{"lon": None, "lat": None, **place}),
        )
        assert report.accepted == 60, name
        found[name] = batches[0].to_table().drop_columns(["row_number", "flags"]).to_pylist()
    for name, rows in found.items():
        assert rows == found["in.xlsx"], name


def test_a_large_sequence_is_read_in_bounded_pieces(tmp_path):
    path = tmp_path / "in.geojsonl"
    path.write_bytes(features.lines(2000))
    largest = max(len(c) for c in everything(path, limits=Limits(chunk_rows=100))[0])
    assert largest == 100


def test_what_is_packed_twice_or_pretends_is_told_by_content(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("in.dat", texts.GOOD)
    (tmp_path / "in.xlsx").write_bytes(out.getvalue())
    assert everything(tmp_path / "in.xlsx")[1].format == "csv"
