"""Workspaces: a territory with its zone, projection, sub-territories and registration breaks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from geo_core.errors import Conflict, InvalidInput, NotFound
from layers import registry
from layers.identity import admit_derivations, audit

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class TerritorySpec:
    """A part of a workspace that rights can be granted for."""

    code: str
    titles: Mapping[str, str]
    geometry: BaseGeometry
    parent: str | None = None


@dataclass(frozen=True, kw_only=True)
class BreakSpec:
    """A date across which a layer's counts must not be compared."""

    layer_id: str
    day: date
    reason: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WorkspaceSpec:
    """What a new workspace is made of; ``territory`` in lon/lat (EPSG:4326)."""

    slug: str
    titles: Mapping[str, str]
    territory: BaseGeometry
    zone: str
    territories: tuple[TerritorySpec, ...] = ()
    breaks: tuple[BreakSpec, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_synthetic: bool = False


@dataclass(frozen=True, kw_only=True)
class WorkspaceInfo:
    """A stored workspace as readers need it."""

    id: int
    slug: str
    titles: Mapping[str, str]
    zone: str
    metric_crs: str
    settings: Mapping[str, Any]
    is_synthetic: bool
    root_territory_id: int
    bounds: tuple[float, float, float, float]


def metric_crs_of(territory: BaseGeometry) -> str:
    """Transverse Mercator through the middle of the territory, in metres, as a PROJ string.

    The scale error at 50 km from the centre is 3e-5; a workspace is a city or an oblast, not a country.
    """
    centre = territory.envelope.centroid
    return f"+proj=tmerc +lat_0={centre.y:.4f} +lon_0={centre.x:.4f} +k=1 +x_0=0 +y_0=0 +ellps=WGS84 +units=m +no_defs"


def create(owner: Connection, spec: WorkspaceSpec) -> WorkspaceInfo:
    """Store a new workspace with its territories and breaks. Needs the owner's connection.

    Raises
    ------
    Conflict : the slug is taken.
    InvalidInput : the zone is unknown, the territory is empty or reaches outside the Earth.
    """
    _check(spec)
    if owner.execute(text("SELECT 1 FROM workspace WHERE slug = :slug"), {"slug": spec.slug}).first():
        raise Conflict("workspace-exists", workspace=spec.slug)
    workspace_id = owner.execute(
        text(
            "INSERT INTO workspace (slug, titles, zone, metric_crs, settings, is_synthetic) VALUES "
            "(:slug, cast(:titles AS jsonb), :zone, :crs, cast(:settings AS jsonb), :synthetic) RETURNING id"
        ),
        {
            "slug": spec.slug,
            "titles": json.dumps(dict(spec.titles)),
            "zone": spec.zone,
            "crs": metric_crs_of(spec.territory),
            "settings": json.dumps(dict(spec.settings)),
            "synthetic": spec.is_synthetic,
        },
    ).scalar_one()
    root = _add_territory(owner, workspace_id, None, spec.slug, spec.titles, spec.territory)
    owner.execute(
        text("UPDATE workspace SET root_territory_id = :root WHERE id = :id"), {"root": root, "id": workspace_id}
    )
    ids = {spec.slug: root}
    for part in spec.territories:
        ids[part.code] = _add_territory(
            owner, workspace_id, ids[part.parent or spec.slug], part.code, part.titles, part.geometry
        )
    _add_breaks(owner, workspace_id, spec)
    admit_derivations(owner)
    return find(owner, spec.slug)


def may_found(connection: Connection, *, is_synthetic: bool = False) -> bool:
    """Whether the running principal may found a workspace: an administrator of a whole one, or at home on the machine itself."""
    asked = connection.execute(text("SELECT qorgan_may_found(:synthetic)"), {"synthetic": is_synthetic})
    return bool(asked.scalar_one())


def found(connection: Connection, spec: WorkspaceSpec) -> WorkspaceInfo:
    """Store a new workspace as the running principal, who then administers it. As :func:`create`, without the owner's rights.

    Raises
    ------
    Forbidden : the principal may not.
    Conflict : the slug is taken (perhaps by a workspace the principal does not see).
    InvalidInput : ``bad-slug``, ``unknown-zone``, ``bad-territory``, ``coordinates-not-degrees``.
    """
    _check(spec)
    root = {"code": spec.slug, "parent": None, "titles": dict(spec.titles), "wkb": spec.territory.wkb_hex}
    parts = [
        {
            "code": part.code,
            "parent": part.parent or spec.slug,
            "titles": dict(part.titles),
            "wkb": part.geometry.wkb_hex,
        }
        for part in spec.territories
    ]
    given = {
        "slug": spec.slug,
        "titles": json.dumps(dict(spec.titles)),
        "zone": spec.zone,
        "crs": metric_crs_of(spec.territory),
        "settings": json.dumps(dict(spec.settings)),
        "synthetic": spec.is_synthetic,
        "territories": json.dumps([root, *parts]),
    }
    try:
        workspace_id = connection.execute(
            text(
                "SELECT qorgan_found_workspace(:slug, cast(:titles AS jsonb), :zone, :crs, cast(:settings AS jsonb), :synthetic, "
                "cast(:territories AS jsonb))"
            ),
            given,
        ).scalar_one()
    except IntegrityError as error:
        raise Conflict("workspace-exists", workspace=spec.slug) from error
    _add_breaks(connection, workspace_id, spec)
    audit(connection, "create-workspace", workspace_id=workspace_id, slug=spec.slug)
    return find(connection, spec.slug)


def remove(owner: Connection, slug: str) -> None:
    """Delete a workspace with everything in it. Needs the owner's connection."""
    workspace = find(owner, slug)
    for layer in registry.load().values():
        owner.exec_driver_sql(f'DROP TABLE IF EXISTS "{layer.table}_w{workspace.id}"')
    for table in ("rejected_row", "row_history"):
        owner.execute(text(f"DELETE FROM {table} WHERE workspace_id = :ws"), {"ws": workspace.id})  # noqa: S608
    owner.execute(text("DELETE FROM workspace WHERE id = :ws"), {"ws": workspace.id})


_SELECT = (
    "SELECT w.*, ST_XMin(t.geom) AS west, ST_YMin(t.geom) AS south, ST_XMax(t.geom) AS east, ST_YMax(t.geom) AS north "
    "FROM workspace w JOIN territory t ON t.id = w.root_territory_id "
)


def find(connection: Connection, slug: str) -> WorkspaceInfo:
    """The workspace with this slug, if the running principal may see it.

    Raises
    ------
    NotFound : there is none, or not for this reader (both look the same).
    """
    row = connection.execute(text(_SELECT + "WHERE w.slug = :slug"), {"slug": slug}).mappings().first()
    if row is None:
        raise NotFound("unknown-workspace", workspace=slug)
    return _info(row)


def listed(connection: Connection) -> list[WorkspaceInfo]:
    """Every workspace the running principal may see, in order of making."""
    return [_info(row) for row in connection.execute(text(_SELECT + "ORDER BY w.id")).mappings()]


def territory_polygons(connection: Connection, workspace_id: int) -> list[tuple[int, int | None, BaseGeometry]]:
    """(id, parent id, lon/lat polygon) of every territory of the workspace, the root first."""
    rows = connection.execute(
        text(
            "SELECT id, parent_id, ST_AsBinary(geom) AS wkb FROM territory WHERE workspace_id = :ws "
            "ORDER BY parent_id NULLS FIRST, id"
        ),
        {"ws": workspace_id},
    )
    return [(row.id, row.parent_id, shapely.from_wkb(bytes(row.wkb))) for row in rows]


def _info(row: Any) -> WorkspaceInfo:
    return WorkspaceInfo(
        id=row["id"],
        slug=row["slug"],
        titles=row["titles"],
        zone=row["zone"],
        metric_crs=row["metric_crs"],
        settings=row["settings"],
        is_synthetic=row["is_synthetic"],
        root_territory_id=row["root_territory_id"],
        bounds=(row["west"], row["south"], row["east"], row["north"]),
    )


def _check(spec: WorkspaceSpec) -> None:
    check_slug(spec.slug)
    try:
        ZoneInfo(spec.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput("unknown-zone", zone=spec.zone) from None
    for shape in (spec.territory, *(part.geometry for part in spec.territories)):
        _check_polygon(shape)
    for change in spec.breaks:
        registry.load()[change.layer_id]


def check_slug(slug: str) -> str:
    """The slug itself.

    Raises
    ------
    InvalidInput : ``bad-slug``: it is part of addresses.
    """
    if not _SLUG.fullmatch(slug):
        raise InvalidInput("bad-slug", slug=slug)
    return slug


def _add_breaks(connection: Connection, workspace_id: int, spec: WorkspaceSpec) -> None:
    for change in spec.breaks:
        connection.execute(
            text(
                "INSERT INTO registration_break (workspace_id, layer_id, day, reason) "
                "VALUES (:ws, :layer, :day, cast(:reason AS jsonb))"
            ),
            {
                "ws": workspace_id,
                "layer": change.layer_id,
                "day": change.day,
                "reason": json.dumps(dict(change.reason)),
            },
        )


def _check_polygon(geometry: BaseGeometry) -> None:
    if geometry.is_empty or geometry.geom_type not in {"Polygon", "MultiPolygon"}:
        raise InvalidInput("bad-territory")
    west, south, east, north = geometry.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise InvalidInput("coordinates-not-degrees")


def _add_territory(
    owner: Connection, workspace_id: int, parent: int | None, code: str, titles: Mapping[str, str], shape: BaseGeometry
) -> int:
    return int(
        owner.execute(
            text(
                "INSERT INTO territory (workspace_id, parent_id, code, titles, geom) VALUES (:ws, :parent, :code, "
                "cast(:titles AS jsonb), ST_Multi(ST_SetSRID(ST_GeomFromWKB(:wkb), 4326))) RETURNING id"
            ),
            {
                "ws": workspace_id,
                "parent": parent,
                "code": code,
                "titles": json.dumps(dict(titles)),
                "wkb": shapely.to_wkb(shape),
            },
        ).scalar_one()
    )
