"""Rejected rows mended and loaded: read again by the intake and the mapping they were first read by, then stored as a batch of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, text

from etl.context import ImportContext
from etl.guarded import plain_mapping
from etl.identifiers import without_identifiers
from etl.importer import ImportReport, ImportRequest, run_import
from etl.intake import read_batches
from etl.mapping import mapping_from_json
from etl.pseudonyms import load_key, pseudonym_column
from etl.records import VALUE_LENGTH, Reason
from etl.settling import surroundings_of
from geo_core.errors import Conflict, DataQuality, InvalidInput
from layers import batches, quarantine, registry
from layers.engine import Engines
from layers.identity import Principal, require, transaction
from layers.placing import Placing, placing
from layers.spec import FieldType, Layer, Role, SourceMapping
from layers.workspaces import WorkspaceInfo, find

MOST_ROWS = 20_000  # mended at a time
LONGEST_REASON = 1000
_LON, _LAT = "lon", "lat"
_SAME_KEY = frozenset({"exact-duplicate", "duplicate-id"})

Raw = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class MendReport:
    """What became of mended rows.

    Parameters
    ----------
    tried, mended : rows. batch_id : the batch they were stored as; None when none was, or nothing was to be stored.
    left : row → what is still wrong with it; those wait on, as they were.
    report : of that batch.
    changes : as they may be kept: row → column → text; identifiers are gone, see :func:`nameless_changes`.
    identifiers : how many texts of the changes looked like an identifier.
    """

    tried: int
    mended: int
    batch_id: int | None
    left: dict[int, tuple[Reason, ...]]
    report: ImportReport | None
    changes: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    identifiers: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "tried": self.tried,
            "mended": self.mended,
            "identifiers": self.identifiers,
            "batch_id": self.batch_id,
            "left": [
                {"row_number": number, "reasons": [list(one) for one in reasons]}
                for number, reasons in self.left.items()
            ],
            "report": self.report.as_dict() if self.report is not None else None,
        }


@dataclass(frozen=True, kw_only=True)
class _Case:
    """Rows of one batch with their changes, and what reads them."""

    workspace: WorkspaceInfo
    layer: Layer
    mapping: SourceMapping
    source_name: str
    is_synthetic: bool
    context: ImportContext
    where: Placing
    rows: dict[int, Raw]
    before: dict[int, dict[str, Any]]
    changes: dict[int, dict[str, Any]]
    identifiers: int


def mend(
    engines: Engines,
    principal: Principal,
    *,
    workspace: str,
    batch_id: int,
    changes: Mapping[int, Mapping[str, Any]],
    reason: str = "",
    dry_run: bool = False,
) -> MendReport:
    """Read rejected rows again with changed values, and load those that are right now.

    Parameters
    ----------
    changes : row number → source column → new value (text; None or "" = empty). A row without changes is tried as it is. Points of
        a file that carried geometry are given as ``lon`` and ``lat``, degrees.
    dry_run : tell what would happen, store nothing.

    Raises
    ------
    NotFound : no such batch or row. Conflict : ``already-mended``; the batch was undone. Forbidden : not an editor, not theirs.
    InvalidInput : ``unknown-columns``, ``rows-without-geometry``, ``reason-needed``. LimitExceeded : too many rows.
    """
    if len(changes) > MOST_ROWS:
        raise InvalidInput("too-many-mended-rows", limit=MOST_ROWS, rows=len(changes))
    if not changes:
        return MendReport(tried=0, mended=0, batch_id=None, left={}, report=None)
    with transaction(engines.app, principal) as connection:
        case = _opened(connection, workspace, batch_id, changes)
    with tempfile.TemporaryDirectory(prefix="qorgan-mend-") as folder:
        left = _left(case, Path(folder) / "tried.parquet")
        good = {number: raw for number, raw in case.rows.items() if number not in left}
        if not good or dry_run:
            return _told(case, len(good), left)
        path = Path(folder) / f"mended-{batch_id}.parquet"
        _write(path, list(good.values()))

        def mark(connection: Connection, by_batch: int) -> None:
            lost = connection.execute(
                text("SELECT count(*) FROM rejected_row WHERE batch_id = :id"), {"id": by_batch}
            ).scalar_one()
            if lost:  # somebody changed what rows are judged by meanwhile
                raise Conflict("busy-try-again")
            quarantine.mark_mended(
                connection, case.workspace, batch_id, by_batch=by_batch, rows=good, reason=reason[:LONGEST_REASON]
            )

        report = run_import(
            engines,
            principal,
            ImportRequest(
                layer=case.layer,
                path=path,
                mapping=case.mapping,
                workspace=workspace,
                source_name=case.source_name,
                is_synthetic=case.is_synthetic,
                mends=batch_id,
                also=mark,
            ),
        )
    return replace(_told(case, len(good), left), batch_id=report.batch_id, report=report)


def _told(case: _Case, mended: int, left: dict[int, tuple[Reason, ...]]) -> MendReport:
    return MendReport(
        tried=len(case.rows),
        mended=mended,
        batch_id=None,
        left=left,
        report=None,
        changes=case.changes,
        identifiers=case.identifiers,
    )


def nameless_changes(
    changes: Mapping[int, Mapping[str, Any]], mapping: SourceMapping, layer: Layer
) -> tuple[dict[int, dict[str, Any]], int]:
    """Changes without identifiers, and how many held one: as in an import a key becomes its pseudonym and a text empty; elsewhere a mark
    stands in its place, with which the row stays rejected.

    Parameters
    ----------
    changes : row number → source column → text. mapping : the one that reads kept rows.
    """
    texts = {c for name, c in mapping.columns.items() if layer.field_named(name).type is FieldType.TEXT}
    out: dict[int, dict[str, Any]] = {}
    found = 0
    for number, change in changes.items():
        out[number] = dict(change)
        for name, value in change.items():
            marked = without_identifiers(value)
            if marked == value:
                continue
            found += 1
            if name == mapping.source_id:
                marked = load_key().of(str(value))
            out[number][name] = None if name in texts and name != mapping.source_id else marked
    return out, found


def _opened(connection: Connection, slug: str, batch_id: int, changes: Mapping[int, Mapping[str, Any]]) -> _Case:
    workspace = find(connection, slug)
    require(connection, workspace.id, Role.EDITOR)
    batch = batches.one(connection, workspace, batch_id)
    if batch["state"] not in {"loaded", "failed"}:
        raise Conflict("batch-not-loaded", batch=batch_id, state=batch["state"])
    layer = registry.load()[str(batch["layer_id"])]
    document = connection.execute(text("SELECT mapping FROM batch WHERE id = :id"), {"id": batch_id}).scalar_one()
    mapping = readable(mapping_from_json(document, layer=layer), layer)
    before = quarantine.waiting(connection, batch_id, sorted(changes))
    where, whole = placing(connection, workspace)
    # what a pseudonym was made of is not kept, and nobody makes one up
    hidden = {pseudonym_column(target) for target in mapping_from_json(document, layer=layer).pseudonyms}
    known = ({name for row in before.values() for name in row["raw"]} | columns_of(mapping)) - hidden
    unknown = sorted({name for change in changes.values() for name in change} - known)
    if unknown:
        raise InvalidInput("unknown-columns", columns=unknown, known=sorted(known - {"line"}))
    kept, identifiers = nameless_changes(changes, mapping, layer)
    return _Case(
        workspace=workspace,
        layer=layer,
        mapping=mapping,
        source_name=str(batch["source_name"]),
        is_synthetic=bool(batch["is_synthetic"]),
        context=ImportContext(
            zone=workspace.zone,
            now=datetime.now(UTC),
            territory=whole,
            surroundings=surroundings_of(connection, workspace, layer),
        ),
        where=where,
        rows={n: _changed(row["raw"], kept[n], mapping, known | hidden) for n, row in before.items()},
        before=before,
        changes=kept,
        identifiers=identifiers,
    )


def readable(mapping: SourceMapping, layer: Layer) -> SourceMapping:
    """The mapping that reads kept raw rows.

    Raises
    ------
    InvalidInput : ``rows-without-geometry``: lines and areas came with the file and are not kept with a row.
    """
    plain = replace(plain_mapping(mapping), reading=None, where=None, signature=frozenset())
    if layer.geometry == "Point" and plain.lon is None and plain.wkt is None and layer.has_place:
        return replace(plain, lon=_LON, lat=_LAT, crs="EPSG:4326")
    if layer.geometry != "Point" and layer.has_place and plain.wkt is None:
        raise InvalidInput("rows-without-geometry", layer=layer.id)
    return plain


def columns_of(mapping: SourceMapping) -> set[str]:
    """Source columns a mapping names, made ones apart."""
    time = mapping.time
    named = {mapping.lon, mapping.lat, mapping.wkt, mapping.source_id, *mapping.columns.values(), *mapping.struck_off}
    named |= {column for rule in mapping.made.values() for column in rule.of}
    if time is not None:
        named |= {time.local, time.date, time.clock, time.hour, time.epoch_ms, time.month, time.end}
    return {name for name in named if name is not None} - set(mapping.made)


def _changed(raw: Raw, change: Mapping[str, Any], mapping: SourceMapping, known: set[str]) -> Raw:
    """The row with its changes, all columns in it, without those that are made anew."""
    out: Raw = {name: raw.get(name) for name in sorted(known - {"line"} - set(mapping.made))}
    out |= {name: value if value not in ("", None) else None for name, value in change.items() if name in out}
    return out


def _left(case: _Case, path: Path) -> dict[int, tuple[Reason, ...]]:
    """Rows that are still wrong, and why."""
    left = {n: found for n, raw in case.rows.items() if (found := _not_to_be_tried(case, n, raw))}
    tried = [n for n in case.rows if n not in left]
    if not tried:
        return left
    _write(path, [case.rows[n] for n in tried])
    reading = read_batches(path, layer=case.layer, mapping=case.mapping, context=case.context)
    try:
        for batch in reading:
            left |= {tried[row.row_number - 1]: row.reasons for row in batch.rejected}
            mine = case.where.may_write(case.where.territory_of(batch.lon, batch.lat))
            for number in batch.row_number[~np.asarray(mine)].tolist():
                left[tried[number - 1]] = (("outside-your-territory", {}),)
            if batch.struck_off is not None:
                raise Conflict("mended-row-struck-off", rows=len(batch.struck_off))
    except DataQuality:
        # verdicts on the file as a whole, such as that most points lie far away, are about files; each row has its own reasons
        judged = set(left)
        if not judged:
            raise
    finally:
        reading.close()
    return dict(sorted(left.items()))


def _not_to_be_tried(case: _Case, number: int, raw: Raw) -> tuple[Reason, ...]:
    """Reasons that reading the row alone would not show."""
    before = case.before[number]
    cut = [
        name
        for name, value in raw.items()
        if isinstance(value, str)
        and len(value) >= 2 * VALUE_LENGTH
        and value.endswith("…")
        and value == before["raw"].get(name)
    ]
    if cut:
        return tuple(("value-was-cut", {"column": name}) for name in cut)
    key = case.mapping.source_id
    same = key is None or raw.get(key) == before["raw"].get(key)
    if same and key is not None:
        return tuple((str(code), dict(params)) for code, params in before["reasons"] if code in _SAME_KEY)
    return ()


def _write(path: Path, rows: Sequence[Raw]) -> None:
    """Rows as a table of texts: nothing about a value is guessed on the way."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in names}
    pq.write_table(pa.table(columns), path)


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case str():
            return value.replace("\x00", "").encode("utf-8", "replace").decode()
        case _:
            return str(value)
