"""Single records: listed, read, changed with optimistic locking. Reading them is audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from geo_core.errors import InvalidInput, NotFound
from layers.identity import audit, require
from layers.queries.filters import Filter, Place, at_place, where
from layers.queries.run import mappings
from layers.queries.veil import veiled
from layers.spec import Layer, Role
from layers.workspaces import WorkspaceInfo

MAX_LIMIT = 10_000
_COMMON = ("id", "source_id", "flags", "version", "updated_at", "batch_id")
_EVENT = ("occurred_from", "occurred_to", "time_precision", "day_from", "day_to", "hour", "weekday", "dark")


def _columns(layer: Layer) -> list[str]:
    names = [*_COMMON, *(f.name for f in layer.fields)]
    if layer.is_event:
        names += _EVENT
    model = layer.model.__table__.columns
    return [*names, *(c for c in ("camera_id", "territory_id") if c in model)]


def page(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    *,
    given: Filter | None = None,
    place: Place | None = None,
    limit: int = 100,
    after_id: int = 0,
) -> dict[str, Any]:
    """Records that pass the filter, by id, as GeoJSON features.

    Returns
    -------
    features : GeoJSON features (lon/lat). next_after : id to go on from, None at the end.

    Raises
    ------
    InvalidInput : limit outside 1–10,000.
    Forbidden : the reader may see only sums of this layer.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput("bad-parameter", name="limit", value=limit, expected=f"1–{MAX_LIMIT}")
    require(connection, workspace.id, layer.records_role)
    clause = where(layer, workspace.id, given or Filter())
    if place is not None:
        at_place(clause, layer, place)
    clause.params.update(after=after_id, limit=limit + 1)
    selected = ", ".join(f't."{name}"' for name in _columns(layer))
    found = mappings(
        connection,
        f"SELECT {selected}, ST_AsGeoJSON(t.geom, 7)::json AS geometry FROM {layer.table} t "  # noqa: S608
        f"WHERE {clause.sql} AND ({clause.passes}) AND t.id > %(after)s ORDER BY t.id LIMIT %(limit)s",
        clause.params,
    )
    more = len(found) > limit
    found = found[:limit]
    if layer.records_role.rank >= Role.ANALYST.rank:
        audit(connection, "read-records", workspace_id=workspace.id, layer_id=layer.id, count=len(found))
    return {
        "features": [_feature(row) for row in veiled(connection, layer, found)],
        "next_after": found[-1]["id"] if more else None,
    }


def one(connection: Connection, workspace: WorkspaceInfo, layer: Layer, feature_id: int) -> dict[str, Any]:
    """One record as a GeoJSON feature.

    Raises
    ------
    NotFound : there is none, or not for this reader.
    """
    selected = ", ".join(f't."{name}"' for name in _columns(layer))
    found = mappings(
        connection,
        f"SELECT {selected}, ST_AsGeoJSON(t.geom, 7)::json AS geometry FROM {layer.table} t "  # noqa: S608
        "WHERE t.workspace_id = %(ws)s AND t.id = %(id)s",
        {"ws": workspace.id, "id": feature_id},
    )
    if not found:
        raise NotFound("unknown-feature", layer=layer.id, id=feature_id)
    if layer.records_role.rank >= Role.ANALYST.rank:
        audit(connection, "read-record", workspace_id=workspace.id, layer_id=layer.id, id=feature_id)
    return _feature(veiled(connection, layer, found)[0])


def records_of(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, ids: Sequence[int]
) -> list[dict[str, Any]]:
    """Records of these ids that the reader may see, as GeoJSON features; reading them is audited."""
    selected = ", ".join(f't."{name}"' for name in _columns(layer))
    found = mappings(
        connection,
        f"SELECT {selected}, ST_AsGeoJSON(t.geom, 7)::json AS geometry FROM {layer.table} t "  # noqa: S608
        "WHERE t.workspace_id = %(ws)s AND t.id = ANY(%(ids)s) ORDER BY t.id",
        {"ws": workspace.id, "ids": list(ids)},
    )
    if layer.records_role.rank >= Role.ANALYST.rank:
        audit(connection, "read-records", workspace_id=workspace.id, layer_id=layer.id, count=len(found))
    return [_feature(row) for row in veiled(connection, layer, found)]


def history(connection: Connection, workspace: WorkspaceInfo, layer: Layer, feature_id: int) -> list[dict[str, Any]]:
    """Former states of a record, newest first."""
    rows = connection.execute(
        text(
            "SELECT at, principal_id, batch_id, reason, before FROM row_history "
            "WHERE workspace_id = :ws AND layer_id = :layer AND row_id = :id ORDER BY id DESC"
        ),
        {"ws": workspace.id, "layer": layer.id, "id": feature_id},
    )
    return [dict(row) for row in rows.mappings()]


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    geometry = row.pop("geometry")
    properties = {k: v.isoformat() if isinstance(v, date | datetime) else v for k, v in row.items()}
    return {"type": "Feature", "id": row["id"], "geometry": geometry, "properties": properties}
