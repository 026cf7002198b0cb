"""Servers as processes: started in groups of their own, found again by name, stopped with all their children."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

STOP_WAIT_S = 15.0


@dataclass(frozen=True, kw_only=True)
class Record:
    """A started process as its file remembers it.

    Parameters
    ----------
    name : ours, for example ``web`` or ``worker``.
    pid : process id, also the id of its group.
    born : start time as the kernel counts it: a recycled process id has another.
    port : where it listens, None when it does not.
    ready : whether it announced that it serves.
    """

    name: str
    pid: int
    born: str
    port: int | None = None
    ready: bool = False


def run_folder(home: Path) -> Path:
    """Where the files of running processes lie."""
    return home / "run"


def log_file(home: Path, name: str) -> Path:
    """The log of a server."""
    return home / "log" / f"{name}.log"


def born(pid: int) -> str | None:
    """The kernel's start time of a live process, None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return None
        told = subprocess.run(["/bin/ps", "-p", str(pid), "-o", "lstart="], capture_output=True, text=True, check=False)
        return told.stdout.strip() or None
    except (OSError, IndexError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def write_record(home: Path, record: Record) -> None:
    """Remember a process; the file is replaced in one step."""
    folder = run_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f"{record.name}.new"
    beside.write_text(json.dumps(asdict(record)), encoding="utf-8")
    beside.replace(folder / f"{record.name}.json")


def read_record(home: Path, name: str) -> Record | None:
    """The remembered process if it still lives; the file of a dead one is removed."""
    path = run_folder(home) / f"{name}.json"
    try:
        record = Record(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    if born(record.pid) != record.born:
        path.unlink(missing_ok=True)
        return None
    return record


def forget(home: Path, name: str) -> None:
    """Remove a process's file."""
    (run_folder(home) / f"{name}.json").unlink(missing_ok=True)


def records(home: Path) -> list[Record]:
    """Every remembered process that lives, by name."""
    names = sorted(path.stem for path in run_folder(home).glob("*.json"))
    return [record for name in names if (record := read_record(home, name)) is not None]


def spawn(
    arguments: Sequence[str], *, environment: Mapping[str, str | None], log: Path, cwd: Path, dies_with_us: bool = True
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own: a Ctrl-C in the terminal reaches only us, and we stop it in order.

    Parameters
    ----------
    environment : added to ours; None takes a variable away.
    log : appended to.
    dies_with_us : the kernel asks it to end when we are killed, so that no orphan is left (Linux).
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    setpriv = shutil.which("setpriv") if dies_with_us else None
    merged = {**os.environ, **environment}
    prefix = [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
    with log.open("ab") as output:
        return subprocess.Popen(
            [*prefix, *arguments],
            cwd=cwd,
            env={name: value for name, value in merged.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def signal_group(pid: int, number: int) -> None:
    """Send a signal to a process and all of its group; nothing when it is gone."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def group_lives(pid: int) -> bool:
    """Whether any process of the group is left."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def stop_group(pid: int, *, wait_s: float = STOP_WAIT_S) -> None:
    """Ask the group to end, wait, and kill what is left of it."""
    signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + wait_s
    while born(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    if group_lives(pid):
        signal_group(pid, signal.SIGKILL)


def last_lines(log: Path, *, count: int = 15) -> str:
    """The end of a log, for telling why a server ended."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            return "\n".join(file.read().decode("utf-8", errors="replace").splitlines()[-count:])
    except OSError:
        return ""
