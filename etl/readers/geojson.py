"""GeoJSON, read as a whole up to a stated size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from etl.readers.source import Limits, RawChunk, Source
from geo_core.errors import DataQuality, InvalidInput, LimitExceeded


@dataclass(eq=False)
class GeoJsonSource(Source):
    """A FeatureCollection. Values that are lists or objects are kept as JSON text."""

    features: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path, limits: Limits) -> Self:
        """Read the file.

        Raises
        ------
        LimitExceeded : ``geojson-too-large``.
        DataQuality : ``broken-json`` (with line), ``no-rows``.
        InvalidInput : ``not-a-feature-collection``.
        """
        import orjson

        size = path.stat().st_size
        if size > limits.max_geojson_bytes:
            raise LimitExceeded("geojson-too-large", size_bytes=size, limit_bytes=limits.max_geojson_bytes)
        data = path.read_bytes().lstrip(b"\xef\xbb\xbf")
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise DataQuality("broken-json", line=error.lineno, column=error.colno) from error
        kind = document.get("type") if isinstance(document, dict) else None
        if kind == "Feature":
            document = {"features": [document]}
        elif kind != "FeatureCollection" or not isinstance(document.get("features"), list):
            raise InvalidInput("not-a-feature-collection", found=str(kind))
        features = [f if isinstance(f, dict) else {} for f in document["features"]]
        header: dict[str, None] = {}
        for feature in features:
            header.update(dict.fromkeys(feature.get("properties") or ()))
        if any("id" in feature for feature in features):
            header.setdefault("@id")
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
            properties = [f.get("properties") or {} for f in part]
            parts = {
                name: _column(
                    [f.get("id") for f in part]
                    if name == "@id" and not any("@id" in p for p in properties)
                    else [p.get(name) for p in properties]
                )
                for name in wanted
            }
            self.progress = (start + len(part)) / len(self.features)
            rows = np.arange(start + 1, start + len(part) + 1, dtype=np.int64)
            yield RawChunk(parts, rows, _geometries([f.get("geometry") for f in part]))

    def close(self) -> None:
        self.features = []


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


def _geometries(items: list[Any]) -> NDArray[np.object_]:
    """Shapely geometries; what cannot be read is an empty collection, so that it is told from no geometry."""
    import orjson

    out = np.full(len(items), None, dtype=object)
    points = [
        i
        for i, g in enumerate(items)
        if isinstance(g, dict) and g.get("type") == "Point" and _is_position(g.get("coordinates"))
    ]
    if points:
        out[points] = shapely.points([items[i]["coordinates"][:2] for i in points])
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
