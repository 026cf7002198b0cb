"""Getting clean rows into a layer's table: aside and swapped in when the layer is empty there, else row by row in SQL.

Both ways are atomic: until the last statement commits the layer is exactly as it was, and a killed load leaves only a
table nobody reads, which the next load sweeps away.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, text

from geo_core.errors import Unavailable
from layers import copy_binary, kept_edits, resuming, staging
from layers.engine import Engines, border
from layers.history import STRUCK_OFF, Deed, hold, remember
from layers.identity import Principal, transaction
from layers.spec import Layer
from layers.staging import Rows
from layers.workspaces import WorkspaceInfo

LOAD_TIMEOUT_S = 6 * 3600.0


@dataclass
class Outcome:
    """What a load did.

    Parameters
    ----------
    unchanged : among them ``kept_away``, records somebody took away of which the source says nothing new.
    edits_overwritten : of ``updated``, rows somebody had edited.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    kept_away: int = 0
    edits_overwritten: int = 0


class Finisher(Protocol):
    """Called in the transaction that makes the load visible (report, rejected rows)."""

    def __call__(self, connection: Connection, outcome: Outcome) -> None: ...


def is_empty(connection: Connection, layer: Layer, workspace: WorkspaceInfo) -> bool:
    """Whether the layer has no row at all in the workspace, whoever asks (counts nothing, tells nothing else).

    One from which somebody took rows away is not empty: what they took must be looked at.
    """
    empty = connection.execute(
        text("SELECT qorgan_layer_empty(:t, :ws)"), {"t": layer.table, "ws": workspace.id}
    ).scalar_one()
    return bool(empty) and not kept_edits.any_removed(connection, layer, workspace.id)


def reserve_ids(connection: Connection, count: int) -> NDArray[np.int64]:
    """``count`` fresh row ids."""
    if count == 0:
        return np.empty(0, dtype=np.int64)
    # generate_series keeps the ids of parallel loads apart without holding the sequence
    first = connection.execute(text("SELECT qorgan_reserve_ids(:n)"), {"n": count}).scalar_one()
    return np.arange(first, first + count, dtype=np.int64)


def foreign_keys(connection: Connection, layer: Layer, workspace: WorkspaceInfo, keys: Sequence[str]) -> set[str]:
    """Which of the keys are of records stored where the principal is no editor, seen or not."""
    found = connection.execute(
        text("SELECT qorgan_foreign_keys(:t, :ws, cast(:keys AS text[]))"),
        {"t": layer.table, "ws": workspace.id, "keys": list(keys)},
    )
    return set(found.scalars())


def sweep(engines: Engines) -> int:
    """Drop what killed loads left behind and mark their batches failed; how many tables went.

    A load that still runs holds a lock (:func:`guard`) and is left alone; so is, for a while, what can be gone on with.
    """
    swept = 0
    with border(), engines.app.begin() as connection:
        connection.execute(text("SELECT qorgan_fail_dead_batches()"))
    with border(), engines.loader.begin() as connection:
        for batch_id in connection.execute(text("SELECT qorgan_bulk_leftovers()")).scalars().all():
            free = connection.execute(text("SELECT pg_try_advisory_xact_lock(715001, :b)"), {"b": batch_id % 2**31})
            if free.scalar_one():
                if resuming.is_worth_keeping(engines, batch_id):
                    continue
                connection.execute(text("SELECT qorgan_bulk_drop(:b)"), {"b": batch_id})
                swept += 1
    return swept


def load_aside(
    engines: Engines,
    principal: Principal,
    workspace: WorkspaceInfo,
    layer: Layer,
    batch_id: int,
    batches: Iterable[Rows],
    finish: Finisher,
    *,
    before_commit: Callable[[], None] | None = None,
    stored: resuming.Sums | None = None,
    settle: Callable[[Connection], None] | None = None,
) -> Outcome:
    """Fill a table built aside by COPY, index it on two connections, put it in the partition's place.

    Parameters
    ----------
    before_commit : called before the first of several parts is committed, to write down what going on with it needs; without it the
        load is one transaction however long it is.
    stored : what a former attempt left in the table aside; so many of the first rows are compared and not sent again.
    settle : called when the rows are in their place, in the same transaction.

    Raises
    ------
    Conflict : somebody loaded the layer meanwhile.
    StoredDiffer : the rows stored aside are not those the batches begin with; nothing is left of them.
    """
    outcome = Outcome()
    parts = _Parts(driver_of=engines.loader, layer=layer, workspace_id=workspace.id, batch_id=batch_id)
    try:
        stream = iter(batches)
        if stored is not None:
            outcome.inserted = parts.take_up(stream, stored)
        outcome.inserted += parts.send(stream, before_commit)
        _index(engines.loader, layer, batch_id)
        with transaction(engines.app, principal, timeout_s=LOAD_TIMEOUT_S) as connection:
            finish(connection, outcome)
            _attach(connection, batch_id)
            if settle is not None:
                settle(connection)
    except BaseException as error:
        if parts.committed and _was_cut_off(error):
            raise
        with border(), engines.loader.begin() as connection:
            connection.execute(text("SELECT qorgan_bulk_drop(:b)"), {"b": batch_id})
        raise
    return outcome


def _was_cut_off(error: BaseException) -> bool:
    """Whether a load ended through no fault of its file: cancelled, or the database went away."""
    return not isinstance(error, Exception) or (isinstance(error, Unavailable) and error.code == "database-away")


@dataclass
class _Parts:
    """The parts in which a table aside is filled. ``committed``: some of it outlives this load."""

    driver_of: Engine
    layer: Layer
    workspace_id: int
    batch_id: int
    committed: bool = False

    def take_up(self, stream: Iterator[Rows], stored: resuming.Sums) -> int:
        """Walk past the rows a former attempt stored; how many.

        Raises
        ------
        StoredDiffer
        """
        seen = resuming.Sums()
        while seen.rows < stored.rows and (batch := next(stream, None)) is not None:
            seen.add(batch)
        if seen != stored:
            raise resuming.StoredDiffer
        self.committed = True
        return seen.rows

    def send(self, stream: Iterator[Rows], before_commit: Callable[[], None] | None) -> int:
        """COPY the rows, the first part frozen into a table made with it; how many."""
        total, is_first = 0, not self.committed
        with border(), _raw(self.driver_of) as driver:
            while True:
                if is_first:
                    driver.execute(
                        "SELECT qorgan_bulk_create(%s, %s, %s)", (self.layer.table, self.workspace_id, self.batch_id)
                    )
                most = resuming.FIRST_PART_ROWS if is_first else resuming.PART_ROWS
                part = _Part(stream, most if before_commit is not None else None)
                total += copy(
                    driver, f"bulk_{self.batch_id}", self.layer, self.workspace_id, self.batch_id, part, frozen=is_first
                )
                if part.is_last:
                    driver.commit()
                    return total
                if is_first and before_commit is not None:
                    before_commit()
                driver.commit()
                self.committed, is_first = True, False


class _Part(Iterator[Rows]):
    """Batches of a stream until they hold ``most`` rows; ``is_last`` once the stream has ended."""

    def __init__(self, stream: Iterator[Rows], most: int | None) -> None:
        self._stream, self._most, self._rows, self.is_last = stream, most, 0, False

    def __next__(self) -> Rows:
        if self._most is not None and self._rows >= self._most:
            raise StopIteration
        try:
            batch = next(self._stream)
        except StopIteration:
            self.is_last = True
            raise
        self._rows += len(batch)
        return batch


def load_into(
    engines: Engines,
    principal: Principal,
    workspace: WorkspaceInfo,
    layer: Layer,
    batch_id: int,
    batches: Iterable[Rows],
    finish: Finisher,
    *,
    struck_off: Sequence[str] = (),
    settle: Callable[[Connection], None] | None = None,
) -> Outcome:
    """COPY into a temporary table, then update what changed (its former state kept) and insert what is new.

    ``struck_off`` : keys of records the register struck off; it may still grow while ``batches`` is walked. What is stored of them
    is removed, its former state kept with the batch. ``settle`` : called when the rows are in their place, in the same transaction.
    """
    outcome = Outcome()
    names = staging.copied_columns(layer)
    listed = ", ".join(f'"{name}"' for name in names)
    changed = [name for name in names if name not in {"workspace_id", "id", "source_id"}]
    sets = ", ".join(f'"{name}" = s."{name}"' for name in changed)
    same = "s.workspace_id = t.workspace_id AND s.source_id = t.source_id"
    with transaction(engines.app, principal, timeout_s=LOAD_TIMEOUT_S) as connection:
        connection.execute(text("SELECT qorgan_ensure_partition(:t, :ws)"), {"t": layer.table, "ws": workspace.id})
        connection.exec_driver_sql(f"CREATE TEMP TABLE incoming (LIKE {layer.table} INCLUDING DEFAULTS) ON COMMIT DROP")
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        total = copy(driver, "incoming", layer, workspace.id, batch_id, batches)
        connection.exec_driver_sql("CREATE INDEX ON incoming (source_id)")
        connection.exec_driver_sql("ANALYZE incoming")
        differs = f"SELECT t.id FROM {layer.table} t JOIN incoming s ON {same} WHERE t.workspace_id = {workspace.id} AND s.row_hash <> t.row_hash"  # noqa: S608
        hold(connection, layer, workspace.id, differs)
        outcome.edits_overwritten = kept_edits.overwritten(connection, layer, workspace.id)
        remember(connection, layer, workspace.id, differs, batch_id=batch_id)
        outcome.updated = connection.exec_driver_sql(
            f"UPDATE {layer.table} t SET {sets}, version = t.version + 1, updated_at = now() FROM incoming s "  # noqa: S608
            f"WHERE {same} AND t.workspace_id = {workspace.id} AND s.row_hash <> t.row_hash"
        ).rowcount
        outcome.kept_away = kept_edits.keep_away(connection, layer, workspace.id)
        outcome.inserted = connection.exec_driver_sql(
            f"INSERT INTO {layer.table} ({listed}) SELECT {listed} FROM incoming s "  # noqa: S608
            f"WHERE NOT EXISTS (SELECT 1 FROM {layer.table} t WHERE {same} AND t.workspace_id = {workspace.id})"
        ).rowcount
        outcome.unchanged = total - outcome.updated - outcome.inserted
        outcome.removed = _strike_off(connection, layer, workspace.id, batch_id, struck_off)
        finish(connection, outcome)
        if settle is not None:
            settle(connection)
    return outcome


def _strike_off(connection: Connection, layer: Layer, workspace_id: int, batch_id: int, keys: Sequence[str]) -> int:
    """Remove the rows of these keys, remembered so that undoing the batch brings them back; how many there were."""
    if not keys:
        return 0
    connection.exec_driver_sql('CREATE TEMP TABLE struck_off (source_id text COLLATE "C") ON COMMIT DROP')
    connection.execute(text("INSERT INTO struck_off SELECT unnest(cast(:keys AS text[]))"), {"keys": list(keys)})
    gone = (
        f"SELECT t.id FROM {layer.table} t JOIN struck_off s ON s.source_id = t.source_id "  # noqa: S608
        f"WHERE t.workspace_id = {workspace_id} AND NOT EXISTS (SELECT 1 FROM incoming i WHERE i.source_id = t.source_id) "
        # an editor of a part may read records there that are not theirs to remove
        "AND t.territory_id = ANY ((SELECT qorgan_territories(3))::int[])"
    )
    hold(connection, layer, workspace_id, gone)
    remember(connection, layer, workspace_id, gone, batch_id=batch_id, reason=STRUCK_OFF, deed=Deed.REMOVED)
    return connection.exec_driver_sql(
        f"DELETE FROM {layer.table} WHERE workspace_id = {workspace_id} AND id IN ({gone})"  # noqa: S608
    ).rowcount


def copy(
    driver: psycopg.Connection[Any],
    table: str,
    layer: Layer,
    workspace_id: int,
    batch_id: int,
    batches: Iterable[Rows],
    *,
    frozen: bool = False,
) -> int:
    """COPY batches into a table of the layer's shape; how many rows.

    ``frozen`` stores rows as visible to everybody, which only a table made in the same transaction may hold: nothing has to look up
    their transaction again, neither the builders of the indexes nor the first readers.
    """
    listed = ", ".join(f'"{name}"' for name in staging.copied_columns(layer))
    total = 0
    options = "FORMAT binary, FREEZE" if frozen else "FORMAT binary"
    with driver.cursor().copy(f"COPY {table} ({listed}) FROM STDIN ({options})".encode()) as sink:
        sink.write(copy_binary.HEADER)
        for batch in batches:
            total += len(batch)
            order = batch.by_cell()
            values = staging.encoded(layer, batch, workspace_id=workspace_id, batch_id=batch_id, order=order)
            for block in copy_binary.rows(values):
                sink.write(block)
        sink.write(copy_binary.TRAILER)
    return total


def _index(loader: Engine, layer: Layer, batch_id: int) -> None:
    """Build what indexes of the layer's table the table aside has not, the slowest first."""

    def what(definition: str) -> str:
        return definition.partition(" USING ")[2]

    with border(), loader.connect() as connection:
        # A load that was cut off among the indexes has some of them already.
        there = {
            what(definition)
            for definition in connection.execute(
                text("SELECT indexdef FROM pg_indexes WHERE tablename = :name"), {"name": f"bulk_{batch_id}"}
            ).scalars()
        }
        listed = connection.execute(
            text("SELECT nth, definition FROM qorgan_bulk_indexes(:t) ORDER BY nth"), {"t": layer.table}
        )
        wanted = [nth for nth, definition in listed if what(definition) not in there]
    lock = threading.Lock()
    faults: list[Exception] = []

    def work() -> None:
        try:
            while True:
                with lock:
                    if not wanted or faults:
                        return
                    nth = wanted.pop(0)
                with border(), loader.begin() as connection:
                    # The two builders share the cores already; helpers of one would take them from the other.
                    connection.execute(text("SET LOCAL max_parallel_maintenance_workers = 0"))
                    connection.execute(text("SELECT qorgan_bulk_index(:b, :n)"), {"b": batch_id, "n": nth})
        except Exception as fault:  # noqa: BLE001 - handed to the caller below
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def _attach(connection: Connection, batch_id: int) -> None:
    """The swap happens in the application's transaction, so report and rows appear together."""
    connection.execute(text("SELECT qorgan_bulk_attach(:b)"), {"b": batch_id})


@contextmanager
def _raw(engine: Engine) -> Iterator[psycopg.Connection[Any]]:
    pooled = engine.raw_connection()
    try:
        driver = pooled.driver_connection
        assert isinstance(driver, psycopg.Connection)
        yield driver
    finally:
        pooled.close()


@contextmanager
def guard_if_free(engine: Engine, batch_id: int) -> Iterator[bool]:
    """As :func:`guard`, without waiting: False where another load holds the batch."""
    with border(), engine.connect() as connection:
        key = {"b": batch_id % 2**31}
        free = bool(connection.execute(text("SELECT pg_try_advisory_lock(715001, :b)"), key).scalar_one())
        connection.commit()
        try:
            yield free
        finally:
            if free:
                connection.execute(text("SELECT pg_advisory_unlock(715001, :b)"), key)
                connection.commit()


@contextmanager
def guard(engine: Engine, batch_id: int) -> Iterator[None]:
    """Hold the lock that tells the sweeper this batch is being loaded; it goes with the connection, however that ends."""
    with border(), engine.connect() as connection:
        key = {"b": batch_id % 2**31}
        connection.execute(text("SELECT pg_advisory_lock(715001, :b)"), key)
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(715001, :b)"), key)
            connection.commit()
