"""The commands of data on a small city of the test's own: import, reports, cells, exports, exit codes, languages."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.settings import ROOT
from tests.fixtures.commands import Run, Told

HEADER = ["id", "category", "occurred_local", "lon", "lat", "place_text"]
BBOX = "76.9,52.2,77.1,52.4"


def write_crimes(path: Path, rows: list[list[object]], header: list[str] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def some_crimes(count: int) -> list[list[object]]:
    kinds = ("theft", "robbery", "vandalism")
    return [
        [
            f"k{i}",
            kinds[i % 3],
            f"2025-0{1 + i % 9}-1{i % 9} {i % 24:02d}:30",
            76.95 + i * 1e-4,
            52.3 + i * 5e-5,
            f"дом {i}",
        ]
        for i in range(count)
    ]


@pytest.fixture
def city(qorgan: Run) -> Run:
    made = qorgan(
        "workspace", "create", "city", "--bbox", BBOX, "--zone", "Asia/Almaty", "--title-en", "City", "--json"
    ).json
    assert made["slug"] == "city"
    return qorgan


def test_an_import_tells_every_row_and_a_second_one_changes_nothing(city: Run, tmp_path: Path):
    bad = [["x1", "sorcery", "2025-01-01 10:00", 76.95, 52.3, ""], ["x2", "theft", "2031-01-01 10:00", 0, 0, ""]]
    file = write_crimes(tmp_path / "crimes.csv", some_crimes(40) + bad)
    dry = city("import", "crimes", file, "--dry-run", "--json").json
    assert (dry["read"], dry["loaded"], dry["rejected"], dry["batch_id"]) == (42, 40, 2, None)
    assert city("cells", "crimes", "--json").json["totals"]["count"] == 0
    first = city("import", "crimes", file, "--json").json
    assert (first["read"], first["loaded"], first["rejected"]) == (42, 40, 2)
    assert first["rejected_by_reason"] == {"null-island": 1, "time-in-future": 1, "unseen-code": 1}
    again = city("import", "crimes", file, "--json").json
    assert (again["loaded"], again["updated"], again["unchanged"]) == (0, 0, 40)

    changed = some_crimes(41)
    changed[3][1] = "drugs"
    third = city("import", "crimes", write_crimes(tmp_path / "crimes2.csv", changed), "--json").json
    assert (third["loaded"], third["updated"], third["unchanged"]) == (1, 1, 39)
    drugs = city("cells", "crimes", "--category", "drugs", "--json").json
    assert drugs["totals"]["count"] == 1
    undone = city("imports", "undo", third["batch_id"], "--json").json
    assert (undone["removed"], undone["restored"]) == (1, 1)
    assert city("cells", "crimes", "--category", "drugs", "--json").json["totals"]["count"] == 0
    assert city("cells", "crimes", "--json").json["totals"]["count"] == 40

    listed = city("imports", "list", "--json").json["batches"]
    assert (listed[0]["id"], listed[0]["state"]) == (third["batch_id"], "undone")
    kept = city("imports", "rejected", first["batch_id"], "--json").json["rows"]
    assert [row["row_number"] for row in kept] == [41, 42]
    assert len(kept[1]["reasons"]) == len(kept[1]["sentences"]) == 2
    assert city("imports", "show", first["batch_id"], "--json").json["sha256"] == first["sha256"]
    assert city("imports", "undo", first["batch_id"]).code == 0
    assert city("cells", "crimes", "--json").json["totals"]["count"] == 0


def test_a_report_is_told_in_the_readers_language(city: Run, tmp_path: Path):
    file = write_crimes(tmp_path / "crimes.csv", [*some_crimes(3), ["x", "sorcery", "", 76.95, 52.3, ""]])
    said = {language: city("import", "crimes", file, "--dry-run", language=language) for language in ("kk", "ru", "en")}
    assert all(told.code == 0 for told in said.values())
    assert "тексерілді 4" in said["kk"].out
    assert "проверено 4" in said["ru"].out
    assert "checked 4" in said["en"].out
    assert len({told.out for told in said.values()}) == 3
    for told in said.values():
        assert "sorcery" in told.out
        assert "[" not in told.out, "no bare key"


def test_an_unknown_header_is_proposed_for_told_and_kept(city: Run, tmp_path: Path):
    rows = [[i, "кража", "05.03.2025 14:07", 76.95 + i * 1e-4, 52.3] for i in range(20)]
    header = ["Номер", "Вид преступления", "Дата совершения", "Долгота", "Широта"]
    file, kept = write_crimes(tmp_path / "register.csv", rows, header), tmp_path / "mapping.json"
    told = city("import", "crimes", file, "--save-mapping", kept, "--dry-run")
    assert told.code == 3, "no row can be used as long as nobody says what кража is"
    assert "Долгота" in told.err
    assert "Вид преступления" in told.err
    mapping = json.loads(kept.read_text())
    mapping["codes"] = {"category": {"кража": "theft"}}
    kept.write_text(json.dumps(mapping))
    report = city("import", "crimes", file, "--mapping", kept, "--json").json
    assert (report["loaded"], report["rejected"]) == (20, 0)


REGISTER = ["Номер", "category", "Дата совершения", "lon", "lat"]


def register(tmp_path: Path, rows: list[list[object]], header: list[str] = REGISTER) -> Path:
    return write_crimes(tmp_path / "register.csv", rows, header)


def refusal(told: Told) -> dict[str, object]:
    assert told.code == 3
    return json.loads(told.out.splitlines()[-1])["error"]


@pytest.mark.parametrize("header", [REGISTER, HEADER[:5]])
def test_fifty_rows_with_longitude_and_latitude_swapped_are_refused_and_nothing_is_stored(
    city: Run, tmp_path: Path, header: list[str]
):
    rows = [[i, "theft", "2025-03-05 14:07", 52.3 + i * 1e-4, 76.95 + i * 1e-4] for i in range(50)]
    error = refusal(city("import", "crimes", register(tmp_path, rows, header), "--json"))
    assert error["code"] == "coordinates-swapped"
    assert "Swap the two columns" in str(error["message"])
    assert city("cells", "crimes", "--json").json["totals"]["count"] == 0


def test_a_file_with_a_header_only_is_said_to_have_no_rows(city: Run, tmp_path: Path):
    for header in (REGISTER, HEADER):
        error = refusal(city("import", "crimes", register(tmp_path, [], header), "--json"))
        assert error["code"] == "no-rows"


def test_metres_of_an_unknown_grid_are_refused_with_what_to_change(city: Run, tmp_path: Path):
    rows = [[i, "theft", "2025-03-05 14:07", 436147 + i, 428979 + i] for i in range(20)]
    error = refusal(city("import", "crimes", register(tmp_path, rows), "--json"))
    assert error["code"] == "coordinates-in-metres"
    assert "`crs`" in str(error["message"])


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_file_of_bad_rows_only_fails_and_keeps_them(city: Run, tmp_path: Path, language: str):
    file = write_crimes(tmp_path / "bad.csv", [["x1", "sorcery", "2025-01-01 10:00", 76.95, 52.3, "а"]] * 3)
    told = city("import", "crimes", file, "--json", language=language)
    report = json.loads(told.out.splitlines()[-1])
    assert (told.code, report["error"]["code"], report["loaded"], report["rejected"]) == (3, "all-rows-rejected", 0, 3)
    assert "all-rows-rejected" not in told.err, "a sentence, no bare key"
    assert "3" in told.err
    batch = city("imports", "show", report["batch_id"], "--json").json
    assert (batch["state"], batch["report"]["error"]["code"]) == ("failed", "all-rows-rejected")
    kept = city("imports", "rejected", report["batch_id"], "--json").json["rows"]
    assert [row["raw"]["category"] for row in kept] == ["sorcery"] * 3
    good = write_crimes(tmp_path / "good.csv", some_crimes(3))
    assert city("import", "crimes", good, "--json").json["loaded"] == 3


REFUSED = [
    (("import", "crimes", "absent.csv"), 4, "no-such-file"),
    (("import", "witches", "absent.csv"), 4, "unknown-layer"),
    (("import", "crimes", "absent.csv", "--mapping", "nobody"), 3, "unknown-mapping"),
    (("cells", "crimes", "--resolution", "5"), 3, "unknown-resolution"),
    (("cells", "crimes", "--hours", "25"), 3, "bad-parameter"),
    (("cells", "crimes", "--from", "yesterday"), 3, "bad-parameter"),
    (("cells", "crimes", "--workspace", "elsewhere"), 4, "unknown-workspace"),
    (("derive", "crimes"), 3, "not-derived"),
    (("gap",), 3, "coverage-not-derived"),
    (("imports", "undo", "77"), 4, "unknown-batch"),
    (("jobs", "cancel", "77"), 4, "unknown-job"),
    (("plan", "--cameras", "0"), 3, "bad-parameter"),
    (("workspace", "create", "city", "--bbox", BBOX, "--zone", "Asia/Almaty"), 6, "workspace-exists"),
    (("workspace", "create", "City!", "--bbox", BBOX, "--zone", "Asia/Almaty"), 3, "bad-slug"),
    (("workspace", "create", "mars", "--bbox", BBOX, "--zone", "Mars/Olympus"), 3, "unknown-zone"),
    (("workspace", "create", "two", "--zone", "Asia/Almaty"), 3, "territory-needed"),
    (("solve", "mclp", "--p", "1"), 3, "solve-inputs"),
]


def test_a_refusal_has_its_exit_code_its_json_and_a_sentence(city: Run):
    for arguments, code, error in REFUSED:
        told = city(*arguments, "--json")
        said = json.loads(told.out.splitlines()[-1])["error"]
        assert (told.code, said["code"]) == (code, error)
        assert told.err.strip().endswith(said["message"])


def test_without_a_workspace_and_with_two_the_command_asks(qorgan: Run):
    none = qorgan("cells", "crimes", "--json")
    assert (none.code, json.loads(none.out)["error"]["code"]) == (4, "no-workspace")
    for slug in ("one", "two"):
        assert qorgan("workspace", "create", slug, "--bbox", BBOX, "--zone", "Asia/Almaty").code == 0
    several = qorgan("cells", "crimes", "--json")
    assert json.loads(several.out)["error"]["params"] == {"known": ["one", "two"]}
    assert qorgan("workspace", "remove", "two", "--yes").code == 0
    assert [w["slug"] for w in qorgan("workspace", "list", "--json").json["workspaces"]] == ["one"]
    assert qorgan("cells", "crimes", "--json").json["totals"]["count"] == 0


def test_cells_are_the_same_numbers_in_every_format(city: Run, tmp_path: Path):
    city("import", "crimes", write_crimes(tmp_path / "crimes.csv", some_crimes(60))).ok()
    expected = city("cells", "crimes", "--resolution", "9", "--json").json
    wanted = dict(zip(expected["cells"], expected["measures"]["count"], strict=True))
    assert sum(wanted.values()) == 60
    for form in ("csv", "geojson", "parquet", "arrow", "json"):
        assert city("cells", "crimes", "--out", tmp_path / f"cells.{form}", "--json").json["cells"] == len(wanted)
    lines = list(csv.DictReader((tmp_path / "cells.csv").read_text().splitlines()))
    features = json.loads((tmp_path / "cells.geojson").read_text())["features"]
    table = pq.read_table(tmp_path / "cells.parquet")
    arrow = pa.ipc.open_stream(tmp_path / "cells.arrow").read_all()
    assert {row["cell"]: int(row["count"]) for row in lines} == wanted
    assert {f["id"]: f["properties"]["count"] for f in features} == wanted
    for found in (table, arrow):
        assert {
            f"{c:x}": n for c, n in zip(found["cell"].to_pylist(), found["count"].to_pylist(), strict=True)
        } == wanted
        assert json.loads(found.schema.metadata[b"qorgan"])["totals"] == expected["totals"]
    assert gpd.read_file(tmp_path / "cells.geojson").is_valid.all()
    assert city("cells", "crimes").out == (tmp_path / "cells.csv").read_text()
    assert city("cells", "crimes", "--format", "xlsx").code == 3
    assert city("cells", "crimes", "--out", tmp_path / "no" / "cells.csv").code == 3


@pytest.mark.parametrize("form", ["csv", "geojson", "gpkg", "parquet"])
def test_an_export_comes_back_as_it_went(city: Run, tmp_path: Path, form: str):
    rows = some_crimes(30)
    rows += [["d1", "theft", "2025-02-03", "", "", ""], ["m1", "theft", "2025-02", 76.96, 52.31, 'x, "y"']]
    assert city("import", "crimes", write_crimes(tmp_path / "crimes.csv", rows), "--json").json["loaded"] == 32
    out = tmp_path / f"out.{form}"
    assert city("export", "crimes", "--out", out, "--restricted", "--json").json["rows"] == 32
    back = city("import", "crimes", out, "--mapping", "qorgan-crimes", "--json")
    report = back.json
    assert (report["unchanged"], report["updated"], report["loaded"], report["rejected"]) == (32, 0, 0, 0)


def test_an_export_leaves_out_what_may_point_at_a_person(city: Run, tmp_path: Path):
    city("import", "crimes", write_crimes(tmp_path / "crimes.csv", some_crimes(5)))
    city("export", "crimes", "--out", tmp_path / "open.csv", "--category", "theft")
    lines = list(csv.DictReader((tmp_path / "open.csv").read_text(encoding="utf-8").splitlines()))
    assert {line["category"] for line in lines} == {"theft"}
    assert "place_text" not in lines[0]


def test_polygons_are_exported_to_every_format(city: Run, tmp_path: Path):
    area = {
        "type": "Feature",
        "properties": {"id": "a", "kind": "district", "population": None, "name": "Север"},
        "geometry": {"type": "Polygon", "coordinates": [[[76.95, 52.3], [76.96, 52.3], [76.96, 52.31], [76.95, 52.3]]]},
    }
    file = tmp_path / "areas.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [area]}), encoding="utf-8")
    assert city("import", "areas", file, "--json").json["loaded"] == 1
    for form in ("csv", "geojson", "gpkg", "parquet", "arrow"):
        assert city("export", "areas", "--out", tmp_path / f"a.{form}", "--json").json["rows"] == 1
    for form in ("geojson", "gpkg"):
        frame = gpd.read_file(tmp_path / f"a.{form}")
        assert frame["name"].tolist() == ["Север"]
        assert frame["population"].isna().all()
    assert gpd.read_parquet(tmp_path / "a.parquet").crs.to_epsg() == 4326
    assert "MULTIPOLYGON" in (tmp_path / "a.csv").read_text()


@pytest.mark.parametrize("layer", ["roads", "areas", "water", "buildings"])
@pytest.mark.parametrize("form", ["csv", "geojson", "gpkg", "parquet"])
def test_lines_and_polygons_come_back_as_they_went(
    city: Run, tmp_path: Path, layer: str, form: str, monkeypatch: pytest.MonkeyPatch
):
    """The sample of the layer, read a few rows at a time so that its export has several chunks."""
    monkeypatch.setattr("etl.writers.records.PAGE", 2)
    monkeypatch.setattr("etl.writers.columnar.CHUNK_ROWS", 3)
    sample = ROOT / "layers" / "catalog" / layer / "sample" / "input.geojson"
    loaded = city("import", layer, sample, "--mapping", f"qorgan-{layer}", "--json").json["loaded"]
    assert loaded > 1
    out = tmp_path / f"out.{form}"
    assert city("export", layer, "--out", out, "--restricted", "--json").json["rows"] == loaded
    report = city("import", layer, out, "--mapping", f"qorgan-{layer}", "--json").json
    assert (report["unchanged"], report["updated"], report["loaded"], report["rejected"]) == (loaded, 0, 0, 0), report


def test_hours_go_over_midnight_and_weekdays_are_counted_from_monday(city: Run, tmp_path: Path):
    rows = some_crimes(48)
    city("import", "crimes", write_crimes(tmp_path / "crimes.csv", rows))
    at_night = sum(int(row[2][11:13]) in {22, 23, 0, 1} for row in rows)
    assert city("cells", "crimes", "--hours", "22-1", "--json").json["totals"]["count"] == at_night
    both = [city("cells", "crimes", "--weekdays", days, "--json").json["totals"]["count"] for days in ("1-5", "6,7")]
    assert sum(both) == 48
