"""How a file is cut: told by the preview, changed by whoever looks at it, carried into the mapping that imports it again."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import openpyxl
import pytest
from starlette.testclient import TestClient

from tests.api.conftest import token

EDITOR = token("west")
HEADER = "дата;время;долгота;широта;вид преступления;номер"
ROWS = ["2024-03-01;21:15;76.94;52.27;theft;A1", "2024-03-02;10:00;76.95;52.28;robbery;A2"]
CSV = "\n".join([HEADER, *ROWS]) + "\n"


def asked(client: TestClient, data: bytes, name: str = "f.csv", **more: Any) -> Any:
    form = {"layer": "crimes"} | {key: json.dumps(value) for key, value in more.items()}
    return client.post("/w/city/imports/preview", files={"file": (name, data)}, data=form, headers=EDITOR)


def preview(client: TestClient, data: bytes, name: str = "f.csv", **more: Any) -> dict[str, Any]:
    answer = asked(client, data, name, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def workbook(**sheets: list[str]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line.split(";"))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def archive(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, text in files.items():
            made.writestr(f"{name}.csv", text)
    return out.getvalue()


def test_a_preview_tells_how_a_text_was_cut_and_carries_nothing_that_finds_itself(client):
    found = preview(client, f"Выгрузка за март\n\n{CSV}".encode("cp1251"))
    assert found["reading"] == {"encoding": "cp1251", "delimiter": ";", "header_row": 3, "header_rows": 1}
    assert found["choices"]["options"] == ["encoding", "delimiter", "decimal", "header_row", "header_rows"]
    assert "reading" not in found["mapping"]


def test_what_is_told_is_taken_and_carried(client):
    data = f"{CSV}2024-03-03;10:00;76,96;52,28;theft;A3\n".encode()
    told = {"delimiter": ";", "decimal": ",", "header_row": 1, "header_rows": 2}
    found = preview(client, data, reading=told)
    assert found["mapping"]["reading"] == told
    assert len(found["before"]) == 2  # the second line was taken for names, too
    again = preview(client, data, mapping=found["mapping"])
    assert again["columns"] == found["columns"]
    assert again["reading"]["header_rows"] == 2


def test_a_reading_that_makes_no_table_is_a_problem_and_can_be_changed(client):
    found = preview(client, CSV.encode(), reading={"header_row": 40})
    assert found["problem"]["code"] == "header-row-missing"
    assert found["columns"] == []
    assert found["reading"] == {"header_row": 40}
    assert "header_row" in found["choices"]["options"]


def test_a_table_without_names_is_shown_with_what_could_be_said(client):
    found = preview(client, b"1;2;3\n4;5;6\n7;8;9\n")
    assert found["problem"]["code"] == "no-header"
    assert "header_row" in found["choices"]["options"]


def test_the_sheet_that_was_chosen_is_carried_and_another_can_be_taken(client):
    data = workbook(Март=[HEADER, *ROWS], Апрель=[HEADER, ROWS[0]], Пояснение=["Составил Иванов"])
    found = preview(client, data, "f.xlsx")
    assert found["choices"]["sheets"] == ["Март", "Апрель", "Пояснение"]
    assert found["mapping"]["reading"] == {"sheet": "Март"}
    other = preview(client, data, "f.xlsx", reading={"sheet": "Апрель"})
    assert len(other["before"]) == 1
    assert other["mapping"]["reading"] == {"sheet": "Апрель"}
    alone = preview(client, workbook(Март=[HEADER, *ROWS]), "f.xlsx")
    assert "reading" not in alone["mapping"]
    assert "sheet" not in alone["choices"]["options"]


def test_an_archive_of_several_files_asks_which_and_the_answer_is_carried(client):
    data = archive(march=CSV, april=f"{HEADER}\n{ROWS[0]}\n")
    found = preview(client, data, "f.zip")
    assert found["problem"]["code"] == "zip-content"
    assert found["choices"] == {"options": ["member"], "sheets": [], "members": ["march.csv", "april.csv"]}
    chosen = preview(client, data, "f.zip", reading={"member": "april.csv"})
    assert chosen["problem"] is None
    assert len(chosen["before"]) == 1
    assert chosen["mapping"]["reading"] == {"member": "april.csv"}
    assert chosen["choices"]["options"][0] == "member"
    assert preview(client, data, "f.zip", mapping=chosen["mapping"])["tried"]["accepted"] == 1


def test_a_kept_mapping_cuts_the_next_file_of_its_source_alike(client):
    data = archive(march=CSV, april=CSV)
    chosen = preview(client, data, "f.zip", reading={"member": "april.csv"})
    document = {**chosen["mapping"], "id": "uvd-zip", "signature": chosen["columns"]}
    kept = client.put("/w/city/mappings/crimes/uvd-zip", json=document, headers=EDITOR)
    assert kept.status_code in (200, 201), kept.text
    again = preview(client, data, "f.zip")
    assert again["mapping"]["id"] == "uvd-zip"
    assert again["problem"] is None
    assert again["reading"]["member"] == "april.csv"
    client.delete("/w/city/mappings/crimes/uvd-zip", headers=EDITOR)


def test_a_kept_sheet_that_is_not_there_any_more_gives_way_to_the_one_found(client):
    first = preview(client, workbook(Март=[HEADER, *ROWS], Прочее=["x;y"]), "f.xlsx")
    document = {**first["mapping"], "id": "uvd-book", "signature": first["columns"]}
    assert document["reading"] == {"sheet": "Март"}
    client.put("/w/city/mappings/crimes/uvd-book", json=document, headers=EDITOR)
    next_one = preview(client, workbook(Апрель=[HEADER, *ROWS], Прочее=["x;y"]), "f.xlsx")
    assert next_one["mapping"]["id"] == "uvd-book"
    assert next_one["mapping"]["reading"] == {"sheet": "Апрель"}
    assert next_one["problem"] is None
    client.delete("/w/city/mappings/crimes/uvd-book", headers=EDITOR)


@pytest.mark.parametrize("reading", [{"delimiter": "abc"}, {"sheeet": "x"}, ["x"], {"header_row": 0}])
def test_a_reading_that_is_none_is_refused_with_a_sentence(client, reading):
    answer = asked(client, CSV.encode(), reading=reading)
    assert answer.status_code == 422
    assert answer.json()["detail"]
