"""A new workspace from what a reader gave: names, zone, and a territory as GeoJSON or a box; and the demonstration's own."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Engine

from geo_core.errors import InvalidInput, NotFound
from layers import workspaces
from layers.identity import Principal, transaction
from layers.workspaces import WorkspaceInfo, WorkspaceSpec

LANGUAGES = ("kk", "ru", "en")
MOST_VERTICES = 200_000
Box = Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Founding:
    """A workspace somebody wants.

    Parameters
    ----------
    titles : language → name; a language without one takes another's.
    zone : IANA time zone; it knows its own changes by date.
    territory : GeoJSON (polygons in lon/lat, alone or as features), or None.
    box : west, south, east, north in degrees, or None; exactly one of the two.
    """

    slug: str
    zone: str
    titles: Mapping[str, str] = field(default_factory=dict)
    territory: Mapping[str, Any] | None = None
    box: Box | None = None

    def specification(self) -> WorkspaceSpec:
        """What is stored.

        Raises
        ------
        InvalidInput : ``territory-needed``, ``bad-bbox``, ``bad-territory``.
        """
        any_title = next((title for title in self.titles.values() if title.strip()), self.slug)
        return WorkspaceSpec(
            slug=self.slug,
            titles={code: (self.titles.get(code) or "").strip() or any_title.strip() for code in LANGUAGES},
            territory=territory_of(self.territory, self.box),
            zone=self.zone,
        )


def territory_of(document: Mapping[str, Any] | None, box: Box | None) -> BaseGeometry:
    """The union of a GeoJSON document's polygons (lon/lat), or the box.

    Raises
    ------
    InvalidInput : ``territory-needed`` when none or both are given; ``bad-territory``; ``bad-bbox``.
    """
    if (document is None) == (box is None):
        raise InvalidInput("territory-needed")
    if box is not None:
        west, south, east, north = box
        if not (all(map(math.isfinite, box)) and -180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise InvalidInput("bad-bbox", bbox=list(box))
        return shapely.box(west, south, east, north)
    try:
        read = shapely.from_geojson(json.dumps(document))
    except (shapely.GEOSException, ValueError) as error:
        raise InvalidInput("bad-territory") from error
    parts = shapely.get_parts(shapely.get_parts(shapely.force_2d(read)))
    polygons = [part for part in parts if part.geom_type in {"Polygon", "MultiPolygon"}]
    if not polygons or shapely.get_num_coordinates(read) > MOST_VERTICES:
        raise InvalidInput("bad-territory")
    united = shapely.union_all([shapely.make_valid(p, method="structure", keep_collapsed=False) for p in polygons])
    if not math.isfinite(united.area) or united.area == 0:
        raise InvalidInput("bad-territory")
    return united


def found(engine: Engine, principal: Principal, wanted: Founding) -> WorkspaceInfo:
    """Store the workspace; the principal administers it.

    Raises
    ------
    Forbidden, Conflict, InvalidInput : see :func:`layers.workspaces.found`.
    """
    specification = wanted.specification()
    with transaction(engine, principal) as connection:
        return workspaces.found(connection, specification)


def found_demo(engine: Engine, principal: Principal, name: str) -> WorkspaceInfo:
    """The demonstration's own workspace, founded unless it is there; its layers come by the job ``demo``.

    Raises
    ------
    NotFound : ``unknown-demo``. Forbidden : the principal may not found it. Conflict : it is there, and not for this principal.
    """
    from etl.demo import workspace_document
    from etl.demo.workspace import SLUG, specification
    from etl.demo_load import DEMOS

    if name not in DEMOS:
        raise NotFound("unknown-demo", demo=name, known=sorted(DEMOS))
    with transaction(engine, principal) as connection:
        try:
            return workspaces.find(connection, SLUG)
        except NotFound:
            pass
    wanted = specification(workspace_document(DEMOS[name]))
    with transaction(engine, principal) as connection:
        return workspaces.found(connection, wanted)
