"""The whole of a start and a stop with the real servers: what ./run does after installing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cli import cluster, processes
from cli.cluster.ports import free_port
from cli.settings import Settings
from cli.start import stop_all
from tests.fixtures.database import temporary_home

pytestmark = [pytest.mark.database, pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[2]


def wait_until(true: Callable[[], bool], *, within_s: float = 90) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            pytest.fail("it did not happen in time")
        time.sleep(0.1)


class Machine:
    """A home of its own and a port; the command line as a process."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "QORGAN_"))}
        self.environment = clean | {"QORGAN_HOME": str(home), "QORGAN_LANGUAGE": "en"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *arguments],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def left(self) -> list[str]:
        """Every process on the machine that belongs to this home, the database's included."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.status() != psutil.STATUS_ZOMBIE and (
                    process.environ().get("QORGAN_HOME") == str(self.home)
                    or str(self.home / "pg") in " ".join(process.cmdline())
                ):
                    found.append(" ".join(process.cmdline()))
            except psutil.Error:
                continue
        return found


@pytest.fixture
def machine() -> Iterator[Machine]:
    with temporary_home("-start") as home:
        yield Machine(home)
        stop_all(Settings(home=home))


def test_a_detached_start_serves_survives_a_killed_server_and_stops_whole(machine: Machine) -> None:
    started = machine.call("start", "--empty", "--detach", "--port", str(machine.port))
    assert started.returncode == 0, started.stderr
    assert f"http://127.0.0.1:{machine.port}" in started.stderr
    assert machine.answers()
    status = json.loads(machine.call("status", "--json").stdout.splitlines()[-1])
    assert status["ready"] is True
    assert set(status["servers"]) == {"supervisor", "web", "worker"}

    # on the private cluster, which no variable names
    wait_until(lambda: machine.call("alive", "worker").returncode == 0)
    assert machine.call("alive", f"http://127.0.0.1:{machine.port}/api/ready").returncode == 0

    again = machine.call("start", "--empty", "--detach", "--port", str(machine.port))
    assert again.returncode == 0
    assert "already" in again.stderr

    web = processes.read_record(machine.home, "web")
    assert web is not None
    os.kill(web.pid, signal.SIGKILL)
    wait_until(lambda: (now := processes.read_record(machine.home, "web")) is not None and now.pid != web.pid)
    wait_until(machine.answers)

    assert machine.call("stop").returncode == 0
    assert machine.left() == []
    assert not machine.answers()
    assert machine.call("status").returncode == 1
    assert machine.call("alive", "worker").returncode == 1
    assert machine.left() == [], "asking for the worker started the database"


def test_ctrl_c_stops_everything_the_data_stay_and_a_killed_run_leaves_at_most_the_database(machine: Machine) -> None:
    running = machine.start("start", "--empty", "--port", str(machine.port))
    wait_until(lambda: running.poll() is not None or machine.answers())
    assert running.poll() is None, running.communicate()[1]
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "stopped" in told
    assert machine.left() == []
    made = (machine.home / "pg" / "PG_VERSION").stat().st_mtime_ns

    running = machine.start("start", "--empty", "--port", str(machine.port))
    wait_until(lambda: running.poll() is not None or machine.answers())
    assert (machine.home / "pg" / "PG_VERSION").stat().st_mtime_ns == made
    running.kill()
    running.communicate()
    wait_until(lambda: all("postgres" in line for line in machine.left()), within_s=30)
    assert machine.call("stop").returncode == 0
    assert machine.left() == []


def test_a_taken_port_is_refused_before_anything_is_started(machine: Machine) -> None:
    import socket

    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", machine.port))
        stranger.listen()
        told = machine.call("start", "--empty", "--port", str(machine.port))
    assert told.returncode == 6
    assert str(os.getpid()) in told.stderr
    assert "--port" in told.stderr
    assert cluster.status(machine.home).data is None
