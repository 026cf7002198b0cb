"""Answers kept ready, bounded by bytes. Every hit has been checked against the present revision and rights by its key."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Body:
    """One answer as it goes over the wire.

    Parameters
    ----------
    data : the bytes, compressed as ``encoding`` says ("identity" = not).
    """

    data: bytes
    media_type: str
    encoding: str = "identity"


class Cache:
    """Least recently used answers go first. One event loop uses it, so it needs no lock.

    Parameters
    ----------
    limit_bytes : bytes of bodies kept at most; 0 keeps nothing (requests for the same key still share one computation).
    """

    _OVERHEAD_BYTES = 300

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._kept: OrderedDict[Hashable, Body] = OrderedDict()
        self._running: dict[Hashable, asyncio.Future[Body]] = {}
        self.size_bytes = 0

    def get(self, key: Hashable) -> Body | None:
        """The body kept under ``key``."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, body: Body) -> None:
        """Keep ``body``; one larger than an eighth of the limit is not kept."""
        cost = len(body.data) + self._OVERHEAD_BYTES
        if cost > self.limit_bytes // 8:
            return
        before = self._kept.pop(key, None)
        if before is not None:
            self.size_bytes -= len(before.data) + self._OVERHEAD_BYTES
        self._kept[key] = body
        self.size_bytes += cost
        while self.size_bytes > self.limit_bytes:
            _, gone = self._kept.popitem(last=False)
            self.size_bytes -= len(gone.data) + self._OVERHEAD_BYTES

    async def get_or_make(self, key: Hashable, make: Callable[[], Awaitable[Body]]) -> Body:
        """The body under ``key``, made once however many ask for it at the same time."""
        found = self.get(key)
        if found is not None:
            return found
        running = self._running.get(key)
        if running is not None:
            return await asyncio.shield(running)
        # A task of its own: a reader who leaves does not take the answer from those who wait for it.
        task: asyncio.Future[Body] = asyncio.ensure_future(make())
        self._running[key] = task
        task.add_done_callback(lambda done: self._finish(key, done))
        return await asyncio.shield(task)

    def _finish(self, key: Hashable, done: asyncio.Future[Body]) -> None:
        self._running.pop(key, None)
        if not done.cancelled() and done.exception() is None:
            self.put(key, done.result())
