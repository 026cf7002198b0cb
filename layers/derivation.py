"""Making derived layers: what a derivation is given, how its rows replace the former ones, how it is recorded."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from geo_core.cells import index_points
from geo_core.errors import Unavailable
from layers import copy_binary, staging
from layers.queries.run import mappings
from layers.queries.status import revisions
from layers.spec import Layer
from layers.staging import Rows
from layers.workspaces import WorkspaceInfo

Progress = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class Context:
    """What ``run(context)`` of a derived layer works with.

    Parameters
    ----------
    connection : one transaction of the principal who derives; all or nothing becomes visible.
    changed : input layers whose revision differs from the last time; all of them the first time.
    before : the last report, empty the first time.
    """

    connection: Connection
    workspace: WorkspaceInfo
    layer: Layer
    changed: frozenset[str]
    before: dict[str, Any]
    tell: Progress


def derive(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, *, tell: Progress, afresh: bool = False
) -> dict[str, Any]:
    """Bring one derived layer up to date with its inputs; nothing is done when they did not change.

    Parameters
    ----------
    afresh : forget what was made before and make everything again.

    Returns
    -------
    The derivation's report, with ``skipped`` True when there was nothing to do.
    """
    if layer.derivation is None:
        raise TypeError(f"{layer.id} is not derived")
    # One derivation of a layer at a time; a second one waits here and then finds nothing left to do.
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtext(:name), :ws)"), {"name": f"derive {layer.id}", "ws": workspace.id}
    )
    inputs = revisions(connection, workspace, layer.derivation.depends_on)
    last = mappings(
        connection,
        "SELECT inputs, report FROM derived WHERE workspace_id = %(ws)s AND layer_id = %(layer)s",
        {"ws": workspace.id, "layer": layer.id},
    )
    known = last[0] if last and not afresh else {"inputs": None, "report": {}}
    if known["inputs"] is None:
        changed = frozenset(layer.derivation.depends_on)
    else:
        changed = frozenset(n for n in layer.derivation.depends_on if known["inputs"].get(n, 0) != inputs.get(n, 0))
    if not changed:
        return {**known["report"], "skipped": True}
    module, function = layer.derivation.run.split(":")
    run: Callable[[Context], dict[str, Any]] = getattr(importlib.import_module(module), function)
    report = run(
        Context(
            connection=connection,
            workspace=workspace,
            layer=layer,
            changed=changed,
            before=known["report"],
            tell=tell,
        )
    )
    connection.execute(
        text(
            "INSERT INTO derived (workspace_id, layer_id, inputs, report, made_at) "
            "VALUES (:ws, :layer, cast(:inputs AS jsonb), cast(:report AS jsonb), clock_timestamp()) "
            "ON CONFLICT (workspace_id, layer_id) DO UPDATE SET inputs = excluded.inputs, report = excluded.report, "
            "made_at = excluded.made_at"
        ),
        {"ws": workspace.id, "layer": layer.id, "inputs": json.dumps(inputs), "report": json.dumps(report)},
    )
    return {**report, "skipped": False}


def digest(*parts: Any) -> int:
    """A signed 64-bit hash of plain values, equal on every machine: the ``row_hash`` of a derived row."""
    made = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(made, "big", signed=True)


def replace_rows(context: Context, rows: Rows) -> dict[str, int]:
    """Make the derived layer hold exactly these rows; what is equal is left alone.

    Returns
    -------
    added, changed, removed : numbers of rows.
    """
    connection, layer, ws = context.connection, context.layer, context.workspace.id
    copy_aside(connection, layer, ws, rows)
    names = staging.copied_columns(layer)
    listed = ", ".join(f'"{name}"' for name in names)
    sets = ", ".join(f'"{name}" = s."{name}"' for name in names if name not in {"workspace_id", "id", "source_id"})
    same = "s.source_id = t.source_id"
    removed = connection.exec_driver_sql(
        f"DELETE FROM {layer.table} t WHERE t.workspace_id = {ws} "  # noqa: S608
        f"AND NOT EXISTS (SELECT 1 FROM incoming s WHERE {same})"
    ).rowcount
    changed = connection.exec_driver_sql(
        f"UPDATE {layer.table} t SET {sets}, version = t.version + 1, updated_at = now() FROM incoming s "  # noqa: S608
        f"WHERE {same} AND t.workspace_id = {ws} AND s.row_hash <> t.row_hash"
    ).rowcount
    added = connection.exec_driver_sql(
        f"INSERT INTO {layer.table} ({listed}) SELECT {listed} FROM incoming s "  # noqa: S608
        f"WHERE NOT EXISTS (SELECT 1 FROM {layer.table} t WHERE t.workspace_id = {ws} AND {same})"
    ).rowcount
    connection.exec_driver_sql("DROP TABLE incoming")
    return {"added": added, "changed": changed, "removed": removed}


def copy_aside(connection: Connection, layer: Layer, workspace_id: int, rows: Rows) -> None:
    """COPY rows into the temporary table ``incoming`` of the layer's shape."""
    connection.execute(text("SELECT qorgan_ensure_partition(:t, :ws)"), {"t": layer.table, "ws": workspace_id})
    connection.exec_driver_sql(f"CREATE TEMP TABLE incoming (LIKE {layer.table} INCLUDING DEFAULTS) ON COMMIT DROP")
    listed = ", ".join(f'"{name}"' for name in staging.copied_columns(layer))
    values = staging.encoded(layer, rows, workspace_id=workspace_id, batch_id=0)
    write(connection, f"incoming ({listed})", copy_binary.rows(values))
    connection.exec_driver_sql("CREATE INDEX ON incoming (source_id)")
    connection.exec_driver_sql("ANALYZE incoming")


def write(connection: Connection, target: str, blocks: Iterable[bytes]) -> None:
    """COPY blocks of encoded rows into ``target`` (our own table and column names)."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise Unavailable
    with driver.cursor().copy(f"COPY {target} FROM STDIN (FORMAT binary)".encode()) as copy:
        copy.write(copy_binary.HEADER)
        for block in blocks:
            copy.write(block)
        copy.write(copy_binary.TRAILER)


def derived_rows(
    context: Context,
    *,
    source_id: list[str],
    row_hash: list[int],
    geometry: NDArray[np.object_],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    territory_id: NDArray[np.int32],
    columns: dict[str, pa.Array],
    ids: NDArray[np.int64] | None = None,
) -> Rows:
    """Rows of a derived layer, with fresh ids unless they are given."""
    count = len(source_id)
    if ids is None:
        first = context.connection.execute(text("SELECT qorgan_reserve_ids(:n)"), {"n": count}).scalar_one()
        ids = np.arange(first, first + count, dtype=np.int64)
    return Rows(
        ids=ids,
        source_id=pa.array(source_id, type=pa.string()),
        row_hash=np.array(row_hash, dtype=np.int64),
        lon=lon,
        lat=lat,
        geometry=geometry,
        cell=index_points(lon, lat),
        territory_id=territory_id,
        flags=pa.array([[]] * count, type=pa.list_(pa.string())),
        columns=columns,
    )
