"""Alembic's entry: every table of Qorgan, layer partitions left out, layer tables protected as they are created."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.operations import ops
from sqlalchemy import Connection

from layers import registry, tables
from layers.migrations_filter import include_name, include_object
from layers.rows import Base


def protect_layers(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Add row-level security, grants and revision triggers to every layer table a migration creates."""
    records = {layer.table: layer for layer in registry.load().values()}
    for script in directives:
        created = [
            op.table_name
            for op in script.upgrade_ops.ops
            if isinstance(op, ops.CreateTableOp) and op.table_name in records
        ]
        for table in created:
            rank = records[table].records_role.rank
            derived = "" if records[table].derivation is None else ", true"
            script.upgrade_ops.ops.append(ops.ExecuteSQLOp(f"SELECT qorgan_protect_layer('{table}', {rank}{derived})"))


def run(connection: Connection) -> None:
    registry.load()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=include_name,
        include_object=include_object,
        process_revision_directives=protect_layers,
        compare_type=True,
        compare_server_default=False,
        user_module_prefix="geoalchemy2.types.",
    )
    with context.begin_transaction():
        context.run_migrations()


__all__ = ["tables"]

run(context.config.attributes["connection"])
