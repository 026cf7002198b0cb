"""Which server process owns a data folder, and clearing up after one that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path


def environment() -> dict[str, str]:
    """What the server's programs need: no PG* variables of the caller, messages in English for the log."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    told = subprocess.run(["/bin/ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
    return told.stdout


def recorded_pid(data: Path) -> int | None:
    """The process id in the server's own pid file, None without one."""
    try:
        return int((data / "postmaster.pid").read_text(encoding="ascii", errors="replace").split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def running_pid(data: Path) -> int | None:
    """The live server of this folder. A recycled process id, or a file left by a killed server, is not one."""
    pid = recorded_pid(data)
    if pid is None:
        return None
    command = _command_of(pid)
    return pid if "postgres" in command and str(data) in command else None


def clear_remains(data: Path) -> None:
    """Make a folder startable whose server was killed: nobody of its processes left, no misleading pid file.

    Its children notice the death of their server only when they next wait for something; a long query keeps the
    shared memory busy until then, and a new server refuses to start.
    """
    for process in Path("/proc").glob("[0-9]*"):
        try:
            belongs = (process / "comm").read_text(encoding="utf-8").startswith("postgres") and (
                process / "cwd"
            ).readlink() == data
        except OSError:
            continue
        if belongs:
            try:
                os.kill(int(process.name), signal.SIGKILL)
            except ProcessLookupError:
                continue
    deadline = time.monotonic() + 5
    while _left(data) and time.monotonic() < deadline:
        time.sleep(0.05)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _left(data: Path) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == data:
                return True
        except OSError:
            continue
    return False
