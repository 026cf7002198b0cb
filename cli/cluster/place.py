"""Where the data lie and as whom the server runs.

PostgreSQL refuses to run as root. Started by root, it runs as the system's ``postgres`` user, which must be able to
enter every folder above the data. Where it cannot (a checkout under a closed home folder), the data go to the stated
fallback place: ``/var/lib/qorgan/<hash of the home>`` for root, ``$XDG_DATA_HOME/qorgan/<hash>`` (usually
``~/.local/share``) for anybody else, whose file system under the checkout does not keep owners or modes (some network
and foreign file systems). Temporary folders are no fallback: they are swept by age on some distributions.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo_core.errors import Unavailable

SYSTEM_USER = "postgres"
FALLBACK_OF_ROOT = Path("/var/lib/qorgan")


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whom the server runs as; ``name`` is None for the caller itself."""

    name: str | None
    uid: int
    gid: int

    def subprocess_options(self) -> dict[str, Any]:
        """Arguments of ``subprocess`` that drop root's rights; nothing for an ordinary user."""
        options: dict[str, Any] = {"cwd": "/"}
        if self.name is not None:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options


def server_account() -> Account:
    """The caller, or the system's ``postgres`` user when the caller is root.

    Raises
    ------
    Unavailable : ``postgres-user-missing`` when root has no such user to hand the server to.
    """
    if os.geteuid() != 0:
        return Account(name=None, uid=os.geteuid(), gid=os.getegid())
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError as absent:
        raise Unavailable("postgres-user-missing", user=SYSTEM_USER) from absent
    return Account(name=SYSTEM_USER, uid=entry.pw_uid, gid=entry.pw_gid)


def can_enter(folder: Path, account: Account) -> bool:
    """Whether the account may pass through ``folder`` and everything above it, asked of the kernel."""
    test = shutil.which("test") or "/usr/bin/test"
    return (
        subprocess.run([test, "-x", str(folder)], check=False, **account.subprocess_options()).returncode == 0
        if account.name is not None
        else os.access(folder, os.X_OK)
    )


def keeps_modes(folder: Path) -> bool:
    """Whether the file system under ``folder`` keeps a mode of 0700, which PostgreSQL insists on."""
    probe = folder / f".mode-{os.getpid()}"
    try:
        probe.mkdir(mode=0o700)
        probe.chmod(0o700)
        kept = (probe.stat().st_mode & 0o777) == 0o700 and probe.stat().st_uid == os.geteuid()
    except OSError:
        return False
    finally:
        if probe.exists():
            probe.rmdir()
    return kept


def fallback_folder(home: Path) -> Path:
    """The stated place for the data when the home cannot hold them; one per home, by a hash of its path."""
    name = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    if os.geteuid() == 0:
        return FALLBACK_OF_ROOT / name
    data_home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data_home) / "qorgan" / name


def data_folder(home: Path, account: Account) -> Path:
    """The folder of the cluster for a home that exists: ``home/pg``, or the fallback's."""
    if can_enter(home, account) and keeps_modes(home):
        return home / "pg"
    return fallback_folder(home) / "pg"


def prepare_home(home: Path, account: Account) -> None:
    """Make the home: closed to others, except for passing through when another account runs the server.

    Raises
    ------
    Unavailable : ``home-not-writable``.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        if home.stat().st_uid == os.geteuid():
            home.chmod(0o711 if account.name is not None else 0o700)
        if not os.access(home, os.W_OK | os.X_OK):
            raise PermissionError(home)
    except OSError as refused:
        raise Unavailable("home-not-writable", home=str(home)) from refused
