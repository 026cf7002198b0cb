"""The territory of a workspace and its parts, from files or a box."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from etl.readers import open_source
from geo_core.errors import Conflict, InvalidInput
from layers.workspaces import TerritorySpec

_NAMES = {
    "kk": ("name_kk", "name:kk", "name_object_kaz", "name_kaz"),
    "ru": ("name_ru", "name:ru", "name_object", "name"),
    # Where nobody gave an English name the place keeps its own; a bare "name" is often only the kind of the place.
    "en": ("name_en", "name:en", "name_ru", "name:ru", "name_object", "name_kk", "name:kk", "name_object_kaz", "name"),
}


def read_territory(path: Path | None, box: tuple[float, float, float, float] | None) -> BaseGeometry:
    """The territory in lon/lat: the union of a file's polygons (EPSG:4326), or the box.

    Raises
    ------
    InvalidInput : ``territory-needed`` (none or both given), ``bad-territory``, ``bad-bbox``.
    """
    if (path is None) == (box is None):
        raise InvalidInput("territory-needed")
    if box is not None:
        west, south, east, north = box
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise InvalidInput("bad-bbox", bbox=list(box))
        return shapely.box(west, south, east, north)
    return shapely.union_all([geometry for geometry, _ in _polygons(path)])


def read_parts(path: Path, code: str) -> tuple[TerritorySpec, ...]:
    """One territory per polygon of a file, for rights by district.

    Parameters
    ----------
    code : property that names the territory; where it is absent or repeats, the row number is put behind it.

    Raises
    ------
    InvalidInput : ``bad-territory``. Conflict : ``already-exists`` when two parts share a code.
    """
    parts: list[TerritorySpec] = []
    for number, (geometry, own) in enumerate(_polygons(path), 1):
        called = str(own.get(code) or number)
        if called in {part.code for part in parts}:
            called = f"{called}-{number}"
        titles = {
            language: next((str(own[name]) for name in names if own.get(name)), called)
            for language, names in _NAMES.items()
        }
        parts.append(TerritorySpec(code=called, titles=titles, geometry=geometry))
    if len({part.code for part in parts}) != len(parts):
        raise Conflict("already-exists")
    return tuple(parts)


def _polygons(path: Path | None) -> list[tuple[BaseGeometry, dict[str, Any]]]:
    if path is None:
        raise InvalidInput("territory-needed")
    found: list[tuple[BaseGeometry, dict[str, Any]]] = []
    with open_source(path) as source:
        if not source.has_geometry:
            raise InvalidInput("bad-territory")
        for chunk in source.chunks():
            shapes = chunk.geometry if chunk.geometry is not None else np.empty(0, dtype=object)
            for i, shape in enumerate(shapes):
                if shape is None or shape.geom_type not in {"Polygon", "MultiPolygon"}:
                    continue
                own = {name: column[i].as_py() for name, column in chunk.columns.items()}
                found.append((shapely.make_valid(shape, method="structure", keep_collapsed=False), own))
    if not found:
        raise InvalidInput("bad-territory")
    return found
