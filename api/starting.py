"""Long work: queued and told as 202; a job in the reader's words."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

import i18n
from api.answers import to_json
from api.asking import Desk
from etl.jobs import queue_derivations
from geo_core.errors import Unavailable
from layers import jobs
from layers.jobs import Request as JobRequest
from layers.spec import Layer

# Where the service keeps a file is nobody's business.
_OWN_PARAMS = frozenset({"path"})


async def started(desk: Desk, wanted: JobRequest) -> Response:
    """Queue the job; 202 with its address."""
    info = await desk.run(lambda _, workspace: workspace)
    job = await desk.service.in_thread(lambda: jobs.submit(desk.service.engines.app, desk.principal, info, wanted))
    link = f"{desk.base}/jobs/{job}"
    return Response(
        to_json({"job": job, "state": "queued", "links": {"job": link}}),
        status_code=202,
        media_type="application/json",
        headers={"Location": link},
    )


def shown(job: Mapping[str, Any], *, language: str, base: str) -> dict[str, Any]:
    """A job in the reader's language."""
    texts = i18n.texts()
    error = job["error"]
    doing, facts = jobs.doing_told(job["doing"] or "")
    return {
        **job,
        "params": {name: value for name, value in job["params"].items() if name not in _OWN_PARAMS},
        "doing": doing,
        "doing_text": texts.text(doing, language, **facts) if doing and doing in texts else "",
        "error": {**error, "detail": texts.error(error["code"], language, error.get("params"))} if error else None,
        "links": {"self": f"{base}/jobs/{job['id']}", "cancel": f"{base}/jobs/{job['id']}/cancel"},
    }


async def derive_after(desk: Desk, layer: Layer) -> None:
    """Queue what a change of ``layer`` makes stale; the change itself stands whether or not the queue can be told."""

    def queue() -> None:
        with contextlib.suppress(Unavailable):
            info = desk.service.ask(desk.principal, desk.slug, lambda _connection, workspace: workspace)
            queue_derivations(desk.service.engines.app, desk.principal, info, layer)

    await desk.service.in_thread(queue)
