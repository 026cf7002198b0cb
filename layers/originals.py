"""What pseudonyms stand for: kept only where an administrator's mapping says so, read only by administrators, every reading audited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, text

from geo_core.errors import Forbidden, NotFound
from layers.identity import Principal, audit, transaction
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo, find


def administers_whole(connection: Connection, workspace_id: int) -> bool:
    """Whether the running principal administers the whole workspace."""
    held = connection.execute(text("SELECT :ws = ANY (qorgan_whole_workspaces(4))"), {"ws": workspace_id})
    return bool(held.scalar_one())


def keep_originals(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    batch_id: int,
    originals: Mapping[tuple[str, str], str],
) -> None:
    """Keep values behind pseudonyms, (target, pseudonym) → value; what is kept already stays."""
    if not originals:
        return
    connection.execute(
        text(
            "INSERT INTO identity_original (workspace_id, layer_id, target, pseudonym, original, batch_id) "
            "SELECT :ws, :layer, t.target, t.pseudonym, t.original, :batch "
            "FROM unnest(cast(:targets AS text[]), cast(:pseudonyms AS text[]), cast(:originals AS text[])) "
            "t (target, pseudonym, original) ON CONFLICT DO NOTHING"
        ),
        {
            "ws": workspace.id,
            "layer": layer.id,
            "batch": batch_id,
            "targets": [target for target, _ in originals],
            "pseudonyms": [pseudonym for _, pseudonym in originals],
            "originals": [value.replace("\x00", "") for value in originals.values()],
        },
    )


def original_of(
    engine: Engine, principal: Principal, workspace: str, layer: Layer, pseudonym: str, *, reason: str
) -> dict[str, Any]:
    """What a pseudonym stands for; the question and its reason go into the audit, also where it is refused or finds nothing.

    It has a transaction of its own, committed before it refuses: an error would take the audit back with it.

    Raises
    ------
    Forbidden : ``originals-need-administrator``. NotFound : ``unknown-pseudonym``; the workspace is not the principal's to see.
    """
    with transaction(engine, principal) as connection:
        where = find(connection, workspace)
        allowed = administers_whole(connection, where.id)
        found = _kept(connection, where, layer, pseudonym) if allowed else None
        audit(
            connection,
            "read-original",
            workspace_id=where.id,
            layer_id=layer.id,
            pseudonym=pseudonym,
            reason=reason,
            allowed=allowed,
            found=found is not None,
        )
    if not allowed:
        raise Forbidden("originals-need-administrator")
    if found is None:
        raise NotFound("unknown-pseudonym", pseudonym=pseudonym)
    return found


def _kept(connection: Connection, workspace: WorkspaceInfo, layer: Layer, pseudonym: str) -> dict[str, Any] | None:
    found = (
        connection.execute(
            text(
                "SELECT target, pseudonym, original, batch_id, stored_at FROM identity_original "
                "WHERE workspace_id = :ws AND layer_id = :layer AND pseudonym = :pseudonym ORDER BY target LIMIT 1"
            ),
            {"ws": workspace.id, "layer": layer.id, "pseudonym": pseudonym},
        )
        .mappings()
        .first()
    )
    return dict(found) if found is not None else None


def forget_batch(connection: Connection, batch_id: int) -> None:
    """Drop the originals a batch brought, when it is taken back."""
    connection.execute(text("DELETE FROM identity_original WHERE batch_id = :batch"), {"batch": batch_id})
