"""Free ports, and who sits on a taken one."""

from __future__ import annotations

import random
import re
import socket
from pathlib import Path

# Below the range systems hand to outgoing connections (32768 and up), so that the saved port stays ours.
_RANGE = range(21000, 29000)
NEVER = 5432  # the default of other clusters


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on; another process may still take it before we do, so starting is retried."""
    chooser = random.SystemRandom()
    for _ in range(200):
        port = chooser.choice(_RANGE)
        if port != NEVER and is_free(port, host):
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if columns[3] == "0A" and int(columns[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(columns[9])
    return inodes


def listener(port: int) -> str | None:
    """Name and process id of who listens on the port, as ``nginx (812)``; None when the system does not tell."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            for handle in (process / "fd").iterdir():
                found = re.fullmatch(r"socket:\[(\d+)\]", str(handle.readlink()))
                if found and found[1] in inodes:
                    return f"{(process / 'comm').read_text(encoding='utf-8').strip()} ({process.name})"
        except OSError:
            continue
    return None
