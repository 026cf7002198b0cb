"""What an import of a file would look like: a proposed mapping and its first rows before and after, nothing stored."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

import i18n
from etl import choosing
from etl.coercion.numbers import units_of
from etl.coercion.references import Candidate, plausible
from etl.coercion.territory import Territory
from etl.context import ImportContext
from etl.mapping import ProposedMapping, mapping_from_json, reading_from_json, to_json
from etl.readers import Limits, open_source
from etl.readers.choices import Choices, choices_in, choices_of
from etl.readers.source import RawChunk, Source
from etl.records import RecordBatch, RejectedRow
from etl.saved_mappings import MappingFolder
from etl.trying import Trial, references_of, try_mapping
from geo_core.errors import DataQuality, InvalidInput, QorganError
from layers.identity import require
from layers.placing import Placing, placing
from layers.spec import FieldType, Layer, LayerKind, Role, SourceMapping, TableReading
from layers.workspaces import WorkspaceInfo

ROWS = 20
SAMPLE_ROWS = 1000
MOST_REFERENCES = 6
_CHUNK_ROWS = 2000
# Faults that another way to cut the file may heal.
_CUT = frozenset(
    {"no-header", "zip-content", "several-layers", "too-many-columns", "line-too-long", "header-row-missing"}
)
_HIDDEN = frozenset({"row_hash", "geometry", "node_ids", "row_number"})


def preview(
    connection: Connection,
    workspace: WorkspaceInfo,
    *,
    path: Path,
    layer: Layer,
    given: Any | None,
    reading: Any | None = None,
    language: str,
    saved: MappingFolder,
) -> dict[str, Any]:
    """The mapping, what is doubtful about it, and the file's first rows as they are and as they would be stored.

    What is wrong with the file under this mapping is told as ``problem``, so that the mapping can be changed.

    Parameters
    ----------
    given : a mapping document to try, None = propose one, from those saved for the workspace first.
    reading : how the file is cut, for a proposal; None = found out. A file that has to be cut otherwise is told as ``problem``, too.

    Raises
    ------
    Forbidden : not an editor. InvalidInput, DataQuality, LimitExceeded : the file cannot be read at all, or the document is no mapping.
    """
    require(connection, workspace.id, Role.EDITOR)
    _check_loadable(layer)
    where, territory = placing(connection, workspace)
    limits = Limits(chunk_rows=_CHUNK_ROWS)
    mapping = mapping_from_json(given, layer=layer) if given is not None else None
    told = mapping.reading if mapping is not None else _reading(reading)
    kept = saved.usable(layer)
    with ExitStack() as held:
        try:
            source = held.enter_context(_opened(path, layer, mapping, told, kept, limits))
            sample = _sample(source, path)
        except InvalidInput as wrong:
            choices = choices_in(path, told)
            if choices.options and (told is not None or wrong.code in _CUT):
                return _uncut(layer, told, choices, wrong, language)
            raise
        proposed = None
        if mapping is None:
            proposed = choosing.proposed(source, sample, layer, territory, saved=kept, strict=False, reading=told)
        missing = choosing.missing_from(source, proposed, layer) if proposed else []
        chosen = proposed.mapping if proposed else mapping
        if chosen is None:  # never: one of the two is there
            raise InvalidInput("mapping-missing-key", key="id")
        # told of the mapping as it is here, so that "turned" means its own columns
        references = references_of(source, sample, chosen, Territory(territory)) if layer.has_place else ()
        found: dict[str, Any] = {
            "format": source.format,
            "has_geometry": source.has_geometry,
            "columns": list(source.header),
            "before": _rows(sample.columns, ROWS),
            "mapping": to_json(chosen),
            **_judged(proposed, language),
            **_cut(source.reading, choices_of(source)),
            "unfilled": missing,
            "references": [_reference(one) for one in references[:MOST_REFERENCES]],
            "several_references": len(plausible(references)) > 1 if references else False,
            "units": {
                f.name: list(units_of(f.name))
                for f in layer.fields
                if f.type in {FieldType.INTEGER, FieldType.REAL} and units_of(f.name)
            },
        }
    fault: QorganError | None = proposed.fault if proposed else None
    if missing or fault is not None:
        return {**found, **_nothing(fault, language)}
    context = ImportContext(zone=workspace.zone, now=datetime.now(UTC), territory=territory)
    trial = try_mapping(path, layer=layer, mapping=chosen, context=context)
    if trial.batch is None:
        return {**found, **_nothing(trial.fault, language)}
    return {**found, **_after(trial.batch, where, found["before"], language), **_counts(trial, layer, language)}


def mapping_for(
    connection: Connection,
    workspace: WorkspaceInfo,
    *,
    path: Path,
    layer: Layer,
    given: Any | None,
    saved: MappingFolder,
    reading: Any | None = None,
) -> dict[str, Any]:
    """The mapping to import with, as a JSON document: the one given, checked, or the one proposed.

    Raises
    ------
    InvalidInput : what is wrong with the mapping or the file; ``mapping-incomplete``, ``several-references``, ``dates-ambiguous`` where
        a proposal needs somebody to look at it.
    """
    _check_loadable(layer)
    if given is not None:
        return to_json(mapping_from_json(given, layer=layer))
    told, kept = _reading(reading), saved.usable(layer)
    with choosing.opened(path, layer=layer, saved=kept, reading=told) as source:
        territory = placing(connection, workspace)[1]
        proposed = choosing.proposed(source, _sample(source, path), layer, territory, saved=kept, reading=told)
        return to_json(choosing.usable(source, proposed, layer))


def _check_loadable(layer: Layer) -> None:
    if layer.kind is LayerKind.DERIVED:
        raise InvalidInput("derived-is-computed", layer=layer.id)


def _reading(given: Any | None) -> TableReading | None:
    """What was said about how the file is cut; None = nothing."""
    found = TableReading() if given is None else reading_from_json(given)
    return None if found == TableReading() else found


def _opened(
    path: Path,
    layer: Layer,
    mapping: SourceMapping | None,
    told: TableReading | None,
    kept: list[SourceMapping],
    limits: Limits,
) -> Source:
    if mapping is not None:
        return open_source(path, layer=layer, mapping=mapping, limits=limits)
    return choosing.opened(path, layer=layer, saved=kept, reading=told, limits=limits)


def _cut(reading: TableReading, choices: Choices) -> dict[str, Any]:
    """How the file was cut, what of it can be said otherwise, and what there is to choose from."""
    return {
        "reading": {name: value for name, value in asdict(reading).items() if value is not None},
        "choices": {
            "options": list(choices.options),
            "sheets": list(choices.sheets),
            "members": list(choices.members),
        },
    }


def _uncut(
    layer: Layer, told: TableReading | None, choices: Choices, fault: InvalidInput, language: str
) -> dict[str, Any]:
    """A file that cannot be read before somebody says how it is cut."""
    return {
        "format": choices.format,
        "has_geometry": False,
        "columns": [],
        "before": [],
        "mapping": {"id": f"proposed-{layer.id}"},
        **_judged(None, language),
        **_cut(told or TableReading(), choices),
        "unfilled": [],
        "references": [],
        "several_references": False,
        "units": {},
        **_nothing(fault, language),
    }


def _sample(source: Source, path: Path) -> RawChunk:
    found = source.sample(SAMPLE_ROWS)
    if len(found) == 0:
        raise DataQuality("no-rows", name=path.name)
    return found


def _judged(proposed: ProposedMapping | None, language: str) -> dict[str, Any]:
    """How sure the proposal is."""
    texts = i18n.texts()
    return {
        "confidence": dict(proposed.confidence) if proposed else {},
        "reasons": dict(proposed.reasons) if proposed else {},
        "doubts": [
            {
                "target": doubt.target,
                "code": doubt.code,
                "params": dict(doubt.params),
                "text": texts.text(f"doubt.{doubt.code}", language, **doubt.params),
                "blocks": doubt.blocks,
            }
            for doubt in (proposed.doubts if proposed else ())
        ],
        "unmapped": list(proposed.unmapped) if proposed else [],
    }


def _reference(one: Candidate) -> dict[str, Any]:
    """A coordinate system the positions may be in, with where they would lie."""
    known = np.isfinite(one.lon) & np.isfinite(one.lat)
    points = np.column_stack([one.lon[known], one.lat[known]]).round(5)
    return {
        "crs": one.crs,
        "name": one.name,
        "turned": one.turned,
        "inside_share": round(one.inside_share, 3),
        "near_share": round(one.near_share, 3),
        "alike": list(one.alike),
        "points": points.tolist(),
    }


def _problem(fault: QorganError | None, language: str) -> dict[str, Any] | None:
    if fault is None:
        return None
    return {"code": fault.code, "text": i18n.texts().error(fault.code, language, fault.params), "params": fault.params}


def _nothing(fault: QorganError | None, language: str) -> dict[str, Any]:
    return {
        "after": [],
        "rejected": [],
        "problem": _problem(fault, language),
        "tried": None,
        "rejected_by_reason": [],
        "notes": [],
        "unseen": [],
    }


def _counts(trial: Trial, layer: Layer, language: str) -> dict[str, Any]:
    """How many of the rows tried would be stored, and why others would not."""
    texts = i18n.texts()
    good = len(trial.batch) if trial.batch is not None else 0
    bad = len(trial.batch.rejected) if trial.batch is not None else 0
    return {
        "problem": _problem(trial.fault, language),
        "tried": {"read": good + bad, "accepted": good, "rejected": bad},
        "rejected_by_reason": [
            {"code": code, "count": count, "text": texts.reason(code, language, {}, layer=layer.id)}
            for code, count in trial.reasons.items()
        ],
        "notes": [
            {
                "code": code,
                "count": count,
                "text": texts.note(code, language, (trial.warnings.samples.get(code) or [{}])[0], layer=layer.id),
            }
            for code, count in trial.warnings.counts.most_common()
        ],
        "unseen": [{"field": name, "value": value, "count": count} for (name, value), count in trial.unseen.items()],
    }


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
