"""Cells in the forms readers ask for: columnar JSON, Arrow, CSV, GeoJSON, and the map's own binary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from api.answers import to_json
from etl.writers import cells
from geo_core import cell_wire
from layers.queries.cells import CellAnswer
from layers.spec import Aggregation, Layer

# By the short name of ``?f=``; the first answers readers who do not say.
FORMATS: Mapping[str, str] = {
    "json": "application/json",
    "arrow": "application/vnd.apache.arrow.stream",
    "csv": "text/csv",
    "geojson": "application/geo+json",
    "cells": cell_wire.MEDIA_TYPE,
}
_SHARE_STEP = 0.0001
_AREA = "area_m2"


def described_measures(layer: Layer, names: list[str]) -> list[dict[str, Any]]:
    """Unit, way up the tree and denominator of each measure."""
    declared = {measure.name: measure for measure in layer.measures}
    found: list[dict[str, Any]] = []
    for name in names:
        measure = declared.get(name)
        if measure is None:
            found.append(
                {"name": name, "unit": "m2" if name.endswith("_m2") else "1", "aggregation": "sum", "denominator": None}
            )
            continue
        denominator = {Aggregation.DENSITY: _AREA, Aggregation.SHARE: measure.denominator}.get(measure.aggregation)
        found.append(
            {
                "name": name,
                "unit": measure.unit,
                "aggregation": measure.aggregation.value,
                "denominator": denominator,
            }
        )
    return found


def encode(layer: Layer, answer: CellAnswer, about: Mapping[str, Any], *, form: str) -> bytes:
    """The answer as ``form``, one of ``FORMATS``: the map's binary, or what files are written as, by the same writer.

    Parameters
    ----------
    about : what is told beside the numbers (provenance, filter, revision), JSON values.
    """
    if form == "cells":
        return as_wire(layer, answer, about)
    if form == "json":
        about = {"described": described_measures(layer, list(answer.measures)), **about}
    return cells.encode(answer, form, about=about)


def as_wire(layer: Layer, answer: CellAnswer, about: Mapping[str, Any]) -> bytes:
    """The map's binary; shares are rounded to 0.0001."""
    described = described_measures(layer, list(answer.measures))
    shares = {one["name"]: _SHARE_STEP for one in described if one["aggregation"] == Aggregation.SHARE.value}
    header = json.loads(to_json({"layer": layer.id, "totals": dict(answer.totals), **about}))
    return cell_wire.encode_cells(
        answer.cells,
        answer.measures,
        header,
        resolution=answer.resolution,
        units={one["name"]: one["unit"] for one in described},
        precision=shares,
    )
