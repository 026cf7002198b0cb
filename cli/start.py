"""From a prepared machine to a served map: database, migrations, demo, servers; and back."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cli import cluster, processes
from cli.cluster.ports import is_free, listener
from cli.cluster.urls import DatabaseUrls
from cli.database import configured_urls, database_urls
from cli.settings import ROOT, Settings
from cli.speech import say
from cli.supervisor import NAME, READY_WAIT_S, WEB, Server, Supervisor
from geo_core.errors import Conflict, Unavailable

DEFAULT_DEMO = "pavlodar"
_LOCAL = ("127.0.0.1", "localhost", "0.0.0.0", "::1", "::")  # noqa: S104 - addresses compared, not listened on


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a start is asked for.

    Parameters
    ----------
    port : of the one origin.
    demo : name of the demo to load into an empty database, None to load nothing.
    detach : return when all serves, instead of staying in the foreground.
    prepare : migrate and load the demo first.
    """

    port: int
    demo: str | None = None
    detach: bool = False
    prepare: bool = True


def address(settings: Settings, port: int) -> str:
    """Where a reader on this machine opens the map."""
    host = "127.0.0.1" if settings.host in _LOCAL else settings.host
    return f"http://{host}:{port}"


def refuse_taken_port(port: int, host: str) -> None:
    """Raise ``port-taken`` with who sits there and a port that is free, before anything is started."""
    if is_free(port, host):
        return
    free = next((other for other in range(port + 1, min(port + 200, 65536)) if is_free(other, host)), port + 1)
    raise Conflict("port-taken", port=port, by=listener(port) or "?", free=free)


def servers(urls: DatabaseUrls, *, host: str, port: int, home: Path) -> list[Server]:
    """The programs of the one-machine default. The web server gets the application's door only."""
    shared: dict[str, str | None] = {
        "QORGAN_HOME": str(home),
        "QORGAN_HOST": host,
        "QORGAN_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": str(urls.app),
        "DATABASE_OWNER_URL": None,
    }
    web = shared | {"DATABASE_LOADER_URL": None}
    worker = shared | {
        "DATABASE_LOADER_URL": str(urls.loader),
        # one job, one thread in its kernels: the machine's cores belong to the readers too
        "NUMBA_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    uvicorn = [sys.executable, "-m", "uvicorn", "asgi:app", "--host", host, "--port", str(port), "--no-access-log"]
    return [
        Server(name=WEB, arguments=uvicorn, environment=web, port=port),
        Server(name="worker", arguments=[sys.executable, "-m", "cli.worker"], environment=worker),
    ]


def migrate(urls: DatabaseUrls) -> None:
    """Bring the schema to the newest revision."""
    from layers import migrate as migrations

    migrations.upgrade(str(urls.owner))


def _prepare(settings: Settings, wish: Wish) -> DatabaseUrls:
    say("cli.start.database")
    urls = database_urls(settings)
    data = cluster.status(settings.home).data
    if configured_urls(settings) is None and data is not None and not data.is_relative_to(settings.home.resolve()):
        say("cli.start.data_elsewhere", data=str(data), home=str(settings.home))
    if wish.prepare:
        say("cli.start.migrating")
        migrate(urls)
        if wish.demo is not None:
            from cli.demo import load_into_empty

            load_into_empty(urls, wish.demo, home=settings.home)
    return urls


def start(settings: Settings, wish: Wish) -> None:
    """Start everything; in the foreground until Ctrl-C, or detached until ``stop``.

    Raises
    ------
    Conflict : ``port-taken``.
    Unavailable : what the cluster or the servers lack.
    """
    running = processes.read_record(settings.home, NAME)
    if running is not None:
        say("cli.start.already", address=address(settings, running.port or settings.port))
        return
    refuse_taken_port(wish.port, settings.host)
    if wish.detach:
        _start_detached(settings, wish)
    else:
        _start_here(settings, wish)


def _announce(settings: Settings, port: int, *, began: float, how_to_stop: str) -> None:
    say("cli.start.ready", address=address(settings, port), seconds=round(time.monotonic() - began, 1))
    say(how_to_stop)


def _start_here(settings: Settings, wish: Wish) -> None:
    began = time.monotonic()
    private = configured_urls(settings) is None
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop while preparing ends as a Ctrl-C does
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        urls = _prepare(settings, wish)
        say("cli.start.servers")
        Supervisor(
            home=settings.home,
            servers=servers(urls, host=settings.host, port=wish.port, home=settings.home),
            port=wish.port,
            on_ready=lambda: _announce(settings, wish.port, began=began, how_to_stop="cli.start.how_to_stop"),
            on_restart=lambda name, code: say("cli.start.restarted", server=name, exit=code),
        ).run()
    finally:
        say("cli.stop.stopping")
        if private:
            cluster.stop_if_idle(settings.home, bindir=settings.pg_bindir)
        say("cli.stop.stopped")


def _start_detached(settings: Settings, wish: Wish) -> None:
    home, log = settings.home, processes.log_file(settings.home, "qorgan")
    arguments = [sys.executable, "-m", "cli", "start", "--port", str(wish.port)]
    arguments += [] if wish.prepare else ["--no-prepare"]
    arguments += ["--demo", wish.demo] if wish.demo else ["--empty"]
    home.mkdir(parents=True, exist_ok=True)
    child = processes.spawn(arguments, environment={"QORGAN_HOME": str(home)}, log=log, cwd=ROOT, dies_with_us=False)
    say("cli.start.detached", log=str(log))
    began = time.monotonic()
    while True:
        record = processes.read_record(home, NAME)
        if record is not None and record.ready:
            _announce(settings, wish.port, began=began, how_to_stop="cli.start.how_to_stop_detached")
            return
        code = child.poll()
        if code is not None:
            raise Unavailable(
                "server-not-ready", server="qorgan", log=str(log), reason=processes.last_lines(log, count=2)
            )
        if record is not None and time.monotonic() - began > READY_WAIT_S * 5:
            processes.stop_group(child.pid)
            raise Unavailable("server-not-ready", server="qorgan", log=str(log), reason="")
        time.sleep(0.1)


def stop_all(settings: Settings) -> bool:
    """Stop supervisor, servers and private cluster of this home, also what a killed supervisor left; True if any ran."""
    home = settings.home
    stopped = False
    supervisor = processes.read_record(home, NAME)
    if supervisor is not None and supervisor.pid != os.getpid():
        stopped = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(supervisor.pid, signal.SIGTERM)
        deadline = time.monotonic() + 2 * processes.STOP_WAIT_S
        while processes.born(supervisor.pid) == supervisor.born and time.monotonic() < deadline:
            time.sleep(0.05)
    for record in processes.records(home):
        stopped = True
        processes.stop_group(record.pid)
        processes.forget(home, record.name)
    return cluster.stop(home, bindir=settings.pg_bindir) or stopped
