"""What a person typed or drew, checked against what the layer declares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, cast

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from geo_core.cells import index_points
from geo_core.errors import Forbidden, InvalidInput, LimitExceeded
from geo_core.identifiers import identifies
from layers.identity import territories
from layers.spec import Field, FieldType, Layer, LayerKind, Role
from layers.staging import kind_of
from layers.workspaces import WorkspaceInfo

MAX_TEXT: Final = 4000
MAX_VERTICES: Final = 10_000
# What the columns hold; a number outside has no place in them.
_WIDEST: Final = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
# Streets are cut and joined as a whole: a line drawn among them would have no junctions.
DRAWN: Final = frozenset({LayerKind.DEVICE, LayerKind.PLACE, LayerKind.AREA, LayerKind.BACKDROP})


def checked(layer: Layer, name: str, value: Any) -> Any:
    """The value as the column takes it; None = unknown.

    Raises
    ------
    InvalidInput : ``unknown-field``, ``missing-value``, ``unseen-code``, ``not-a-number``, ``out-of-range``, ``not-a-date``,
        ``bad-parameter``, ``looks-like-identifier``.
    """
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
            return value
        case FieldType.INTEGER | FieldType.REAL:
            return _number(layer, declared, value)
        case FieldType.BOOLEAN:
            if not isinstance(value, bool):
                raise InvalidInput("bad-parameter", name=name, value=str(value), expected="true, false")
            return value
        case FieldType.DATE:
            try:
                return date.fromisoformat(str(value))
            except ValueError:
                raise InvalidInput("not-a-date", field=name, value=str(value)) from None
        case FieldType.TEXT:
            if "\x00" in str(value) or len(str(value)) > MAX_TEXT:
                raise InvalidInput("bad-parameter", name=name, value=str(value)[:40], expected=f"≤ {MAX_TEXT}")
            if identifies(str(value)):
                raise InvalidInput("looks-like-identifier", field=name)  # never with the value: errors are logged
            return str(value)


def _number(layer: Layer, declared: Field, value: Any) -> int | float:
    whole = declared.type is FieldType.INTEGER
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or not math.isfinite(value):
        raise InvalidInput("not-a-number", field=declared.name, value=str(value))
    column = layer.model.__table__.columns[declared.name]
    if abs(value) >= _WIDEST.get(kind_of(column.type), math.inf):
        raise InvalidInput("not-a-number", field=declared.name, value=str(value))
    low, high = declared.minimum, declared.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        raise InvalidInput("out-of-range", field=declared.name, value=value, minimum=low, maximum=high)
    return value


def placed(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    *,
    position: tuple[float, float] | None,
    geometry: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The columns ``geom`` (as EWKB), ``cell`` and ``territory_id`` of a new place.

    Parameters
    ----------
    position : lon, lat of a point, degrees. geometry : GeoJSON of other shapes, degrees. Exactly one is given.

    Raises
    ------
    InvalidInput : ``only-points-move``, ``coordinates-not-degrees``, ``bad-geometry``, ``not-drawn``.
    LimitExceeded : ``too-many-vertices``.
    Forbidden : ``outside-your-territory``.
    """
    shape = _point(layer, position) if position is not None else _drawn(layer, geometry or {})
    middle = shape if shape.geom_type == "Point" else shapely.point_on_surface(shape)
    wkb = shapely.to_wkb(shapely.set_srid(shape, 4326), include_srid=True)
    territory = connection.execute(
        text("SELECT qorgan_territory_at(:ws, cast(:wkb AS geometry))"), {"ws": workspace.id, "wkb": wkb.hex()}
    ).scalar_one()
    if territory not in territories(connection, Role.EDITOR):
        raise Forbidden("outside-your-territory")
    cell = index_points(shapely.get_x([middle]), shapely.get_y([middle]))[0]
    return {"geom": wkb.hex(), "cell": int(cell), "territory_id": territory}


def nowhere(connection: Connection, workspace: WorkspaceInfo) -> dict[str, Any]:
    """The same columns of a row without a place: it is the whole workspace's.

    Raises
    ------
    Forbidden : ``outside-your-territory``.
    """
    if workspace.root_territory_id not in territories(connection, Role.EDITOR):
        raise Forbidden("outside-your-territory")
    return {"geom": None, "cell": None, "territory_id": workspace.root_territory_id}


def is_added_by_hand(layer: Layer) -> bool:
    """Whether records of the layer may be added by hand."""
    return layer.kind in DRAWN or not layer.has_place


def _point(layer: Layer, position: tuple[float, float]) -> BaseGeometry:
    lon, lat = position
    if layer.geometry != "Point":
        raise InvalidInput("only-points-move", layer=layer.id)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InvalidInput("coordinates-not-degrees")
    return shapely.Point(lon, lat)


def _drawn(layer: Layer, geometry: Mapping[str, Any]) -> BaseGeometry:
    if layer.kind not in DRAWN or not layer.geometry:
        raise InvalidInput("not-drawn", layer=layer.id)
    try:
        shape = shapely.geometry.shape(dict(geometry))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.errors.GEOSException):
        raise InvalidInput("bad-geometry") from None
    if shapely.get_num_coordinates(shape) > MAX_VERTICES:
        raise LimitExceeded("too-many-vertices", limit=MAX_VERTICES)
    wanted = layer.geometry.removeprefix("Multi")
    if shape.is_empty or shape.geom_type.removeprefix("Multi") != wanted or not shape.is_valid:
        raise InvalidInput("bad-geometry")
    if shape.geom_type != layer.geometry:
        parts = shapely.get_parts(shape)
        if not layer.geometry.startswith("Multi") and len(parts) != 1:
            raise InvalidInput("bad-geometry")
        joined = shapely.multipolygons if wanted == "Polygon" else shapely.multilinestrings
        shape = cast("BaseGeometry", joined(parts) if layer.geometry.startswith("Multi") else parts[0])
    west, south, east, north = shape.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise InvalidInput("coordinates-not-degrees")
    return shapely.force_2d(shape)
