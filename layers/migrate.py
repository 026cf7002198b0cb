"""Migrations up and down, and whether models and database agree."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from geo_core.errors import InvalidInput
from layers import queue_schema, registry, tables
from layers.identity import admit_derivations
from layers.migrations_filter import include_name, include_object
from layers.rows import Base

FOLDER = Path(__file__).parent / "migrations"
__all__ = ["current", "downgrade", "drift", "head", "new_revision", "tables", "upgrade"]


def _config(connection: Connection | None, versions: Path | None = None) -> Config:
    """``versions`` : a second folder of migrations, beside our own."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    if versions is not None:
        config.set_main_option("version_locations", os.pathsep.join([str(FOLDER / "versions"), str(versions)]))
    config.attributes["connection"] = connection
    return config


def upgrade(owner_url: str, *, revision: str = "head", versions: Path | None = None) -> None:
    """Bring the database to ``revision``, and the job queue's own tables with it; safe to repeat."""
    engine = create_engine(owner_url, hide_parameters=True)
    try:
        with engine.begin() as connection:
            # One migration at a time, however many processes start at once.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(716253)")
            command.upgrade(_config(connection, versions), revision)
            # The service must be able to tell whether the database is of its own revision.
            connection.exec_driver_sql("GRANT SELECT ON alembic_version TO qorgan_app")
            queue_schema.ensure(connection)
            if revision == "head":
                # Workspaces of a restored backup may be older than derivations of their own.
                admit_derivations(connection)
    finally:
        engine.dispose()


def downgrade(owner_url: str, *, revision: str, versions: Path | None = None) -> None:
    """Take the database back to ``revision`` ("base" empties it)."""
    engine = create_engine(owner_url, hide_parameters=True)
    try:
        with engine.begin() as connection:
            command.downgrade(_config(connection, versions), revision)
    finally:
        engine.dispose()


def head(versions: Path | None = None) -> str | None:
    """The newest revision in the code."""
    return ScriptDirectory.from_config(_config(None, versions)).get_current_head()


def current(connection: Connection) -> str | None:
    """The revision the database is at."""
    return MigrationContext.configure(connection).get_current_revision()


def drift(connection: Connection) -> list[Any]:
    """Differences between the models and the database; empty when there are none."""
    registry.load()
    context = MigrationContext.configure(
        connection,
        opts={"include_name": include_name, "include_object": include_object, "compare_type": True},
    )
    return list(compare_metadata(context, Base.metadata))


def new_revision(owner_url: str, message: str, *, revision_id: str | None = None, versions: Path | None = None) -> Path:
    """Write the migration that brings the database, which must be at the newest revision, to the models.

    Parameters
    ----------
    revision_id : four digits; the next number by default.
    versions : a folder other than our own, for a layer that lives elsewhere; give it to upgrade and downgrade too.

    Returns
    -------
    The path of the file; read it before it is committed.

    Raises
    ------
    InvalidInput : ``nothing-to-migrate``: models and database agree.
    """
    # The newest need not have the highest number: what was made side by side is put in line afterwards.
    taken = [int(script.revision) for script in ScriptDirectory.from_config(_config(None, versions)).walk_revisions()]
    number = revision_id or f"{max(taken, default=0) + 1:04d}"
    engine = create_engine(owner_url, hide_parameters=True)
    try:
        with engine.begin() as connection:
            if not drift(connection):
                raise InvalidInput("nothing-to-migrate")
            made = command.revision(
                _config(connection, versions),
                message=message,
                autogenerate=True,
                rev_id=number,
                version_path=str(versions) if versions else None,
            )
    finally:
        engine.dispose()
    script = made[0] if isinstance(made, list) else made
    if script is None:
        raise RuntimeError("alembic wrote no migration")
    return Path(script.path)
