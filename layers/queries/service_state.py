"""What the service itself stands on: the schema's revision, the worker's last sign of life."""

from __future__ import annotations

from sqlalchemy import Connection, text

from layers import migrate


def schema_revision(connection: Connection) -> str | None:
    """The database's revision; None where nothing was migrated, or where we may not see it."""
    may_read = text("SELECT coalesce(has_table_privilege(to_regclass('alembic_version'), 'SELECT'), false)")
    return migrate.current(connection) if connection.execute(may_read).scalar_one() else None


def worker_silent_s(connection: Connection) -> float | None:
    """Seconds since a worker reported itself (it does every 10 s); None = none ever did, or it stopped and signed off."""
    if connection.execute(text("SELECT to_regclass('procrastinate_workers')")).scalar_one() is None:
        return None
    silent = connection.execute(
        text("SELECT extract(epoch FROM now() - max(last_heartbeat))::float8 FROM procrastinate_workers")
    ).scalar_one()
    return None if silent is None else float(silent)
