"""The import engine: a file becomes one batch of a layer, atomic, idempotent, with its report; or nothing changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from etl.context import Degrees, ImportContext, Moments
from etl.intake import Reading, read_batches
from etl.kato.settlements import classifier_for
from etl.mapping import to_json
from etl.pace import Pace
from etl.prefetch import ahead
from etl.readers import Limits
from etl.records import RecordBatch, RejectedRow, Tally
from etl.resuming import gone_on_with
from etl.settling import settle_batch, surroundings_of
from geo_core.cells import index_points
from geo_core.errors import DataQuality, Forbidden, InvalidInput, QorganError
from geo_core.sun import dark_of_interval
from layers import batches, loading
from layers.engine import Engines
from layers.identity import Principal, audit, require, transaction
from layers.jobs import problem
from layers.loading import Outcome
from layers.originals import administers_whole
from layers.placing import Placing, placing
from layers.resuming import Attempt, StoredDiffer
from layers.spec import Layer, LayerKind, Role, SourceMapping
from layers.staging import Rows
from layers.workspaces import WorkspaceInfo, find

Progress = Callable[[float, str], None]
# More rejected rows than this are counted by reason but not kept one by one.
MOST_REJECTED_KEPT = 100_000


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What to import where.

    Parameters
    ----------
    source_name : shown to readers; the file's own name by default.
    is_synthetic : the data is made up, and says so everywhere.
    dry_run : read and check everything, store nothing.
    origin : of rows asked from a service, how they were got; kept with the batch.
    noted : what was noticed before the file was made; told with the report's warnings.
    mends : the batch whose rejected rows these are. also : called with the new batch's id when its rows are in their place, in the
        same transaction.
    """

    layer: Layer
    path: Path
    mapping: SourceMapping
    workspace: str
    source_name: str = ""
    is_synthetic: bool = False
    dry_run: bool = False
    now: datetime | None = None
    limits: Limits | None = None
    origin: Mapping[str, Any] | None = None
    noted: Tally | None = None
    mends: int | None = None
    also: Callable[[Connection, int], None] | None = None


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What became of every row: ``read = loaded + updated + unchanged + rejected + struck_off + merged``.

    Parameters
    ----------
    rejected_kept : of the rejected, those kept one by one to be mended; the rest are only counted, and a warning says so.
    rejected_by_reason : a row with two reasons counts in both.
    struck_off : records the register struck off; ``removed`` of them were stored and are no longer.
    merged : rows that went into a record another row had begun; 0 where the mapping groups nothing.
    flagged : note → stored rows (loaded, updated or unchanged) that carry it.
    mends : the batch whose rejected rows these were; None for a file.
    warnings : code → how many rows or times, with examples.
    origin : of rows asked from a service, how they were got; else None.
    batch_id : None for a dry run.
    error : code and params of ``all-rows-rejected`` when there were rows and none could be used; the batch is ``failed`` then, its
        rejected rows are kept. None = some row was good.
    """

    layer: str
    workspace: str
    format: str
    read: int
    loaded: int
    updated: int
    unchanged: int
    rejected: int
    struck_off: int
    removed: int
    merged: int
    flagged: dict[str, int]
    mends: int | None
    rejected_kept: int
    rejected_by_reason: dict[str, int]
    warnings: dict[str, int]
    warning_samples: dict[str, list[dict[str, Any]]]
    rejected_samples: list[dict[str, Any]]
    sha256: str
    day_from: str | None
    day_to: str | None
    is_synthetic: bool
    dry_run: bool
    batch_id: int | None
    error: dict[str, Any] | None
    origin: dict[str, Any] | None
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return dict(self.__dict__)


@dataclass
class _Tally:
    rejected: list[RejectedRow] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    rejected_rows: int = 0
    accepted: int = 0
    struck_off: list[str] = field(default_factory=list)
    flagged: Counter[str] = field(default_factory=Counter)

    def accept(self, batch: RecordBatch) -> None:
        self.accepted += len(batch)
        self.flagged.update(batch.flags.counts())

    def strike(self, keys: pa.StringArray | None) -> None:
        if keys is not None:
            self.struck_off.extend(keys.to_pylist())

    def not_kept(self) -> dict[str, int]:
        """Rejected rows that are counted but cannot be mended one by one."""
        lost = self.rejected_rows - len(self.rejected)
        return {"rejected-not-kept": lost} if lost else {}

    def take(self, rows: tuple[RejectedRow, ...]) -> None:
        self.rejected_rows += len(rows)
        for row in rows:
            self.reasons.update({code for code, _ in row.reasons})
        self.rejected.extend(rows[: MOST_REJECTED_KEPT - len(self.rejected)])


def run_import(
    engines: Engines, principal: Principal, wanted: ImportRequest, *, progress: Progress | None = None
) -> ImportReport:
    """Import a file into a layer of a workspace, as ``principal``.

    Raises
    ------
    NotFound : no such workspace for this principal. Forbidden : not an editor there.
    InvalidInput, DataQuality, LimitExceeded : the file as a whole was refused; nothing changed.
    Conflict : the same layer was loaded at the same time.
    Unavailable : the database went away; nothing changed.
    """
    if wanted.layer.kind is LayerKind.DERIVED:
        raise InvalidInput("derived-is-computed", layer=wanted.layer.id)
    tell = progress or (lambda _share, _doing: None)
    with transaction(engines.app, principal) as connection:
        workspace = find(connection, wanted.workspace)
        require(connection, workspace.id, Role.EDITOR)
    if wanted.dry_run:
        return _import(engines, principal, wanted, workspace, tell, None)
    with gone_on_with(engines, principal, workspace, wanted.layer, _given(wanted), wanted.path) as former:
        try:
            return _import(engines, principal, wanted, workspace, tell, former)
        except StoredDiffer:
            # What was stored is not what the file begins with: nothing of it is left, the load begins anew.
            return _import(engines, principal, wanted, workspace, tell, None)


def _import(
    engines: Engines,
    principal: Principal,
    wanted: ImportRequest,
    workspace: WorkspaceInfo,
    tell: Progress,
    former: Attempt | None,
) -> ImportReport:
    started = datetime.now(UTC)
    with transaction(engines.app, principal) as connection:
        where, whole = placing(connection, workspace)
        around = surroundings_of(connection, workspace, wanted.layer)
        kato = classifier_for(connection, workspace.id, wanted.mapping)
        if wanted.mapping.keep_original and not administers_whole(connection, workspace.id):
            raise Forbidden("originals-need-administrator")
    now = wanted.now or (former.now if former else started)
    context = ImportContext(zone=workspace.zone, now=now, territory=whole, dark=_dark, surroundings=around, kato=kato)
    reading = read_batches(
        wanted.path, layer=wanted.layer, mapping=wanted.mapping, context=context, limits=wanted.limits
    )
    if wanted.noted is not None:
        reading.warnings.merge(wanted.noted)
    tally = _Tally()
    try:
        if wanted.dry_run:
            for batch in reading:
                allowed, refused = _allowed(engines, principal, wanted.layer, workspace, batch, where)
                tally.take(batch.rejected + refused)
                tally.strike(batch.struck_off)
                tally.accept(allowed)
            outcome, batch_id = Outcome(inserted=tally.accepted), None
        else:
            outcome, batch_id = _store(engines, principal, workspace, wanted, reading, where, tally, tell, former)
    finally:
        reading.close()
    return _report(wanted, workspace, reading, tally, outcome, batch_id, (datetime.now(UTC) - started).total_seconds())


def _given(wanted: ImportRequest) -> batches.BatchStart:
    return batches.BatchStart(
        layer_id=wanted.layer.id,
        source_name=wanted.source_name or wanted.path.name,
        sha256="",
        size_bytes=wanted.path.stat().st_size,
        licence=wanted.mapping.licence,
        attribution=wanted.mapping.attribution,
        is_synthetic=wanted.is_synthetic,
        mapping=to_json(wanted.mapping),
        retrieved_at=datetime.fromtimestamp(wanted.path.stat().st_mtime, UTC),
    )


def _store(
    engines: Engines,
    principal: Principal,
    workspace: WorkspaceInfo,
    wanted: ImportRequest,
    reading: Reading,
    where: Placing,
    tally: _Tally,
    tell: Progress,
    former: Attempt | None,
) -> tuple[Outcome, int]:
    loading.sweep(engines)

    def finish(connection: Connection, outcome: Outcome) -> None:
        report = _report(wanted, workspace, reading, tally, outcome, batch_id, 0.0)
        kept = {k: v for k, v in report.as_dict().items() if k not in {"seconds", "rejected_samples"}}
        summary = reading.report
        batches.finish(
            connection,
            batch_id,
            report=kept,
            period=summary.period,
            sha256=summary.sha256,
            size_bytes=summary.size_bytes,
        )
        if report.error is not None:
            # a batch of nothing: its days cover nothing, there is nothing to undo
            connection.execute(text("UPDATE batch SET state = 'failed' WHERE id = :id"), {"id": batch_id})
        batches.keep_rejected(connection, workspace, batch_id, tally.rejected)
        audit(
            connection,
            "import",
            workspace_id=workspace.id,
            layer_id=wanted.layer.id,
            batch=batch_id,
            loaded=outcome.inserted,
            updated=outcome.updated,
            removed=outcome.removed,
        )

    def settle(connection: Connection) -> None:
        settle_batch(connection, workspace, wanted.layer, batch_id, reading, tally.flagged, was_empty=empty)
        if wanted.also is not None:
            wanted.also(connection, batch_id)

    def before_commit() -> None:
        with transaction(engines.app, principal) as connection:
            batches.note_file(connection, batch_id, sha256=reading.sha256)

    with _started(engines, principal, workspace, _given(wanted), former) as batch_id:
        with transaction(engines.app, principal) as connection:
            empty = loading.is_empty(connection, wanted.layer, workspace)
        with closing(_rows(engines, principal, wanted.layer, workspace, reading, where, tally, tell)) as rows:
            into = (engines, principal, workspace, wanted.layer, batch_id, rows, finish)
            if empty:
                outcome = loading.load_aside(
                    *into, settle=settle, before_commit=before_commit, stored=former.stored if former else None
                )
            else:
                outcome = loading.load_into(*into, struck_off=tally.struck_off, settle=settle)
    return outcome, batch_id


class _started:  # noqa: N801 - a context manager used like a function
    """Record the batch and hold its guard; when the load fails, write down why."""

    def __init__(
        self,
        engines: Engines,
        principal: Principal,
        workspace: WorkspaceInfo,
        given: batches.BatchStart,
        former: Attempt | None,
    ) -> None:
        self.engines, self.principal, self.workspace, self.given = engines, principal, workspace, given
        self.former = former
        self.guard: AbstractContextManager[object] = nullcontext()

    def __enter__(self) -> int:
        with transaction(self.engines.app, self.principal) as connection:
            if self.former is not None:  # whose guard is held already
                self.batch_id = self.former.batch_id
                batches.reopen(connection, self.batch_id)
                return self.batch_id
            self.batch_id = batches.start(connection, self.workspace, self.given)
            # The guard is held before the batch can be seen, so that no sweeper takes it for dead.
            self.guard = loading.guard(self.engines.loader, self.batch_id)
            self.guard.__enter__()
        return self.batch_id

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None:
                told = problem(error) if isinstance(error, QorganError) else {"code": _code(error), "params": {}}
                with transaction(self.engines.app, self.principal) as connection:
                    batches.fail(connection, self.batch_id, error=told)
        except QorganError:
            # The database is away: the sweeper of the next import will mark the batch.
            pass
        finally:
            self.guard.__exit__(None, None, None)


def _code(error: BaseException) -> str:
    return "internal" if isinstance(error, Exception) else "job-killed"


def _rows(
    engines: Engines,
    principal: Principal,
    layer: Layer,
    workspace: WorkspaceInfo,
    reading: Reading,
    where: Placing,
    tally: _Tally,
    tell: Progress,
) -> Generator[Rows, None, None]:
    pace = Pace(tell)
    # closed by name: whoever fails keeps the generators in its trace, and the reading thread would go on
    with closing(ahead(reading)) as coming:
        for batch in coming:
            allowed, refused = _allowed(engines, principal, layer, workspace, batch, where)
            tally.take(batch.rejected + refused)
            tally.strike(batch.struck_off)
            tally.accept(allowed)
            if len(allowed):
                with transaction(engines.app, principal) as connection:
                    ids = loading.reserve_ids(connection, len(allowed))
                yield _staged(allowed, ids, where)
            pace.add(len(batch) + len(batch.rejected), reading.progress)
    tell(0.92, "job.doing.indexing")


def _staged(batch: RecordBatch, ids: NDArray[np.int64], where: Placing) -> Rows:
    columns: dict[str, pa.Array] = dict(batch.columns)
    if batch.times is not None:
        columns.update(batch.times.columns())
        columns["dark"] = batch.dark if batch.dark is not None else pa.nulls(len(batch), pa.bool_())
    return Rows(
        ids=ids,
        source_id=batch.source_id,
        row_hash=batch.row_hash,
        lon=batch.lon,
        lat=batch.lat,
        geometry=batch.geometry,
        cell=index_points(batch.lon, batch.lat),
        territory_id=where.territory_of(batch.lon, batch.lat),
        flags=batch.flags.to_arrow(),
        columns=columns,
    )


def _allowed(
    engines: Engines, principal: Principal, layer: Layer, workspace: WorkspaceInfo, batch: RecordBatch, where: Placing
) -> tuple[RecordBatch, tuple[RejectedRow, ...]]:
    """The rows this principal may write, and the others as rejected: new ones elsewhere, and those of records stored elsewhere."""
    keep = where.may_write(where.territory_of(batch.lon, batch.lat))
    reasons = np.full(len(batch), "outside-your-territory", dtype=object)
    if len(batch) and where.root_id not in where.editable:
        with transaction(engines.app, principal) as connection:
            foreign = loading.foreign_keys(connection, layer, workspace, batch.source_id.to_pylist())
        if foreign:
            taken = np.isin(batch.source_id.to_numpy(zero_copy_only=False), list(foreign))
            reasons[keep & taken] = "key-outside-your-territory"
            keep &= ~taken
    if keep.all():
        return batch, ()
    out = np.flatnonzero(~keep)
    refused = tuple(
        RejectedRow(row_number=int(n), raw=raw, reasons=((str(reason), {}),))
        for n, raw, reason in zip(batch.row_number[out], batch.raw(out), reasons[out], strict=True)
    )
    mask = pa.array(keep)
    return (
        replace(
            batch,
            columns={name: column.filter(mask) for name, column in batch.columns.items()},
            lon=batch.lon[keep],
            lat=batch.lat[keep],
            geometry=None if batch.geometry is None else batch.geometry[keep],
            source_id=batch.source_id.filter(mask),
            row_hash=batch.row_hash[keep],
            row_number=batch.row_number[keep],
            flags=batch.flags.take(keep),
            times=None if batch.times is None else batch.times.take(keep),
            dark=None if batch.dark is None else batch.dark.filter(mask),
            node_ids=None if batch.node_ids is None else batch.node_ids.filter(mask),
            source=None if batch.source is None else batch.source.take(keep),
        ),
        refused,
    )


def _dark(lon: Degrees, lat: Degrees, start: Moments, end: Moments) -> pa.BooleanArray:
    # An hour that holds dusk is neither: such events stay unknown instead of being given to either side.
    dark = dark_of_interval(lon, lat, start, end)
    return pa.array(dark == 1.0, mask=np.isnan(dark))


def _report(
    wanted: ImportRequest,
    workspace: WorkspaceInfo,
    reading: Reading,
    tally: _Tally,
    outcome: Outcome,
    batch_id: int | None,
    seconds: float,
) -> ImportReport:
    summary = reading.report
    return ImportReport(
        layer=wanted.layer.id,
        workspace=workspace.slug,
        format=summary.format,
        read=summary.read,
        loaded=outcome.inserted,
        updated=outcome.updated,
        unchanged=outcome.unchanged,
        rejected=tally.rejected_rows,
        struck_off=len(tally.struck_off),
        removed=outcome.removed,
        merged=summary.merged,
        flagged=dict(sorted(tally.flagged.items())),
        mends=wanted.mends,
        rejected_kept=len(tally.rejected),
        rejected_by_reason=dict(sorted(tally.reasons.items())),
        warnings=dict(sorted({**summary.warnings.counts, **_edits(outcome), **tally.not_kept()}.items())),
        warning_samples={code: samples for code, samples in sorted(summary.warnings.samples.items()) if samples},
        rejected_samples=[
            {"row": row.row_number, "raw": row.raw, "reasons": [list(reason) for reason in row.reasons]}
            for row in tally.rejected[:5]
        ],
        sha256=summary.sha256,
        day_from=summary.period[0].isoformat() if summary.period else None,
        day_to=summary.period[1].isoformat() if summary.period else None,
        is_synthetic=wanted.is_synthetic,
        dry_run=wanted.dry_run,
        batch_id=batch_id,
        error=None
        if tally.accepted or tally.struck_off
        else problem(DataQuality("all-rows-rejected", rows=summary.read)),
        origin=dict(wanted.origin) if wanted.origin is not None else None,
        seconds=round(seconds, 3),
    )


def _edits(outcome: Outcome) -> dict[str, int]:
    """What became of what people had done to single rows."""
    told = {"edit-overwritten": outcome.edits_overwritten, "removed-by-hand": outcome.kept_away}
    return {code: count for code, count in told.items() if count}
