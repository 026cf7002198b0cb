"""What is missing of which layer in which district; where there are no districts, in the whole workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry

from layers import registry
from layers.aspects import aspects_of
from layers.catalog.completeness.spec import SUBJECTS
from layers.derivation import Context, derived_rows, digest, replace_rows
from layers.placing import placing
from layers.queries.completeness import months_of
from layers.queries.coverage import coverage
from layers.queries.monthly import monthly_counts
from layers.queries.run import mappings
from layers.spec import Layer

MONTHS = "months"
# Up to these shares missing a district is called complete, and partly complete.
COMPLETE, PARTIAL = 0.05, 0.30
_NAMES = ("name", "name_kk", "name_ru", "name_en")


@dataclass(frozen=True)
class District:
    """Where is counted. ``id`` None = everything, where no district is known."""

    id: int | None
    key: str
    names: dict[str, str | None]
    shape: BaseGeometry


@dataclass(frozen=True)
class Found:
    """``missing`` of ``total``; months: which ones, where months are counted."""

    total: int = 0
    missing: int = 0
    months: str | None = None

    @property
    def share(self) -> float | None:
        return self.missing / self.total if self.total else None

    @property
    def level(self) -> str:
        if self.share is None:
            return "unknown"
        return "complete" if self.share <= COMPLETE else "partial" if self.share <= PARTIAL else "poor"


def subjects() -> dict[str, tuple[Layer, str]]:
    """Every subject with its layer and aspect, of all layers there are."""
    found = {}
    for layer in registry.load().values():
        names = [MONTHS] if layer.is_event else []
        for name in [*names, *(one.name for one in aspects_of(layer) if one.placed)]:
            found[f"{layer.id}_{name}"] = (layer, name)
    return found


def run(context: Context) -> dict[str, Any]:
    """Count anew what changed; what is known of the other layers is kept, unless the districts changed."""
    context.tell(0.05, "job.doing.completeness")
    districts = _districts(context)
    kept = {} if "areas" in context.changed else _kept(context)
    known = {name: one for name, one in subjects().items() if name in SUBJECTS}
    found: dict[tuple[str, str], Found] = {}
    unplaced: dict[str, int] = {}
    for layer in dict.fromkeys(layer for layer, _ in known.values()):
        mine = [name for name, (of, _) in known.items() if of is layer]
        if layer.id not in context.changed and all((name, d.key) in kept for name in mine for d in districts):
            found |= {(name, d.key): kept[name, d.key] for name in mine for d in districts}
            unplaced |= {k: v for k, v in context.before.get("outside", {}).items() if k == layer.id}
            continue
        counted, unplaced[layer.id] = _counted(context, layer, districts)
        found |= counted
    _write(context, districts, found)
    return {
        "districts": len(districts) if districts[0].id is not None else 0,
        "rows": len(found),
        "levels": {
            level: sum(one.level == level for one in found.values())
            for level in ("complete", "partial", "poor", "unknown")
        },
        "outside": unplaced,
    }


def _districts(context: Context) -> list[District]:
    rows = mappings(
        context.connection,
        "SELECT id, source_id, name, name_kk, name_ru, name_en, ST_AsBinary(geom) AS wkb FROM layer_areas "
        "WHERE workspace_id = %(ws)s AND kind = 'district' ORDER BY source_id",
        {"ws": context.workspace.id},
    )
    if rows:
        return [
            District(
                row["id"],
                row["source_id"],
                {name: row[name] for name in _NAMES},
                _as_multi(shapely.from_wkb(bytes(row["wkb"]))),
            )
            for row in rows
        ]
    titles = context.workspace.titles
    names = {
        "name": titles.get("ru") or titles.get("kk"),
        **{f"name_{code}": titles.get(code) for code in ("kk", "ru", "en")},
    }
    _, whole = placing(context.connection, context.workspace)
    return [District(None, "", names, _as_multi(whole))]


def _as_multi(shape: BaseGeometry) -> BaseGeometry:
    return shapely.MultiPolygon([shape]) if isinstance(shape, shapely.Polygon) else shape


def _counted(context: Context, layer: Layer, districts: list[District]) -> tuple[dict[tuple[str, str], Found], int]:
    """What a layer lacks in each district, and how many of its rows lie in none."""
    whole = districts[0].id is None
    keys = {district.id: district.key for district in districts}
    found = {
        (name, district.key): Found()
        for name, (of, _) in subjects().items()
        if of is layer and name in SUBJECTS
        for district in districts
    }
    aspects = [one for one in aspects_of(layer) if one.placed]
    counts = "".join(
        f', count(*) FILTER (WHERE {one.applies}) AS "{one.name}.total", '
        f'count(*) FILTER (WHERE ({one.applies}) AND ({one.missing})) AS "{one.name}.missing"'
        for one in aspects
    )
    place = "t.geom" if layer.geometry == "Point" else "ST_PointOnSurface(t.geom)"
    area = (
        "NULL::bigint"
        if whole
        else f"(SELECT min(a.id) FROM layer_areas a WHERE a.workspace_id = %(ws)s AND a.kind = 'district' "  # noqa: S608
        f"AND a.geom && t.geom AND ST_Covers(a.geom, {place}))"
    )
    rows = mappings(
        context.connection,
        f"SELECT {area} AS area_id, count(*) AS rows{counts} FROM {layer.table} t WHERE t.workspace_id = %(ws)s GROUP BY 1",  # noqa: S608
        {"ws": context.workspace.id},
    )
    outside = 0
    for row in rows:
        if row["area_id"] not in keys:
            outside += int(row["rows"])
            continue
        for one in aspects:
            found[f"{layer.id}_{one.name}", keys[row["area_id"]]] = Found(
                row[f"{one.name}.total"], row[f"{one.name}.missing"]
            )
    if layer.is_event:
        found |= _months(context, layer, districts)
    return found, outside


def _months(context: Context, layer: Layer, districts: list[District]) -> dict[tuple[str, str], Found]:
    """Months that no batch covers, and covered ones without an event where others have many."""
    covered = coverage(context.connection, context.workspace, layer)
    whole = districts[0].id is None
    counts = monthly_counts(context.connection, context.workspace, layer, by_area=not whole)
    found = {}
    for district in districts:
        told = months_of(
            [one for one in counts if one.area_id == district.id], covered.delivered, with_quiet=covered.spans
        )
        lacking = sorted([*told["missing"], *told["silent"]]) if told else []
        found[f"{layer.id}_{MONTHS}", district.key] = Found(
            told["asked"] if told else 0, len(lacking), ", ".join(lacking) or None
        )
    return found


def _kept(context: Context) -> dict[tuple[str, str], Found]:
    rows = mappings(
        context.connection,
        "SELECT source_id, subject, total, missing, months FROM layer_completeness WHERE workspace_id = %(ws)s",
        {"ws": context.workspace.id},
    )
    return {
        (row["subject"], row["source_id"].removeprefix(f"{row['subject']}:")): Found(
            row["total"], row["missing"] or 0, row["months"]
        )
        for row in rows
    }


def _write(context: Context, districts: list[District], found: dict[tuple[str, str], Found]) -> None:
    by_key = {district.key: district for district in districts}
    order = sorted(found)
    of = [by_key[key] for _, key in order]
    values = [found[one] for one in order]
    shapes = np.array([district.shape for district in of], dtype=object)
    inside = shapely.point_on_surface(shapes)
    lon, lat = shapely.get_x(inside), shapely.get_y(inside)
    where, _ = placing(context.connection, context.workspace)
    columns: dict[str, pa.Array] = {
        "subject": pa.array([subject for subject, _ in order]),
        "level": pa.array([one.level for one in values]),
        **{name: pa.array([district.names[name] for district in of], type=pa.string()) for name in _NAMES},
        "total": pa.array([one.total for one in values], type=pa.int32()),
        "missing": pa.array([one.missing if one.total else None for one in values], type=pa.int32()),
        "missing_share": pa.array([one.share for one in values], type=pa.float64()),
        "months": pa.array([one.months for one in values], type=pa.string()),
    }
    rows = derived_rows(
        context,
        source_id=[f"{subject}:{key}" for subject, key in order],
        row_hash=[
            digest(subject, one.total, one.missing, one.months, district.names, district.shape.wkb)
            for (subject, _), one, district in zip(order, values, of, strict=True)
        ],
        geometry=shapes,
        lon=lon,
        lat=lat,
        territory_id=where.territory_of(lon, lat),
        columns=columns,
    )
    replace_rows(context, rows)
