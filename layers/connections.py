"""Services a layer is brought up to date from: kept, listed, claimed when due, and how each refresh ended."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, text

from geo_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from layers import jobs, workspaces
from layers.engine import border
from layers.identity import Principal, audit, require, transaction
from layers.queries.run import mappings
from layers.spec import Role
from layers.workspaces import WorkspaceInfo

KIND = "refresh"
TIME_LIMIT_S = 6 * 3600
# A claimed refresh that never got to its end (its process was killed) is due again after this.
LEASE = timedelta(minutes=15)
_FIRST_WAIT = timedelta(minutes=15)
_LONGEST_WAIT = timedelta(hours=12)
_EVERY = re.compile(r"^\s*([1-9]\d{0,3})\s*([hd])\s*$", re.IGNORECASE)
_AT = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)$")
_LONGEST_HOURS = 366 * 24
# What was queued and never got to its end says so by its job, where the reader may see that.
_SELECT = (
    "SELECT s.id, s.workspace_id, s.layer_id, s.principal_id, s.url, s.condition, s.source_name, s.mapping, s.is_synthetic, "
    "s.every_hours, s.at_local, s.overlap_days, s.full_every_days, s.next_run_at, s.job_id, s.started_at, s.finished_at, s.full_at, "
    "s.failures, s.result, s.newest_ms, s.newest_id, s.created_at, "
    "CASE WHEN j.id IS NOT NULL THEN 'failed' ELSE s.state END AS state, coalesce(j.error, s.error) AS error "
    "FROM source_connection s LEFT JOIN job j ON j.id = s.job_id AND s.state IN ('queued', 'running') "
    "AND j.state IN ('failed', 'cancelled') "
)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How often a service is asked.

    Parameters
    ----------
    every_hours : at least 1. at_local : "HH:MM" in the workspace's zone, only where ``every_hours`` is whole days.
    """

    every_hours: int
    at_local: str | None = None

    @classmethod
    def read(cls, every: str, at: str | None = None) -> Schedule:
        """From ``6h``, ``1d``, ``7d`` and ``03:30``.

        Raises
        ------
        InvalidInput : ``source-schedule-invalid``.
        """
        found = _EVERY.match(every)
        hours = int(found[1]) * (24 if found[2].lower() == "d" else 1) if found else 0
        given = every if at is None else f"{every} {at}"
        if not 0 < hours <= _LONGEST_HOURS or (at is not None and (not _AT.match(at) or hours % 24)):
            raise InvalidInput("source-schedule-invalid", given=given[:50])
        return cls(every_hours=hours, at_local=at)

    def following(self, after: datetime, zone: str) -> datetime:
        """The next time after a run at ``after`` (aware). A time of day is the wall clock's, whatever the clocks did meanwhile."""
        if self.at_local is None:
            return after + timedelta(hours=self.every_hours)
        local = after.astimezone(ZoneInfo(zone))
        hour, minute = map(int, self.at_local.split(":"))
        today = datetime.combine(local.date(), time(hour, minute), ZoneInfo(zone))
        if self.every_hours == 24 and today > after:
            return today
        return datetime.combine(
            local.date() + timedelta(days=self.every_hours // 24), time(hour, minute), ZoneInfo(zone)
        )


def wait_after(failures: int) -> timedelta:
    """How long a service is left alone after so many failures in a row."""
    return min(_FIRST_WAIT * 2 ** min(max(failures - 1, 0), 10), _LONGEST_WAIT)


@dataclass(frozen=True, kw_only=True)
class NewConnection:
    """What to connect. ``mapping`` is JSON as batches keep it; ``url`` and ``condition`` are checked by the caller."""

    layer_id: str
    url: str
    mapping: Mapping[str, Any]
    schedule: Schedule
    condition: str = ""
    source_name: str = ""
    is_synthetic: bool = False
    overlap_days: float = 2.0
    full_every_days: int = 30


def add(connection: Connection, workspace: WorkspaceInfo, given: NewConnection) -> dict[str, Any]:
    """Connect a service; its first refresh is due at once.

    Raises
    ------
    Forbidden : not an editor. Conflict : ``source-connection-exists``. InvalidInput : ``bad-parameter``.
    """
    require(connection, workspace.id, Role.EDITOR)
    if not 0 <= given.overlap_days <= 3650:
        raise InvalidInput("bad-parameter", name="overlap_days", value=str(given.overlap_days), expected="0–3650")
    if not 1 <= given.full_every_days <= 3650:
        raise InvalidInput("bad-parameter", name="full_every_days", value=str(given.full_every_days), expected="1–3650")
    made = connection.execute(
        text(
            "INSERT INTO source_connection (workspace_id, layer_id, principal_id, url, condition, source_name, mapping, is_synthetic, "
            "every_hours, at_local, overlap_days, full_every_days) VALUES (:ws, :layer, qorgan_principal(), :url, :condition, :name, "
            "cast(:mapping AS jsonb), :synthetic, :hours, :at, :overlap, :full) "
            "ON CONFLICT (workspace_id, layer_id, url, condition) DO NOTHING RETURNING id"
        ),
        {
            "ws": workspace.id,
            "layer": given.layer_id,
            "url": given.url,
            "condition": given.condition,
            "name": given.source_name,
            "mapping": json.dumps(dict(given.mapping)),
            "synthetic": given.is_synthetic,
            "hours": given.schedule.every_hours,
            "at": given.schedule.at_local,
            "overlap": given.overlap_days,
            "full": given.full_every_days,
        },
    ).scalar_one_or_none()
    if made is None:
        raise Conflict("source-connection-exists")
    audit(connection, "connect-source", workspace_id=workspace.id, layer_id=given.layer_id, source=made, url=given.url)
    return one(connection, workspace.id, made)


def one(connection: Connection, workspace_id: int, connection_id: int) -> dict[str, Any]:
    """One connection.

    Raises
    ------
    NotFound : ``unknown-source-connection``.
    """
    found = mappings(
        connection,
        _SELECT + "WHERE s.workspace_id = %(ws)s AND s.id = %(id)s",
        {"ws": workspace_id, "id": connection_id},
    )
    if not found:
        raise NotFound("unknown-source-connection", connection=connection_id)
    return found[0]


def listed(connection: Connection, workspace: WorkspaceInfo) -> list[dict[str, Any]]:
    """The connections of a workspace, oldest first, for analysts."""
    require(connection, workspace.id, Role.ANALYST)
    return mappings(
        connection,
        _SELECT + "WHERE s.workspace_id = %(ws)s ORDER BY s.id",
        {"ws": workspace.id},
    )


def remove(connection: Connection, workspace: WorkspaceInfo, connection_id: int) -> None:
    """Ask the service no longer; what was loaded stays.

    Raises
    ------
    NotFound. Forbidden : ``source-connection-not-yours``.
    """
    found = one(connection, workspace.id, connection_id)
    gone = connection.execute(text("DELETE FROM source_connection WHERE id = :id"), {"id": connection_id}).rowcount
    if not gone:
        raise Forbidden("source-connection-not-yours", connection=connection_id)
    audit(
        connection,
        "disconnect-source",
        workspace_id=workspace.id,
        layer_id=found["layer_id"],
        source=connection_id,
        url=found["url"],
    )


def claim(connection: Connection, workspace_id: int, connection_id: int, *, now: bool = False) -> bool:
    """Take a connection for one refresh; False when another took it, it is not due, or it is not the principal's to run.

    ``now`` : whether or not it is due, unless its job still waits or runs.
    """
    due = "true" if now else "next_run_at <= now()"
    return (
        connection.execute(
            text(
                f"UPDATE source_connection s SET next_run_at = now() + :lease, state = 'queued' "  # noqa: S608
                f"WHERE workspace_id = :ws AND id = :id AND {due} "
                "AND NOT EXISTS (SELECT 1 FROM job j WHERE j.id = s.job_id AND j.state IN ('queued', 'running'))"
            ),
            {"ws": workspace_id, "id": connection_id, "lease": LEASE},
        ).rowcount
        == 1
    )


def refresh(
    engine: Engine, principal: Principal, workspace: WorkspaceInfo, connection_id: int, *, now: bool = False
) -> int | None:
    """Queue a refresh as ``principal``; its job, None when there is nothing to take (see :func:`claim`)."""
    with transaction(engine, principal) as connection:
        layer_id = one(connection, workspace.id, connection_id)["layer_id"]
        if not claim(connection, workspace.id, connection_id, now=now):
            return None
    params = {"connection": connection_id, "layer": layer_id}
    job = jobs.submit(engine, principal, workspace, jobs.Request(kind=KIND, params=params, time_limit_s=TIME_LIMIT_S))
    with transaction(engine, principal) as connection:
        connection.execute(
            text("UPDATE source_connection SET job_id = :job WHERE id = :id"), {"job": job, "id": connection_id}
        )
    return job


def queue_due(engine: Engine) -> list[int]:
    """Queue a refresh of every connection that is due, each as whoever made it; the jobs. For the worker."""
    with border(), engine.connect() as connection:
        due = connection.execute(text("SELECT * FROM qorgan_due_sources()")).all()
    queued = []
    for row in due:
        principal = Principal(row.principal_id, row.subject)
        with transaction(engine, principal) as connection:
            place = next((info for info in workspaces.listed(connection) if info.id == row.workspace_id), None)
        if place is None:
            continue  # its maker has no right here any more
        try:
            job = refresh(engine, principal, place, row.id)
        except (Forbidden, NotFound):
            continue
        if job is not None:
            queued.append(job)
    return queued


def begin(connection: Connection, connection_id: int) -> None:
    """A refresh started."""
    connection.execute(
        text("UPDATE source_connection SET state = 'running', started_at = now() WHERE id = :id"), {"id": connection_id}
    )


def succeeded(
    connection: Connection,
    connection_id: int,
    *,
    next_run_at: datetime,
    result: Mapping[str, Any],
    newest_ms: int | None,
    newest_id: int | None,
    full: bool,
) -> None:
    """A refresh came to its end; from what it met the next one begins."""
    connection.execute(
        text(
            "UPDATE source_connection SET state = 'done', finished_at = now(), next_run_at = :next, failures = 0, error = NULL, "
            "result = cast(:result AS jsonb), newest_ms = :ms, newest_id = :newest, "
            "full_at = CASE WHEN :full THEN now() ELSE full_at END WHERE id = :id"
        ),
        {
            "id": connection_id,
            "next": next_run_at,
            "result": json.dumps(dict(result), default=str),
            "ms": newest_ms,
            "newest": newest_id,
            "full": full,
        },
    )


def failed(
    connection: Connection, connection_id: int, *, scheduled: datetime, now: datetime, error: Mapping[str, Any]
) -> None:
    """A refresh failed: it is tried again soon, later each time, and never later than its schedule says."""
    failures = (
        connection.execute(
            text("SELECT failures FROM source_connection WHERE id = :id FOR UPDATE"), {"id": connection_id}
        ).scalar_one_or_none()
        or 0
    ) + 1
    connection.execute(
        text(
            "UPDATE source_connection SET state = 'failed', finished_at = now(), next_run_at = :next, failures = :failures, "
            "error = cast(:error AS jsonb) WHERE id = :id"
        ),
        {
            "id": connection_id,
            "next": min(now + wait_after(failures), scheduled),
            "failures": failures,
            "error": json.dumps(dict(error), default=str),
        },
    )
