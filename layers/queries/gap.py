"""The coverage gap: night events, or metres of street, that no counted camera sees; street by street, ranked."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
from sqlalchemy import Connection

from geo_core.coverage import Share
from geo_core.errors import InvalidInput
from geo_core.gap import NO_SEGMENT, coverage_gap
from layers import copy_out, registry
from layers.queries.completeness import completeness, of_filter
from layers.queries.filters import Filter, where
from layers.queries.run import mappings
from layers.queries.status import status, version
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo

COVERAGE = "camera_coverage"
SEGMENTS = "street_segments"
# What says how much of the coverage can be believed: directions of cameras, heights of buildings.
INPUTS = ("cameras", "buildings")

# Under row-level security only a leakproof operator may use an index, so && is written out beside the exact predicate.
# A position inside a building is an address: what cameras see of the ground says nothing about it.
INDOORS = "EXISTS (SELECT 1 FROM layer_buildings b WHERE b.workspace_id = %(ws)s AND b.geom && t.geom AND ST_Covers(b.geom, t.geom))"
# Where nobody listed a camera it is not known what is seen.
UNSEEN_UNKNOWN = "'NaN'::float8"
# 1 = inside what a counted camera sees, 0 = not, NaN = cannot be told (no position, or indoors).
SEEN = (
    f"CASE WHEN t.geom IS NULL OR {INDOORS} THEN 'NaN'::float8 WHEN EXISTS ("  # noqa: S608
    "SELECT 1 FROM layer_camera_coverage c WHERE c.workspace_id = %(ws)s AND c.state = 'counted' "
    "AND c.geom && t.geom AND ST_Intersects(c.geom, t.geom)) THEN 1 ELSE 0 END::float8"
)


def event_gap(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, *, given: Filter | None = None, limit: int = 200
) -> dict[str, Any]:
    """Night events no counted camera sees, per street segment, by empirical-Bayes rate per km.

    Seen means: inside what today's counted cameras see, whenever the event was. A filter's ``dark`` is not used: the gap is of
    the dark by definition, and events whose darkness is unknown are counted apart. So are events whose position lies inside a
    building: no camera of a public place could see them, and they are neither seen nor unseen.

    Returns
    -------
    rows : ranked segments with at least one unseen night event: id, names, length_m, night_events, unseen_night_events, rate_per_km,
        shrunk_rate_per_km with low and high (90 %), class (above | below | not-enough-data), covered_share of its length.
    totals : night_seen (its unknown: without position or indoors), dark, placed (each covered, total, unknown, share), night_indoors,
        mean_per_km, level, segments; filter_unknown: events that neither pass nor fail the filter (no hour, or known by month only).
    basis : revision, whether the coverage is stale.
    completeness : of the events in the filter's period, and under ``inputs`` of cameras, buildings and lamps the coverage stands on.

    Raises
    ------
    InvalidInput : the layer has no time; ``no-street-segments`` or ``coverage-not-derived`` when they were not derived yet.
    """
    if not layer.is_event:
        raise InvalidInput("layer-without-time", layer=layer.id)
    known = cameras_listed(connection, workspace) > 0
    clause = where(layer, workspace.id, replace(given or Filter(), dark=None))
    clause.params.update(layer=layer.id)
    events = copy_out.arrays(
        connection,
        f"""
        SELECT coalesce(u.unit_id, 0)::int8,
               CASE WHEN t.dark THEN 1 WHEN NOT t.dark THEN 0 ELSE 'NaN'::float8 END::float8,
               {SEEN if known else UNSEEN_UNKNOWN}, coalesce({INDOORS}, false), coalesce({clause.passes}, false)
        FROM {layer.table} t LEFT JOIN event_unit u ON u.workspace_id = %(ws)s AND u.layer_id = %(layer)s AND u.row_id = t.id
        WHERE {clause.sql}
        """,  # noqa: S608
        [("unit", "int8"), ("dark", "float8"), ("seen", "float8"), ("indoors", "bool"), ("passes", "bool")],
        clause.params,
    )
    filter_unknown = int((~events["passes"]).sum())
    events = {name: values[events["passes"]] for name, values in events.items()}
    segments = _segments(connection, workspace)
    ids = np.array([row["id"] for row in segments], dtype=np.int64)
    at = np.minimum(np.searchsorted(ids, events["unit"]), len(ids) - 1)
    found = coverage_gap(
        segment=np.where(ids[at] == events["unit"], at, NO_SEGMENT),
        dark=events["dark"],
        seen=events["seen"],
        length_m=np.array([row["length_m"] for row in segments]),
    )
    rows: list[dict[str, Any]] = []
    for i in found.ranked():
        if found.unseen_night_events[i] == 0 or len(rows) >= limit:
            break
        rows.append(
            {
                **segments[i],
                "rank": int(found.rank[i]),
                "night_events": int(found.night_events[i]),
                "unseen_night_events": int(found.unseen_night_events[i]),
                "seen_unknown_events": int(found.seen_unknown_events[i]),
                "dark_unknown_events": int(found.dark_unknown_events[i]),
                "rate_per_km": float(found.rate_per_km[i]),
                "shrunk_rate_per_km": float(found.shrunk_rate_per_km[i]),
                "low_per_km": float(found.low_per_km[i]),
                "high_per_km": float(found.high_per_km[i]),
                "class": str(found.classes[i]),
            }
        )
    return {
        "demand": "events",
        "layer": layer.id,
        "rows": rows,
        "totals": {
            "night_seen": _share(found.night_seen),
            "dark": _share(found.dark),
            "placed": _share(found.placed),
            "filter_unknown": filter_unknown,
            "night_indoors": int(((events["dark"] == 1) & events["indoors"]).sum()),
            "mean_per_km": found.mean_per_km,
            "level": found.level,
            # False: too few unseen events for any street to be judged
            "enough": found.enough,
            "segments": len(segments),
            "segments_in_gap": int((found.unseen_night_events > 0).sum()),
            "segments_above": int((found.classes == "above").sum()),
        },
        "basis": _basis(connection, workspace, layer),
        "completeness": _completeness(connection, workspace, of_filter(connection, workspace, layer, given)),
    }


def street_gap(connection: Connection, workspace: WorkspaceInfo, *, limit: int = 200) -> dict[str, Any]:
    """Metres of street no counted camera sees; for places whose events are not known.

    Returns
    -------
    rows : segments by unseen metres, most first, with covered_share and potential_share of their length.
    totals : seen (covered, total in metres, share) and potential, apart.
    """
    cameras_listed(connection, workspace)
    segments = _segments(connection, workspace)
    for row in segments:
        row["unseen_m"] = None if row["covered_share"] is None else row["length_m"] * (1 - row["covered_share"])
    known = [row for row in segments if row["unseen_m"] is not None]
    total = sum(row["length_m"] for row in known)

    def part(name: str) -> dict[str, Any]:
        return _share(
            Share(
                covered=sum(row["length_m"] * (row[name] or 0.0) for row in known),
                total=total,
                unknown=sum(row["length_m"] for row in segments) - total,
            )
        )

    ranked = sorted(known, key=lambda row: (-row["unseen_m"], row["id"]))
    return {
        "demand": "streets",
        "layer": SEGMENTS,
        "rows": [{**row, "rank": i + 1} for i, row in enumerate(ranked[:limit]) if row["unseen_m"] > 0],
        "totals": {"seen": part("covered_share"), "potential": part("potential_share"), "segments": len(segments)},
        "basis": _basis(connection, workspace, registry.load()[SEGMENTS]),
        "completeness": _completeness(connection, workspace, {"layer": SEGMENTS, "warnings": []}),
    }


def _completeness(connection: Connection, workspace: WorkspaceInfo, of_demand: dict[str, Any]) -> dict[str, Any]:
    """That of the demand, and of what the coverage is computed from, as far as the reader may see it."""
    inputs = {name: completeness(connection, workspace, registry.load()[name]) for name in INPUTS}
    return {**of_demand, "inputs": inputs}


def cameras_listed(connection: Connection, workspace: WorkspaceInfo) -> int:
    """How many cameras the coverage was derived from; with none, what is seen is unknown and not nothing.

    Raises
    ------
    InvalidInput : ``coverage-not-derived``.
    """
    found = mappings(
        connection,
        "SELECT (report ->> 'cameras')::int AS cameras FROM derived WHERE workspace_id = %(ws)s AND layer_id = 'camera_coverage'",
        {"ws": workspace.id},
    )
    if not found:
        raise InvalidInput("coverage-not-derived")
    return int(found[0]["cameras"] or 0)


def _segments(connection: Connection, workspace: WorkspaceInfo) -> list[dict[str, Any]]:
    rows = mappings(
        connection,
        """
        SELECT s.id, s.name, s.name_kk, s.name_ru, s.highway_class, s.lit, s.length_m,
               ST_X(ST_LineInterpolatePoint(s.geom, 0.5)) AS lon, ST_Y(ST_LineInterpolatePoint(s.geom, 0.5)) AS lat,
               c.numerator / nullif(c.denominator, 0) AS covered_share,
               p.numerator / nullif(p.denominator, 0) AS potential_share
        FROM layer_street_segments s
        LEFT JOIN segment_share c ON c.workspace_id = %(ws)s AND c.layer_id = 'camera_coverage'
          AND c.measure = 'covered_share' AND c.segment_id = s.id
        LEFT JOIN segment_share p ON p.workspace_id = %(ws)s AND p.layer_id = 'camera_coverage'
          AND p.measure = 'potential_share' AND p.segment_id = s.id
        WHERE s.workspace_id = %(ws)s ORDER BY s.id
        """,
        {"ws": workspace.id},
    )
    if not rows:
        raise InvalidInput("no-street-segments")
    return rows


def _share(share: Share) -> dict[str, Any]:
    return {**asdict(share), "share": share.share if share.total > 0 else None}


def _basis(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> dict[str, Any]:
    known = registry.load()
    coverage = status(connection, workspace, known[COVERAGE])["derived"]
    return {
        "revision": version(connection, workspace, layer, known[COVERAGE], known[SEGMENTS]).revision,
        "coverage_is_stale": coverage["is_stale"],
        "cameras_listed": coverage["report"].get("cameras", 0),
        "coverage_report": coverage["report"],
    }
