"""The pages of a fetch as one Parquet file with places in degrees: what the import engine reads, page by page and never as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from etl.coercion.times import offset_s
from etl.records import Tally
from etl.sources.arcgis_layer import ServiceLayer
from etl.sources.spool import Page, Spool
from etl.sources.wanted import Wanted, refresh_field
from geo_core.errors import DataQuality
from layers.spec import FieldType, Layer, SourceMapping

Numbers = NDArray[np.float64]
GEOMETRY = "geometry"
_DAY_MS = 86_400_000
_TYPES = {
    "esriFieldTypeOID": pa.int64(),
    "esriFieldTypeSmallInteger": pa.int64(),
    "esriFieldTypeInteger": pa.int64(),
    "esriFieldTypeBigInteger": pa.int64(),
    "esriFieldTypeSingle": pa.float64(),
    "esriFieldTypeDouble": pa.float64(),
    "esriFieldTypeDate": pa.int64(),
}
_GEO = {
    "version": "1.0.0",
    "primary_column": GEOMETRY,
    "columns": {GEOMETRY: {"encoding": "WKB", "geometry_types": []}},
}


class _NotOfItsType(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, kw_only=True)
class Table:
    """What was written.

    Parameters
    ----------
    newest_ms : greatest value of the column a refresh asks by that is not in the future, in the service's milliseconds; None = no value.
    newest_id : greatest object id.
    """

    path: Path
    rows: int
    newest_ms: int | None
    newest_id: int | None


def write_table(
    spool: Spool, path: Path, *, layer: Layer, service: ServiceLayer, wanted: Wanted, zone: str, noted: Tally
) -> Table:
    """Write the pages of a complete fetch.

    Parameters
    ----------
    zone : of the workspace, for dates of services that count in UTC.
    noted : gets ``service-reference-ignored`` (places came in another reference than asked for and were transformed),
        ``service-reference-wrong`` (the numbers are not of the reference the answer states), ``service-values-not-of-type``.

    Raises
    ------
    DataQuality : ``service-reference-unknown``: places are not degrees, and neither the answer nor the layer says what they are.
    """
    as_text: set[str] = set()
    while True:
        try:
            found = Tally()
            table = _Writer(layer, service, wanted, zone, as_text, found).write(spool, path)
        except _NotOfItsType as fault:
            # a column the service calls a number and fills with texts: read as text, and judged by the importer
            as_text.add(fault.name)
        else:
            noted.merge(found)
            for name in sorted(as_text):
                noted.add("service-values-not-of-type", 1, column=name)
            return table


class _Writer:
    def __init__(
        self, layer: Layer, service: ServiceLayer, wanted: Wanted, zone: str, as_text: set[str], noted: Tally
    ) -> None:
        self.service, self.wanted, self.noted, self.as_text = service, wanted, noted, as_text
        mapping = wanted.mapping
        self.dates = {
            found.name
            for name, column in mapping.columns.items()
            if layer.field_named(name).type is FieldType.DATE
            and (found := service.field(column)) is not None
            and found.type == "esriFieldTypeDate"
        }
        by = refresh_field(mapping, service)
        self.refresh_by = by.name if by is not None else None
        self.day_of = _day_rule(mapping, zone)
        self.transformers: dict[str, Transformer] = {}
        self.places = service.geometry is not None and mapping.wkt is None

    def write(self, spool: Spool, path: Path) -> Table:
        rows, newest_ms, newest_id = 0, None, None
        now_ms = int(datetime.now(UTC).timestamp() * 1000)
        fresh = path.with_suffix(".writing")
        schema = self._schema()
        with pq.ParquetWriter(fresh, schema, compression="zstd") as writer:
            for page in spool.pages():
                if not page.records:
                    continue
                writer.write_batch(self._batch(page, schema))
                rows += len(page.records)
                newest_id = max([newest_id or 0, *(record[0] for record in page.records)])
                if self.refresh_by is not None:
                    given = [record[1].get(self.refresh_by) for record in page.records]
                    whole = [int(one) for one in given if isinstance(one, int | float) and not isinstance(one, bool)]
                    past = [
                        one for one in whole if one <= now_ms
                    ]  # a year typed wrong must not hide what comes until then
                    ahead = sum(one > now_ms + _DAY_MS for one in whole)
                    self.noted.add("service-dates-in-future", ahead, column=self.refresh_by)
                    newest_ms = max([*([newest_ms] if newest_ms is not None else []), *past], default=None)
        fresh.replace(path)
        return Table(path=path, rows=rows, newest_ms=newest_ms, newest_id=newest_id)

    def _schema(self) -> pa.Schema:
        fields = []
        for name in self.wanted.fields:
            known = self.service.field(name)
            kind = _TYPES.get(known.type if known else "", pa.string())
            if name in self.dates:
                kind = pa.string()
            fields.append(pa.field(name, pa.string() if name in self.as_text else kind))
        fields += [pa.field(name, pa.string()) for name in self.wanted.named]
        if self.places:
            fields.append(pa.field(GEOMETRY, pa.binary()))
        return pa.schema(fields, metadata={"geo": json.dumps(_GEO)} if self.places else None)

    def _batch(self, page: Page, schema: pa.Schema) -> pa.RecordBatch:
        columns: dict[str, pa.Array] = {}
        for name in self.wanted.fields:
            values = [record[1].get(name) for record in page.records]
            if name in self.dates:
                values = [self.day_of(value) for value in values]
            columns[name] = _column(name, values, schema.field(name).type)
        for name, base in self.wanted.named.items():
            known = self.service.field(base)
            domain = known.domain if known else {}
            codes = [record[1].get(base) for record in page.records]
            titles = [None if code is None else domain.get(_text(code), _text(code)) for code in codes]
            columns[name] = pa.array(titles, type=pa.string())
        if self.places:
            shapes = self._in_degrees(geometries([record[2] for record in page.records]), page.reference)
            columns[GEOMETRY] = pa.array(shapely.to_wkb(shapes), type=pa.binary())
        return pa.record_batch([columns[field.name] for field in schema], schema=schema)

    def _in_degrees(self, shapes: NDArray[np.object_], stated: Mapping[str, Any]) -> NDArray[np.object_]:
        """Places as lon, lat, by what the answer states and by what its numbers can be; never by what was asked for."""
        xy = shapely.get_coordinates(shapes)
        if not len(xy):
            return shapes
        # single places may be nonsense, a page as a whole is not
        fits = bool(np.mean((np.abs(xy[:, 0]) <= 180) & (np.abs(xy[:, 1]) <= 90)) > 0.5)
        reference = _crs(stated)
        if fits and (reference is None or not reference.is_geographic or reference.to_epsg() == 4326):
            if reference is not None and not reference.is_geographic:
                self.noted.add("service-reference-wrong", len(shapes), stated=_named(stated))
            return shapes
        if fits and reference is not None:
            return self._transformed(shapes, xy, reference, stated)  # degrees of another datum
        if reference is None or reference.is_geographic:
            if reference is not None:
                self.noted.add("service-reference-wrong", len(shapes), stated=_named(stated))
            stated = self.service.spatial_reference
            reference = _crs(stated)
        if reference is None or reference.is_geographic:
            raise DataQuality("service-reference-unknown", x=float(xy[0, 0]), y=float(xy[0, 1]))
        return self._transformed(shapes, xy, reference, stated)

    def _transformed(
        self, shapes: NDArray[np.object_], xy: Numbers, reference: CRS, stated: Mapping[str, Any]
    ) -> NDArray[np.object_]:
        self.noted.add("service-reference-ignored", len(shapes), stated=_named(stated))
        key = _named(stated)
        if key not in self.transformers:
            self.transformers[key] = Transformer.from_crs(reference, "EPSG:4326", always_xy=True)
        lon, lat = self.transformers[key].transform(xy[:, 0], xy[:, 1])
        # what has no place on the Earth comes back infinite and is left to the importer as no place
        return _moved(shapes, np.column_stack([lon, lat]))


def _moved(shapes: NDArray[np.object_], degrees: Numbers) -> NDArray[np.object_]:
    out = shapely.set_coordinates(shapes.copy(), np.where(np.isfinite(degrees), degrees, 0.0))
    lost = np.unique(shapely.get_coordinates(shapes, return_index=True)[1][~np.isfinite(degrees).all(axis=1)])
    out[lost] = None
    return out


def _column(name: str, values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_string(kind):
        return pa.array([None if value is None else _text(value) for value in values], type=kind)
    try:
        if any(isinstance(value, bool | str | list | dict) for value in values):
            raise _NotOfItsType(name)
        return pa.array(values, type=kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        raise _NotOfItsType(name) from None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False)


def _day_rule(mapping: SourceMapping, zone: str) -> Callable[[Any], str | None]:
    """Milliseconds of a date attribute → the local day, by the clock the service's times count."""
    counts = mapping.time.epoch_clock if mapping.time is not None else "utc"
    shift = timedelta(0) if counts in {"local", "utc"} else timedelta(seconds=offset_s(counts))
    local = ZoneInfo(zone) if counts == "utc" else None

    def day(value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        try:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value) + shift
        except OverflowError:
            return str(value)
        return (moment.astimezone(local) if local is not None else moment).date().isoformat()

    return day


def _crs(given: Mapping[str, Any]) -> CRS | None:
    """The reference a service states: the newer number first; Esri's own numbers are Esri's."""
    for authority, key in (("EPSG", "latestWkid"), ("EPSG", "wkid"), ("ESRI", "latestWkid"), ("ESRI", "wkid")):
        number = given.get(key)
        if isinstance(number, int) and not isinstance(number, bool):
            try:
                return CRS.from_authority(authority, number)
            except ProjError:
                continue
    text = given.get("wkt") or given.get("wkt2")
    if isinstance(text, str):
        try:
            return CRS.from_wkt(text)
        except ProjError:
            return None
    return None


def _named(given: Mapping[str, Any]) -> str:
    return str(given.get("latestWkid") or given.get("wkid") or given.get("wkt") or "")[:60]


def geometries(given: Sequence[Any]) -> NDArray[np.object_]:
    """Shapely geometries of Esri's JSON; None = no place. What cannot be read is an empty collection, told from no place."""
    out = np.full(len(given), None, dtype=object)
    for i, one in enumerate(given):
        if isinstance(one, Mapping):
            out[i] = _geometry(one)
    return out


def _geometry(given: Mapping[str, Any]) -> Any:
    try:
        if "x" in given or "y" in given:
            x, y = _coordinate(given.get("x")), _coordinate(given.get("y"))
            return None if x is None or y is None else shapely.Point(x, y)
        if "rings" in given:
            rings = [[point[:2] for point in ring] for ring in given["rings"] if ring]
            return None if not rings else _polygons(rings)
        if "paths" in given:
            lines = [[point[:2] for point in path] for path in given["paths"] if len(path) > 1]
            return (
                None
                if not lines
                else shapely.LineString(lines[0])
                if len(lines) == 1
                else shapely.MultiLineString(lines)
            )
        if "points" in given:
            points = [point[:2] for point in given["points"]]
            return None if not points else shapely.Point(points[0]) if len(points) == 1 else shapely.MultiPoint(points)
    except (TypeError, ValueError, shapely.errors.ShapelyError):
        return shapely.GeometryCollection()
    return None


def _coordinate(value: Any) -> float | None:
    """A number; services write "NaN" and null for no place."""
    if value is None or isinstance(value, bool):
        return None
    number = float(value)
    return number if np.isfinite(number) else None


def _polygons(rings: list[Any]) -> Any:
    """Esri writes outer rings clockwise and holes the other way, in any order: each hole goes into the outer ring that holds it."""
    shells: list[Any] = []
    holes: list[Any] = []
    for ring in rings:
        linear = shapely.LinearRing(ring)
        (holes if linear.is_ccw else shells).append(linear)
    if not shells:
        shells, holes = holes, []
    inside: dict[int, list[Any]] = {}
    outer = [shapely.Polygon(shell) for shell in shells]
    for hole in holes:
        at = shapely.Point(hole.coords[0])
        owner = next((i for i, polygon in enumerate(outer) if polygon.covers(at)), None)
        if owner is None:
            outer.append(shapely.Polygon(hole))
        else:
            inside.setdefault(owner, []).append(hole)
    return shapely.MultiPolygon(
        [shapely.Polygon(polygon.exterior, inside.get(i, [])) for i, polygon in enumerate(outer)]
    )
