"""What is remembered of the cluster: where it is, its port and the passwords made for it. One file, mode 0600."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

from geo_core.errors import Unavailable

SUPERUSER = "postgres"
OWNER = "qorgan_owner"
APP = "qorgan_app"
LOADER = "qorgan_loader"
DATABASE = "qorgan"
HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class State:
    """The remembered facts.

    Parameters
    ----------
    data : the cluster's folder.
    major : PostgreSQL's major version the data were made with.
    port : last port on loopback; another is taken when somebody sits on it.
    passwords : by role.
    provisioned : whether roles, database and extensions are there.
    throwaway : a cluster for tests, that may lose its data when the machine stops.
    """

    data: str
    major: int
    port: int
    passwords: dict[str, str] = field(repr=False)
    provisioned: bool = False
    throwaway: bool = False

    def changed(self, **changes: object) -> Self:
        return replace(self, **changes)  # type: ignore[arg-type]


def new_passwords() -> dict[str, str]:
    """A random password for each role."""
    return {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, APP, LOADER)}


def state_file(home: Path) -> Path:
    """Where the state of a home lies."""
    return home / "cluster.json"


def read_state(home: Path) -> State | None:
    """The remembered state, None when nothing was made yet.

    Raises
    ------
    Unavailable : ``cluster-file-unreadable`` when the file is somebody else's or damaged.
    """
    path = state_file(home)
    try:
        return State(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as fault:
        raise Unavailable("cluster-file-unreadable", path=str(path)) from fault


def write_state(home: Path, state: State) -> None:
    """Replace the file in one step, so that a kill at any moment leaves the old or the new one."""
    path = state_file(home)
    beside = path.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(state), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


@contextmanager
def exclusive(path: Path, *, wait_s: float = 120.0) -> Iterator[None]:
    """Hold the lock file: only one start, stop or creation at a time. The kernel frees it when the holder dies.

    Raises
    ------
    Unavailable : ``cluster-busy`` when another holds it for longer than ``wait_s``.
    """
    with path.open("a", encoding="utf-8") as file:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as held:
                if time.monotonic() > deadline:
                    raise Unavailable("cluster-busy", lock=str(path)) from held
                time.sleep(0.05)
        yield
