"""Who changed what, when and why: every edit with the state before it and after it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from layers.identity import require
from layers.spec import Layer, Role
from layers.workspaces import WorkspaceInfo

MAX_LIMIT = 500


def recent(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    *,
    feature_id: int | None = None,
    batch_id: int | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Edits and changes by imports, newest first, where the principal is an editor.

    Parameters
    ----------
    feature_id : of one record only. batch_id : of one import or bulk edit only. before_id : older than this edit, to go on.

    Returns
    -------
    id, row_id, at, principal_id, principal (a name), deed, reason, batch_id,
    changes : {field: [before, after]}, the place as ``position`` (lon, lat of a point on it),
    undoable : whether :func:`layers.editing.undoing.undo_edit` takes it.

    Raises
    ------
    Forbidden : no editor anywhere in the workspace.
    """
    require(connection, workspace.id, Role.EDITOR)
    shown = [field.name for field in layer.fields]
    rows = connection.execute(
        text(
            # the state after an edit is the state before the next one, or that of today
            f"""
            SELECT h.id, h.row_id, h.at, h.principal_id, p.display_name AS principal, h.deed, h.reason, h.batch_id, h.before,
                   n.id IS NULL AND h.batch_id IS NULL AND CASE WHEN h.deed <> 'removed' THEN t.id IS NOT NULL
                     ELSE NOT EXISTS (SELECT 1 FROM {layer.table} b WHERE b.workspace_id = h.workspace_id
                       AND b.source_id = h.before ->> 'source_id') END AS undoable,
                   CASE WHEN n.id IS NOT NULL THEN n.before ELSE to_jsonb(t) - 'geom' END AS after,
                   {_place("(h.before ->> 'geom')::geometry")} AS place_before,
                   {_place("CASE WHEN n.id IS NOT NULL THEN (n.before ->> 'geom')::geometry ELSE t.geom END")} AS place_after
            FROM row_history h
            LEFT JOIN qorgan_editors(:ws) p ON p.id = h.principal_id
            LEFT JOIN LATERAL (SELECT l.id, l.before FROM row_history l WHERE l.workspace_id = h.workspace_id
              AND l.layer_id = h.layer_id AND l.row_id = h.row_id AND l.id > h.id ORDER BY l.id LIMIT 1) n ON true
            LEFT JOIN {layer.table} t ON t.workspace_id = h.workspace_id AND t.id = h.row_id
            WHERE h.workspace_id = :ws AND h.layer_id = :layer
              AND (cast(:row AS bigint) IS NULL OR h.row_id = :row) AND (cast(:batch AS bigint) IS NULL OR h.batch_id = :batch)
              AND (cast(:before AS bigint) IS NULL OR h.id < :before)
            ORDER BY h.id DESC LIMIT :limit
            """  # noqa: S608
        ),
        {
            "ws": workspace.id,
            "layer": layer.id,
            "row": feature_id,
            "batch": batch_id,
            "before": before_id,
            "limit": min(max(limit, 1), MAX_LIMIT),
        },
    )
    out = []
    for row in rows.mappings():
        edit = dict(row)
        before, after = edit.pop("before") or {}, edit.pop("after") or {}
        changes = {n: [before.get(n), after.get(n)] for n in shown if before.get(n) != after.get(n)}
        places = [edit.pop("place_before"), edit.pop("place_after")]
        if places[0] != places[1]:
            changes["position"] = places
        out.append({**edit, "changes": changes})
    return out


def _place(shape: str) -> str:
    point = f"ST_PointOnSurface({shape})"
    return f"json_build_array(round(ST_X({point})::numeric, 7), round(ST_Y({point})::numeric, 7))"
