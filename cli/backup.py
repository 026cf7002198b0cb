"""Backup to one file and restore from it, with PostgreSQL's own programs of the server's version."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from cli.cluster.binaries import Binaries, candidates
from cli.cluster.urls import libpq_url
from geo_core.errors import Conflict, Unavailable

MAGIC = b"PGDMP"  # first bytes of pg_dump's custom format


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A written backup: its file, size in bytes and SHA-256 in hex."""

    path: Path
    size: int
    sha256: str


def programs_for(url: str, bindir: Path | None) -> Binaries:
    """Programs at least as new as the server, the nearest version first: an older pg_dump refuses."""
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=10) as connection:
            server = connection.info.server_version // 10000
    except psycopg.OperationalError as away:
        raise Unavailable("database-away") from away
    usable = sorted(b for b, _ in candidates(bindir) if b.major >= server and Path(b["pg_dump"]).exists())
    if not usable:
        raise Unavailable(
            "postgresql-version-missing", needed=server, found=", ".join(str(b.major) for b, _ in candidates(bindir))
        )
    return usable[0]


def connection_environment(url: str) -> dict[str, str]:
    """Connection by environment variables: a password among the arguments would stand in the process list."""
    parts = urlsplit(libpq_url(url))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return environment | {
        "PGHOST": parts.hostname or "127.0.0.1",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
        "LC_ALL": "C",
    }


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fault(told: subprocess.CompletedProcess[str]) -> str:
    lines = told.stderr.strip().splitlines()
    return lines[0] if lines else f"exit {told.returncode}"


def backup(owner_url: str, path: Path, *, bindir: Path | None = None) -> Backup:
    """Write all data and the schema to ``path``; a broken backup leaves no file under that name.

    Raises
    ------
    Conflict : ``file-exists``.
    Unavailable : ``database-away``, ``backup-failed`` with the program's reason.
    """
    if path.exists():
        raise Conflict("file-exists", path=str(path))
    programs = programs_for(owner_url, bindir)
    unfinished = path.with_name(path.name + ".part")
    told = subprocess.run(
        [programs["pg_dump"], "--format=custom", "--no-password", f"--file={unfinished}"],
        env=connection_environment(owner_url),
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode != 0:
        unfinished.unlink(missing_ok=True)
        raise Unavailable("backup-failed", path=str(path), reason=_fault(told))
    unfinished.chmod(0o600)
    unfinished.rename(path)
    return Backup(path=path, size=path.stat().st_size, sha256=sha256_of(path))
