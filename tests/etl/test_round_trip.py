"""Records out into a workbook, changed there as people do, and back."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from etl.round_trip import difference as round_trip
from etl.round_trip.export import export_for_editing
from etl.round_trip.workbook import read
from geo_core.errors import Conflict, Forbidden, InvalidInput, QorganError
from layers import batches, registry
from layers.editing import records
from layers.queries import features
from tests.layers.city import IN_EAST, IN_WEST, crime, open_city

LAYERS = registry.load()
CAMERAS, CRIMES, AREAS = (LAYERS[name] for name in ("cameras", "crimes", "areas"))
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST = 3  # the first line of records


def fill(made):
    given = {"status": "works", "lon": IN_WEST[0], "lat": IN_WEST[1]}
    made.load(
        "cameras",
        [
            {"source_id": "a", "kind": "fixed", "azimuth_deg": 90.0, "connected": True, **given},
            {"source_id": "b", "kind": "ptz", "installed_on": date(2020, 5, 1), **given},
            {"source_id": "=HYPERLINK(1)", "kind": "fixed", **given},
        ],
    )
    return made


@pytest.fixture
def city(fresh_database):
    made = fill(open_city(fresh_database))
    yield made
    made.engines.dispose()


@pytest.fixture(scope="module")
def untouched(module_database):
    """For tests that only look."""
    made = fill(open_city(module_database))
    yield made
    made.engines.dispose()


def export(city, path: Path, layer=CAMERAS, language="ru", person="administrator") -> Path:
    with city.as_(person) as connection:
        export_for_editing(connection, city.workspace, layer, path, language=language, now=NOW)
    return path


def edit(path: Path, change: Callable) -> Path:
    """Change the sheet as a spreadsheet program would: ``change(cell)`` with ``cell(line, name)``."""
    book = load_workbook(path)
    sheet = book["records"]
    names = [cell.value for cell in sheet[2]]
    change(lambda line, name: sheet.cell(row=FIRST + line, column=names.index(name) + 1))
    book.save(path)
    return path


def compare(city, path: Path, layer=CAMERAS, person="administrator"):
    with city.as_(person) as connection:
        return round_trip.difference(connection, city.workspace, layer, path)


def apply(city, path: Path, layer=CAMERAS, expected=None, **given):
    shown = expected or compare(city, path, layer).fingerprint
    with city.as_("administrator") as connection:
        return round_trip.apply(
            connection, city.workspace, layer, path, name="t.xlsx", expected=shown, reason="survey", **given
        )


def stored(city, source_id: str):
    with city.as_("administrator") as connection:
        page = features.page(connection, city.workspace, CAMERAS)
    return next(f for f in page["features"] if f["properties"]["source_id"] == source_id)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_table_that_nobody_changed_does_nothing(untouched, tmp_path, language):
    found = compare(untouched, export(untouched, tmp_path / "t.xlsx", language=language))
    assert (found.lines, found.unchanged) == ((), 3)


def test_the_table_is_for_people_words_lists_dates_and_no_formulas(untouched, tmp_path):
    path = export(untouched, tmp_path / "t.xlsx", language="ru")
    sheet = load_workbook(path)["records"]
    names = [cell.value for cell in sheet[2]]
    first = {name: sheet.cell(row=FIRST, column=n + 1) for n, name in enumerate(names)}
    assert first["connected"].value == "да"
    assert first["kind"].value not in CAMERAS.field_named("kind").codes.good, "a word, not a code"
    assert first["kind"].value[0].isalpha()
    assert first["ir_range_m"].value is None, "what is not known is an empty cell"
    assert sheet.row_dimensions[2].hidden
    second = sheet.cell(row=FIRST + 1, column=names.index("installed_on") + 1)
    assert second.is_date
    evil = sheet.cell(row=FIRST + 2, column=names.index("source_id") + 1)
    assert (evil.value, evil.data_type) == ("=HYPERLINK(1)", "s")
    assert any(names[r.min_col - 1] == "kind" for v in sheet.data_validations.dataValidation for r in v.sqref.ranges)


def test_what_people_change_is_shown_then_applied_as_one_batch_and_taken_back(city, tmp_path):
    path = export(city, tmp_path / "t.xlsx", language="en")

    def work(cell):
        cell(0, "azimuth_deg").value = "92,5"
        cell(0, "connected").value = "no"
        cell(1, "remove").value = "yes"
        cell(2, "lon").value, cell(2, "lat").value = IN_EAST
        cell(3, "kind").value, cell(3, "status").value = "fixed", "works"
        cell(3, "lon").value, cell(3, "lat").value = IN_WEST

    found = compare(city, edit(path, work))
    assert found.counts == {"change": 2, "add": 1, "remove": 1, "conflict": 0, "fault": 0}
    assert found.lines[0].changes == {"azimuth_deg": [90.0, 92.5], "connected": [True, False]}
    assert found.lines[2].changes == {"position": [list(IN_WEST), list(IN_EAST)]}
    assert stored(city, "a")["properties"]["azimuth_deg"] == 90.0, "nothing is changed by looking"
    done = apply(city, path)
    assert (done["changed"], done["added"], done["removed"], done["left_out"]) == (2, 1, 1, 0)
    assert stored(city, "a")["properties"]["azimuth_deg"] == 92.5
    assert stored(city, "a")["properties"]["connected"] is False
    with city.as_("administrator") as connection:
        batches.undo(connection, city.workspace, done["batch_id"])
    assert compare(city, export(city, tmp_path / "u.xlsx")).unchanged == 3
    assert stored(city, "a")["properties"]["azimuth_deg"] == 90.0


def test_an_emptied_cell_means_not_known(city, tmp_path):
    path = edit(export(city, tmp_path / "t.xlsx"), lambda cell: setattr(cell(0, "azimuth_deg"), "value", None))
    assert compare(city, path).lines[0].changes == {"azimuth_deg": [90.0, None]}
    apply(city, path)
    assert stored(city, "a")["properties"]["azimuth_deg"] is None


def change_here(city, source_id: str, **changes):
    one = stored(city, source_id)
    with city.as_("administrator") as connection:
        records.change(
            connection,
            city.workspace,
            CAMERAS,
            one["id"],
            version=one["properties"]["version"],
            changes=changes,
        )


def test_what_somebody_else_changed_meanwhile_stays_and_only_the_same_field_is_a_conflict(city, tmp_path):
    path = export(city, tmp_path / "t.xlsx")
    change_here(city, "a", hfov_deg=60.0)
    change_here(city, "b", hfov_deg=61.0)
    assert compare(city, path).lines == (), "an old table that says nothing new undoes nothing"

    def work(cell):
        cell(0, "azimuth_deg").value = 100
        cell(1, "hfov_deg").value = 70

    found = compare(city, edit(path, work))
    assert [(line.kind.value, dict(line.changes)) for line in found.lines] == [
        ("change", {"azimuth_deg": [90.0, 100.0]}),
        ("conflict", {"hfov_deg": [61.0, 70.0]}),
    ]
    with pytest.raises(InvalidInput) as refused:
        apply(city, path)
    assert refused.value.code == "difference-has-problems"
    assert apply(city, path, leave_out=True)["left_out"] == 1
    both = stored(city, "a")["properties"]
    assert (both["azimuth_deg"], both["hfov_deg"]) == (100.0, 60.0)


def test_what_is_applied_is_what_was_shown(city, tmp_path):
    path = edit(export(city, tmp_path / "t.xlsx"), lambda cell: setattr(cell(0, "azimuth_deg"), "value", 91))
    shown = compare(city, path).fingerprint
    change_here(city, "a", azimuth_deg=10.0)
    with pytest.raises(Conflict) as refused:
        apply(city, path, expected=shown)
    assert refused.value.code == "difference-changed"
    assert stored(city, "a")["properties"]["azimuth_deg"] == 10.0


@pytest.mark.parametrize(
    ("line", "name", "value", "code"),
    [
        (0, "azimuth_deg", "north", "not-a-number"),
        (0, "azimuth_deg", 400, "out-of-range"),
        (0, "azimuth_deg", "=A1+1", "cell-formula"),
        (0, "kind", "spy", "unseen-code"),
        (0, "installed_on", "31.02.2024", "not-a-date"),
        (0, "connected", "perhaps", "cell-not-yes-or-no"),
        (0, "source_id", "other", "sheet-fixed-column"),
        (0, "lat", 99, "coordinates-not-degrees"),
        (0, "lat", None, "place-not-given"),
        (0, "id", 10**12, "sheet-unknown-record"),
        (0, "id", "seven", "sheet-unknown-record"),
        (0, "id", "nan", "sheet-unknown-record"),
        (0, "id", "1e400", "sheet-unknown-record"),
        (0, "id", 10**30, "sheet-unknown-record"),
        (0, "version", 40, "sheet-version-lost"),
        (0, "version", "inf", "not-a-number"),
        (0, "version", 99_999_999_999, "not-a-number"),
        (0, "version", -99_999_999_999, "not-a-number"),
        (0, "lon", "nan", "not-a-number"),
        (0, "lat", "-inf", "not-a-number"),
        (0, "azimuth_deg", "1e999", "not-a-number"),
        (3, "lon", "nan", "not-a-number"),
        (3, "status", "works", "missing-value"),
    ],
)
def test_a_cell_that_cannot_be_read_is_a_fault_of_its_line_by_name(untouched, tmp_path, line, name, value, code):
    path = edit(
        export(untouched, tmp_path / "t.xlsx", language="en"), lambda cell: setattr(cell(line, name), "value", value)
    )
    found = compare(untouched, path)
    assert found.counts["fault"] == 1
    faulty = next(one for one in found.lines if one.problems)
    assert faulty.row == FIRST + line
    assert code in [problem for problem, _ in faulty.problems]


def test_a_record_may_stand_in_the_table_once(untouched, tmp_path):
    def twice(cell):
        for name in ("id", "version"):
            cell(1, name).value = cell(0, name).value

    found = compare(untouched, edit(export(untouched, tmp_path / "t.xlsx"), twice))
    assert [p for line in found.lines for p, _ in line.problems] == ["sheet-repeated-record"]


def test_events_are_changed_but_not_added(city, tmp_path):
    city.load("crimes", [crime("x")])

    def work(cell):
        cell(0, "article").value = 188
        cell(1, "category").value = "theft"
        cell(1, "lon").value, cell(1, "lat").value = IN_WEST

    found = compare(city, edit(export(city, tmp_path / "t.xlsx", CRIMES), work), CRIMES)
    assert found.lines[0].changes == {"article": [None, "188"]}
    assert [p for p, _ in found.lines[1].problems] == ["events-come-from-registers"]


def test_layers_of_areas_go_round_without_their_shapes(city, tmp_path):
    ring = [[76.94, 52.27], [76.95, 52.27], [76.95, 52.28], [76.94, 52.27]]
    with city.as_("administrator") as connection:
        records.add(
            connection,
            city.workspace,
            AREAS,
            values={"kind": "district"},
            geometry={"type": "Polygon", "coordinates": [ring]},
        )
    path = edit(export(city, tmp_path / "t.xlsx", AREAS), lambda cell: setattr(cell(0, "population"), "value", 1200))
    assert compare(city, path, AREAS).lines[0].changes == {"population": [None, 1200]}


def test_only_editors_get_the_table_and_only_records_they_see_are_compared(untouched, tmp_path):
    with pytest.raises(Forbidden):
        export(untouched, tmp_path / "t.xlsx", person="analyst")
    path = edit(export(untouched, tmp_path / "t.xlsx"), lambda cell: setattr(cell(0, "azimuth_deg"), "value", 1))
    with untouched.as_("east") as connection:
        found = round_trip.difference(connection, untouched.workspace, CAMERAS, path)
    assert {p for line in found.lines for p, _ in line.problems} == {"sheet-unknown-record"}


@pytest.mark.parametrize("damage", ["empty", "text", "zip", "cut", "no-sheet", "other-layer", "column", "entity"])
def test_a_file_that_is_no_such_table_is_refused_with_a_sentence(untouched, tmp_path, damage):
    path = export(untouched, tmp_path / "t.xlsx")
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("id;version\n1;1\n")
        case "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("a.txt", "x")
        case "cut":
            path.write_bytes(path.read_bytes()[:2000])
        case "no-sheet":
            book = load_workbook(path)
            del book["about"]
            book.save(path)
        case "other-layer":
            export(untouched, path, CRIMES)
        case "column":
            book = load_workbook(path)
            book["records"].cell(row=2, column=4).value = "surprise"
            book.save(path)
        case "entity":
            with zipfile.ZipFile(path) as archive:
                parts = {name: archive.read(name) for name in archive.namelist()}
            bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
            with zipfile.ZipFile(path, "w") as archive:
                for name, data in parts.items():
                    archive.writestr(name, bomb if name == "xl/workbook.xml" else data)
    with pytest.raises(QorganError) as refused:
        compare(untouched, path)
    assert refused.value.code in {"not-a-workbook", "workbook-other-layer", "workbook-unknown-column"}


def test_about_and_rows_are_read_back(untouched, tmp_path):
    about, rows = read(export(untouched, tmp_path / "t.xlsx", language="kk"), CAMERAS)
    assert (about.workspace, about.layer, about.language) == (untouched.workspace.slug, "cameras", "kk")
    assert [row.number for row in rows] == [3, 4, 5]
