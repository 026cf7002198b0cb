"""Dates across which the counts of a layer must not be compared, because registration changed: proposed by a test, accepted by people."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from layers.identity import audit
from layers.originals import administers_whole
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo

LANGUAGES = ("kk", "ru", "en")


def listed(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> list[dict[str, Any]]:
    """Accepted breaks of a layer in order: ``day`` and ``reason`` by language."""
    found = connection.execute(
        text("SELECT day, reason FROM registration_break WHERE workspace_id = :ws AND layer_id = :layer ORDER BY day"),
        {"ws": workspace.id, "layer": layer.id},
    )
    return [dict(row) for row in found.mappings()]


def accept(connection: Connection, workspace: WorkspaceInfo, layer: Layer, day: date, *, reason: str) -> None:
    """Hold a day as a break: the first day of the new registration.

    Raises
    ------
    Forbidden : ``breaks-need-administrator``. Conflict : ``break-exists``. InvalidInput : ``layer-without-time``, ``reason-needed``.
    """
    _may(connection, workspace)
    if not layer.is_event:
        raise InvalidInput("layer-without-time", layer=layer.id)
    if not reason.strip():
        raise InvalidInput("reason-needed")
    # whoever writes it writes one language; the others show the same words
    added = connection.execute(
        text(
            "INSERT INTO registration_break (workspace_id, layer_id, day, reason) "
            "VALUES (:ws, :layer, :day, cast(:reason AS jsonb)) ON CONFLICT DO NOTHING"
        ),
        {
            "ws": workspace.id,
            "layer": layer.id,
            "day": day,
            "reason": json.dumps(dict.fromkeys(LANGUAGES, reason.strip())),
        },
    ).rowcount
    if not added:
        raise Conflict("break-exists", layer=layer.id, day=day.isoformat())
    audit(connection, "accept-break", workspace_id=workspace.id, layer_id=layer.id, day=day, reason=reason.strip())


def withdraw(connection: Connection, workspace: WorkspaceInfo, layer: Layer, day: date) -> None:
    """Hold a day as a break no longer.

    Raises
    ------
    Forbidden : ``breaks-need-administrator``. NotFound : ``unknown-break``.
    """
    _may(connection, workspace)
    gone = connection.execute(
        text("DELETE FROM registration_break WHERE workspace_id = :ws AND layer_id = :layer AND day = :day"),
        {"ws": workspace.id, "layer": layer.id, "day": day},
    ).rowcount
    if not gone:
        raise NotFound("unknown-break", layer=layer.id, day=day.isoformat())
    audit(connection, "withdraw-break", workspace_id=workspace.id, layer_id=layer.id, day=day)


def _may(connection: Connection, workspace: WorkspaceInfo) -> None:
    if not administers_whole(connection, workspace.id):
        raise Forbidden("breaks-need-administrator")
