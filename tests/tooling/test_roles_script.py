from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
import pytest

from cli.cluster import ensure_started, server
from cli.cluster.binaries import find_binaries
from cli.cluster.state import APP, HOST, LOADER, OWNER, SUPERUSER, read_state
from tests.fixtures.database import temporary_home

pytestmark = pytest.mark.database
ROOT = Path(__file__).resolve().parents[2]
ROLES = """
SELECT rolname::text, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls
  FROM pg_roles WHERE rolname LIKE 'qorgan%' ORDER BY 1
"""
DATABASE = """
SELECT pg_get_userbyid(datdba)::text, datacl::text, (SELECT nspowner::regrole::text || nspacl::text FROM pg_namespace
       WHERE nspname = 'public'), (SELECT array_agg(extname::text ORDER BY 1) FROM pg_extension)
  FROM pg_database WHERE datname = 'qorgan'
"""


def look(port: int, password: str) -> tuple[object, object]:
    with psycopg.connect(host=HOST, port=port, user=SUPERUSER, password=password, dbname="qorgan") as connection:
        return connection.execute(ROLES).fetchall(), connection.execute(DATABASE).fetchall()


def test_the_script_for_a_real_server_makes_what_the_private_cluster_has(monkeypatch: pytest.MonkeyPatch) -> None:
    with temporary_home("-roles") as home:
        with monkeypatch.context() as patched:
            patched.setattr(server, "provision", lambda *_, **__: None)
            cluster = ensure_started(home, throwaway=True)
        state = read_state(home)
        assert state is not None
        superuser = state.passwords[SUPERUSER]
        environment = {
            "PATH": f"{find_binaries().bindir}:{os.environ['PATH']}",
            "PGHOST": HOST,
            "PGPORT": str(cluster.port),
            "PGUSER": SUPERUSER,
            "PGPASSWORD": superuser,
        } | {f"QORGAN_{role.removeprefix('qorgan_').upper()}_PASSWORD": f"pw-{role}" for role in (OWNER, APP, LOADER)}
        told = subprocess.run(
            ["bash", ROOT / "deploy/db/10-roles.sh"], env=environment, capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stderr
        made = look(cluster.port, superuser)
        for role in (APP, OWNER, LOADER):
            with psycopg.connect(host=HOST, port=cluster.port, user=role, password=f"pw-{role}", dbname="qorgan"):
                pass
    with temporary_home("-private") as home:
        cluster = ensure_started(home, throwaway=True)
        state = read_state(home)
        assert state is not None
        assert made == look(cluster.port, state.passwords[SUPERUSER])
