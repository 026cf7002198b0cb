"""What a running API holds: engines, the gate, who asks, answers kept ready."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from sqlalchemy import Connection

from api import point_tiles
from api.cache import Cache
from api.gate import Gate
from api.settings import ROOT, ApiSettings
from api.who import Doorman
from geo_core import aoristic
from layers import engine, registry, workspaces
from layers.identity import Principal, Purpose, audit, transaction
from layers.spec import Layer, Role
from layers.workspaces import WorkspaceInfo

P = ParamSpec("P")
T = TypeVar("T")
MOST_TILE_MARKS = 200_000
# One look at the map asks for dozens of tiles: the audit says who looked at which records' layer, at most this often.
AUDIT_EVERY_S = 600.0


class Service:
    """One per application; nothing is opened before the first request."""

    def __init__(self, settings: ApiSettings) -> None:
        url = settings.database_url.get_secret_value()
        loader = settings.database_loader_url
        self.settings = settings
        self.registry = registry.load()
        self.engines = engine.connect(
            url, loader_url=loader.get_secret_value() if loader else None, pool_size=settings.pool_size
        )
        self.gate = Gate(
            url, size=settings.pool_size, wait_s=settings.database_wait_seconds, query_s=settings.query_seconds
        )
        self.doorman = Doorman(self.engines.app, settings)
        self.cache = Cache(settings.cache_bytes)
        self.release = release_mark()
        # as many threads as the pool has connections (with its overflow): more would only wait for one
        self._threads = CapacityLimiter(2 * settings.pool_size)
        self._kernel: threading.Thread | None = None
        self.tile_marks: dict[str, tuple[str, ...]] = {}
        self._tiles_audited: dict[tuple[int, str, str], float] = {}

    async def close(self) -> None:
        """Close every connection."""
        await self.gate.close()
        self.engines.dispose()

    def writes_points(self) -> bool:
        """Whether the kernel of point tiles is ready; the first who asks has it loaded beside, and the database writes meanwhile."""
        if self._kernel is None:
            self._kernel = threading.Thread(target=point_tiles.warm_up, daemon=True)
            self._kernel.start()
            # whoever sees a map opens a card next: its chart spreads events over hours
            threading.Thread(target=aoristic.warm_up, daemon=True).start()
        return not self._kernel.is_alive()

    def remember_mark(self, name: str, mark: str) -> None:
        """Which versions of a tile may be among the answers kept ready; the newest few."""
        if self.cache.limit_bytes == 0:
            return
        if len(self.tile_marks) > MOST_TILE_MARKS:
            self.tile_marks.clear()
        self.tile_marks[name] = (mark, *(other for other in self.tile_marks.get(name, ()) if other != mark))[:4]

    async def audit_tiles(self, principal: Principal, slug: str, layer: Layer) -> None:
        """Write down that somebody looks at the records of a layer on the map."""
        key = (principal.id, slug, layer.id)
        now = time.monotonic()
        if layer.records_role.rank < Role.ANALYST.rank or now - self._tiles_audited.get(key, -math.inf) < AUDIT_EVERY_S:
            return
        if len(self._tiles_audited) > MOST_TILE_MARKS:
            self._tiles_audited.clear()
        self._tiles_audited[key] = now

        def write(connection: Connection, workspace: WorkspaceInfo) -> None:
            audit(connection, "read-tiles", workspace_id=workspace.id, layer_id=layer.id)

        await self.in_thread(lambda: self.ask(principal, slug, write))

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run what waits for the database without stopping the loop."""
        return await to_thread.run_sync(work, limiter=self._threads)

    def ask(
        self,
        principal: Principal,
        slug: str,
        question: Callable[Concatenate[Connection, WorkspaceInfo, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """``question(connection, workspace, …)`` about records, in a transaction of the principal."""
        return self.ask_for(Purpose.RECORDS, principal, slug, question, *args, **kwargs)

    def ask_for(
        self,
        purpose: Purpose,
        principal: Principal,
        slug: str,
        question: Callable[Concatenate[Connection, WorkspaceInfo, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same for a stated purpose.

        Raises
        ------
        NotFound : no such workspace for this reader; whatever ``question`` raises.
        """
        with transaction(
            self.engines.app, principal, purpose=purpose, timeout_s=self.settings.query_seconds
        ) as connection:
            return question(connection, workspaces.find(connection, slug), *args, **kwargs)


def release_mark() -> str:
    """Changes with the code and the texts, so that a browser never keeps an answer of an older release."""
    digest = hashlib.blake2b(digest_size=4)
    for package in ("api", "geo_core", "i18n", "layers"):
        for path in sorted(Path(ROOT / package).rglob("*")):
            if path.suffix in (".py", ".po") and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size} {path.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


def service_of(app: Any) -> Service:
    """The service of a FastAPI application."""
    found = app.state.service
    if not isinstance(found, Service):
        raise TypeError("the application has no service")
    return found
