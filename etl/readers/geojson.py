"""GeoJSON, read as a whole up to a stated size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import orjson
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from etl.readers.encoding import guess
from etl.readers.soundness import sound
from etl.readers.source import Limits, RawChunk, Source
from etl.readers.table import MOST_COLUMNS
from etl.records import RejectedRow
from geo_core.errors import DataQuality, InvalidInput, LimitExceeded


@dataclass(eq=False)
class GeoJsonSource(Source):
    """A FeatureCollection. Values that are lists or objects are kept as JSON text."""

    features: list[dict[str, Any] | None] = field(default_factory=list)

    @classmethod
    def of(cls, document: Any, limits: Limits) -> Self:
        """The source of a parsed document.

        Raises
        ------
        InvalidInput : ``not-a-feature-collection``, ``too-many-columns``. DataQuality : ``unknown-crs``.
        """
        kind = document.get("type") if isinstance(document, dict) else None
        if kind == "Feature":
            document = {"features": [document]}
        elif kind != "FeatureCollection" or not isinstance(document.get("features"), list):
            raise InvalidInput("not-a-feature-collection", found=str(kind)[:100])
        features = [f if isinstance(f, dict) else None for f in document["features"]]
        header: dict[str, None] = {}
        for feature in features:
            header.update(dict.fromkeys(keys_of(feature or {})))
        if len(header) > MOST_COLUMNS:
            raise InvalidInput("too-many-columns", found=len(header), limit=MOST_COLUMNS)
        return cls(
            limits=limits,
            format="geojson",
            header=tuple(header),
            crs=_stated_crs(document),
            has_geometry=True,
            open_ended=True,
            features=features,
        )

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        wanted = list(dict.fromkeys(self.header if columns is None else columns))
        self.count(len(self.features))
        for start in range(0, len(self.features), self.limits.chunk_rows):
            part = self.features[start : start + self.limits.chunk_rows]
            there = [f for f in part if f is not None]
            at = np.array([k for k, f in enumerate(part) if f is not None], dtype=np.int64)
            rejected = tuple(
                RejectedRow(row_number=start + k + 1, raw={}, reasons=(("broken-feature", {}),))
                for k, f in enumerate(part)
                if f is None
            )
            self.progress = (start + len(part)) / len(self.features)
            yield sound(
                RawChunk(
                    columns_of(there, wanted),
                    start + 1 + at,
                    geometries([f.get("geometry") for f in there]),
                    rejected=rejected,
                )
            )

    def close(self) -> None:
        self.features = []


def load(path: Path, limits: Limits) -> tuple[Any, str | None]:
    """A JSON file parsed as a whole, and its encoding where that had to be guessed.

    Raises
    ------
    LimitExceeded : ``geojson-too-large``. DataQuality : ``broken-json``.
    """
    size = path.stat().st_size
    if size > limits.max_geojson_bytes:
        raise LimitExceeded("geojson-too-large", size_bytes=size, limit_bytes=limits.max_geojson_bytes)
    return _document(path.read_bytes())


def _document(data: bytes) -> tuple[Any, str | None]:
    """The parsed JSON, and its encoding where that had to be guessed.

    Raises
    ------
    DataQuality : ``broken-json``.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(data), None
    except orjson.JSONDecodeError as error:
        found = guess(data[: 1 << 20])
        if found.guessed or found.encoding == "utf-16":
            try:
                return orjson.loads(data.decode(found.encoding)), found.encoding
            except (UnicodeDecodeError, orjson.JSONDecodeError):
                pass
        raise DataQuality("broken-json", line=error.lineno, column=error.colno) from error


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}


def keys_of(feature: dict[str, Any]) -> list[str]:
    """The columns a feature brings: its properties, and ``@id`` for a key of its own."""
    return [*_properties(feature), *(["@id"] if "id" in feature else [])]


def columns_of(features: Sequence[dict[str, Any]], wanted: Sequence[str]) -> dict[str, pa.Array]:
    """Columns of the features; a property called ``@id`` goes before the feature's own key."""
    found = [_properties(f) for f in features]
    named = any("@id" in p for p in found)
    return {
        name: _column([f.get("id") for f in features] if name == "@id" and not named else [p.get(name) for p in found])
        for name in wanted
    }


def _column(values: list[Any]) -> pa.Array:
    """One Arrow column: as typed where all agree, else text."""
    kinds = {type(v) for v in values if v is not None}
    if kinds <= {bool} or kinds <= {str}:
        return pa.array(values, type=pa.bool_() if kinds == {bool} else pa.string())
    if kinds <= {int, float}:
        try:
            return pa.array(values, type=pa.int64() if kinds == {int} else pa.float64())
        except (OverflowError, pa.ArrowInvalid):
            pass
    return pa.array(
        [v if v is None or isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values], type=pa.string()
    )


def geometries(items: list[Any]) -> NDArray[np.object_]:
    """Shapely geometries; what cannot be read is an empty collection, so that it is told from no geometry."""
    out = np.full(len(items), None, dtype=object)
    points = [
        i
        for i, g in enumerate(items)
        if isinstance(g, dict) and g.get("type") == "Point" and _is_position(g.get("coordinates"))
    ]
    if points:
        out[points] = shapely.points([[float(v) for v in items[i]["coordinates"][:2]] for i in points])
    done = set(points)
    others = [i for i, g in enumerate(items) if g is not None and i not in done]
    if others:
        found = shapely.from_geojson([orjson.dumps(items[i]) for i in others], on_invalid="ignore")
        found[shapely.is_missing(found)] = shapely.GeometryCollection()
        out[others] = found
    return out


def _is_position(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= 2
        and all(isinstance(v, int | float) and not isinstance(v, bool) for v in value[:2])
    )


def _stated_crs(document: dict[str, Any]) -> str | None:
    """The ``crs`` member of GeoJSON before 2016; absent means lon/lat."""
    crs = document.get("crs")
    if crs is None:
        return "OGC:CRS84"
    try:
        return str(crs["properties"]["name"])
    except (KeyError, TypeError):
        raise DataQuality("unknown-crs", crs=json.dumps(crs)[:100]) from None
