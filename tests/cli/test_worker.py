"""The worker as it runs: jobs in processes of their own, ended by cancel, clock, kill or stop, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
from sqlalchemy import create_engine, text

from cli import cluster
from cli.cluster import DatabaseUrls
from cli.job_queue import Worker
from cli.settings import ROOT
from etl.mapping import to_json
from i18n import texts
from layers import jobs, registry
from layers.engine import Engines, connect
from layers.identity import LOCAL_ADMINISTRATOR, Principal, find_by_subject, transaction
from layers.workspaces import WorkspaceInfo, find
from tests.fixtures.commands import Run, run_command
from tests.fixtures.database import temporary_home

WAIT_S = 90.0
LONG = 400_000  # rows: an import that lasts some seconds


class Place:
    """A workspace, its administrator and the folder of uploads."""

    def __init__(self, urls: DatabaseUrls, home: Path) -> None:
        self.urls, self.home, self.uploads = urls, home, home / "uploads"
        self.uploads.mkdir(parents=True, exist_ok=True)
        self.engines: Engines = connect(urls.app, loader_url=urls.loader, pool_size=2)
        found = find_by_subject(self.engines.app, LOCAL_ADMINISTRATOR)
        assert found is not None
        self.principal: Principal = found
        with transaction(self.engines.app, self.principal) as connection:
            self.info: WorkspaceInfo = find(connection, "city")

    def submit(self, kind: str, limit_s: int = 600, **params: object) -> int:
        wanted = jobs.Request(kind=kind, params=params, time_limit_s=limit_s)
        return jobs.submit(self.engines.app, self.principal, self.info, wanted)

    def upload(self, source: Path, name: str) -> dict[str, object]:
        shutil.copy(source, self.uploads / name)
        mapping = next(s for s in registry.load()["crimes"].sources if s.id == "qorgan-crimes")
        return {"layer": "crimes", "path": str(self.uploads / name), "mapping": to_json(mapping)}

    def job(self, job_id: int) -> dict:
        with transaction(self.engines.app, self.principal) as connection:
            return jobs.one(connection, job_id)

    def wait(self, job_id: int, *states: str) -> dict:
        deadline = time.monotonic() + WAIT_S
        while (job := self.job(job_id))["state"] not in (states or jobs.ENDED):
            assert time.monotonic() < deadline, job
            time.sleep(0.1)
        return job

    def rows(self, statement: str) -> list[tuple]:
        engine = create_engine(self.urls.owner)
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(statement))]
        finally:
            engine.dispose()


@pytest.fixture
def place(qorgan: Run, fresh_database: DatabaseUrls, tmp_path: Path) -> Iterator[Place]:
    qorgan("workspace", "create", "city", "--bbox", "76.9,52.2,77.1,52.4", "--zone", "Asia/Almaty").ok()
    made = Place(fresh_database, tmp_path / "home")
    yield made
    made.engines.dispose()


def start_worker(urls: DatabaseUrls, home: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **urls.as_environment(), "QORGAN_HOME": str(home)}
    with (home / "worker.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "cli.worker"], cwd=ROOT, env=environment, stderr=log, stdout=log)


@pytest.fixture
def worker(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    process = start_worker(place.urls, place.home)
    yield process
    if process.poll() is None:
        process.terminate()
        assert process.wait(timeout=20) == 0, (place.home / "worker.log").read_text()


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(7)
    path = tmp_path_factory.mktemp("long") / "crimes.csv"
    days = rng.integers(0, 365, LONG).astype("timedelta64[D]") + np.datetime64("2024-01-01")
    table = pa.table(
        {
            "id": pa.array([f"k{i}" for i in range(LONG)]),
            "category": pa.array(["theft"] * LONG),
            "occurred_local": pa.array(np.datetime_as_string(days)),
            "lon": rng.uniform(76.91, 77.09, LONG).round(6),
            "lat": rng.uniform(52.21, 52.39, LONG).round(6),
        }
    )
    pacsv.write_csv(table, path)
    return path


def short_file(folder: Path) -> Path:
    path = folder / "short.csv"
    path.write_text(
        "id,category,occurred_local,lon,lat\na,theft,2025-01-01 10:00,76.95,52.3\nb,theft,2025-01-02,76.96,52.3\n"
    )
    return path


def process_of(job_id: int) -> int | None:
    """The process that runs a job, by its command line."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"cli.job_process" in words and words[words.index(b"cli.job_process") + 1] == str(job_id).encode():
            return int(folder.name)
    return None


def test_an_import_is_done_its_upload_removed_and_what_depends_on_it_derived(place, worker, tmp_path):
    done = place.wait(place.submit("import", **place.upload(short_file(tmp_path), "u.csv"), source_name="Register"))
    assert (done["state"], done["progress"], done["error"]) == ("done", 1.0, None)
    assert (done["result"]["loaded"], done["result"]["layer"]) == (2, "crimes")
    assert not list(place.uploads.iterdir())
    derived = place.wait(done["result"]["derive_job"])
    assert (derived["state"], derived["kind"]) == ("done", "derive")
    assert derived["result"]["street_segments"]["crimes"]["looked_at"] == 2
    assert place.rows("SELECT source_name FROM batch") == [("Register",)]

    outside = place.submit("import", **(place.upload(short_file(tmp_path), "v.csv") | {"path": "/etc/passwd"}))
    assert place.wait(outside)["error"]["code"] == "not-an-upload"
    assert place.wait(place.submit("dance"))["error"]["code"] == "unknown-job-kind"
    assert place.wait(place.submit("plan", cameras=2))["error"]["code"] == "nothing-unseen"
    assert place.wait(place.submit("plan"))["error"]["code"] == "bad-parameter"
    assert Path("/etc/passwd").is_file()
    assert place.rows(
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'"
    ) == [(1,)]


def test_a_job_is_ended_by_a_reader_by_the_clock_and_by_a_kill_and_leaves_nothing(place, worker, long_file):
    cancelled = place.submit("import", **place.upload(long_file, "1.csv"))
    killed = place.submit("import", **place.upload(long_file, "2.csv"))
    too_long = place.submit("import", limit_s=1, **place.upload(long_file, "3.csv"))
    for job_id in (cancelled, killed):
        place.wait(job_id, "running")
    with transaction(place.engines.app, place.principal) as connection:
        jobs.request_cancel(connection, cancelled)
    while (pid := process_of(killed)) is None:
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    ends = {job_id: place.wait(job_id) for job_id in (cancelled, killed, too_long)}
    assert [(j["state"], j["error"]["code"]) for j in ends.values()] == [
        ("cancelled", "job-cancelled"),
        ("failed", "job-killed"),
        ("failed", "job-time-limit"),
    ]
    assert [process_of(job_id) for job_id in ends] == [None] * 3
    deadline = time.monotonic() + WAIT_S
    while list(place.uploads.iterdir()) or place.rows("SELECT 1 FROM batch WHERE state = 'loading'"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert place.rows("SELECT count(*) FROM layer_crimes") == [(0,)]
    assert place.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^bulk_'") == []


def test_a_stopped_worker_ends_its_jobs_and_itself(place, worker, long_file):
    job_id = place.submit("import", **place.upload(long_file, "1.csv"))
    place.wait(job_id, "running")
    worker.terminate()
    assert worker.wait(timeout=20) == 0
    ended = place.job(job_id)
    assert (ended["state"], ended["error"]["code"]) == ("failed", "job-killed")
    assert process_of(job_id) is None


def test_what_a_killed_worker_left_is_ended_or_queued_again(place, worker, long_file):
    job_id = place.submit("import", **place.upload(long_file, "1.csv"))
    place.wait(job_id, "running")
    while process_of(job_id) is None:
        time.sleep(0.05)
    worker.kill()
    worker.wait()
    deadline = time.monotonic() + WAIT_S
    while process_of(job_id) is not None:
        assert time.monotonic() < deadline, "a job outlived its worker"
        time.sleep(0.05)
    waiting = place.submit("derive", layer="all")
    with transaction(place.engines.app, place.principal) as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs WHERE (args ->> 'job_id')::int = :id"), {"id": waiting})
        connection.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 minutes'"))
    time.sleep(0.3)

    async def put_right() -> None:
        keeper = Worker(place.engines, uploads=place.uploads, silent_s=0.2)
        await asyncio.to_thread(keeper._put_right)
        await asyncio.to_thread(keeper._put_right)

    asyncio.run(put_right())
    ended = place.job(job_id)
    assert (ended["state"], ended["error"]["code"]) == ("failed", "job-killed")
    assert place.rows("SELECT (args ->> 'job_id')::int, status FROM procrastinate_jobs") == [(waiting, "todo")]
    assert not list(place.uploads.iterdir())


@contextmanager
def serving(urls: DatabaseUrls, home: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """The API as a process of its own, and a client that speaks to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["-m", "uvicorn", "--factory", "api.app:create_app", "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "DATABASE_URL": str(urls.app), "QORGAN_HOME": str(home)}
    with (home / "api.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stderr=log, stdout=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
            yield process, client
    finally:
        process.terminate()
        process.wait(timeout=20)


def until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def status_of(client: httpx.Client, path: str) -> int:
    """What the API answers; 0 while nobody listens yet."""
    try:
        return client.get(path).status_code
    except httpx.HTTPError:
        return 0


CELLS = "/w/city/layers/crimes/cells?resolution=8&f=json"
ASKED = (CELLS, "/w/city/layers", "/w/city/layers/crimes/features?limit=1", "/workspaces", "/w/city/jobs")


@pytest.mark.timeout(400)
@pytest.mark.full
@pytest.mark.parametrize("away_s", [3, 30])
def test_a_database_that_goes_away_is_told_and_everything_goes_on_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, long_file: Path, away_s: int
):
    """The real server is stopped while API and worker serve and an import runs; nobody is started anew."""
    with temporary_home(f"w{away_s}") as home:
        urls = cluster.ensure_started(home, throwaway=True).urls
        monkeypatch.setenv("QORGAN_HOME", str(home))
        for name, value in urls.as_environment().items():
            monkeypatch.setenv(name, value)
        run_command("workspace", "create", "city", "--bbox", "76.9,52.2,77.1,52.4", "--zone", "Asia/Almaty").ok()
        place = Place(urls, home)
        worker = start_worker(urls, home)
        try:
            with serving(urls, home) as (api, client):
                old = place.wait(place.submit("import", **place.upload(short_file(tmp_path), "old.csv")))
                assert (old["state"], old["result"]["loaded"]) == ("done", 2)
                until(lambda: status_of(client, "/ready") == 200, "the API never served")
                before = client.get(CELLS).content
                # merged into what is there: the slower way, in which old and new rows could mix
                job_id = place.submit("import", **place.upload(long_file, "new.csv"))
                until(lambda: place.job(job_id)["progress"] > 0.05, "the import never began")
                assert place.job(job_id)["state"] == "running"
                place.engines.dispose()

                cluster.stop(home)
                gone = time.monotonic()
                rounds = 0
                while time.monotonic() < gone + away_s or rounds == 0:
                    for path in ASKED:
                        for language in ("kk", "ru", "en"):
                            answer = client.get(path, headers={"Accept-Language": language})
                            told = (answer.status_code, answer.headers["content-type"], answer.json()["code"])
                            assert told == (503, "application/problem+json", "database-away"), (path, answer.text)
                            assert answer.headers["content-language"] == language
                            assert answer.json()["detail"] == texts().error("database-away", language)
                            assert int(answer.headers["retry-after"]) > 0
                    assert client.get("/health").status_code == 200
                    assert client.get("/ready").status_code == 503
                    rounds += 1
                    time.sleep(0.3)
                assert (worker.poll(), api.poll()) == (None, None), (home / "worker.log").read_text()

                cluster.ensure_started(home, throwaway=True)
                for path in ASKED:
                    until(lambda path=path: status_of(client, path) == 200, f"{path} did not come back")
                ended = place.wait(job_id)
                counted = place.rows(
                    "SELECT count(*), count(*) FILTER (WHERE source_id IN ('a', 'b')) FROM layer_crimes"
                )
                if ended["state"] == "done":
                    assert counted == [(LONG + 2, 2)]
                else:
                    assert ended["error"]["code"] in ("database-away", "job-killed"), (home / "worker.log").read_text()
                    assert counted == [(2, 2)]
                    assert client.get(CELLS).content == before
                # nothing of the cut import stands in the way of the next one, by the same processes
                left = counted[0][0]
                later = tmp_path / "later.csv"
                later.write_text("id,category,occurred_local,lon,lat\nc,theft,2025-03-01,76.95,52.3\n")
                again = place.wait(place.submit("import", **place.upload(later, "later.csv")))
                assert (again["state"], again["result"]["loaded"]) == ("done", 1)
                assert sum(client.get(CELLS).json()["measures"]["count"]) == left + 1
                assert not place.rows("SELECT id FROM batch WHERE state = 'loading'")
                assert (worker.poll(), api.poll()) == (None, None)
            worker.terminate()
            assert worker.wait(timeout=20) == 0, (home / "worker.log").read_text()
        finally:
            worker.kill()
            place.engines.dispose()
