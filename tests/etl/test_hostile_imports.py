"""Hostile files through the whole import: what was read is what was loaded, updated, left alone and rejected, and what is stored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from cli.cluster import DatabaseUrls
from etl.importer import ImportRequest, run_import
from geo_core.errors import QorganError
from layers import registry
from layers.engine import connect
from layers.identity import LOCAL_ADMINISTRATOR, find_by_subject
from tests.etl.hostile.case import Case
from tests.etl.test_hostile_files import CASES, check_error
from tests.fixtures.commands import Run

CHOSEN = [case for case in CASES if case.database]


def test_the_choice_is_large():
    assert len(CHOSEN) >= 40
    assert len({case.file.rpartition(".")[2] for case in CHOSEN}) >= 9


def request(case: Case, path) -> ImportRequest:
    how = replace(case.mapping(), columns={"category": "category", "place_text": "note"})
    return ImportRequest(layer=registry.load()["crimes"], path=path, mapping=how, workspace="city")


@pytest.mark.timeout(120)
def test_every_row_of_a_hostile_file_is_accounted_for_in_the_database(
    qorgan: Run, fresh_database: DatabaseUrls, tmp_path
):
    qorgan("workspace", "create", "city", "--bbox", "76.8,52.2,77.1,52.4", "--zone", "Asia/Almaty").ok()
    engines = connect(fresh_database.app, loader_url=fresh_database.loader, pool_size=2)
    owner = create_engine(fresh_database.owner)
    principal = find_by_subject(engines.app, LOCAL_ADMINISTRATOR)

    def stored() -> int:
        with owner.connect() as connection:
            return connection.execute(text("SELECT count(*) FROM layer_crimes")).scalar_one()

    imported = 0
    try:
        for number, case in enumerate(CHOSEN):
            before = stored()
            folder = tmp_path / case.name
            folder.mkdir()
            wanted = request(case, case.put(folder))
            try:
                first = run_import(engines, principal, wanted)
            except QorganError as error:
                check_error(case, error)
                assert stored() == before, case.name
                continue
            imported += 1
            assert stored() == before + first.loaded, case.name
            again = [run_import(engines, principal, wanted)] if number % 4 == 0 else []
            for report in (first, *again):
                assert report.read == report.loaded + report.updated + report.unchanged + report.rejected, case.name
                assert report.read == (case.rows or report.read), case.name
                assert case.accepted in {None, report.read - report.rejected}, (case.name, report.rejected_by_reason)
            for second in again:
                assert (second.loaded, second.updated) == (0, 0), case.name
                assert second.unchanged == first.loaded + first.updated + first.unchanged, case.name
    finally:
        owner.dispose()
        engines.app.dispose()
        engines.loader.dispose()
    assert imported >= 40
