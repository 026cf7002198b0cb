"""The newest edit of a record taken back; that too is remembered, so nothing is ever lost."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from geo_core.errors import Conflict, Forbidden, NotFound
from layers.history import Deed, columns_from_image, hold, remember, remember_added
from layers.identity import audit, require
from layers.spec import Layer, Role
from layers.workspaces import WorkspaceInfo


class _What(NamedTuple):
    layer: Layer
    workspace_id: int
    edit_id: int
    row_id: int
    territory_id: int

    @property
    def reason(self) -> str:
        return f"undo:{self.edit_id}"


def undo_edit(connection: Connection, workspace: WorkspaceInfo, layer: Layer, edit_id: int) -> dict[str, Any]:
    """Take back one edit.

    Parameters
    ----------
    edit_id : of the list of edits (:func:`layers.editing.listing.recent`).

    Returns
    -------
    id : of the record. deed : what was taken back.

    Raises
    ------
    NotFound : ``unknown-edit``, also where the reader may not see it.
    Conflict : ``edit-not-newest``: the record was changed since; ``edit-of-batch``: it is part of an import and is undone with it;
        ``edit-record-is-back``: an import brought the record back meanwhile.
    Forbidden : the record lies where the principal is not an editor.
    """
    require(connection, workspace.id, Role.EDITOR)
    key = {"ws": workspace.id, "layer": layer.id, "edit": edit_id}
    # Held before the history is read: who changes the record now either is in the history already or waits.
    of_row = connection.execute(
        text("SELECT row_id FROM row_history WHERE workspace_id = :ws AND layer_id = :layer AND id = :edit"), key
    ).scalar()
    if of_row is not None:
        hold(connection, layer, workspace.id, str(int(of_row)))
    edit = (
        connection.execute(
            text(
                "SELECT h.row_id, h.batch_id, h.deed, h.territory_id, EXISTS (SELECT 1 FROM row_history l WHERE l.workspace_id = :ws "
                "AND l.layer_id = :layer AND l.row_id = h.row_id AND l.id > h.id) AS changed_since "
                "FROM row_history h WHERE h.workspace_id = :ws AND h.layer_id = :layer AND h.id = :edit FOR UPDATE"
            ),
            key,
        )
        .mappings()
        .first()
    )
    if edit is None:
        raise NotFound("unknown-edit", edit=edit_id)
    if edit["batch_id"] is not None:
        raise Conflict("edit-of-batch", edit=edit_id, batch=edit["batch_id"])
    if edit["changed_since"]:
        raise Conflict("edit-not-newest", edit=edit_id)
    deed, row = Deed(edit["deed"]), int(edit["row_id"])
    what = _What(layer, workspace.id, edit_id, row, edit["territory_id"])
    if not _BACK[deed](connection, what):
        raise Forbidden("outside-your-territory")
    audit(connection, "undo-edit", workspace_id=workspace.id, layer_id=layer.id, id=row, edit=edit_id)
    return {"id": row, "deed": deed.value}


def _changed(connection: Connection, what: _What) -> int:
    remember(connection, what.layer, what.workspace_id, str(what.row_id), batch_id=None, reason=what.reason)
    table, names = what.layer.table, columns_from_image(what.layer)
    sets = ", ".join(f'"{name}" = o."{name}"' for name in names)
    return connection.execute(
        text(
            f"UPDATE {table} t SET {sets}, version = t.version + 1, updated_at = now() FROM row_history h, "  # noqa: S608
            f"LATERAL jsonb_populate_record(NULL::{table}, h.before) o WHERE h.id = :edit AND h.workspace_id = :ws "
            "AND t.workspace_id = :ws AND t.id = h.row_id"
        ),
        {"edit": what.edit_id, "ws": what.workspace_id},
    ).rowcount


def _added(connection: Connection, what: _What) -> int:
    row = str(what.row_id)
    remember(connection, what.layer, what.workspace_id, row, batch_id=None, reason=what.reason, deed=Deed.REMOVED)
    return connection.execute(
        text(f"DELETE FROM {what.layer.table} WHERE workspace_id = :ws AND id = :row"),  # noqa: S608
        {"ws": what.workspace_id, "row": what.row_id},
    ).rowcount


def _removed(connection: Connection, what: _What) -> int:
    table, names = what.layer.table, ["workspace_id", "id", *columns_from_image(what.layer)]
    listed = ", ".join(f'"{name}"' for name in names)
    chosen = ", ".join(f'o."{name}"' for name in names)
    done = connection.execute(
        text(
            f"INSERT INTO {table} ({listed}, version) "  # noqa: S608
            f"SELECT {chosen}, o.version + 1 FROM row_history h, LATERAL jsonb_populate_record(NULL::{table}, h.before) o "
            "WHERE h.id = :edit AND h.workspace_id = :ws ON CONFLICT DO NOTHING"
        ),
        {"edit": what.edit_id, "ws": what.workspace_id},
    ).rowcount
    if not done:
        raise Conflict("edit-record-is-back", edit=what.edit_id)
    remember_added(
        connection, what.layer, what.workspace_id, what.row_id, what.territory_id, batch_id=None, reason=what.reason
    )
    return done


_BACK = {Deed.CHANGED: _changed, Deed.ADDED: _added, Deed.REMOVED: _removed}
