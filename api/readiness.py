"""Whether the service can answer: the database is there and of the code's own revision; and what runs only in part."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

import i18n
from geo_core.errors import QorganError
from layers import migrate
from layers.engine import border
from layers.queries.service_state import schema_revision, worker_silent_s

# What is told of a part that does not work while everything else does.
WORKER_SILENT = "warning.worker-silent"


def readiness(engine: Engine, *, silence_s: float, language: str) -> dict[str, Any]:
    """What ``/ready`` tells; never raises for a database that is away.

    A silent worker does not make the service unready: it answers, and jobs wait. ``degraded`` says so, with a sentence in ``notes``.

    Parameters
    ----------
    silence_s : a worker silent for longer is called away.
    """
    found: dict[str, Any] = {
        "ready": False,
        "degraded": False,
        "notes": [],
        "database": False,
        "migrated": False,
        "revision": None,
        "head": migrate.head(),
        "worker": {"alive": False, "silent_s": None},
    }
    try:
        with border(), engine.connect() as connection:
            found["database"] = True
            found["revision"] = schema_revision(connection)
            silent_s = worker_silent_s(connection)
    except QorganError:
        return found
    found["worker"] = {"alive": silent_s is not None and silent_s <= silence_s, "silent_s": silent_s}
    found["migrated"] = found["revision"] == found["head"]
    found["ready"] = found["migrated"]
    if found["ready"] and not found["worker"]["alive"]:
        found["degraded"] = True
        found["notes"] = [{"key": WORKER_SILENT, "text": i18n.texts().text(WORKER_SILENT, language)}]
    return found
