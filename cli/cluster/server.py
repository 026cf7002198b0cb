"""Starting, recovering and stopping the private cluster."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from cli.cluster import postmaster
from cli.cluster.binaries import Binaries, find_binaries
from cli.cluster.configuration import HBA, configuration, memory_bytes
from cli.cluster.initialise import initialise, refuse_when_disk_is_full, write_owned
from cli.cluster.place import Account, data_folder, prepare_home, server_account
from cli.cluster.ports import free_port, is_free
from cli.cluster.provision import provision, superuser_connection
from cli.cluster.state import (
    APP,
    DATABASE,
    HOST,
    LOADER,
    OWNER,
    State,
    exclusive,
    new_passwords,
    read_state,
    write_state,
)
from cli.cluster.urls import DatabaseUrls, make_url
from geo_core.errors import Unavailable

_START_WAIT_S = 300  # after a crash the server first replays its log
_ATTEMPTS = 4
_START_NEEDS_MIB = 64  # below this a start would fail in the middle of writing its log


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A running private cluster.

    Parameters
    ----------
    urls : its three doors.
    data : its folder.
    port : on loopback.
    major : PostgreSQL's major version.
    started : True when this call started it, False when it ran already.
    """

    urls: DatabaseUrls
    data: Path
    port: int
    major: int
    started: bool


@dataclass(frozen=True, kw_only=True)
class Status:
    """What is known without starting anything; all None when no cluster was made yet."""

    data: Path | None = None
    port: int | None = None
    major: int | None = None
    pid: int | None = None

    @property
    def running(self) -> bool:
        return self.pid is not None


def _cluster(state: State, *, started: bool) -> Cluster:
    doors = {
        role: make_url(user=role, password=state.passwords[role], host=HOST, port=state.port, database=DATABASE)
        for role in (APP, OWNER, LOADER)
    }
    urls = DatabaseUrls(app=doors[APP], owner=doors[OWNER], loader=doors[LOADER])
    return Cluster(urls=urls, data=Path(state.data), port=state.port, major=state.major, started=started)


def _lock(home: Path) -> Path:
    return home / "cluster.lock"


def _pg_ctl(binaries: Binaries, account: Account, *arguments: str) -> subprocess.CompletedProcess[str]:
    # The server keeps the output handles of pg_ctl open: a pipe would never end, so what it says goes to its log file.
    return subprocess.run(
        [binaries["pg_ctl"], *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
        env=postmaster.environment(),
        **account.subprocess_options(),
    )


def _last_words(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "could not" in line]
    return (telling or lines or [""])[-1]


def _configure(state: State, account: Account) -> None:
    data = Path(state.data)
    text = configuration(memory=memory_bytes(), throwaway=state.throwaway) + f"port = {state.port}\n"
    write_owned(data / "postgresql.conf", text, account)
    write_owned(data / "pg_hba.conf", HBA, account)


def _start(state: State, binaries: Binaries, account: Account, home: Path) -> State:
    """Start the server of an existing folder, on another port when somebody sits on ours."""
    data = Path(state.data)
    refuse_when_disk_is_full(data, needed_mib=_START_NEEDS_MIB)
    log = data / "start.log"
    for _ in range(_ATTEMPTS):
        postmaster.clear_remains(data)
        if not is_free(state.port, HOST):
            state = state.changed(port=free_port(HOST))
            write_state(home, state)
        _configure(state, account)
        write_owned(log, "", account)
        arguments = ("start", "-D", str(data), "-l", str(log), "-w", "-t", str(_START_WAIT_S), "-s")
        if _pg_ctl(binaries, account, *arguments).returncode == 0:
            return state
        if "could not bind" not in log.read_text(encoding="utf-8", errors="replace"):
            time.sleep(0.5)  # shared memory of a killed server is freed a moment after its last process
    words = _last_words(log)
    if "No space left" in words:
        free_mib = shutil.disk_usage(data).free // 1024**2
        raise Unavailable("disk-full", folder=str(data), free_mb=free_mib, needed_mb=_START_NEEDS_MIB)
    raise Unavailable("database-start-failed", log=str(log), reason=words)


def _new_state(home: Path, account: Account, *, major: int, throwaway: bool) -> State:
    data = data_folder(home, account)
    if (data / "PG_VERSION").exists():
        raise Unavailable("cluster-file-missing", data=str(data), path=str(home / "cluster.json"))
    return State(data=str(data), major=major, port=free_port(HOST), passwords=new_passwords(), throwaway=throwaway)


def _serves(state: State) -> bool:
    """Whether the server runs and takes connections; waits for one that is just starting, recovering or dying."""
    deadline = time.monotonic() + _START_WAIT_S
    while postmaster.running_pid(Path(state.data)) is not None and time.monotonic() < deadline:
        try:
            with socket.create_connection((HOST, state.port), timeout=5):
                return postmaster.running_pid(Path(state.data)) is not None
        except OSError:
            time.sleep(0.1)
    return False


def _follow_moved_home(state: State, home: Path) -> State:
    """The home may have been renamed or copied with the data in it since the last start."""
    inside = home / "pg"
    if not Path(state.data).exists() and (inside / "PG_VERSION").exists():
        return state.changed(data=str(inside))
    return state


def ensure_started(home: Path, *, bindir: Path | None = None, throwaway: bool = False) -> Cluster:
    """The running private cluster of a home: made at the first call, recovered after a crash, left as it is when it runs.

    Concurrent calls wait for each other. The cluster outlives the caller until ``stop``.

    Parameters
    ----------
    home : absolute folder for the data, or for the note of where they are (see ``place``).
    bindir : folder of the server's programs, None to look for them.
    throwaway : for tests; the data do not survive a crash of the machine.

    Raises
    ------
    Unavailable : with the code of what is missing, full, taken or broken.
    """
    account = server_account()
    prepare_home(home, account)
    home = home.resolve()  # processes tell the real path of their folder
    with exclusive(_lock(home)):
        state = read_state(home)
        if state is None:
            binaries = find_binaries(bindir=bindir)
            state = _new_state(home, account, major=binaries.major, throwaway=throwaway)
            write_state(home, state)
        state = _follow_moved_home(state, home)
        data = Path(state.data)
        if state.provisioned and _serves(state):
            return _cluster(state, started=False)
        made = (data / "PG_VERSION").exists()
        if not made and state.provisioned:
            raise Unavailable("cluster-data-missing", data=str(data), path=str(home / "cluster.json"))
        binaries = find_binaries(bindir=bindir, major=state.major if made else None)
        if not made:
            state = state.changed(major=binaries.major)
            initialise(state, binaries, account)
        if postmaster.running_pid(data) is None:
            state = _start(state, binaries, account, home)
        if not state.provisioned:
            provision(state, host=HOST)
            state = state.changed(provisioned=True)
        write_state(home, state)
        return _cluster(state, started=True)


def status(home: Path) -> Status:
    """What is there and whether it runs; starts nothing."""
    state = read_state(home)
    if state is None:
        return Status()
    data = Path(state.data)
    return Status(data=data, port=state.port, major=state.major, pid=postmaster.running_pid(data))


def running_urls(home: Path) -> DatabaseUrls | None:
    """The doors of a home's cluster when it runs; None when it does not, or was never made. Starts nothing."""
    state = read_state(home)
    if state is None or postmaster.running_pid(Path(state.data)) is None:
        return None
    return _cluster(state, started=False).urls


def _stop(state: State, *, bindir: Path | None) -> bool:
    data = Path(state.data)
    if postmaster.running_pid(data) is None:
        return False
    binaries = find_binaries(bindir=bindir, major=state.major)
    mode = "immediate" if state.throwaway else "fast"
    stopped = _pg_ctl(binaries, server_account(), "stop", "-D", str(data), "-m", mode, "-w", "-t", "120", "-s")
    if stopped.returncode != 0 and postmaster.running_pid(data) is not None:
        raise Unavailable("database-stop-failed", data=str(data))
    return True


def stop(home: Path, *, bindir: Path | None = None) -> bool:
    """Stop the cluster, ending its sessions; True when it ran."""
    state = read_state(home)
    if state is None:
        return False
    with exclusive(_lock(home)):
        return _stop(state, bindir=bindir)


def stop_if_idle(home: Path, *, bindir: Path | None = None) -> bool:
    """Stop the cluster unless another program is connected to it; True when it was stopped."""
    state = read_state(home)
    if state is None or postmaster.running_pid(Path(state.data)) is None:
        return False
    with exclusive(_lock(home)):
        try:
            with superuser_connection(state, host=HOST) as connection:
                row = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                ).fetchone()
        except psycopg.OperationalError:
            return False  # it is stopping already, or it takes no more sessions because it is in use
        if row is None or row[0] != 0:
            return False
        return _stop(state, bindir=bindir)
