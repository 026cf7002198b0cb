"""Many records changed at once, as one batch: all or nothing, undone as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from geo_core.errors import InvalidInput, LimitExceeded
from layers import batches
from layers.batches import BatchStart
from layers.editing import records
from layers.identity import audit
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo

# All of it is one request of the web: each edit is checked, remembered and audited by itself, 3 to 9 ms a record on two busy
# cores, so that these are done within 20 s.
MAX_EDITS = 2_000


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One record's part of a bulk edit.

    Parameters
    ----------
    feature_id : None adds a record. version : the one the editor saw.
    values : changed fields, or all fields of a new record. position : new lon, lat. remove : take the record away.
    """

    feature_id: int | None
    version: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    position: tuple[float, float] | None = None
    remove: bool = False


def apply(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    edits: Sequence[Edit],
    *,
    source_name: str,
    sha256: str,
    size_bytes: int,
    reason: str,
) -> dict[str, int]:
    """Apply all edits in the running transaction, or none.

    Returns
    -------
    changed, added, removed : numbers of records. batch_id : undo it with :func:`layers.batches.undo`.

    Raises
    ------
    InvalidInput : ``nothing-to-change``, and what :mod:`layers.editing.records` says of the first faulty edit.
    Conflict : ``version-conflict``: a record was changed since the table was exported.
    LimitExceeded : ``too-many-edits``.
    """
    if not edits:
        raise InvalidInput("nothing-to-change")
    if len(edits) > MAX_EDITS:
        raise LimitExceeded("too-many-edits", count=len(edits), limit=MAX_EDITS)
    batch_id = batches.start(
        connection,
        workspace,
        BatchStart(
            layer_id=layer.id,
            source_name=source_name,
            sha256=sha256,
            size_bytes=size_bytes,
            licence="",
            attribution="",
            is_synthetic=workspace.is_synthetic,
            mapping={"id": "bulk-edit", "reason": reason},
        ),
    )
    done = {"changed": 0, "added": 0, "removed": 0}
    for edit in edits:
        done[_apply(connection, workspace, layer, edit, reason=reason, batch_id=batch_id)] += 1
    report = {
        "read": len(edits),
        "loaded": done["added"],
        "updated": done["changed"],
        "removed": done["removed"],
        "unchanged": 0,
        "rejected": 0,
    }
    batches.finish(connection, batch_id, report=report, period=None, sha256=sha256, size_bytes=size_bytes)
    audit(connection, "bulk-edit", workspace_id=workspace.id, layer_id=layer.id, batch=batch_id, reason=reason, **done)
    return {**done, "batch_id": batch_id}


def _apply(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, edit: Edit, *, reason: str, batch_id: int
) -> str:
    if edit.feature_id is None:
        records.add(
            connection,
            workspace,
            layer,
            values=edit.values,
            position=edit.position,
            reason=reason,
            batch_id=batch_id,
        )
        return "added"
    if edit.remove:
        records.remove(
            connection, workspace, layer, edit.feature_id, version=edit.version, reason=reason, batch_id=batch_id
        )
        return "removed"
    records.change(
        connection,
        workspace,
        layer,
        edit.feature_id,
        version=edit.version,
        changes=edit.values,
        position=edit.position,
        reason=reason,
        batch_id=batch_id,
    )
    return "changed"
