"""Which PostgreSQL of this machine can serve: one that has PostGIS, and the version the data were made with."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from geo_core.errors import Unavailable

# Debian and Ubuntu, PGDG on Fedora, Homebrew on Apple silicon and Intel
_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
OLDEST_MAJOR = 14  # what the oldest supported distribution carries


@dataclass(frozen=True, order=True)
class Binaries:
    """One installed PostgreSQL server."""

    major: int
    bindir: Path

    def __getitem__(self, program: str) -> str:
        return str(self.bindir / program)


def _inspect(bindir: Path) -> tuple[Binaries, bool] | None:
    """The server in a folder and whether PostGIS is installed for it; None when there is no server."""
    if not all((bindir / name).exists() for name in ("initdb", "postgres", "pg_ctl", "pg_config")):
        # Debian splits pg_config away on some releases; the share folder then follows the version
        if not all((bindir / name).exists() for name in ("initdb", "postgres", "pg_ctl")):
            return None
        share = Path("/usr/share/postgresql") / bindir.parent.name
    else:
        told = subprocess.run([bindir / "pg_config", "--sharedir"], capture_output=True, text=True, check=False)
        share = Path(told.stdout.strip())
    told = subprocess.run([bindir / "postgres", "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"\b(\d+)(?:\.|\s|$|beta|rc)", told.stdout)
    if version is None:
        return None
    return Binaries(int(version[1]), bindir), (share / "extension" / "postgis.control").exists()


def candidates(bindir: Path | None = None) -> list[tuple[Binaries, bool]]:
    """Every installed server with whether it has PostGIS, newest first; only ``bindir`` when that is given."""
    if bindir is not None:
        folders = [bindir]
    else:
        folders = [folder for pattern in _PLACES for folder in Path("/").glob(pattern.removeprefix("/"))]
        on_path = shutil.which("initdb")
        if on_path is not None:
            folders.append(Path(on_path).resolve().parent)
    found = [seen for folder in dict.fromkeys(folders) if (seen := _inspect(folder)) is not None]
    return sorted(found, reverse=True)


def find_binaries(*, bindir: Path | None = None, major: int | None = None) -> Binaries:
    """The newest server with PostGIS, or the one of version ``major`` when data of that version exist.

    Raises
    ------
    Unavailable : ``postgresql-missing``, ``postgis-missing`` or ``postgresql-version-missing``.
    """
    seen = candidates(bindir)
    if not seen:
        raise Unavailable("postgresql-missing")
    usable = [binaries for binaries, has_postgis in seen if has_postgis and binaries.major >= OLDEST_MAJOR]
    if not usable:
        raise Unavailable("postgis-missing", found=", ".join(str(binaries.major) for binaries, _ in seen))
    if major is None:
        return usable[0]
    for binaries in usable:
        if binaries.major == major:
            return binaries
    raise Unavailable("postgresql-version-missing", needed=major, found=", ".join(str(b.major) for b in usable))
