"""Numbers of a table beside the polygons of a file: the population of districts, which no boundary file carries."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo_core.errors import DataQuality, InvalidInput, NotFound

_PART = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, kw_only=True)
class Joined:
    """What a join found.

    Parameters
    ----------
    matched : features that found their row.
    without_row : keys of features that found none; what was to be taken stays null, which is unknown, not zero.
    """

    features: int
    matched: int
    without_row: tuple[str, ...]


def join(
    polygons: Path, table: Path, *, key: str, column: str, take: Mapping[str, str], out: Path, delimiter: str = ","
) -> Joined:
    """Write ``polygons`` (GeoJSON) to ``out`` with columns of ``table`` (CSV, UTF-8) as further properties.

    Parameters
    ----------
    key : how a feature is called in the table, from its own properties: ``"Астана: {name_object_kaz} ауданы"``.
    column : the table's column that holds the key.
    take : column of the table → name of the new property. An empty value becomes null.

    Raises
    ------
    NotFound : ``no-such-file``.
    InvalidInput : ``missing-columns`` of the table, ``join-without-property`` (the key names a property no feature has),
        ``join-matches-nothing``.
    DataQuality : ``join-key-repeats``: the table has the key twice, so that neither row can be trusted.
    """
    document = _features(polygons)
    rows = _rows(table, column, take, delimiter)
    wanted = _PART.findall(key)
    known = {name for feature in document["features"] for name in feature.get("properties") or {}}
    for name in wanted:
        if name not in known:
            raise InvalidInput("join-without-property", property=name, known=sorted(known))
    without: list[str] = []
    for feature in document["features"]:
        properties = feature.get("properties") or {}
        called = _called(key, properties)
        row = rows.get(called)
        if row is None:
            without.append(called)
        feature["properties"] = properties | {name: (row or {}).get(name) for name in take.values()}
    count = len(document["features"])
    if count == len(without):
        raise InvalidInput("join-matches-nothing", key=without[0] if without else key, column=column)
    out.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return Joined(features=count, matched=count - len(without), without_row=tuple(without))


def _called(key: str, properties: Mapping[str, Any]) -> str:
    return _PART.sub(lambda part: str(properties.get(part.group(1)) or ""), key)


def _features(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise NotFound("no-such-file", name=path.name)
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataQuality("broken-json", line=getattr(error, "lineno", 1), column=getattr(error, "colno", 1)) from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise InvalidInput("not-a-feature-collection", found=type(document).__name__)
    return document


def _rows(path: Path, column: str, take: Mapping[str, str], delimiter: str) -> dict[str, dict[str, str | None]]:
    if not path.is_file():
        raise NotFound("no-such-file", name=path.name)
    found: dict[str, dict[str, str | None]] = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter=delimiter)
        header: Sequence[str] = reader.fieldnames or ()
        missing = [name for name in (column, *take) if name not in header]
        if missing:
            raise InvalidInput("missing-columns", columns=missing, header=list(header))
        for row in reader:
            called = row[column]
            if called in found:
                raise DataQuality("join-key-repeats", key=called, column=column)
            found[called] = {name: (row[source] or "").strip() or None for source, name in take.items()}
    return found
