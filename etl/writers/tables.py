"""Rows of a gap or the sites of a plan as CSV or GeoJSON points."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from geo_core.errors import InvalidInput

FORMATS = ("csv", "geojson")


def encode(rows: Sequence[Mapping[str, Any]], form: str, *, about: Mapping[str, Any] | None = None) -> bytes:
    """Rows that have ``lon`` and ``lat`` (degrees) as ``form``; None = unknown, in CSV empty.

    Parameters
    ----------
    about : what is told beside the features of GeoJSON.

    Raises
    ------
    InvalidInput : ``bad-parameter``.
    """
    if form == "csv":
        return _csv(rows)
    if form == "geojson":
        return _geojson(rows, about or {})
    raise InvalidInput("bad-parameter", name="format", value=form, expected=", ".join(FORMATS))


def site_rows(sites: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sites of a plan as rows; the seen area is left to GeoJSON."""
    rows = []
    for feature in sites["features"]:
        lon, lat = feature["geometry"]["coordinates"]
        plain = {name: value for name, value in feature["properties"].items() if not isinstance(value, dict | list)}
        rows.append({**plain, "lon": lon, "lat": lat})
    return rows


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\n")
    header = list(dict.fromkeys(name for row in rows for name in row))
    writer.writerow(header)
    writer.writerows([["" if row.get(name) is None else row[name] for name in header] for row in rows])
    return sink.getvalue().encode()


def _geojson(rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
            "properties": {name: value for name, value in row.items() if name not in {"lon", "lat"}},
        }
        for row in rows
    ]
    document = {"type": "FeatureCollection", **about, "features": features}
    return json.dumps(document, ensure_ascii=False, default=str).encode()
