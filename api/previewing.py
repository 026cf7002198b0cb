"""What an import of a file would look like: a proposed mapping and its first rows before and after, nothing stored."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

import i18n
from etl import choosing
from etl.context import ImportContext
from etl.intake import read_batches
from etl.mapping import mapping_from_json, to_json
from etl.readers import Limits, open_source
from etl.readers.source import RawChunk, Source
from etl.records import RecordBatch, RejectedRow
from geo_core.errors import DataQuality, InvalidInput
from layers.identity import require
from layers.placing import Placing, placing
from layers.spec import Layer, LayerKind, Role
from layers.workspaces import WorkspaceInfo

ROWS = 20
_CHUNK_ROWS = 2000
_HIDDEN = frozenset({"row_hash", "geometry", "node_ids", "row_number"})


def preview(
    connection: Connection,
    workspace: WorkspaceInfo,
    *,
    path: Path,
    layer: Layer,
    given: Any | None,
    language: str,
) -> dict[str, Any]:
    """The mapping, and the file's first rows as they are and as they would be stored.

    Parameters
    ----------
    given : a mapping document to try, None = propose one.

    Raises
    ------
    Forbidden : not an editor. InvalidInput, DataQuality, LimitExceeded : as ``etl.intake.read_batches``.
    """
    require(connection, workspace.id, Role.EDITOR)
    _check_loadable(layer)
    where, territory = placing(connection, workspace)
    limits = Limits(chunk_rows=_CHUNK_ROWS)
    mapping = mapping_from_json(given, layer=layer) if given is not None else None
    with open_source(path, layer=layer, mapping=mapping or choosing.osm_mapping(layer), limits=limits) as source:
        sample = _sample(source, path)
        proposed = None if mapping else choosing.proposed(source, sample, layer, territory)
        missing = choosing.missing_from(source, proposed) if proposed else []
        chosen = proposed.mapping if proposed else mapping
        found: dict[str, Any] = {
            "format": source.format,
            "columns": list(source.header),
            "before": _rows(sample.columns, ROWS),
            "mapping": to_json(chosen) if chosen else None,
            "confidence": dict(proposed.confidence) if proposed else {},
            "reasons": dict(proposed.reasons) if proposed else {},
            "unmapped": list(proposed.unmapped) if proposed else [],
            "unfilled": missing,
        }
    if chosen is None or missing:
        return {**found, "after": [], "rejected": []}
    context = ImportContext(zone=workspace.zone, now=datetime.now(UTC), territory=territory)
    reading = read_batches(path, layer=layer, mapping=chosen, context=context, limits=limits)
    try:
        return {**found, **_after(next(reading), where, found["before"], language)}
    finally:
        reading.close()


def mapping_for(
    connection: Connection, workspace: WorkspaceInfo, *, path: Path, layer: Layer, given: Any | None
) -> dict[str, Any]:
    """The mapping to import with, as a JSON document: the one given, checked, or the one proposed.

    Raises
    ------
    InvalidInput : what is wrong with the mapping or the file; ``mapping-incomplete`` when a required field was not found.
    """
    _check_loadable(layer)
    if given is not None:
        return to_json(mapping_from_json(given, layer=layer))
    with open_source(path, layer=layer, mapping=choosing.osm_mapping(layer)) as source:
        proposed = choosing.proposed(source, _sample(source, path), layer, placing(connection, workspace)[1])
        missing = choosing.missing_from(source, proposed)
        if missing:
            columns = list(source.header)[:50]
            raise InvalidInput("mapping-incomplete", layer=layer.id, fields=missing, columns=columns)
    return to_json(proposed.mapping)


def _check_loadable(layer: Layer) -> None:
    if layer.kind is LayerKind.DERIVED:
        raise InvalidInput("derived-is-computed", layer=layer.id)


def _sample(source: Source, path: Path) -> RawChunk:
    found = source.sample()
    if len(found) == 0:
        raise DataQuality("no-rows", name=path.name)
    return found


def _after(batch: RecordBatch, where: Placing, before: list[dict[str, Any]], language: str) -> dict[str, Any]:
    """Rows as they would be stored, and those that would not be: also where the reader is no editor."""
    table = batch.to_table()
    columns = {name: table[name].combine_chunks() for name in table.column_names if name not in _HIDDEN}
    mine = where.may_write(where.territory_of(batch.lon, batch.lat))
    numbers = batch.row_number
    rows = _rows({name: column.filter(pa.array(mine)) for name, column in columns.items()}, ROWS)
    foreign = [
        RejectedRow(
            row_number=int(number),
            raw=before[number - 1] if number <= len(before) else {},
            reasons=(("outside-your-territory", {}),),
        )
        for number in numbers[~mine]
    ]
    refused = sorted([*batch.rejected, *foreign], key=lambda row: row.row_number)[:ROWS]
    return {
        "after": [{"row": int(n), "values": row} for n, row in zip(numbers[mine].tolist(), rows, strict=False)],
        "rejected": [
            {"row": row.row_number, "raw": row.raw, "reasons": told(row.reasons, language)} for row in refused
        ],
    }


def told(reasons: Any, language: str) -> list[dict[str, Any]]:
    """Reasons of a rejected row as sentences."""
    texts = i18n.texts()

    def sentence(code: str, params: dict[str, Any]) -> str:
        if texts.has(f"reject.{code}", language):
            return texts.text(f"reject.{code}", language, **params)
        return texts.error(code, language, params)

    return [{"code": code, "params": params, "text": sentence(code, params)} for code, params in reasons]


def _rows(columns: dict[str, pa.Array], most: int) -> list[dict[str, Any]]:
    names = list(columns)
    values = [[_plain(value) for value in columns[name][:most].to_pylist()] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return None
        case str():
            return value[:200]
        case _:
            return value
