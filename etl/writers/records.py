"""The records of a layer as a file that the importer reads back: CSV, GeoJSON, GeoPackage, GeoParquet, Arrow."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import shapely

from etl.formulas import marked
from etl.writers.columnar import write_arrow, write_geopackage, write_parquet
from geo_core.errors import InvalidInput
from layers.engine import Engines
from layers.identity import Principal, transaction
from layers.queries import features
from layers.queries.filters import Filter
from layers.spec import Layer
from layers.workspaces import find

FORMATS = ("csv", "geojson", "geopackage", "parquet", "arrow")
PAGE = 5000


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which records of which layer.

    Parameters
    ----------
    restricted : also the fields that may point at a person; left out unless asked for.
    """

    layer: Layer
    workspace: str
    given: Filter | None = None
    restricted: bool = False


def write_records(engines: Engines, principal: Principal, wanted: Wanted, *, form: str, out: Path) -> int:
    """Write the records that pass the filter to ``out``; how many.

    Columns are ``id`` (the source's own key), the layer's fields, for events ``occurred_local`` and ``occurred_local_to`` in the
    workspace's wall-clock time as far as they are known, then lon and lat (points in CSV) or ``geometry`` (well-known text in CSV).
    Records are read and written in pages: memory does not grow with the layer. The file appears whole or not at all.

    Raises
    ------
    InvalidInput : ``bad-parameter``. NotFound, Forbidden : as of the layer's records.
    """
    if form not in FORMATS:
        raise InvalidInput("bad-parameter", name="format", value=form, expected=", ".join(FORMATS))
    beside = out.with_name(f".new-{out.name}")
    try:
        count = _WRITERS[form](_records(engines, principal, wanted), columns(wanted), wanted.layer, beside)
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
    return count


def columns(wanted: Wanted) -> list[str]:
    """Columns of the file, the position apart."""
    fields = [f.name for f in wanted.layer.fields if wanted.restricted or not f.restricted]
    return ["id", *(["occurred_local", "occurred_local_to"] if wanted.layer.is_event else []), *fields]


def _records(engines: Engines, principal: Principal, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """One dict per record with the columns and ``geometry`` (GeoJSON or None)."""
    after: int | None = 0
    names = [n for n in columns(wanted) if n not in {"id", "occurred_local", "occurred_local_to"}]
    while after is not None:
        with transaction(engines.app, principal, timeout_s=300) as connection:
            info = find(connection, wanted.workspace)
            page = features.page(connection, info, wanted.layer, given=wanted.given, limit=PAGE, after_id=after)
        zone = ZoneInfo(info.zone)
        for feature in page["features"]:
            own = feature["properties"]
            record = {"id": own["source_id"], "geometry": feature["geometry"], **{n: own[n] for n in names}}
            if wanted.layer.is_event:
                record["occurred_local"], record["occurred_local_to"] = local_interval(own, zone)
            yield record
        after = page["next_after"]


def local_interval(event: dict[str, Any], zone: ZoneInfo) -> tuple[str | None, str | None]:
    """Start and end of an event as the importer reads them; a day or a month stands for itself and has no end.

    In the hour that comes twice when clocks go back both readings are written alike: what local time cannot tell is not told.
    """
    precision = event["time_precision"]
    if precision == "day" and event["day_from"] == event["day_to"]:
        return event["day_from"], None
    if precision == "month":
        return event["day_from"][:7], None
    if event["occurred_from"] is None:
        return event["day_from"], None
    start = datetime.fromisoformat(event["occurred_from"]).astimezone(zone)
    end = datetime.fromisoformat(event["occurred_to"]).astimezone(zone)
    if precision == "minute" and (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds() <= 60:
        return _wall(start), None
    return _wall(start), _wall(end)


def _wall(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds" if moment.second else "minutes")


def _csv(records: Iterable[dict[str, Any]], names: list[str], layer: Layer, out: Path) -> int:
    point = layer.geometry == "Point"
    count = 0
    with out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*names, *(["lon", "lat"] if point else ["geometry"])])
        for record in records:
            place = record["geometry"]
            if point:
                position = list(place["coordinates"]) if place else ["", ""]
            else:
                position = [shapely.from_geojson(json.dumps(place)).wkt if place else ""]
            writer.writerow([*(_cell(record[name]) for name in names), *position])
            count += 1
    return count


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return marked(value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else value


def _geojson(records: Iterable[dict[str, Any]], names: list[str], layer: Layer, out: Path) -> int:
    count = 0
    with out.open("w", encoding="utf-8") as stream:
        stream.write('{"type": "FeatureCollection", "layer": ' + json.dumps(layer.id) + ', "features": [')
        for record in records:
            feature = {
                "type": "Feature",
                "geometry": record["geometry"],
                "properties": {name: record[name] for name in names},
            }
            stream.write((",\n" if count else "\n") + json.dumps(feature, ensure_ascii=False, default=str))
            count += 1
        stream.write("\n]}\n")
    return count


_Writer = Callable[[Iterable[dict[str, Any]], list[str], Layer, Path], int]
_WRITERS: Mapping[str, _Writer] = MappingProxyType(
    {
        "csv": _csv,
        "geojson": _geojson,
        "geopackage": write_geopackage,
        "parquet": write_parquet,
        "arrow": write_arrow,
    }
)
