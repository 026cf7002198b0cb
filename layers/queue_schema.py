"""The tables of the job queue (procrastinate) in our database: made once, brought along when its version grows."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

_MARK = "procrastinate "


def _as_tuple(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", number)[:3])


def ensure(connection: Connection) -> None:
    """Create or upgrade the queue's tables and let the application use them.

    The version applied is kept as the comment of ``procrastinate_jobs``: migrations of the library that are newer
    are applied in their order.
    """
    installed = version("procrastinate")
    exists = connection.execute(text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")).scalar_one()
    cursor = connection.connection.driver_connection
    if cursor is None:
        raise RuntimeError("no driver connection")
    if not exists:
        cursor.execute(SchemaManager.get_schema())
    else:
        comment = connection.execute(text("SELECT obj_description('procrastinate_jobs'::regclass)")).scalar_one() or ""
        applied = _as_tuple(comment.removeprefix(_MARK))
        for file in sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql")):
            if _as_tuple(file.name.split("_")[0]) > applied:
                cursor.execute(file.read_text(encoding="utf-8"))
    connection.exec_driver_sql(f"COMMENT ON TABLE procrastinate_jobs IS '{_MARK}{installed}'")
    for kind in ("TABLES", "SEQUENCES"):
        names = connection.execute(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = current_schema() AND c.relname LIKE 'procrastinate%' AND c.relkind = ANY(:kinds)"
            ),
            {"kinds": ["r"] if kind == "TABLES" else ["S"]},
        ).scalars()
        for name in names:
            rights = "SELECT, INSERT, UPDATE, DELETE" if kind == "TABLES" else "USAGE, SELECT"
            connection.exec_driver_sql(
                f'GRANT {rights} ON {"" if kind == "TABLES" else "SEQUENCE "}"{name}" TO qorgan_app'
            )
