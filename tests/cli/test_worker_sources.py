"""Connected services are asked by the worker when they are due: as whoever connected them, once, and again after a failure."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text

from cli.cluster import DatabaseUrls
from cli.settings import ROOT
from geo_core.errors import InvalidInput
from layers import connections, jobs
from layers.connections import Schedule, wait_after
from layers.engine import Engines, connect
from layers.identity import LOCAL_ADMINISTRATOR, Principal, find_by_subject, transaction
from tests.fixtures.arcgis_service import ArcgisService, crimes, serving
from tests.fixtures.commands import Run

WAIT_S = 90.0
ROWS = crimes(40)


@pytest.fixture
def service() -> Iterator[ArcgisService]:
    made = ArcgisService()
    made.put(ROWS)
    with serving(made):
        yield made


@pytest.fixture
def city(qorgan: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("QORGAN_SERVICE_PAUSE_SECONDS", "0")
    qorgan("workspace", "create", "city", "--bbox", "76.9,52.2,77.1,52.4", "--zone", "Asia/Almaty").ok()
    return qorgan


@pytest.fixture
def engines(city: Run, fresh_database: DatabaseUrls) -> Iterator[Engines]:
    made = connect(fresh_database.app, loader_url=fresh_database.loader, pool_size=2)
    yield made
    made.dispose()


@contextmanager
def worker(home: Path, **more: str) -> Iterator[None]:
    home.mkdir(exist_ok=True)
    with (home / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.worker"], cwd=ROOT, env=os.environ | more, stderr=log, stdout=log
        )
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(timeout=20) == 0, (home / "worker.log").read_text()


def source(city: Run) -> dict:
    (found,) = city("sources", "list", "--json").json["sources"]
    return found


def until(city: Run, *states: str) -> dict:
    deadline = time.monotonic() + WAIT_S
    while (found := source(city))["state"] not in states:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


def rows(urls: DatabaseUrls, statement: str) -> list[tuple]:
    engine = create_engine(urls.owner)
    try:
        with engine.begin() as connection:
            found = connection.execute(text(statement))
            return [tuple(row) for row in found] if found.returns_rows else []
    finally:
        engine.dispose()


def test_the_worker_asks_what_is_due_no_private_network_without_leave_and_again_what_failed(
    city, service, fresh_database
):
    city("sources", "add", "crimes", service.url, "--mapping", "kpssu-crimes", "--every", "1d", "--at", "03:30").ok()
    home = Path(os.environ["QORGAN_HOME"])
    with worker(home):
        failed = until(city, "failed")
    assert (failed["error"]["code"], failed["failures"]) == ("service-address-private", 1)
    assert service.times == [], "not even its description"
    rows(fresh_database, "UPDATE source_connection SET next_run_at = now()")
    with worker(home, QORGAN_PRIVATE_SERVICES="true"):
        done = until(city, "done")
    assert (done["result"]["loaded"], done["failures"], done["error"]) == (40, 0, None)
    assert rows(fresh_database, "SELECT count(*) FROM layer_crimes") == [(40,)]
    following = datetime.fromisoformat(done["next_run_at"]).astimezone(ZoneInfo("Asia/Almaty"))
    assert (following.hour, following.minute) == (3, 30)
    assert rows(fresh_database, "SELECT p.subject FROM batch b JOIN principal p ON p.id = b.principal_id") == [
        (LOCAL_ADMINISTRATOR,)
    ]
    assert len(rows(fresh_database, "SELECT 1 FROM job WHERE kind = 'refresh'")) == 2


def local_administrator(engines: Engines) -> Principal:
    found = find_by_subject(engines.app, LOCAL_ADMINISTRATOR)
    assert found is not None
    return found


def test_a_due_service_is_queued_once_however_many_workers_look(city, service, engines, fresh_database):
    city("sources", "add", "crimes", service.url).ok()
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.extend(connections.queue_due(engines.app))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert connections.queue_due(engines.app) == []
    rows(fresh_database, "UPDATE source_connection SET next_run_at = now() - interval '1 day'")
    assert connections.queue_due(engines.app) == [], "its job still waits"
    with transaction(engines.app, local_administrator(engines)) as connection:
        jobs.begin(connection, found[0])
        jobs.end(connection, found[0], state="failed", error={"code": "job-killed", "params": {}})
    killed = source(city)
    assert (killed["state"], killed["error"]["code"]) == ("failed", "job-killed")
    assert len(connections.queue_due(engines.app)) == 1, "a killed refresh is due again"


def test_two_refreshes_of_one_service_at_once_are_refused(city, service, engines, fresh_database):
    number = city("sources", "add", "crimes", service.url, "--json").json["source"]["id"]
    with engines.loader.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(715004, :b)"), {"b": number})
        assert city("sources", "run", number).code == 6
        assert service.questions("records") == []
        other.execute(text("SELECT pg_advisory_unlock(715004, :b)"), {"b": number})
    city("sources", "run", number).ok()


def test_a_service_of_somebody_without_rights_is_left_alone(city, service, engines, fresh_database):
    city("sources", "add", "crimes", service.url).ok()
    rows(
        fresh_database,
        "DELETE FROM role_grant WHERE principal_id = (SELECT id FROM principal WHERE subject = 'local-administrator')",
    )
    assert connections.queue_due(engines.app) == []
    assert rows(fresh_database, "SELECT count(*) FROM job") == [(0,)]


NOON = datetime(2024, 2, 28, 7, 0, tzinfo=UTC)  # 13:00 in Almaty before its clocks changed on the 1st of March


@pytest.mark.parametrize(
    ("every", "at", "expected"),
    [
        ("6h", None, NOON + timedelta(hours=6)),
        ("1d", None, NOON + timedelta(days=1)),
        ("1d", "14:30", datetime(2024, 2, 28, 8, 30, tzinfo=UTC)),
        ("1d", "03:30", datetime(2024, 2, 28, 21, 30, tzinfo=UTC)),
        ("2d", "03:30", datetime(2024, 2, 29, 22, 30, tzinfo=UTC)),  # the wall clock, after the change
        ("7d", "03:30", datetime(2024, 3, 5, 22, 30, tzinfo=UTC)),
        ("7d", "14:30", datetime(2024, 3, 6, 9, 30, tzinfo=UTC)),
    ],
)
def test_the_next_time_follows_the_wall_clock_of_the_place(every, at, expected):
    assert Schedule.read(every, at).following(NOON, "Asia/Almaty") == expected


@pytest.mark.parametrize(
    ("every", "at"),
    [("", None), ("0d", None), ("1w", None), ("9999d", None), ("12h", "03:30"), ("1d", "24:00"), ("1d", "3:30")],
)
def test_a_schedule_nobody_can_keep_is_refused(every, at):
    with pytest.raises(InvalidInput):
        Schedule.read(every, at)


def test_the_wait_after_failures_grows_to_a_bound():
    assert [wait_after(n) for n in (1, 2, 3)] == [timedelta(minutes=m) for m in (15, 30, 60)]
    assert wait_after(50) == timedelta(hours=12)
