"""One record changed, added or taken away, with optimistic locking; its former state is kept and the deed audited.

An edit leaves the hash of what the source said: importing the same source again leaves the edit in place, and a source that says
something new since wins, is counted (``edit-overwritten``) and can be undone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, text

from geo_core.errors import Conflict, Forbidden, InvalidInput
from geo_core.sun import dark_of_interval
from layers import loading
from layers.editing.values import checked, nowhere, placed
from layers.history import Deed, hold, remember, remember_added
from layers.identity import audit, require
from layers.kept_edits import EDITED, PLACED_BY_HAND
from layers.queries.features import one
from layers.queries.run import mappings
from layers.spec import Layer, LayerKind, Role
from layers.workspaces import WorkspaceInfo

ENTERED_BY_HAND: Final = "entered-by-hand"
# Doubts about a place that somebody has now stated; each begins with one of these (etl.doubts).
_DOUBTS: Final = ("no-position", "outside-territory", "outside-district", "position-doubtful", "doubt-")


def change(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    feature_id: int,
    *,
    version: int,
    changes: Mapping[str, Any],
    position: tuple[float, float] | None = None,
    geometry: Mapping[str, Any] | None = None,
    reason: str = "",
    batch_id: int | None = None,
) -> dict[str, Any]:
    """Change fields or the place of a record.

    Parameters
    ----------
    version : the version the editor saw.
    changes : field → new value; None = unknown. Only fields of the layer.
    position : new lon, lat of a point. geometry : new GeoJSON of a drawn shape.
    batch_id : of a change of many at once, which is undone as one.

    Returns
    -------
    The record as it is now.

    Raises
    ------
    NotFound, Conflict (``version-conflict``), Forbidden, InvalidInput.
    """
    _editable(connection, workspace, layer)
    if not changes and position is None and geometry is None:
        raise InvalidInput("nothing-to-change")
    hold(connection, layer, workspace.id, str(int(feature_id)))
    current = one(connection, workspace, layer, feature_id)["properties"]
    if current["version"] != version:
        raise Conflict("version-conflict", yours=version, current=current["version"])
    params = {f"new_{name}": checked(layer, name, value) for name, value in changes.items()}
    sets = [f'"{name}" = %(new_{name})s' for name in changes]
    flags = set(current["flags"]) | {EDITED}
    if position is not None or geometry is not None:
        params |= placed(connection, workspace, layer, position=position, geometry=geometry)
        sets += ["geom = %(geom)s::geometry", "cell = %(cell)s", "territory_id = %(territory_id)s"]
        flags = {flag for flag in flags if not flag.startswith(_DOUBTS)} | {PLACED_BY_HAND}
        if layer.is_event and position is not None:
            params["now_dark"] = _dark_there(current, position)
            sets.append("dark = %(now_dark)s::boolean")
    if batch_id is not None:
        sets.append("batch_id = %(batch)s")
    sets.append("flags = %(flags)s")
    remember(connection, layer, workspace.id, str(int(feature_id)), batch_id=batch_id, reason=reason)
    params |= {"ws": workspace.id, "id": feature_id, "version": version, "flags": sorted(flags), "batch": batch_id}
    done = mappings(
        connection,
        f"UPDATE {layer.table} SET {', '.join(sets)}, version = version + 1, updated_at = now() "  # noqa: S608
        "WHERE workspace_id = %(ws)s AND id = %(id)s AND version = %(version)s RETURNING id",
        params,
    )
    if not done:
        raise Forbidden("outside-your-territory")
    what = sorted(changes) + (["position"] if position is not None or geometry is not None else [])
    _audit(connection, workspace, layer, "edit", feature_id, reason, fields=what)
    return one(connection, workspace, layer, feature_id)


def add(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    *,
    values: Mapping[str, Any],
    position: tuple[float, float] | None = None,
    geometry: Mapping[str, Any] | None = None,
    reason: str = "",
    batch_id: int | None = None,
) -> dict[str, Any]:
    """Add a record by hand: a lamp, a camera, an area. Events come from registers and streets from maps, never by hand.

    Returns
    -------
    The record; its source_id begins with ``by-hand-``, and it carries the flag ``entered-by-hand``.

    Raises
    ------
    Forbidden, InvalidInput : as :func:`change`, and ``events-come-from-registers``, ``place-not-given``.
    """
    _editable(connection, workspace, layer)
    if layer.is_event:
        raise InvalidInput("events-come-from-registers", layer=layer.id)
    # the given ones first: an unknown name is told before a missing value
    given = {name: checked(layer, name, value) for name, value in values.items()}
    params = {field.name: checked(layer, field.name, given.get(field.name)) for field in layer.fields}
    if not layer.has_place:
        params |= nowhere(connection, workspace)
    elif position is None and geometry is None:
        raise InvalidInput("place-not-given", layer=layer.id)
    else:
        params |= placed(connection, workspace, layer, position=position, geometry=geometry)
    connection.execute(text("SELECT qorgan_ensure_partition(:t, :ws)"), {"t": layer.table, "ws": workspace.id})
    params |= {"workspace_id": workspace.id, "row_hash": 0, "flags": [ENTERED_BY_HAND]}
    params["id"] = int(loading.reserve_ids(connection, 1)[0])
    params["source_id"] = f"by-hand-{params['id']}"
    params["batch_id"] = _hand_batch(connection, workspace, layer) if batch_id is None else batch_id
    names = list(params)
    marks = ", ".join(f"%({name})s" + ("::geometry" if name == "geom" else "") for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    mappings(connection, f"INSERT INTO {layer.table} ({listed}) VALUES ({marks}) RETURNING id", params)  # noqa: S608
    remember_added(
        connection, layer, workspace.id, params["id"], params["territory_id"], batch_id=batch_id, reason=reason
    )
    _audit(connection, workspace, layer, "add", params["id"], reason)
    return one(connection, workspace, layer, params["id"])


def remove(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    feature_id: int,
    *,
    version: int,
    reason: str = "",
    batch_id: int | None = None,
) -> None:
    """Take a record away; it is kept in the history, and an import that says the same of it does not bring it back.

    Raises
    ------
    NotFound, Conflict (``version-conflict``), Forbidden, InvalidInput.
    """
    _editable(connection, workspace, layer)
    hold(connection, layer, workspace.id, str(int(feature_id)))
    current = one(connection, workspace, layer, feature_id)["properties"]
    if current["version"] != version:
        raise Conflict("version-conflict", yours=version, current=current["version"])
    remember(connection, layer, workspace.id, str(int(feature_id)), batch_id=batch_id, reason=reason, deed=Deed.REMOVED)
    gone = mappings(
        connection,
        f"DELETE FROM {layer.table} WHERE workspace_id = %(ws)s AND id = %(id)s AND version = %(version)s RETURNING id",  # noqa: S608
        {"ws": workspace.id, "id": feature_id, "version": version},
    )
    if not gone:
        raise Forbidden("outside-your-territory")
    _audit(connection, workspace, layer, "remove", feature_id, reason)


def _editable(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> None:
    if layer.kind is LayerKind.DERIVED:
        raise InvalidInput("derived-is-computed", layer=layer.id)
    require(connection, workspace.id, Role.EDITOR)


def _audit(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, deed: str, row: int, reason: str, **more: Any
) -> None:
    audit(connection, deed, workspace_id=workspace.id, layer_id=layer.id, id=row, reason=reason, **more)


def _hand_batch(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> int:
    """Today's batch of what the principal enters by hand: rows always say where they come from."""
    key = {"ws": workspace.id, "layer": layer.id}
    found = connection.execute(
        text(
            "UPDATE batch SET finished_at = clock_timestamp(), "
            "report = jsonb_build_object('read', (report ->> 'read')::int + 1, 'loaded', (report ->> 'loaded')::int + 1) "
            "WHERE workspace_id = :ws AND layer_id = :layer AND principal_id = qorgan_principal() AND state = 'loaded' "
            "AND mapping ->> 'id' = 'by-hand' AND started_at::date = current_date RETURNING id"
        ),
        key,
    ).scalar()
    if found is not None:
        return int(found)
    return int(
        connection.execute(
            text(
                "INSERT INTO batch (workspace_id, layer_id, state, principal_id, source_name, sha256, size_bytes, licence, "
                "attribution, is_synthetic, mapping, report, finished_at) SELECT :ws, :layer, 'loaded', qorgan_principal(), "
                "'by-hand', '', 0, '', '', w.is_synthetic, '{\"id\": \"by-hand\"}', '{\"read\": 1, \"loaded\": 1}', "
                "clock_timestamp() FROM workspace w WHERE w.id = :ws RETURNING id"
            ),
            key,
        ).scalar_one()
    )


def _dark_there(current: Mapping[str, Any], position: tuple[float, float]) -> bool | None:
    """Whether it was dark at the new place during the event's interval; None = unknown."""
    start, end = current["occurred_from"], current["occurred_to"]
    if start is None or end is None:
        return None
    moments = [
        np.datetime64(datetime.fromisoformat(at).astimezone(UTC).replace(tzinfo=None), "us") for at in (start, end)
    ]
    found = dark_of_interval(position[0], position[1], np.array(moments[:1]), np.array(moments[1:]))[0]
    return None if np.isnan(found) else bool(found)
