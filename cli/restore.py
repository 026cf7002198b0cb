"""Restore: the backup replaces everything in one transaction, so a fault at any moment leaves the old data whole."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from cli.backup import MAGIC, connection_environment, programs_for, sha256_of
from geo_core.errors import InvalidInput, NotFound, Unavailable

# The extensions and the schema belong to the database's superuser and are there before; the rest is replaced.
_NOT_RESTORED = re.compile(
    r"^\d+; \d+ \d+ (EXTENSION |COMMENT - EXTENSION |SCHEMA - |COMMENT - SCHEMA |ACL - SCHEMA |TABLE DATA public spatial_ref_sys )"
)

# Everything of ours in the schema; members of extensions stay.
_EMPTY = r"""
SET lock_timeout = '15s';
SET client_min_messages = warning;
DO $empty$
DECLARE thing record;
BEGIN
  FOR thing IN
    SELECT format('public.%I', c.relname) AS name, c.relkind FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('DROP %s IF EXISTS %s CASCADE', CASE thing.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
      WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, thing.name);
  END LOOP;
  FOR thing IN  -- sequences of columns went with their tables
    SELECT format('public.%I', c.relname) AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S'
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('DROP SEQUENCE IF EXISTS %s CASCADE', thing.name);
  END LOOP;
  FOR thing IN
    SELECT p.oid::regprocedure AS name, p.prokind FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', thing.name);
  END LOOP;
  FOR thing IN
    SELECT t.oid::regtype AS name FROM pg_type t
    WHERE t.typnamespace = 'public'::regnamespace AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND
      EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')))
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype IN ('e', 'i'))
  LOOP
    EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', thing.name);
  END LOOP;
END $empty$;
"""


def _check_file(path: Path, sha256: str | None) -> None:
    if not path.is_file():
        raise NotFound("file-not-found", path=str(path))
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise InvalidInput("backup-unreadable", path=str(path))
    if sha256 is not None and sha256.lower() != sha256_of(path):
        raise InvalidInput("backup-altered", path=str(path))


def _reason(errors: IO[str]) -> str:
    errors.seek(0)
    lines = [line for line in errors.read().splitlines() if "ERROR" in line or "error" in line or "FATAL" in line]
    return re.sub(r"^psql:[^:]*:\d+: ", "", lines[0]) if lines else ""


def restore(owner_url: str, path: Path, *, sha256: str | None = None, bindir: Path | None = None) -> None:
    """Replace everything in the database by the backup.

    Parameters
    ----------
    owner_url : the role that owns the schema; the extensions must be installed in the database.
    path : a file written by ``backup``.
    sha256 : expected digest in hex, None not to check.

    Raises
    ------
    NotFound : ``file-not-found``. InvalidInput : ``backup-unreadable``, ``backup-altered``.
    Unavailable : ``database-away``; ``restore-failed`` with the reason, the old data being whole.
    """
    _check_file(path, sha256)
    programs = programs_for(owner_url, bindir)
    listing = subprocess.run([programs["pg_restore"], "--list", str(path)], capture_output=True, text=True, check=False)
    if listing.returncode != 0:
        raise InvalidInput("backup-unreadable", path=str(path))
    with (
        tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="qorgan-list-") as wanted,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        wanted.writelines(line + "\n" for line in listing.stdout.splitlines() if not _NOT_RESTORED.match(line))
        wanted.flush()
        read = [programs["pg_restore"], f"--use-list={wanted.name}", "--no-owner", "--file=-", str(path)]
        write = [
            programs["psql"],
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--output=/dev/null",
            "--no-password",
        ]
        with (
            subprocess.Popen(read, stdout=subprocess.PIPE, stderr=errors) as source,
            subprocess.Popen(
                write, stdin=subprocess.PIPE, stderr=errors, env=connection_environment(owner_url)
            ) as sink,
        ):
            done = _pump(source, sink)
        if not done:
            raise Unavailable("restore-failed", path=str(path), reason=_reason(errors))


def _pump(source: subprocess.Popen[bytes], sink: subprocess.Popen[bytes]) -> bool:
    """Send the backup's statements inside one transaction; commit only when the reader came to its end without fault."""
    if source.stdout is None or sink.stdin is None:
        return False
    try:
        sink.stdin.write(b"BEGIN;\n" + _EMPTY.encode())
        shutil.copyfileobj(source.stdout, sink.stdin, 1024 * 1024)
        if source.wait() == 0:
            sink.stdin.write(b"\nCOMMIT;\n")
        # without COMMIT the server undoes everything when the session ends
        sink.stdin.close()
    except BrokenPipeError:
        source.kill()
    return sink.wait() == 0 and source.wait() == 0
