"""What pseudonyms stand for: kept only where an administrator's mapping says so, read only by administrators, every reading audited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from geo_core.errors import Forbidden, NotFound
from layers.identity import audit
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo


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
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, pseudonym: str, *, reason: str
) -> dict[str, Any]:
    """What a pseudonym stands for; the reading and its reason go into the audit, whether or not something is found.

    Raises
    ------
    Forbidden : ``originals-need-administrator``. NotFound : ``unknown-pseudonym``.
    """
    if not administers_whole(connection, workspace.id):
        raise Forbidden("originals-need-administrator")
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
    audit(
        connection,
        "read-original",
        workspace_id=workspace.id,
        layer_id=layer.id,
        pseudonym=pseudonym,
        reason=reason,
        found=found is not None,
    )
    if found is None:
        raise NotFound("unknown-pseudonym", pseudonym=pseudonym)
    return dict(found)


def forget_batch(connection: Connection, batch_id: int) -> None:
    """Drop the originals a batch brought, when it is taken back."""
    connection.execute(text("DELETE FROM identity_original WHERE batch_id = :batch"), {"batch": batch_id})
