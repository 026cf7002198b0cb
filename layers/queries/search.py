"""Finding a street, a settlement, a house, a road and kilometre, an area, a device or a place by what it is called."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection

from geo_core.chainage import course, locate
from geo_core.errors import InvalidInput
from geo_core.names import fold, numbers_of
from geo_core.road_reference import RoadPlace, refs_of, road_place
from layers.identity import audit
from layers.naming import APART_DEGREES, ROADS
from layers.queries.likeness import likeness
from layers.queries.run import mappings
from layers.spec import Role
from layers.workspaces import WorkspaceInfo

MOST = 50
LONGEST = 200
# Of two names equally like the question, the one more readers mean.
_WEIGHT = {
    "settlement": 0.03,
    "area": 0.025,
    "street": 0.02,
    "road": 0.02,
    "house": 0.01,
    "place": 0.01,
    "building": 0.005,
}
_CANDIDATES = 60
_LEAST_SCORE = 0.2
# Highest score of what is only like the question; what begins with it, or one of whose words does, stands above.
LIKE = 0.75
# A house, a school of another number is hardly what was meant.
_OTHER_NUMBER = 0.8


def search(
    connection: Connection, workspace: WorkspaceInfo, wanted: str, *, limit: int = 10, language: str = "ru"
) -> dict[str, Any]:
    """What a text may mean, best first, among what the running principal may see.

    Parameters
    ----------
    wanted : as typed: any of the three languages, Cyrillic or Latin, misspelled.
    limit : 1–50.

    Returns
    -------
    query : as understood. results : dicts of ``kind`` (settlement | area | street | house | road | road-kilometre | building | place |
    device), ``layer``, ``id``, ``name`` (in the reader's language where there is one), ``matched`` (the name that was like it),
    ``territory``, ``position`` [lon, lat], ``bbox``, ``score`` 0–1, ``segment`` (of a street: the street segment at ``position``), and ``note``: None, or what is not known: ``house-unknown``
    (the street is known, the house is not), ``kilometre-unplaced`` (``length_km`` of the road is drawn), ``measured-along-drawing``
    (the point at ``km`` from the road's drawn beginning, wrong by up to ``error_m``: no kilometre posts are known).

    Raises
    ------
    InvalidInput : ``bad-parameter``: nothing to look for, or too long.
    """
    given = " ".join(wanted.split())
    if not given or len(given) > LONGEST or not given.isprintable():
        raise InvalidInput("bad-parameter", name="q", value=given[:40], expected=f"1–{LONGEST}")
    if not 1 <= limit <= MOST:
        raise InvalidInput("bad-parameter", name="limit", value=limit, expected=f"1–{MOST}")
    road = road_place(given)
    found = _on_roads(connection, workspace, road, language) if road is not None else []
    if not found:
        found = _by_name(connection, workspace, given, limit, language)
    found = found[:limit]
    _with_segments(connection, workspace, found)
    records = sum(one.pop("rank") >= Role.ANALYST.rank for one in found)
    if records:
        audit(connection, "search", workspace_id=workspace.id, count=records)
    return {"query": given, "results": found}


def _by_name(
    connection: Connection, workspace: WorkspaceInfo, given: str, limit: int, language: str
) -> list[dict[str, Any]]:
    folded = fold(given)
    if not folded:
        return []
    digits = numbers_of(folded)
    words = folded.split()
    alone = (
        sorted((w for w in words if len(w) >= 3 and w not in digits), key=len, reverse=True) if len(words) > 1 else []
    )
    candidates = mappings(
        connection,
        "SELECT * FROM qorgan_search(%(ws)s, %(wanted)s, %(opening)s, %(alone)s::text[], %(digits)s::text[], %(most)s)",
        {
            "ws": workspace.id,
            "wanted": folded,
            "opening": re.sub(r"([\\%_])", r"\\\1", folded),
            "alone": alone[:3],
            "digits": list(digits),
            "most": max(_CANDIDATES, 3 * limit),
        },
    )
    best: dict[tuple[str, int, int], dict[str, Any]] = {}
    for row in candidates:
        if row["score"] <= LIKE:
            row["score"] = (
                LIKE
                * likeness(folded, row["fold"])
                * (1.0 if set(digits) <= set(row["fold"].split()) else _OTHER_NUMBER)
            )
        row["score"] += _WEIGHT.get(row["kind"], 0.0)
        key = (row["layer_id"], row["part"], row["row_id"])
        if row["score"] >= _LEAST_SCORE and (key not in best or row["score"] > best[key]["score"]):
            best[key] = row
    ranked = sorted(best.values(), key=lambda r: (-r["score"], len(r["fold"]), r["name"], r["layer_id"], r["row_id"]))
    chosen = _whole_streets(ranked)[:limit]
    named = _in_language(connection, workspace, chosen, language)
    asks_house = bool(digits) and len(words) > 1
    return [_result(row, named, note="house-unknown" if asks_house and _lacks(row, digits) else None) for row in chosen]


def _with_segments(connection: Connection, workspace: WorkspaceInfo, found: list[dict[str, Any]]) -> None:
    """For streets, the street segment at the shown point: what events are counted on. As text: its number is longer than JSON's."""
    streets = [one for one in found if one["kind"] == "street"]
    if not streets:
        return
    nearest = mappings(
        connection,
        "SELECT w.n, s.id FROM unnest(%(n)s::int[], %(lon)s::float8[], %(lat)s::float8[]) AS w (n, lon, lat), "
        "LATERAL (SELECT t.id, t.geom FROM layer_street_segments t WHERE t.workspace_id = %(ws)s "
        " ORDER BY t.geom <-> ST_SetSRID(ST_MakePoint(w.lon, w.lat), 4326) LIMIT 1) s "
        "WHERE s.geom && ST_Expand(ST_SetSRID(ST_MakePoint(w.lon, w.lat), 4326), %(near)s)",
        {
            "ws": workspace.id,
            "n": list(range(len(streets))),
            "lon": [one["position"][0] for one in streets],
            "lat": [one["position"][1] for one in streets],
            "near": 1e-4,
        },
    )
    for row in nearest:
        streets[row["n"]]["segment"] = str(row["id"])


def _whole_streets(ranked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A street that goes through several territories is stored once for each; a reader who sees them sees one street."""
    out: list[dict[str, Any]] = []
    for row in ranked:
        same = next((one for one in out if row["kind"] == "street" and _continues(one, row)), None)
        if same is None:
            out.append(row)
            continue
        same["west"], same["south"] = min(same["west"], row["west"]), min(same["south"], row["south"])
        same["east"], same["north"] = max(same["east"], row["east"]), max(same["north"], row["north"])
    return out


def _continues(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return (
        one["kind"] == other["kind"]
        and one["layer_id"] == other["layer_id"]
        and one["fold"] == other["fold"]
        and one["west"] - APART_DEGREES <= other["east"]
        and other["west"] - APART_DEGREES <= one["east"]
        and one["south"] - APART_DEGREES <= other["north"]
        and other["south"] - APART_DEGREES <= one["north"]
    )


def _lacks(row: dict[str, Any], digits: tuple[str, ...]) -> bool:
    return row["kind"] == "street" and not set(digits) <= set(row["fold"].split())


def _in_language(
    connection: Connection, workspace: WorkspaceInfo, rows: list[dict[str, Any]], language: str
) -> dict[tuple[str, int, int], dict[str, str | None]]:
    """What rows and the territories they lie in are called in the reader's language."""
    if not rows:
        return {}
    found = mappings(
        connection,
        "SELECT w.layer_id, w.part, w.row_id, t.titles, "
        "(SELECT n.name FROM search_name n WHERE n.workspace_id = %(ws)s AND n.layer_id = w.layer_id AND n.part = w.part "
        " AND n.row_id = w.row_id AND n.language = ANY (ARRAY[%(language)s, '']) AND n.kind = w.kind "
        " ORDER BY n.language <> %(language)s, n.nth LIMIT 1) AS name "
        "FROM unnest(%(layers)s::text[], %(parts)s::int[], %(rows)s::bigint[], %(kinds)s::text[], %(territories)s::int[]) "
        "AS w (layer_id, part, row_id, kind, territory_id) LEFT JOIN territory t ON t.id = w.territory_id",
        {
            "ws": workspace.id,
            "language": language,
            "layers": [row["layer_id"] for row in rows],
            "parts": [row["part"] for row in rows],
            "rows": [row["row_id"] for row in rows],
            "kinds": [row["kind"] for row in rows],
            "territories": [row["territory_id"] for row in rows],
        },
    )
    return {
        (row["layer_id"], row["part"], row["row_id"]): {
            "name": row["name"],
            "territory": _title(row["titles"] or {}, language),
        }
        for row in found
    }


def _title(titles: dict[str, str], language: str) -> str | None:
    return titles.get(language) or next(iter(titles.values()), None)


def _result(
    row: dict[str, Any], named: dict[tuple[str, int, int], dict[str, str | None]], *, note: str | None
) -> dict[str, Any]:
    known = named.get((row["layer_id"], row["part"], row["row_id"]), {})
    return {
        "kind": row["kind"],
        "layer": row["layer_id"],
        "id": row["row_id"],
        "name": known.get("name") or row["name"],
        "matched": row["name"],
        "territory": known.get("territory"),
        "position": [row["lon"], row["lat"]],
        "bbox": [row["west"], row["south"], row["east"], row["north"]],
        "score": round(min(float(row["score"]), 1.0), 4),
        "segment": None,
        "note": note,
        "km": None,
        "error_m": None,
        "length_km": None,
        "rank": row["rank"],
    }


def _on_roads(
    connection: Connection, workspace: WorkspaceInfo, wanted: RoadPlace, language: str
) -> list[dict[str, Any]]:
    """The road of a number, and the point at its kilometre where one was said and can be measured."""
    rows = mappings(
        connection,
        "SELECT layer_id, part, row_id, kind, name, fold, lon, lat, west, south, east, north, territory_id, rank, 1.0 AS score "
        "FROM search_name WHERE workspace_id = %(ws)s AND fold = %(ref)s AND part = %(part)s ORDER BY layer_id, row_id LIMIT 200",
        {"ws": workspace.id, "ref": wanted.ref.lower(), "part": ROADS},
    )
    if not rows:
        return []
    road = {
        **rows[0],
        "west": min(row["west"] for row in rows),
        "south": min(row["south"] for row in rows),
        "east": max(row["east"] for row in rows),
        "north": max(row["north"] for row in rows),
    }
    named = _in_language(connection, workspace, [road], language)
    if wanted.km is None:
        return [_result(road, named, note=None)]
    drawn = mappings(
        connection,
        f"SELECT ST_AsBinary(geom) AS geom FROM layer_{road['layer_id']} "  # noqa: S608 - a layer of the registry wrote it
        "WHERE workspace_id = %(ws)s AND road_ref = ANY (%(refs)s::text[]) ORDER BY id",
        {"ws": workspace.id, "refs": sorted({row["name"] for row in rows if wanted.ref in refs_of(row["name"])})},
    )
    lines = [shapely.get_coordinates(shapely.from_wkb(bytes(row["geom"]))).astype(np.float64) for row in drawn]
    whole = course(lines)
    point = locate(whole, wanted.km * 1000) if whole is not None else None
    if whole is None or point is None:
        length_km = None if whole is None else round(whole.length_m / 1000, 1)
        return [{**_result(road, named, note="kilometre-unplaced"), "length_km": length_km}]
    at = _result(road, named, note="measured-along-drawing")
    return [
        {
            **at,
            "kind": "road-kilometre",
            "km": wanted.km,
            "position": [point.lon, point.lat],
            "bbox": [point.lon, point.lat, point.lon, point.lat],
            "error_m": point.error_m,
            "length_km": round(whole.length_m / 1000, 1),
        },
        {**_result(road, named, note=None), "length_km": round(whole.length_m / 1000, 1)},
    ]
