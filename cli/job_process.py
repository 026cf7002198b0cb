"""``python -m cli.job_process ID``: one job in a process of its own, so that it can be stopped whatever it is doing.

It runs as the principal who asked for it, says how far it is, and writes its outcome as the last line of standard output; the
worker that started it stores that. It dies with the worker.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from cli.database import database_urls
from cli.masking import install_masking
from cli.settings import load_settings
from geo_core.errors import QorganError

_EVERY_S = 0.5
_PR_SET_PDEATHSIG = 1
FAILED = 3


class Stopped(BaseException):
    """The worker asked this process to end: what is open is rolled back on the way out."""


def _stop(*_: object) -> None:
    raise Stopped


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we could ask
        os._exit(FAILED)


class _Reporter:
    """Progress into the job's row, a few times a second at most; a database that is away does not stop the work."""

    def __init__(self, engine: Any, principal: Any, job_id: int) -> None:
        self._engine, self._principal, self._job_id = engine, principal, job_id
        self._last_s = 0.0
        self._doing = ""

    def __call__(self, share: float, doing: str) -> None:
        from layers import jobs
        from layers.identity import transaction

        now = time.monotonic()
        step, _ = jobs.doing_told(doing)
        if now - self._last_s < _EVERY_S and step == self._doing:
            return
        self._last_s, self._doing = now, step
        with contextlib.suppress(QorganError), transaction(self._engine, self._principal) as connection:
            jobs.advance(connection, self._job_id, progress=share, doing=doing)


def execute(job_id: int, *, uploads: Path) -> dict[str, Any]:
    """Do the job; ``{"state": "done", "result": …}`` or ``{"state": "failed", "error": {code, params}}``."""
    from etl import jobs as kinds
    from layers import jobs
    from layers.engine import connect

    settings = load_settings()
    urls = database_urls(settings)
    engines = connect(str(urls.app), loader_url=str(urls.loader), pool_size=3)
    try:
        found = jobs.of_everyone(engines.app, job_id)
        if found is None:
            return {"state": "failed", "error": {"code": "unknown-job", "params": {"job": job_id}}}
        principal, job = found
        work = kinds.Work(
            engines=engines,
            principal=principal,
            workspace=kinds.workspace_of(engines, principal, job["workspace_id"]),
            params=job["params"],
            uploads=uploads,
            progress=_Reporter(engines.app, principal, job_id),
            private_services=settings.private_services,
            service_pause_s=settings.service_pause_seconds,
        )
        return {"state": "done", "result": kinds.run(job["kind"], work)}
    except QorganError as error:
        return {"state": "failed", "error": jobs.problem(error)}
    except Exception:  # noqa: BLE001 - whatever it was, the job has to say that it failed
        sys.stderr.write(traceback.format_exc())
        return {"state": "failed", "error": {"code": "internal", "params": {}}}
    finally:
        engines.dispose()


def main(arguments: list[str]) -> int:
    """Run the job named by its id; 0 when it is done, 3 when it failed or was stopped."""
    job_id, parent, uploads = int(arguments[0]), int(arguments[1]), Path(arguments[2])
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent(parent)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    install_masking()
    try:
        outcome = execute(job_id, uploads=uploads)
    except Stopped:
        return FAILED
    sys.stdout.write(json.dumps(outcome, default=str) + "\n")
    sys.stdout.flush()
    return 0 if outcome["state"] == "done" else FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
