"""Keeps the servers running until it is asked to stop: restarts one that dies, and leaves no orphan."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cli import processes
from cli.processes import Record
from cli.settings import ROOT
from geo_core.errors import Unavailable

NAME = "supervisor"
WEB = "web"
READY_PATH = "/api/ready"
READY_WAIT_S = 120.0
_LOOK_EVERY_S = 0.2
_HEALTHY_AFTER_S = 60.0  # a server that ran this long starts its next life without delay
_LONGEST_DELAY_S = 30.0
_LARGEST_LOG = 20 * 1024**2


@dataclass(kw_only=True)
class Server:
    """A program to keep running.

    Parameters
    ----------
    name : names its log and process file.
    arguments : absolute program first.
    environment : added to ours; None takes a variable away.
    port : where it listens, None for one that does not.
    """

    name: str
    arguments: list[str]
    environment: Mapping[str, str | None] = field(repr=False)  # holds the database's password
    port: int | None = None


@dataclass(kw_only=True)
class _Life:
    server: Server
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    failures: int = 0
    next_start_s: float = 0.0


def is_ready(port: int, *, host: str = "127.0.0.1", path: str = READY_PATH) -> bool:
    """Whether the server answers that it and its database can serve."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Supervisor:
    """Runs the servers of one home; made once per run.

    Parameters
    ----------
    home : where process files and logs go.
    servers : started in this order and stopped in the opposite one.
    port : of the server that answers for readiness.
    on_ready : called once, when it first answers.
    on_restart : called with a server's name and exit code when it died and will be started again.
    """

    def __init__(
        self,
        *,
        home: Path,
        servers: list[Server],
        port: int,
        on_ready: Callable[[], None],
        on_restart: Callable[[str, int], None],
        ready_path: str = READY_PATH,
    ) -> None:
        self._home = home
        self._lives = [_Life(server=server) for server in servers]
        self._port = port
        self._on_ready = on_ready
        self._on_restart = on_restart
        self._ready_path = ready_path
        self._stop = threading.Event()
        self._hurry = threading.Event()

    def ask_to_stop(self, *_: object) -> None:
        """Handler of SIGINT, SIGTERM and SIGHUP; the second call no longer waits for anybody."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def run(self) -> None:
        """Start everything and return when asked to stop, with every server ended.

        Raises
        ------
        Unavailable : ``server-not-ready`` when the servers do not come up; they are ended before.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask_to_stop)
        try:
            self._keep_running()
        finally:
            self._end_all()

    def _keep_running(self) -> None:
        began, ready = time.monotonic(), False
        while not self._stop.is_set():
            self._look_after()
            if not ready and is_ready(self._port, path=self._ready_path):
                ready = True
                self._remember_self(ready=True)
                self._on_ready()
            if not ready and time.monotonic() - began > READY_WAIT_S:
                raise self._not_ready(WEB)
            for life in self._lives:
                if not ready and life.failures >= 3:
                    raise self._not_ready(life.server.name)
            self._stop.wait(_LOOK_EVERY_S)

    def _not_ready(self, name: str) -> Unavailable:
        log = processes.log_file(self._home, name)
        reason = (processes.last_lines(log, count=1) or "?").strip()
        return Unavailable("server-not-ready", server=name, log=str(log), reason=reason)

    def _remember_self(self, *, ready: bool) -> None:
        processes.write_record(
            self._home,
            Record(name=NAME, pid=os.getpid(), born=processes.born(os.getpid()) or "", port=self._port, ready=ready),
        )

    def _look_after(self) -> None:
        now = time.monotonic()
        for life in self._lives:
            if life.process is not None and (code := life.process.poll()) is not None:
                processes.stop_group(life.process.pid, wait_s=0)  # its own children, when it was killed
                life.failures = 0 if now - life.started_s > _HEALTHY_AFTER_S else life.failures + 1
                life.next_start_s = now + min(_LONGEST_DELAY_S, 0.5 * 2**life.failures if life.failures else 0.0)
                life.process = None
                self._on_restart(life.server.name, code)
            if life.process is None and now >= life.next_start_s:
                self._start(life)

    def _start(self, life: _Life) -> None:
        server = life.server
        log = processes.log_file(self._home, server.name)
        if log.exists() and log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        life.process = processes.spawn(server.arguments, environment=server.environment, log=log, cwd=ROOT)
        life.started_s = time.monotonic()
        record = Record(
            name=server.name,
            pid=life.process.pid,
            born=processes.born(life.process.pid) or "",
            port=server.port,
        )
        processes.write_record(self._home, record)

    def _end_all(self) -> None:
        """Ask all to end at once, wait together, then kill what is left of each group."""
        alive = [(life.server.name, life.process) for life in reversed(self._lives) if life.process is not None]
        for _, process in alive:
            processes.signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + processes.STOP_WAIT_S
        while time.monotonic() < deadline and not self._hurry.is_set():
            if all(process.poll() is not None for _, process in alive):
                break
            time.sleep(0.05)
        for name, process in alive:
            processes.signal_group(process.pid, signal.SIGKILL)
            process.wait()
            processes.forget(self._home, name)
        processes.forget(self._home, NAME)
