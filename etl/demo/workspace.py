"""The workspace the demo's files belong to: ``workspace.json`` and its way into the database's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from shapely.geometry import shape

from etl.demo.accidents import BREAK_DATE
from etl.demo.areas import Area
from etl.demo.files import coordinates
from etl.demo.frame import Floats, to_lonlat, to_xy
from etl.demo.plan import territory_ring
from layers.workspaces import BreakSpec, TerritorySpec, WorkspaceSpec

SLUG = "pavlodar-demo"
ZONE = "Asia/Almaty"
TITLES = {
    "kk": "Павлодар (синтетикалық үлгі)",
    "ru": "Павлодар (синтетический пример)",
    "en": "Pavlodar (synthetic demo)",
}
BREAK_REASON = {
    "kk": "2024 жылдан бастап зардап шеккендері жоқ ЖКО да тіркеледі",
    "ru": "С 2024 года учитываются и ДТП без пострадавших",
    "en": "From 2024 accidents without casualties are registered too",
}


def _polygon(ring: Floats) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [coordinates(to_lonlat(to_xy(ring)))]}


def document(areas: list[Area]) -> dict[str, Any]:
    """``workspace.json``: JSON values only; territories are the districts."""
    return {
        "slug": SLUG,
        "titles": TITLES,
        "zone": ZONE,
        "languages": ["kk", "ru", "en"],
        "is_synthetic": True,
        "territory": _polygon(territory_ring()),
        "territories": [
            {
                "code": area.code,
                "parent": SLUG,
                "titles": {"kk": area.name_kk, "ru": area.name_ru, "en": area.name_en},
                "geometry": _polygon(area.ring),
            }
            for area in areas
            if area.kind == "district"
        ],
        "registration_breaks": [{"layer_id": "accidents", "day": BREAK_DATE, "reason": BREAK_REASON}],
    }


def specification(saved: Mapping[str, Any]) -> WorkspaceSpec:
    """What ``layers.workspaces.create`` takes, from the parsed ``workspace.json``."""
    return WorkspaceSpec(
        slug=saved["slug"],
        titles=saved["titles"],
        territory=shape(saved["territory"]),
        zone=saved["zone"],
        territories=tuple(
            TerritorySpec(
                code=part["code"], titles=part["titles"], geometry=shape(part["geometry"]), parent=part["parent"]
            )
            for part in saved["territories"]
        ),
        breaks=tuple(
            BreakSpec(layer_id=change["layer_id"], day=date.fromisoformat(change["day"]), reason=change["reason"])
            for change in saved["registration_breaks"]
        ),
        is_synthetic=saved["is_synthetic"],
    )
