"""An import that is killed, meets a full disk or loses the database leaves the layer exactly old or exactly new."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
from sqlalchemy import create_engine, text

from cli import cluster
from cli.cluster import DatabaseUrls
from cli.cluster.place import server_account
from cli.cluster.provision import superuser_connection
from cli.cluster.state import HOST, read_state
from cli.settings import ROOT
from tests.fixtures.commands import Run, run_command
from tests.fixtures.database import temporary_home

ROWS = 4000
SEED = 20260510


def crimes(path: Path, *, kind: str, rows: int = ROWS) -> Path:
    rng = np.random.default_rng(SEED)
    days = rng.integers(0, 365, rows).astype("timedelta64[D]") + np.datetime64("2024-01-01")
    table = {
        "id": [f"k{i}" for i in range(rows)],
        "category": [kind] * rows,
        "occurred_local": np.datetime_as_string(days).tolist(),
        "lon": rng.uniform(76.91, 77.09, rows).round(6),
        "lat": rng.uniform(52.21, 52.39, rows).round(6),
    }
    pacsv.write_csv(pa.table(table), path)
    return path


def ask(urls: DatabaseUrls, statement: str) -> list[tuple]:
    engine = create_engine(urls.owner)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]
    finally:
        engine.dispose()


def held(urls: DatabaseUrls) -> dict[str, int]:
    return dict(ask(urls, "SELECT category, count(*) FROM layer_crimes GROUP BY 1"))


@pytest.fixture
def city(qorgan: Run) -> Run:
    qorgan("workspace", "create", "city", "--bbox", "76.9,52.2,77.1,52.4", "--zone", "Asia/Almaty").ok()
    return qorgan


@pytest.fixture
def mother(city: Run) -> Iterator[subprocess.Popen[str]]:
    script = Path(__file__).with_name("forking.py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    with process:
        yield process
        process.kill()


def started(mother: subprocess.Popen[str], path: Path) -> int:
    assert mother.stdin is not None
    assert mother.stdout is not None
    mother.stdin.write(f"{path}\tqorgan-crimes\n")
    mother.stdin.flush()
    return int(mother.stdout.readline())


def ended(mother: subprocess.Popen[str]) -> int:
    assert mother.stdout is not None
    return int(mother.stdout.readline().split()[1])


def killed_imports(city: Run, mother: subprocess.Popen[str], urls: DatabaseUrls, folder: Path, times: int) -> int:
    """Kill ``times`` imports at random moments, into an empty and into a full layer in turn; how many were killed in time."""
    theft, drugs = crimes(folder / "theft.csv", kind="theft"), crimes(folder / "drugs.csv", kind="drugs")
    began = time.monotonic()
    started(mother, theft)
    assert ended(mother) == 0
    lasts_s = time.monotonic() - began
    rng = random.Random(SEED)
    files, present, killed = {"theft": theft, "drugs": drugs}, "theft", 0
    for number in range(times):
        if number % 2:  # a layer that is empty is loaded aside and swapped in
            for batch in city("imports", "list", "--json").json["batches"]:
                if batch["state"] == "loaded":
                    city("imports", "undo", batch["id"]).ok()
            assert held(urls) == {}
            present = ""
        other = "drugs" if present == "theft" else "theft"
        pid = started(mother, files[other])
        time.sleep(rng.uniform(0, lasts_s))
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            os.kill(pid, 9)
        killed += ended(mother) != 0
        now = held(urls)
        assert now in ({other: ROWS}, {present: ROWS} if present else {}), (number, now)
        present = next(iter(now), "")
    return killed


def check_leftovers(city: Run, urls: DatabaseUrls, folder: Path) -> None:
    """The next import finds the layer usable and sweeps what the dead ones left."""
    report = city("import", "crimes", crimes(folder / "last.csv", kind="robbery"), "--json").json
    assert report["loaded"] + report["updated"] == ROWS
    assert held(urls) == {"robbery": ROWS}
    assert ask(urls, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^bulk_'") == []
    assert ask(urls, "SELECT count(*) FROM batch WHERE state = 'loading'") == [(0,)]


def test_an_import_killed_at_any_moment_leaves_the_layer_old_or_new(city, mother, fresh_database, tmp_path):
    assert killed_imports(city, mother, fresh_database, tmp_path, 10) >= 3
    check_leftovers(city, fresh_database, tmp_path)


@pytest.mark.full
def test_an_import_killed_at_thirty_moments_leaves_the_layer_old_or_new(city, mother, fresh_database, tmp_path):
    assert killed_imports(city, mother, fresh_database, tmp_path, 30) >= 10
    check_leftovers(city, fresh_database, tmp_path)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB that the server may write to."""
    folder = Path("/mnt") / f"qorgan-tiny-{os.getpid()}"
    if os.geteuid() != 0:
        pytest.skip("a file system of its own needs root")
    folder.mkdir()
    made = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        folder.rmdir()
        pytest.skip("this machine lets nobody mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["/bin/umount", "-l", str(folder)], check=False)
        folder.rmdir()


def test_a_full_disk_is_told_and_the_layer_stays_as_it_was(monkeypatch, tmp_path: Path, tiny_disk: Path):
    with temporary_home("d") as home:
        urls = cluster.ensure_started(home, throwaway=True).urls
        monkeypatch.setenv("QORGAN_HOME", str(home))
        for name, value in urls.as_environment().items():
            monkeypatch.setenv(name, value)
        run_command("workspace", "create", "city", "--bbox", "76.9,52.2,77.1,52.4", "--zone", "Asia/Almaty").ok()
        data = tiny_disk / "data"
        data.mkdir(mode=0o700)
        account = server_account()
        os.chown(data, account.uid, account.gid)
        state = read_state(home)
        assert state is not None
        name = urls.owner.rsplit("/", 1)[1]
        with superuser_connection(state, host=HOST) as connection:
            connection.execute(f"CREATE TABLESPACE tiny LOCATION '{data}'")
            connection.execute("GRANT CREATE ON TABLESPACE tiny TO PUBLIC")
            connection.execute(f"ALTER DATABASE \"{name}\" SET default_tablespace = 'tiny'")
            connection.execute(f"ALTER DATABASE \"{name}\" SET temp_tablespaces = 'tiny'")
        big = crimes(tmp_path / "big.csv", kind="theft", rows=100_000)
        small = crimes(tmp_path / "small.csv", kind="drugs", rows=500)
        for before in ({}, {"drugs": 500}):  # aside into an empty layer, then into one that holds rows
            assert held(urls) == before
            told = run_command("import", "crimes", big, "--json")
            assert (told.code, json.loads(told.out.splitlines()[-1])["error"]["code"]) == (9, "disk-full")
            assert "disk" in told.err
            assert held(urls) == before
            if not before:
                assert run_command("import", "crimes", small, "--json").json["loaded"] == 500


def test_a_database_that_goes_away_in_the_middle_is_told_and_nothing_changed(monkeypatch, tmp_path: Path):
    from etl import importer

    with temporary_home("a") as home:
        urls = cluster.ensure_started(home, throwaway=True).urls
        monkeypatch.setenv("QORGAN_HOME", str(home))
        for name, value in urls.as_environment().items():
            monkeypatch.setenv(name, value)
        run_command("workspace", "create", "city", "--bbox", "76.9,52.2,77.1,52.4", "--zone", "Asia/Almaty").ok()
        first = crimes(tmp_path / "first.csv", kind="drugs")
        assert run_command("import", "crimes", first, "--json").json["loaded"] == ROWS
        staged = importer._staged

        def gone(*given, **more):
            cluster.stop(home)
            return staged(*given, **more)

        with monkeypatch.context() as patched:
            patched.setattr(importer, "_staged", gone)
            told = run_command("import", "crimes", crimes(tmp_path / "second.csv", kind="theft"), "--json")
        assert (told.code, json.loads(told.out.splitlines()[-1])["error"]["code"]) == (9, "database-away")
        cluster.ensure_started(home, throwaway=True)
        assert held(urls) == {"drugs": ROWS}
        again = run_command("import", "crimes", tmp_path / "second.csv", "--json").json
        assert (again["updated"], again["loaded"]) == (ROWS, 0)
        assert ask(urls, "SELECT count(*) FROM batch WHERE state = 'loading'") == [(0,)]
