"""Getting clean rows into a layer's table: aside and swapped in when the layer is empty there, else row by row in SQL.

Both ways are atomic: until the last statement commits the layer is exactly as it was, and a killed load leaves only a
table nobody reads, which the next load sweeps away.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, text

from layers import copy_binary, kept_edits, staging
from layers.engine import Engines, border
from layers.history import STRUCK_OFF, Deed, remember
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


def sweep(engines: Engines) -> int:
    """Drop what killed loads left behind and mark their batches failed; how many tables went.

    A load that still runs holds a lock (:func:`guard`) and is left alone.
    """
    swept = 0
    with border(), engines.app.begin() as connection:
        connection.execute(text("SELECT qorgan_fail_dead_batches()"))
    with border(), engines.loader.begin() as connection:
        for batch_id in connection.execute(text("SELECT qorgan_bulk_leftovers()")).scalars().all():
            free = connection.execute(text("SELECT pg_try_advisory_xact_lock(715001, :b)"), {"b": batch_id % 2**31})
            if free.scalar_one():
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
) -> Outcome:
    """Fill a table built aside by COPY, index it on two connections, put it in the partition's place.

    Raises
    ------
    Conflict : somebody loaded the layer meanwhile.
    """
    outcome = Outcome()
    try:
        with border(), _raw(engines.loader) as driver:
            driver.execute("SELECT qorgan_bulk_create(%s, %s, %s)", (layer.table, workspace.id, batch_id))
            outcome.inserted = copy(driver, f"bulk_{batch_id}", layer, workspace.id, batch_id, batches, frozen=True)
            driver.commit()
        _index(engines.loader, layer, batch_id)
        with transaction(engines.app, principal, timeout_s=LOAD_TIMEOUT_S) as connection:
            finish(connection, outcome)
            _attach(connection, batch_id)
    except BaseException:
        with border(), engines.loader.begin() as connection:
            connection.execute(text("SELECT qorgan_bulk_drop(:b)"), {"b": batch_id})
        raise
    return outcome


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
) -> Outcome:
    """COPY into a temporary table, then update what changed (its former state kept) and insert what is new.

    ``struck_off`` : keys of records the register struck off; it may still grow while ``batches`` is walked. What is stored of them
    is removed, its former state kept with the batch.
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
        outcome.edits_overwritten = kept_edits.overwritten(connection, layer, workspace.id)
        differs = f"SELECT t.id FROM {layer.table} t JOIN incoming s ON {same} WHERE t.workspace_id = {workspace.id} AND s.row_hash <> t.row_hash"  # noqa: S608
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
    return outcome


def _strike_off(connection: Connection, layer: Layer, workspace_id: int, batch_id: int, keys: Sequence[str]) -> int:
    """Remove the rows of these keys, remembered so that undoing the batch brings them back; how many there were."""
    if not keys:
        return 0
    connection.exec_driver_sql('CREATE TEMP TABLE struck_off (source_id text COLLATE "C") ON COMMIT DROP')
    connection.execute(text("INSERT INTO struck_off SELECT unnest(cast(:keys AS text[]))"), {"keys": list(keys)})
    gone = (
        f"SELECT t.id FROM {layer.table} t JOIN struck_off s ON s.source_id = t.source_id "  # noqa: S608
        f"WHERE t.workspace_id = {workspace_id} AND NOT EXISTS (SELECT 1 FROM incoming i WHERE i.source_id = t.source_id)"
    )
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
            values = staging.encoded(
                layer, batch.numbered(order), workspace_id=workspace_id, batch_id=batch_id, order=order
            )
            for block in copy_binary.rows(values):
                sink.write(block)
        sink.write(copy_binary.TRAILER)
    return total


def _index(loader: Engine, layer: Layer, batch_id: int) -> None:
    with border(), loader.connect() as connection:
        wanted = list(
            connection.execute(
                text("SELECT nth FROM qorgan_bulk_indexes(:t) ORDER BY nth"), {"t": layer.table}
            ).scalars()
        )
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
