"""Making the data folder of a new cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from cli.cluster.binaries import Binaries
from cli.cluster.place import FALLBACK_OF_ROOT, Account
from cli.cluster.postmaster import environment
from cli.cluster.state import SUPERUSER, State
from geo_core.errors import Unavailable

NEEDED_MIB = 300  # a new cluster with PostGIS takes about 70 MiB; its log files and first rows the rest


def own(path: Path, account: Account) -> None:
    """Hand a file or folder to the account that runs the server."""
    if account.name is not None:
        os.chown(path, account.uid, account.gid)


def write_owned(path: Path, text: str, account: Account) -> None:
    """Write a file that only the server's account can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    own(path, account)


def refuse_when_disk_is_full(folder: Path, *, needed_mib: int = NEEDED_MIB) -> None:
    """Raise ``disk-full`` before anything is written, rather than break in the middle."""
    free_mib = shutil.disk_usage(folder).free // 1024**2
    if free_mib < needed_mib:
        raise Unavailable("disk-full", folder=str(folder), free_mb=free_mib, needed_mb=needed_mib)


def best_locale() -> str:
    """C.UTF-8 where the system has it (bytewise order, full Unicode), otherwise C; lists for people use ICU."""
    program = shutil.which("locale")
    if program is None:
        return "C"
    told = subprocess.run([program, "-a"], capture_output=True, text=True, check=False)
    names = {line.strip().lower().replace("-", "") for line in told.stdout.splitlines()}
    return "C.UTF-8" if "c.utf8" in names else "C"


def initialise(state: State, binaries: Binaries, account: Account) -> None:
    """Run initdb beside the final folder and move it there whole: a kill in between leaves nothing half made.

    Raises
    ------
    Unavailable : ``disk-full`` or ``database-init-failed`` with the program's last line.
    """
    data = Path(state.data)
    data.parent.mkdir(parents=True, exist_ok=True)
    if data.is_relative_to(FALLBACK_OF_ROOT):
        for folder in (FALLBACK_OF_ROOT, data.parent):
            folder.chmod(0o711)
    refuse_when_disk_is_full(data.parent)
    unfinished, password_file = data.with_name("pg.new"), data.with_name("pg.password")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    own(unfinished, account)
    write_owned(password_file, state.passwords[SUPERUSER], account)
    try:
        told = subprocess.run(
            [
                binaries["initdb"],
                f"--pgdata={unfinished}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                f"--locale={best_locale()}",
                "--data-checksums",
                *(["--no-sync"] if state.throwaway else []),
            ],
            capture_output=True,
            text=True,
            check=False,
            env=environment(),
            **account.subprocess_options(),
        )
    finally:
        password_file.unlink(missing_ok=True)
    if told.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        reason = (told.stderr.strip() or f"exit {told.returncode}").splitlines()[-1]
        raise Unavailable("database-init-failed", folder=str(data), reason=reason)
    unfinished.rename(data)
