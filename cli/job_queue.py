"""The worker: takes jobs from the queue, two at a time, each in a process of its own.

The queue (procrastinate) only tells which job is next and that this worker lives; the job's row is what counts. When the database
goes away, running jobs go on, and the queue is joined again when it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from pathlib import Path
from typing import Any

from procrastinate import App, PsycopgConnector
from sqlalchemy import text

from cli.job_watch import Watch, remove_upload
from etl.jobs import is_awaited
from geo_core.errors import QorganError
from layers import connections, jobs, loading
from layers.engine import Engines, border
from layers.identity import transaction

AT_ONCE = 2
SILENT_S = 30.0  # a running job without a heartbeat for this long has lost its worker
STOP_WITHIN_S = 8.0
_LOOK_EVERY_S = 10.0
_ABANDONED_AFTER_S = 7 * 86_400.0
_log = logging.getLogger(__name__)


class Worker:
    """One worker; made and run once per process.

    Parameters
    ----------
    uploads : folder of uploaded files.
    silent_s : after how long without a heartbeat a job is lost.
    """

    def __init__(self, engines: Engines, *, uploads: Path, silent_s: float = SILENT_S) -> None:
        self._engines = engines
        self._uploads = uploads
        self._silent_s = silent_s
        self._stopping = asyncio.Event()
        self._running: dict[int, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    def stop(self) -> None:
        """End: no new job, running ones may finish for a moment and are killed then."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until :meth:`stop`."""
        keeper = asyncio.create_task(self._keep_order())
        asked = asyncio.create_task(self._stopping.wait())
        delay_s = 0.5
        try:
            while not self._stopping.is_set():
                began = time.monotonic()
                queue = asyncio.create_task(self._serve_queue())
                await asyncio.wait([queue, asked], return_when=asyncio.FIRST_COMPLETED)
                if not queue.done():
                    queue.cancel()
                error = await _outcome(queue)
                if self._stopping.is_set():
                    break
                delay_s = 0.5 if time.monotonic() - began > 30 else min(delay_s * 2, 5.0)
                _log.warning("the queue is away (%s); trying again in %.1f s", type(error).__name__, delay_s)
                await asyncio.wait([asked], timeout=delay_s)
        finally:
            self._stopping.set()
            keeper.cancel()
            asked.cancel()
            if self._running:
                await asyncio.wait(self._running.values(), timeout=STOP_WITHIN_S)
            await _outcome(keeper)

    async def _serve_queue(self) -> None:
        """Be a worker of the queue until it breaks or is cancelled."""
        conninfo = self._engines.app.url.set(drivername="postgresql").render_as_string(hide_password=False)
        connector = PsycopgConnector(
            conninfo=conninfo, min_size=1, max_size=4, timeout=5, reconnect_timeout=5, kwargs={"connect_timeout": 3}
        )
        app = App(connector=connector)

        async def run_job(job_id: int) -> None:
            # The job outlives the queue's connection: it is ours, and only waited for here.
            await asyncio.shield(self._started(job_id))

        app.task(name=jobs.TASK, queue=jobs.QUEUE)(run_job)

        async def refresh_due(timestamp: int) -> None:  # noqa: ARG001 - it is always passed
            """Procrastinate sees to it that one worker of all does this each minute."""
            with contextlib.suppress(QorganError):
                await asyncio.to_thread(connections.queue_due, self._engines.app)

        due = app.task(name="qorgan.refresh_due", queue=jobs.QUEUE, queueing_lock="refresh-due")(refresh_due)
        app.periodic(cron="* * * * *")(due)
        async with app.open_async():
            await app.run_worker_async(
                queues=[jobs.QUEUE],
                name="qorgan",
                concurrency=AT_ONCE,
                fetch_job_polling_interval=2.0,
                shutdown_graceful_timeout=0.1,
                update_heartbeat_interval=10.0,
                delete_jobs="always",
                install_signal_handlers=False,
            )

    def _started(self, job_id: int) -> asyncio.Task[None]:
        if job_id not in self._running:
            task = asyncio.create_task(self._run_one(job_id))
            self._running[job_id] = task
            task.add_done_callback(lambda _: self._running.pop(job_id, None))
        return self._running[job_id]

    async def _run_one(self, job_id: int) -> None:
        async with self._places:
            if self._stopping.is_set():
                return
            watch = Watch(engines=self._engines, job_id=job_id, uploads=self._uploads, stopping=self._stopping)
            try:
                state = await watch.run()
            except QorganError as error:
                _log.warning("job %d could not be taken: %s", job_id, error)
            else:
                _log.info("job %d: %s", job_id, state)

    async def _keep_order(self) -> None:
        """Now and then: end lost jobs, queue again what the queue lost, sweep what nobody waits for."""
        with contextlib.suppress(QorganError):
            # what fell due while no worker ran does not wait for the next full minute
            await asyncio.to_thread(connections.queue_due, self._engines.app)
        while True:
            with contextlib.suppress(QorganError):
                await asyncio.to_thread(self._put_right)
            await asyncio.sleep(_LOOK_EVERY_S)

    def _put_right(self) -> None:
        with border(), self._engines.app.begin() as connection:
            connection.execute(
                text(
                    "DELETE FROM procrastinate_jobs j WHERE j.task_name = :task AND j.status = 'doing' AND NOT EXISTS ("
                    "SELECT 1 FROM procrastinate_workers w WHERE w.id = j.worker_id "
                    "AND w.last_heartbeat > now() - interval '1 minute')"
                ),
                {"task": jobs.TASK},
            )
        for job_id in jobs.lost(self._engines.app, silent_s=self._silent_s):
            if job_id in self._running:
                continue
            found = jobs.of_everyone(self._engines.app, job_id)
            if found is None:
                continue
            principal, job = found
            if job["state"] == "running":
                with transaction(self._engines.app, principal) as connection:
                    error = {"code": "job-killed", "params": {}}
                    jobs.end(connection, job_id, state="failed", error=error)
                remove_upload(self._uploads, job)
                loading.sweep(self._engines)
            elif not is_awaited(self._engines, job_id):
                jobs.queue(self._engines.app, job_id)
        _sweep_uploads(self._uploads)


def _sweep_uploads(folder: Path) -> None:
    """Files that were uploaded and never imported."""
    if not folder.is_dir():
        return
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file() and time.time() - path.stat().st_mtime > _ABANDONED_AFTER_S:
                path.unlink()


async def _outcome(task: asyncio.Task[Any]) -> BaseException | None:
    """The exception a task ended with, None when it ended well; a cancelled one counts as well."""
    await asyncio.wait([task], timeout=STOP_WITHIN_S)
    if not task.done() or task.cancelled():
        return None
    return task.exception()
