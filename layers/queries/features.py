"""Single records: listed, read, changed with optimistic locking. Reading them is audited."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from geo_core.cells import index_points
from geo_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from geo_core.sun import dark_of_interval
from layers.history import remember
from layers.identity import audit, require
from layers.queries.filters import Filter, Place, at_place, where
from layers.queries.run import mappings
from layers.spec import Field, FieldType, Layer, LayerKind, Role
from layers.staging import kind_of
from layers.workspaces import WorkspaceInfo

MAX_LIMIT = 10_000
# What the columns hold; a number outside has no place in them.
_WIDEST = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
_COMMON = ("id", "source_id", "flags", "version", "updated_at", "batch_id")
_EVENT = ("occurred_from", "occurred_to", "time_precision", "day_from", "day_to", "hour", "weekday", "dark")


def _columns(layer: Layer) -> list[str]:
    names = [*_COMMON, *(f.name for f in layer.fields)]
    if layer.is_event:
        names += _EVENT
    model = layer.model.__table__.columns
    return [*names, *(c for c in ("camera_id",) if c in model)]


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
    return {"features": [_feature(row) for row in found], "next_after": found[-1]["id"] if more else None}


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
    return _feature(found[0])


def change(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    feature_id: int,
    *,
    version: int,
    changes: Mapping[str, Any],
    position: tuple[float, float] | None = None,
    reason: str = "",
) -> dict[str, Any]:
    """Change fields or the position of a record; its former state is kept and the change audited.

    Parameters
    ----------
    version : the version the editor saw.
    changes : field → new value; None = unknown. Only fields of the layer.
    position : new lon, lat of a point.

    Raises
    ------
    NotFound, Conflict (``version-conflict``), Forbidden, InvalidInput.
    """
    if layer.kind is LayerKind.DERIVED:
        raise InvalidInput("derived-is-computed", layer=layer.id)
    if not changes and position is None:
        raise InvalidInput("nothing-to-change")
    require(connection, workspace.id, Role.EDITOR)
    current = one(connection, workspace, layer, feature_id)["properties"]
    if current["version"] != version:
        raise Conflict("version-conflict", yours=version, current=current["version"])
    values = {name: _checked(layer, name, value) for name, value in changes.items()}
    sets = [f'"{name}" = %(new_{name})s' for name in values]
    params: dict[str, Any] = {f"new_{name}": value for name, value in values.items()}
    if position is not None:
        params.update(_position(layer, position))
        sets += [
            "geom = ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)",
            "cell = %(cell)s",
            "territory_id = qorgan_territory_at(%(ws)s, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326))",
        ]
        if layer.is_event:
            params["now_dark"] = _dark_there(current, position)
            sets.append("dark = %(now_dark)s::boolean")
    remember(connection, layer, workspace.id, str(int(feature_id)), batch_id=None, reason=reason)
    params.update(ws=workspace.id, id=feature_id, version=version)
    done = mappings(
        connection,
        # row_hash is freed so that the next import of the source sees the row as changed and says so
        f"UPDATE {layer.table} SET {', '.join(sets)}, version = version + 1, updated_at = now(), row_hash = 0 "  # noqa: S608
        "WHERE workspace_id = %(ws)s AND id = %(id)s AND version = %(version)s RETURNING id",
        params,
    )
    if not done:
        raise Forbidden("outside-your-territory")
    audit(
        connection,
        "edit",
        workspace_id=workspace.id,
        layer_id=layer.id,
        id=feature_id,
        fields=sorted(changes) + (["position"] if position else []),
        reason=reason,
    )
    return one(connection, workspace, layer, feature_id)


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


def _position(layer: Layer, position: tuple[float, float]) -> dict[str, Any]:
    lon, lat = position
    if layer.geometry != "Point":
        raise InvalidInput("only-points-move", layer=layer.id)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InvalidInput("coordinates-not-degrees")
    return {"lon": lon, "lat": lat, "cell": int(index_points([lon], [lat])[0])}


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


def _checked(layer: Layer, name: str, value: Any) -> Any:
    try:
        declared: Field = layer.field_named(name)
    except KeyError:
        raise InvalidInput("unknown-field", layer=layer.id, field=name) from None
    if value is None:
        if declared.required:
            raise InvalidInput("missing-value", field=name)
        return None
    match declared.type:
        case FieldType.CODE:
            if declared.codes is None or value not in declared.codes.good:
                raise InvalidInput("unseen-code", field=name, value=str(value))
        case FieldType.INTEGER | FieldType.REAL:
            whole = declared.type is FieldType.INTEGER
            if (
                isinstance(value, bool)
                or not isinstance(value, int if whole else (int, float))
                or not math.isfinite(value)
            ):
                raise InvalidInput("not-a-number", field=name, value=str(value))
            if abs(value) >= _WIDEST.get(kind_of(layer.model.__table__.columns[name].type), math.inf):
                raise InvalidInput("not-a-number", field=name, value=str(value))
            if (declared.minimum is not None and value < declared.minimum) or (
                declared.maximum is not None and value > declared.maximum
            ):
                raise InvalidInput(
                    "out-of-range", field=name, value=value, minimum=declared.minimum, maximum=declared.maximum
                )
        case FieldType.BOOLEAN:
            if not isinstance(value, bool):
                raise InvalidInput("bad-parameter", name=name, value=str(value), expected="true, false")
        case FieldType.DATE:
            try:
                return date.fromisoformat(str(value))
            except ValueError:
                raise InvalidInput("not-a-date", field=name, value=str(value)) from None
        case FieldType.TEXT:
            if "\x00" in str(value) or len(str(value)) > 4000:
                raise InvalidInput("bad-parameter", name=name, value=str(value)[:40], expected="≤ 4000")
            return str(value)
    return value


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    geometry = row.pop("geometry")
    properties = {k: v.isoformat() if isinstance(v, date | datetime) else v for k, v in row.items()}
    return {"type": "Feature", "id": row["id"], "geometry": geometry, "properties": properties}
