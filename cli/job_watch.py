"""One running job: its process, its clock, its heart, its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cli import processes
from cli.settings import ROOT
from geo_core.errors import QorganError, Unavailable
from layers import jobs, loading
from layers.engine import Engines
from layers.identity import Principal, transaction

_LOOK_EVERY_S = 0.1
_BEAT_EVERY_S = 0.7
_GRACE_S = 2.0  # between asking a process to end and killing its group
_LONGEST_OUTAGE_S = 600.0
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(kw_only=True, eq=False)
class Watch:
    """Runs one job in a process group of its own and writes how it ended.

    Parameters
    ----------
    uploads : folder of uploaded files; a job's own is removed when it has ended.
    stopping : set when the worker is asked to end.
    """

    engines: Engines
    job_id: int
    uploads: Path
    stopping: asyncio.Event
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    async def run(self) -> str | None:
        """Take the job, run it, write its end; its state, None when there was nothing to take.

        Raises
        ------
        Unavailable : the database is away; the job is queued still.
        """
        found = await asyncio.to_thread(jobs.of_everyone, self.engines.app, self.job_id)
        if found is None:
            return None
        principal, job = found
        if not await self._call(principal, lambda connection: jobs.begin(connection, self.job_id)):
            if job["state"] in jobs.ENDED:
                self._remove_upload(job)
            return None
        outcome: dict[str, Any] = _failed("job-killed")
        try:
            outcome = await self._supervised(principal, job)
        finally:
            await self._finish(principal, job, outcome)
        return str(outcome["state"])

    async def _supervised(self, principal: Principal, job: dict[str, Any]) -> dict[str, Any]:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "cli.job_process", str(self.job_id), str(os.getpid()), str(self.uploads)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
            limit=64 * 2**20,
        )
        said = asyncio.create_task(self._process.communicate())
        try:
            reason = await self._until_ended(said, principal, time_limit_s=float(job["time_limit_s"]))
            if reason is not None:
                await self._end_group()
        finally:
            # Whatever happened to us, nothing of the job goes on.
            processes.signal_group(self._process.pid, signal.SIGKILL)
        told, _ = await said
        if reason is not None:
            return reason
        with contextlib.suppress(ValueError, IndexError, TypeError):
            outcome = json.loads(told.decode().strip().splitlines()[-1])
            if outcome.get("state") in jobs.ENDED:
                return dict(outcome)
        return _failed("job-killed")

    async def _until_ended(
        self, said: asyncio.Task[Any], principal: Principal, *, time_limit_s: float
    ) -> dict[str, Any] | None:
        """Wait for the process; why it has to be ended, None when it ended by itself."""
        began = beaten = time.monotonic()
        while not said.done():
            await asyncio.wait([said], timeout=_LOOK_EVERY_S)
            now = time.monotonic()
            if said.done():
                break
            if now - began > time_limit_s:
                return _failed("job-time-limit", limit_s=time_limit_s)
            if self.stopping.is_set():
                return _failed("job-killed")
            if now - beaten >= _BEAT_EVERY_S:
                beaten = now
                if await self._asked_to_cancel(principal):
                    return {"state": "cancelled", "error": {"code": "job-cancelled", "params": {}}}
        return None

    async def _asked_to_cancel(self, principal: Principal) -> bool:
        try:
            return await asyncio.wait_for(
                self._call(principal, lambda connection: jobs.beat(connection, self.job_id)), timeout=5
            )
        except (Unavailable, TimeoutError):
            return False  # the database is away: the job may well not need it

    async def _end_group(self) -> None:
        if self._process is None:
            return
        processes.signal_group(self._process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), timeout=_GRACE_S)
        processes.signal_group(self._process.pid, signal.SIGKILL)

    async def _finish(self, principal: Principal, job: dict[str, Any], outcome: dict[str, Any]) -> None:
        """Write the end, waiting for the database where it is away; then take away what the job left."""
        deadline = time.monotonic() + (3.0 if self.stopping.is_set() else _LONGEST_OUTAGE_S)
        delay_s = 0.5
        while True:
            try:
                await self._call(principal, lambda connection: jobs.end(connection, self.job_id, **outcome))
                if outcome["state"] != "done" and job["kind"] == "import":
                    await asyncio.to_thread(loading.sweep, self.engines)
                break
            except QorganError as error:
                if time.monotonic() > deadline:
                    _log.error("the end of job %d could not be written: %s", self.job_id, error)
                    break
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 1.5, 3.0)
        self._remove_upload(job)

    def _remove_upload(self, job: dict[str, Any]) -> None:
        remove_upload(self.uploads, job)

    async def _call(self, principal: Principal, do: Callable[[Any], _T]) -> _T:
        def now() -> _T:
            with transaction(self.engines.app, principal, timeout_s=5) as connection:
                return do(connection)

        return await asyncio.to_thread(now)


def remove_upload(uploads: Path, job: dict[str, Any]) -> None:
    """Delete the file a job was given, if it lies where uploads lie."""
    if job["kind"] != "import" or "path" not in job["params"]:
        return
    path = Path(str(job["params"]["path"])).resolve()
    if path.is_relative_to(uploads.resolve()) and path.is_file():
        path.unlink(missing_ok=True)


def _failed(code: str, **params: Any) -> dict[str, Any]:
    return {"state": "failed", "error": {"code": code, "params": params}}
