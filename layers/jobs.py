"""Jobs as readers see them: what, for whom, how far, how it ended. Running them is the worker's business (``cli.worker``).

The queue itself is procrastinate's, in the same database. A row here is made first and the queue is told second; a row the queue
never heard of is found and queued again by the worker when it starts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from procrastinate import App, SyncPsycopgConnector
from sqlalchemy import Connection, Engine, text

from geo_core.errors import NotFound, QorganError
from layers.engine import border
from layers.identity import Principal, Purpose, audit, require, transaction
from layers.queries.run import mappings
from layers.spec import Role
from layers.workspaces import WorkspaceInfo

TASK = "qorgan.run_job"
QUEUE = "work"
ENDED = ("done", "failed", "cancelled")
_COLUMNS = (
    "id, workspace_id, principal_id, kind, params, state, progress, doing, result, error, cancel_requested, time_limit_s, "
    "created_at, started_at, heartbeat_at, finished_at"
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """Long work somebody wants done; ``kind`` is a name the worker knows."""

    kind: str
    params: Mapping[str, Any]
    time_limit_s: int = 3600


def submit(engine: Engine, principal: Principal, workspace: WorkspaceInfo, wanted: Request) -> int:
    """Record the job and queue it; its id.

    Raises
    ------
    Forbidden : the reader may not start work here.
    Unavailable : the database is away.
    """
    with transaction(engine, principal) as connection:
        require(connection, workspace.id, Role.ANALYST)
        job_id = int(
            connection.execute(
                text(
                    "INSERT INTO job (workspace_id, principal_id, kind, params, time_limit_s) "
                    "VALUES (:ws, qorgan_principal(), :kind, cast(:params AS jsonb), :limit) RETURNING id"
                ),
                {
                    "ws": workspace.id,
                    "kind": wanted.kind,
                    "params": json.dumps(dict(wanted.params), default=str),
                    "limit": wanted.time_limit_s,
                },
            ).scalar_one()
        )
        audit(connection, "start-job", workspace_id=workspace.id, kind=wanted.kind, job=job_id)
    queue(engine, job_id)
    return job_id


def queue(engine: Engine, job_id: int) -> None:
    """Tell the queue of a job, by name: the code behind it stays out of this process."""
    conninfo = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with border(), App(connector=SyncPsycopgConnector(conninfo=conninfo, min_size=1, max_size=1)).open() as app:
        app.configure_task(TASK, queue=QUEUE, queueing_lock=f"job-{job_id}").defer(job_id=job_id)


def one(connection: Connection, job_id: int) -> dict[str, Any]:
    """A job of the running principal (or any, for an administrator).

    Raises
    ------
    NotFound
    """
    found = mappings(connection, f"SELECT {_COLUMNS} FROM job WHERE id = %(id)s", {"id": job_id})  # noqa: S608
    if not found:
        raise NotFound("unknown-job", job=job_id)
    return found[0]


def listed(connection: Connection, workspace: WorkspaceInfo, *, limit: int = 100) -> list[dict[str, Any]]:
    """Jobs of a workspace the running principal may see, newest first."""
    return mappings(
        connection,
        f"SELECT {_COLUMNS} FROM job WHERE workspace_id = %(ws)s ORDER BY id DESC LIMIT %(limit)s",  # noqa: S608
        {"ws": workspace.id, "limit": limit},
    )


# What a person typed into rows is theirs; once it is done or will not be done, the job has no use for it.
_WITHOUT_CHANGES = "CASE WHEN params ? 'changes' THEN jsonb_set(params, '{changes}', '{}') ELSE params END"


def request_cancel(connection: Connection, job_id: int) -> dict[str, Any]:
    """Ask for the end of a job; a queued one ends at once, a running one is stopped by its worker."""
    one(connection, job_id)
    connection.execute(
        text(
            "UPDATE job SET cancel_requested = true, "  # noqa: S608
            "state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END, "
            "finished_at = CASE WHEN state = 'queued' THEN now() ELSE finished_at END, "
            f"params = CASE WHEN state = 'queued' THEN {_WITHOUT_CHANGES} ELSE params END "
            "WHERE id = :id AND state IN ('queued', 'running')"
        ),
        {"id": job_id},
    )
    audit(connection, "cancel-job", job=job_id)
    return one(connection, job_id)


def begin(connection: Connection, job_id: int) -> bool:
    """Take a queued job; False when it was cancelled or taken meanwhile."""
    return (
        connection.execute(
            text(
                "UPDATE job SET state = 'running', started_at = now(), heartbeat_at = now() "
                "WHERE id = :id AND state = 'queued' AND NOT cancel_requested"
            ),
            {"id": job_id},
        ).rowcount
        == 1
    )


def beat(connection: Connection, job_id: int) -> bool:
    """Say that the job's process is alive; True when somebody asked to cancel it."""
    row = connection.execute(
        text("UPDATE job SET heartbeat_at = now() WHERE id = :id RETURNING cancel_requested"), {"id": job_id}
    ).first()
    return row is None or bool(row.cancel_requested)


def doing_now(key: str, **facts: int) -> str:
    """A text key with the whole numbers its sentence needs, as one word of a job's ``doing``: ``key name=1 other=2``."""
    return " ".join((key, *(f"{name}={value}" for name, value in facts.items())))


def doing_told(doing: str) -> tuple[str, dict[str, int]]:
    """What :func:`doing_now` made, taken apart again."""
    key, *facts = doing.split(" ")
    pairs = (fact.partition("=") for fact in facts)
    return key, {name: int(value) for name, _, value in pairs if value.lstrip("-").isdigit()}


def advance(connection: Connection, job_id: int, *, progress: float, doing: str) -> None:
    """How far a job is (0–1) and the text key of what it does now."""
    connection.execute(
        text(
            "UPDATE job SET progress = :progress, doing = :doing, heartbeat_at = now() WHERE id = :id AND state = 'running'"
        ),
        {"id": job_id, "progress": min(max(progress, 0.0), 1.0), "doing": doing},
    )


def end(
    connection: Connection,
    job_id: int,
    *,
    state: str,
    result: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
) -> None:
    """Write how a running job ended, and forget the changes it was given; a job that has ended stays as it is."""
    connection.execute(
        text(
            "UPDATE job SET state = :state, result = cast(:result AS jsonb), error = cast(:error AS jsonb), finished_at = now(), "  # noqa: S608
            f"params = {_WITHOUT_CHANGES}, "
            "progress = CASE WHEN :state = 'done' THEN 1 ELSE progress END WHERE id = :id AND state IN ('queued', 'running')"
        ),
        {
            "id": job_id,
            "state": state,
            "result": json.dumps(result, default=str) if result is not None else None,
            "error": json.dumps(error, default=str) if error is not None else None,
        },
    )


def problem(error: QorganError) -> dict[str, Any]:
    """An error as a job keeps it: code and parameters, put into words for each reader."""
    return {"code": error.code, "params": error.params}


def of_everyone(engine: Engine, job_id: int) -> tuple[Principal, dict[str, Any]] | None:
    """A job and whose it is, for the worker, which knows only ids. The job is then run as that principal."""
    with border(), engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM qorgan_job_owner(:id)"), {"id": job_id}).first()
    if row is None:
        return None
    principal = Principal(row.principal_id, row.subject)
    with transaction(engine, principal, purpose=Purpose.RECORDS) as connection:
        return principal, one(connection, job_id)


def lost(engine: Engine, *, silent_s: float) -> list[int]:
    """Running jobs whose process has been silent, and queued ones older than that, for the worker to end or queue again."""
    with border(), engine.connect() as connection:
        return list(
            connection.execute(text("SELECT id FROM qorgan_lost_jobs(:silent)"), {"silent": silent_s}).scalars()
        )
