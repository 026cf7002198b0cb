"""Batches: one per import, with provenance; listed, finished, undone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from geo_core.errors import Conflict, Forbidden, NotFound
from layers import registry
from layers.history import changed_since, restore
from layers.identity import audit, require, territories
from layers.originals import forget_batch
from layers.quarantine import unmend
from layers.spec import Role
from layers.workspaces import WorkspaceInfo


@dataclass(frozen=True, kw_only=True)
class BatchStart:
    """What is known of a batch before its first row."""

    layer_id: str
    source_name: str
    sha256: str
    size_bytes: int
    licence: str
    attribution: str
    is_synthetic: bool
    mapping: Mapping[str, Any]
    retrieved_at: datetime | None = None


def start(connection: Connection, workspace: WorkspaceInfo, given: BatchStart) -> int:
    """Record a batch as loading; its id."""
    return int(
        connection.execute(
            text(
                "INSERT INTO batch (workspace_id, layer_id, state, principal_id, source_name, sha256, size_bytes, licence, "
                "attribution, retrieved_at, is_synthetic, mapping) VALUES (:ws, :layer, 'loading', qorgan_principal(), :name, "
                ":sha, :size, :licence, :attribution, :retrieved, :synthetic, cast(:mapping AS jsonb)) RETURNING id"
            ),
            {
                "ws": workspace.id,
                "layer": given.layer_id,
                "name": given.source_name,
                "sha": given.sha256,
                "size": given.size_bytes,
                "licence": given.licence,
                "attribution": given.attribution,
                "retrieved": given.retrieved_at,
                "synthetic": given.is_synthetic,
                "mapping": json.dumps(dict(given.mapping)),
            },
        ).scalar_one()
    )


def note_file(connection: Connection, batch_id: int, *, sha256: str) -> None:
    """Write which file a batch that is loading is of, so that it can be gone on with."""
    connection.execute(text("UPDATE batch SET sha256 = :sha WHERE id = :id"), {"sha": sha256, "id": batch_id})


def reopen(connection: Connection, batch_id: int) -> None:
    """Take up a batch that was cut off."""
    connection.execute(
        text(
            "UPDATE batch SET state = 'loading', finished_at = NULL, report = '{}' "
            "WHERE id = :id AND state IN ('loading', 'failed')"
        ),
        {"id": batch_id},
    )


def finish(
    connection: Connection,
    batch_id: int,
    *,
    report: Mapping[str, Any],
    period: tuple[date, date] | None,
    sha256: str,
    size_bytes: int,
) -> None:
    """Mark a batch loaded, with its report."""
    connection.execute(
        text(
            "UPDATE batch SET state = 'loaded', finished_at = clock_timestamp(), report = cast(:report AS jsonb), "
            "day_from = :from, day_to = :to, sha256 = :sha, size_bytes = :size WHERE id = :id"
        ),
        {
            "id": batch_id,
            "report": json.dumps(dict(report)),
            "from": period[0] if period else None,
            "to": period[1] if period else None,
            "sha": sha256,
            "size": size_bytes,
        },
    )


def fail(connection: Connection, batch_id: int, *, error: Mapping[str, Any]) -> None:
    """Mark a batch failed: nothing of it was stored."""
    connection.execute(
        text(
            "UPDATE batch SET state = 'failed', finished_at = clock_timestamp(), report = cast(:report AS jsonb) WHERE id = :id"
        ),
        {"id": batch_id, "report": json.dumps({"error": dict(error)})},
    )


def keep_rejected(connection: Connection, workspace: WorkspaceInfo, batch_id: int, rejected: Sequence[Any]) -> None:
    """Keep rejected rows with all their reasons, to be seen and mended."""
    if not rejected:
        return
    rows = [
        {
            "batch": batch_id,
            "number": row.row_number,
            "ws": workspace.id,
            "raw": json.dumps(row.raw, default=str).replace("\\u0000", ""),
            "reasons": json.dumps([list(reason) for reason in row.reasons], default=str).replace("\\u0000", ""),
        }
        for row in rejected
    ]
    connection.execute(
        text(
            "INSERT INTO rejected_row (batch_id, row_number, workspace_id, raw, reasons) "
            "VALUES (:batch, :number, :ws, cast(:raw AS jsonb), cast(:reasons AS jsonb)) ON CONFLICT DO NOTHING"
        ),
        rows,
    )


_LIST = (
    "SELECT id, layer_id, state, source_name, sha256, size_bytes, licence, attribution, is_synthetic, report, "
    "day_from, day_to, started_at, finished_at FROM batch WHERE workspace_id = :ws "
)


def listed(connection: Connection, workspace: WorkspaceInfo, *, layer_id: str | None = None) -> list[dict[str, Any]]:
    """Batches of a workspace, newest first."""
    statement = _LIST + ("AND layer_id = :layer " if layer_id else "") + "ORDER BY id DESC"
    found = connection.execute(text(statement), {"ws": workspace.id, "layer": layer_id})
    return [dict(row) for row in found.mappings()]


def one(connection: Connection, workspace: WorkspaceInfo, batch_id: int) -> dict[str, Any]:
    """One batch.

    Raises
    ------
    NotFound
    """
    row = connection.execute(text(_LIST + "AND id = :id"), {"ws": workspace.id, "id": batch_id}).mappings().first()
    if row is None:
        raise NotFound("unknown-batch", batch=batch_id)
    return dict(row)


def rejected(connection: Connection, batch_id: int, *, after: int = 0, limit: int = 200) -> list[dict[str, Any]]:
    """Rejected rows of a batch by row number, after a given one."""
    found = connection.execute(
        text(
            "SELECT row_number, raw, reasons FROM rejected_row WHERE batch_id = :id AND row_number > :after "
            "ORDER BY row_number LIMIT :limit"
        ),
        {"id": batch_id, "after": after, "limit": limit},
    )
    return [dict(row) for row in found.mappings()]


def undo(connection: Connection, workspace: WorkspaceInfo, batch_id: int) -> dict[str, int]:
    """Take a batch back: rows it added go, rows it changed are as before it. One transaction.

    Returns
    -------
    removed, restored : numbers of rows.

    Raises
    ------
    NotFound : no such batch.
    Conflict : it is not loaded, or a later batch or edit changed rows of it, which are still changed (``later`` = how many).
    Forbidden : ``undo-not-yours``: somebody else's, and the principal does not administer the whole workspace;
        ``undo-outside-your-territory``: it has rows where the principal is not an editor. It goes as a whole or not at all.
    """
    require(connection, workspace.id, Role.EDITOR)
    batch = one(connection, workspace, batch_id)
    if not _is_changeable(connection, batch_id):
        raise Forbidden("undo-not-yours", batch=batch_id)
    if batch["state"] != "loaded":
        raise Conflict("batch-not-loaded", batch=batch_id, state=batch["state"])
    layer = registry.load()[batch["layer_id"]]
    key = {"ws": workspace.id, "layer": layer.id, "batch": batch_id}
    touched = connection.execute(
        text("SELECT qorgan_batch_territories(:table, :ws, :batch)"), {**key, "table": layer.table}
    ).scalar_one()
    if not set(touched) <= territories(connection, Role.EDITOR):
        raise Forbidden("undo-outside-your-territory", batch=batch_id)
    later = changed_since(connection, layer, workspace.id, batch_id)
    if later:
        raise Conflict("batch-changed-since", batch=batch_id, later=later)
    restored = restore(connection, layer, workspace.id, batch_id)
    removed = connection.execute(
        text(f"DELETE FROM {layer.table} WHERE workspace_id = :ws AND batch_id = :batch"),  # noqa: S608
        key,
    ).rowcount
    unmend(connection, batch_id)
    forget_batch(connection, batch_id)
    connection.execute(
        text("UPDATE batch SET state = 'undone', finished_at = clock_timestamp() WHERE id = :batch"), key
    )
    audit(
        connection,
        "undo",
        workspace_id=workspace.id,
        layer_id=layer.id,
        batch=batch_id,
        removed=removed,
        restored=restored,
    )
    return {"removed": int(removed), "restored": restored}


def _is_changeable(connection: Connection, batch_id: int) -> bool:
    """Whether the policies let the running principal change the batch's own row: asked first, so that nothing is half done."""
    found = connection.execute(text("SELECT id FROM batch WHERE id = :id FOR UPDATE"), {"id": batch_id}).first()
    return found is not None
