"""The way past row-level security without waiting: identity, question and end of the transaction in one round trip."""

from __future__ import annotations

import asyncio
import hashlib
import select
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import pq
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout
from sqlalchemy import make_url

from geo_core.errors import NotFound, Unavailable
from layers.engine import translated
from layers.identity import PIPELINED_IDENTITY, Principal, Purpose
from layers.queries.versions import FULL_PASS, PASS

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Pass:
    """What the gate found: the workspace is there for this reader, and what their answer depends on.

    Parameters
    ----------
    stamp : changes whenever the workspace's own row does.
    version : changes whenever something of the named layers does.
    rights : fingerprint of the reader's grants.
    """

    workspace_id: int
    stamp: str
    version: str
    rights: str

    @property
    def revision(self) -> int:
        """Revision of the one layer the pass was asked for; 0 = never changed."""
        return max(
            (int(part.rpartition(":")[2]) for part in self.version.partition("|")[0].split(",") if part), default=0
        )


class Gate:
    """Asynchronous connections under row-level security; opened by the first request."""

    def __init__(self, url: str, *, size: int, wait_s: float, query_s: float) -> None:
        conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._wait_s = wait_s
        self._timeout_ms = str(int(query_s * 1000))
        self._pool = AsyncConnectionPool(
            conninfo,
            kwargs={
                "autocommit": True,
                "prepare_threshold": 0,
                "connect_timeout": 3,
                "application_name": "qorgan-api",
                # the few questions asked here are small: planning one anew takes a third of its time
                "options": "-c plan_cache_mode=force_generic_plan",
                # a host that vanished without a word is noticed within seconds
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 2,
                "tcp_user_timeout": 5000,
            },
            min_size=1,
            max_size=size,
            open=False,
            timeout=wait_s,
            reset=_reset,
            reconnect_timeout=2.0,
            check=_alive,
        )
        self._opening = asyncio.Lock()
        self._is_open = False

    async def close(self) -> None:
        """Close every connection."""
        if self._is_open:
            self._is_open = False
            await self._pool.close(timeout=2)

    async def fetch(
        self,
        principal: Principal,
        sql: str,
        params: Mapping[str, Any] | Sequence[Any],
        *,
        purpose: Purpose = Purpose.RECORDS,
        binary: bool = False,
    ) -> Row | None:
        """The first row of a reading question asked as ``principal``.

        Raises
        ------
        Unavailable : the database is away or busy.
        LimitExceeded, Forbidden, Conflict : as ``layers.engine.translated``.
        """
        async with self._connection() as connection:
            cursor = connection.cursor(binary=binary)
            try:
                # Without a BEGIN the statements of one pipeline are one transaction, ended by its Sync: the identity, which is
                # local to the transaction, cannot outlive it, and a question that fell behind the Sync would see no row.
                async with connection.pipeline():
                    await connection.execute(PIPELINED_IDENTITY, (str(principal.id), purpose.value, self._timeout_ms))
                    await cursor.execute(sql.encode(), params)
                return await cursor.fetchone()
            finally:
                if connection.info.transaction_status is not pq.TransactionStatus.IDLE and not connection.closed:
                    await connection.rollback()

    async def open(self, principal: Principal, slug: str, layers: Sequence[str], *, full: bool = False) -> Pass:
        """Whether the reader may see the workspace, and the version of these layers.

        Parameters
        ----------
        full : also what answers say of batches, derivations and breaks.

        Raises
        ------
        NotFound : there is no such workspace, or not for this reader.
        """
        row = await self.fetch(
            principal, FULL_PASS if full else PASS, {"slug": slug, "layers": list(layers)}, purpose=Purpose.AGGREGATE
        )
        if row is None:
            raise NotFound("unknown-workspace", workspace=slug)
        return Pass(row[0], row[1], row[2], row[3])

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[Row]]:
        try:
            if not self._is_open:
                await self._open()
            async with self._pool.connection(timeout=self._wait_s) as connection:
                yield connection
        except (PoolTimeout, PoolClosed, TimeoutError) as error:
            raise Unavailable("database-away") from error
        except psycopg.Error as error:
            ours = translated(error)
            if ours is None:
                raise
            raise ours from error

    async def _open(self) -> None:
        async with self._opening:
            if not self._is_open:
                await self._pool.open(wait=False)
                self._is_open = True


async def _reset(connection: psycopg.AsyncConnection[Row]) -> None:
    """Identity lives inside a transaction only: a connection that is still in one is not given to the next reader."""
    if connection.info.transaction_status is not pq.TransactionStatus.IDLE:
        await connection.rollback()


async def _alive(connection: psycopg.AsyncConnection[Row]) -> None:
    """A connection the server dropped is not handed out. Costs no round trip: an idle socket has nothing to read but its end."""
    if connection.closed:
        raise psycopg.OperationalError("the connection is closed")
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await connection.close()  # else the pool would take it back
        raise psycopg.OperationalError("the server closed the connection")


def short_hash(*parts: object, size: int = 6) -> str:
    """A short stable name for some values."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode("utf-8", "replace"), digest_size=size).hexdigest()
