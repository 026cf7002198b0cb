"""Names on the ground: streets, places and areas, in the reader's language, the most important first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from geo_core.errors import InvalidInput
from layers.queries.run import mappings
from layers.workspaces import WorkspaceInfo

MOST = 400
WIDEST_DEGREES = 10.0
_MAJOR = ("motorway", "trunk", "primary", "secondary")
_MIDDLE = (*_MAJOR, "tertiary")


def labels(
    connection: Connection,
    workspace: WorkspaceInfo,
    *,
    bbox: tuple[float, float, float, float],
    zoom: float,
    language: str,
) -> list[dict[str, Any]]:
    """Names to be written in a box at a zoom.

    Returns
    -------
    position (lon, lat), name, kind (street | place | area), angle_deg (counterclockwise from east, upright) and rank, 0 first.

    Raises
    ------
    InvalidInput : the box is wider than ten degrees.
    """
    west, south, east, north = bbox
    if east - west > WIDEST_DEGREES or north - south > WIDEST_DEGREES:
        raise InvalidInput("bad-bbox", bbox=list(bbox))
    params = {
        "ws": workspace.id,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "most": MOST,
        "classes": list(_MAJOR if zoom < 13 else _MIDDLE if zoom < 14 else ()),
    }
    found = mappings(connection, _areas(language), params)
    if zoom >= 11.5:
        found += mappings(connection, _streets(language), params)
    if zoom >= 15:
        found += mappings(connection, _places(language), params)
    return [
        {
            "position": [row["lon"], row["lat"]],
            "name": row["name"],
            "kind": row["kind"],
            "angle_deg": row["angle_deg"],
            "rank": rank,
        }
        for rank, row in enumerate(found[:MOST])
    ]


_BOX = "ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)"


def _name(language: str, *, english: bool = False) -> str:
    """The best name there is: in the language, else as written on the ground."""
    own = {"kk": "t.name_kk", "ru": "t.name_ru", "en": "t.name_en" if english else "t.name"}[language]
    return f"coalesce(nullif({own}, ''), nullif(t.name, ''), nullif(t.name_ru, ''), nullif(t.name_kk, ''))"


def _streets(language: str) -> str:
    """One label per name: in the middle of its longest piece inside the box, along the street."""
    return f"""
    WITH s AS (
      SELECT {_name(language)} AS name, ST_Intersection(t.geom, {_BOX}) AS geom FROM layer_roads t
      WHERE t.workspace_id = %(ws)s AND t.geom && {_BOX} AND (cardinality(%(classes)s::text[]) = 0 OR t.highway_class = ANY(%(classes)s))
        AND coalesce(t.name, t.name_ru, t.name_kk) IS NOT NULL),
    m AS (SELECT name, (ST_Dump(ST_LineMerge(ST_Collect(geom)))).geom AS geom FROM s WHERE name IS NOT NULL GROUP BY name),
    l AS (SELECT DISTINCT ON (name) name, geom, ST_Length(geom) AS length FROM m WHERE ST_GeometryType(geom) = 'ST_LineString'
          ORDER BY name, ST_Length(geom) DESC),
    p AS (SELECT name, length, ST_LineInterpolatePoint(geom, 0.5) AS point,
                 ST_Azimuth(ST_LineInterpolatePoint(geom, 0.45), ST_LineInterpolatePoint(geom, 0.55)) AS azimuth FROM l WHERE length > 0)
    SELECT name, 'street' AS kind, ST_X(point) AS lon, ST_Y(point) AS lat,
           (CASE WHEN azimuth > pi() THEN 270 ELSE 90 END - degrees(azimuth))::float8 AS angle_deg
    FROM p ORDER BY length DESC, name LIMIT %(most)s
    """  # noqa: S608


def _areas(language: str) -> str:
    return f"""
    SELECT {_name(language, english=True)} AS name, 'area' AS kind, ST_X(p) AS lon, ST_Y(p) AS lat, 0::float8 AS angle_deg
    FROM layer_areas t, LATERAL ST_PointOnSurface(t.geom) p
    WHERE t.workspace_id = %(ws)s AND t.geom && {_BOX} AND p && {_BOX}
      AND {_name(language, english=True)} IS NOT NULL
    ORDER BY ST_Area(t.geom) DESC, t.id LIMIT %(most)s
    """  # noqa: S608


def _places(language: str) -> str:
    return f"""
    SELECT {_name(language)} AS name, 'place' AS kind, ST_X(t.geom) AS lon, ST_Y(t.geom) AS lat, 0::float8 AS angle_deg
    FROM layer_places t
    WHERE t.workspace_id = %(ws)s AND t.geom && {_BOX} AND {_name(language)} IS NOT NULL ORDER BY t.id LIMIT %(most)s
    """  # noqa: S608
