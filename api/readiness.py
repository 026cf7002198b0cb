"""Whether the service can answer: the database is there and of the code's own revision."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, text

from geo_core.errors import QorganError
from layers import migrate
from layers.engine import border


def readiness(engine: Engine, *, silence_s: float) -> dict[str, Any]:
    """What ``/ready`` tells; never raises for a database that is away.

    Parameters
    ----------
    silence_s : a worker silent for longer is called away.
    """
    found: dict[str, Any] = {
        "ready": False,
        "database": False,
        "migrated": False,
        "revision": None,
        "head": migrate.head(),
        "worker": {"alive": False, "silent_s": None},
    }
    try:
        with border(), engine.connect() as connection:
            found["database"] = True
            found["revision"] = _revision(connection)
            found["worker"] = _worker(connection, silence_s)
    except QorganError:
        return found
    found["migrated"] = found["revision"] == found["head"]
    found["ready"] = found["migrated"]
    return found


def _revision(connection: Connection) -> str | None:
    may_read = text("SELECT coalesce(has_table_privilege(to_regclass('alembic_version'), 'SELECT'), false)")
    if not connection.execute(may_read).scalar_one():
        return None
    return migrate.current(connection)


def _worker(connection: Connection, silence_s: float) -> dict[str, Any]:
    if connection.execute(text("SELECT to_regclass('procrastinate_workers')")).scalar_one() is None:
        return {"alive": False, "silent_s": None}
    silent = connection.execute(
        text("SELECT extract(epoch FROM now() - max(last_heartbeat))::float8 FROM procrastinate_workers")
    ).scalar_one()
    return {"alive": silent is not None and silent <= silence_s, "silent_s": silent}
