"""An import that was cut off is gone on with, and whatever was cut off where, the layer is old or new and never in between."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from etl.importer import ImportReport, ImportRequest, run_import
from etl.pace import Pace
from etl.readers import Limits
from geo_core.errors import DataQuality
from layers import loading, registry, resuming
from layers.engine import Engines, connect
from layers.identity import LOCAL_ADMINISTRATOR, find_by_subject
from layers.jobs import doing_now, doing_told
from tests.etl.test_atomic_imports import ask, city, crimes, ended, mother  # noqa: F401 - fixtures

ROWS = 12_000
PART_ROWS = 2_000
SEED = 71
BLOCK_BYTES = 64 << 10
ASIDE = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^bulk_'"


@pytest.fixture
def engines(fresh_database):
    made = connect(fresh_database.app, loader_url=fresh_database.loader, owner_url=fresh_database.owner, pool_size=2)
    yield made
    made.dispose()


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(resuming, "FIRST_PART_ROWS", PART_ROWS)
    monkeypatch.setattr(resuming, "PART_ROWS", PART_ROWS)


def imported(engines: Engines, path: Path, progress=None) -> ImportReport:
    layer = registry.load()["crimes"]
    principal = find_by_subject(engines.app, LOCAL_ADMINISTRATOR)
    assert principal is not None
    mapping = next(source for source in layer.sources if source.id == "qorgan-crimes")
    limits = Limits(chunk_rows=PART_ROWS // 2, block_bytes=BLOCK_BYTES)
    wanted = ImportRequest(layer=layer, path=path, mapping=mapping, workspace="city", limits=limits)
    return run_import(engines, principal, wanted, progress=progress)


def rows_of(urls, table: str) -> dict[str, int]:
    return dict(ask(urls, f"SELECT source_id, id FROM {table}"))


def aside(urls) -> list[str]:
    return [name for (name,) in ask(urls, ASIDE)]


def everything(urls) -> list[tuple]:
    """Rows as they are but for what every load gives anew."""
    return ask(
        urls,
        "SELECT source_id, category, row_hash, cell, territory_id, ST_AsText(geom), occurred_from, dark, flags "
        "FROM layer_crimes ORDER BY source_id",
    )


class Cancelled(BaseException):
    """As the signal that ends a job's process."""


def cut_off(engines: Engines, path: Path, *, at_share: float) -> None:
    def progress(share: float, _doing: str) -> None:
        if share >= at_share:
            raise Cancelled

    with pytest.raises(Cancelled):
        imported(engines, path, progress)


def test_a_cancelled_import_is_gone_on_with_where_it_was(city, engines, small_parts, fresh_database, tmp_path):  # noqa: F811
    path = crimes(tmp_path / "big.csv", kind="theft", rows=ROWS)
    cut_off(engines, path, at_share=0.5)
    (table,) = aside(fresh_database)
    before = rows_of(fresh_database, table)
    assert PART_ROWS <= len(before) < ROWS
    assert ask(fresh_database, "SELECT count(*) FROM layer_crimes") == [(0,)]
    assert ask(fresh_database, "SELECT state, report -> 'error' ->> 'code' FROM batch") == [("failed", "job-killed")]
    report = imported(engines, path)
    assert (report.read, report.loaded, report.rejected) == (ROWS, ROWS, 0)
    assert f"bulk_{report.batch_id}" == table, "the batch is the one that was cut off"
    after = rows_of(fresh_database, "layer_crimes")
    assert len(after) == ROWS
    assert before.items() <= after.items(), "what was stored kept its ids: it was not sent again"
    assert aside(fresh_database) == []
    whole = everything(fresh_database)
    city("imports", "undo", report.batch_id).ok()
    assert imported(engines, path).loaded == ROWS
    assert everything(fresh_database) == whole, "gone on with or in one go, the rows are the same"


def test_rows_stored_aside_that_the_file_does_not_hold_are_never_taken(
    city,  # noqa: F811
    engines,
    small_parts,
    fresh_database,
    tmp_path,
):
    path = crimes(tmp_path / "big.csv", kind="theft", rows=ROWS)
    cut_off(engines, path, at_share=0.5)
    (table,) = aside(fresh_database)
    with engines.owner.begin() as owner:
        owner.execute(text(f"UPDATE {table} SET row_hash = row_hash + 1 WHERE source_id = 'k7'"))
    report = imported(engines, path)
    assert report.loaded == ROWS
    assert f"bulk_{report.batch_id}" != table
    assert aside(fresh_database) == []
    assert ask(fresh_database, "SELECT count(*), count(DISTINCT batch_id) FROM layer_crimes") == [(ROWS, 1)]


def test_another_file_of_the_same_size_is_not_taken_for_it(city, engines, small_parts, fresh_database, tmp_path):  # noqa: F811
    cut_off(engines, crimes(tmp_path / "big.csv", kind="theft", rows=ROWS), at_share=0.5)
    other = crimes(tmp_path / "other.csv", kind="drugs", rows=ROWS)
    assert other.stat().st_size == (tmp_path / "big.csv").stat().st_size
    assert imported(engines, other).loaded == ROWS
    assert ask(fresh_database, "SELECT DISTINCT category FROM layer_crimes") == [("drugs",)]
    loading.sweep(engines)
    assert aside(fresh_database) == [], "its place is taken: what was stored aside goes"


def test_what_a_refused_file_stored_aside_goes_at_once(city, engines, small_parts, fresh_database, tmp_path):  # noqa: F811
    path = crimes(tmp_path / "big.csv", kind="theft", rows=ROWS)
    seen = []

    def progress(share: float, doing: str) -> None:
        seen.append(doing)
        if share >= 0.7:
            raise DataQuality("truncated-file", name="big.csv")

    with pytest.raises(DataQuality):
        imported(engines, path, progress)
    assert seen
    assert aside(fresh_database) == []


def test_what_nobody_goes_on_with_is_swept_after_a_day(city, engines, small_parts, fresh_database, tmp_path):  # noqa: F811
    cut_off(engines, crimes(tmp_path / "big.csv", kind="theft", rows=ROWS), at_share=0.5)
    (table,) = aside(fresh_database)
    assert loading.sweep(engines) == 0
    with engines.owner.begin() as owner:
        owner.execute(text(f"UPDATE {table} SET updated_at = now() - interval '25 hours'"))
    assert loading.sweep(engines) == 1
    assert aside(fresh_database) == []


def test_an_import_cut_off_among_its_indexes_builds_those_that_are_missing(
    city,  # noqa: F811
    engines,
    small_parts,
    fresh_database,
    tmp_path,
    monkeypatch,
):
    path = crimes(tmp_path / "big.csv", kind="theft", rows=ROWS)

    def some(loader, _layer, batch_id):
        with loader.begin() as connection:
            for nth in (2, 4):
                connection.execute(text("SELECT qorgan_bulk_index(:b, :n)"), {"b": batch_id, "n": nth})
        raise Cancelled

    with monkeypatch.context() as patched:
        patched.setattr(loading, "_index", some)
        with pytest.raises(Cancelled):
            imported(engines, path)
    (table,) = aside(fresh_database)
    before = rows_of(fresh_database, table)
    assert len(before) == ROWS
    assert imported(engines, path).loaded == ROWS
    assert rows_of(fresh_database, "layer_crimes") == before
    (part,) = {p for (p,) in ask(fresh_database, "SELECT relname FROM pg_class WHERE relname ~ '^layer_crimes_w\\d+$'")}
    counts = ask(
        fresh_database,
        "SELECT (SELECT count(*) FROM pg_indexes WHERE tablename = 'layer_crimes'), "
        f"(SELECT count(*) FROM pg_indexes WHERE tablename = '{part}')",
    )
    assert counts[0][0] == counts[0][1] > 0


def killed_and_gone_on_with(mother: subprocess.Popen[str], engines: Engines, urls, path: Path, times: int) -> int:  # noqa: F811
    """Kill an import ``times`` times at random moments and go on each time; how many kills left rows to go on with."""
    assert mother.stdin is not None
    assert mother.stdout is not None

    def begin() -> int:
        mother.stdin.write(f"{path}\tqorgan-crimes\t{PART_ROWS}\n")
        mother.stdin.flush()
        return int(mother.stdout.readline())

    def empty_again() -> None:
        with engines.owner.begin() as owner:
            owner.execute(text("DELETE FROM layer_crimes"))

    def first_part_stored() -> None:
        """Wait until something is stored aside; a process that never gets so far is waited for a while only."""
        with engines.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as owner:
            for _ in range(6000):
                if owner.execute(text(ASIDE)).first() is not None:
                    return
                time.sleep(0.005)

    began = time.monotonic()
    begin()
    first_part_stored()
    stored_after_s = time.monotonic() - began
    assert ended(mother) == 0
    lasts_s = time.monotonic() - began
    want = everything(urls)
    assert len(want) == ROWS
    rng = random.Random(SEED)
    gone_on = 0
    for number in range(times):
        empty_again()
        pid = begin()
        if number % 3:
            first_part_stored()
            time.sleep(rng.uniform(0, lasts_s - stored_after_s))
        else:
            time.sleep(rng.uniform(0, lasts_s))
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            os.kill(pid, 9)
        died = ended(mother) != 0
        assert ask(urls, "SELECT count(*) FROM layer_crimes") in ([(0,)], [(ROWS,)]), number
        if died and ask(urls, "SELECT count(*) FROM layer_crimes") == [(0,)]:
            stored = {row: n for table in aside(urls) for row, n in rows_of(urls, table).items()}
            report = imported(engines, path)
            assert report.loaded == ROWS
            if stored:
                gone_on += 1
                assert stored.items() <= rows_of(urls, "layer_crimes").items(), number
        assert everything(urls) == want, number
        assert aside(urls) == []
    return gone_on


def test_a_killed_import_is_gone_on_with_exactly(city, mother, engines, small_parts, fresh_database, tmp_path):  # noqa: F811
    path = crimes(tmp_path / "big.csv", kind="theft", rows=ROWS)
    assert killed_and_gone_on_with(mother, engines, fresh_database, path, 6) >= 1


@pytest.mark.full
def test_an_import_killed_at_thirty_moments_is_gone_on_with_exactly(
    city,  # noqa: F811
    mother,  # noqa: F811
    engines,
    small_parts,
    fresh_database,
    tmp_path,
):
    path = crimes(tmp_path / "big.csv", kind="theft", rows=ROWS)
    assert killed_and_gone_on_with(mother, engines, fresh_database, path, 30) >= 5


def test_the_pace_tells_rows_a_second_and_the_time_left():
    told, now = [], [0.0]
    pace = Pace(lambda share, doing: told.append((round(share, 3), doing)), clock=lambda: now[0])
    pace.add(1000, 0.05)
    now[0] = 9.0
    pace.add(3500, 0.5)
    pace.add(0, 0.0)
    assert told[0] == (0.045, "job.doing.reading"), "too early for a rate"
    # 4,500 rows in 9 s; half of the file is 45 % of the work, so the whole takes 20 s
    assert told[1] == (0.45, "job.doing.loading_rows rows=4500 per_s=500 left_s=11")
    assert told[2] == (0.0, "job.doing.counting_rows rows=4500 per_s=500"), "a format that cannot tell its share"


def test_what_a_job_does_now_is_told_with_its_numbers():
    assert doing_told(doing_now("job.doing.loading_rows", rows=5, per_s=0)) == (
        "job.doing.loading_rows",
        {"rows": 5, "per_s": 0},
    )
    assert doing_told("job.doing.reading") == ("job.doing.reading", {})
    assert doing_told("") == ("", {})
