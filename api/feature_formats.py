"""Records as GeoJSON or CSV, and their version as an ETag."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from etl.formulas import marked
from geo_core.errors import InvalidInput
from layers.spec import Layer

FORMATS: Mapping[str, str] = {"geojson": "application/geo+json", "csv": "text/csv"}
_VERSION = re.compile(r'\s*(?:W/)?"(\d{1,9})(?:-[0-9a-z]{1,12})?"\s*')


def record_etag(version: int, rights: str) -> str:
    """The version of a record for this reader. The rights are in it so that one reader's copy never serves another."""
    return f'W/"{version}-{rights[:12]}"'


def version_of(if_match: str | None) -> int:
    """The version in the header ``If-Match``; the rights in it are not compared, row-level security decides.

    Raises
    ------
    InvalidInput : ``precondition-required`` without the header, ``bad-etag`` for one that is no record's.
    """
    if if_match is None:
        raise InvalidInput("precondition-required")
    found = _VERSION.fullmatch(if_match)
    if found is None:
        raise InvalidInput("bad-etag", value=if_match[:60])
    return int(found.group(1))


def as_csv(layer: Layer, features: Sequence[Mapping[str, Any]]) -> bytes:
    """One line per record, ``lon`` and ``lat`` for points; other shapes are left to GeoJSON; unknown is empty. UTF-8."""
    names = list(features[0]["properties"]) if features else ["id"]
    point = layer.geometry == "Point"
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerow([*names, *(("lon", "lat") if point else ())])
    for feature in features:
        row = [_cell(feature["properties"][name]) for name in names]
        if point:
            row += (feature["geometry"] or {"coordinates": ["", ""]})["coordinates"]
        writer.writerow(row)
    return sink.getvalue().encode("utf-8")


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return marked(";".join(map(str, value)))
    return marked(value) if isinstance(value, str) else value
