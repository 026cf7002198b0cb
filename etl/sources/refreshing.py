"""A connected service asked again: what is new since the last time, and everything now and then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from etl.mapping import mapping_from_json
from etl.sources.service import Asking, Imported, Progress, ServiceRequest, Since, import_service, newest
from geo_core.errors import Conflict, DataQuality, QorganError
from layers import connections, registry
from layers.engine import Engines, border
from layers.identity import Principal, require, transaction
from layers.jobs import problem
from layers.spec import Role
from layers.workspaces import WorkspaceInfo

_LOCK = 715004
_COUNTS = ("read", "loaded", "updated", "unchanged", "rejected", "struck_off", "removed")


def run_refresh(
    engines: Engines,
    principal: Principal,
    workspace: WorkspaceInfo,
    connection_id: int,
    asking: Asking,
    *,
    full: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Bring a layer up to date from a connected service; what became of it, also kept with the connection.

    Asked for is what was entered since the newest entry met, less the overlap, and what has a greater object id or was struck off; every
    ``full_every_days`` everything, because a service does not tell which old records it corrected. However it ends, the next time is set.

    Parameters
    ----------
    full : everything, now.

    Raises
    ------
    NotFound : ``unknown-source-connection``. Conflict : ``service-busy``: it runs already. And as :func:`import_service`.
    """
    with _alone(engines, connection_id):
        began = datetime.now(UTC)
        with transaction(engines.app, principal) as connection:
            require(connection, workspace.id, Role.EDITOR)
            known = connections.one(connection, workspace.id, connection_id)
            connections.begin(connection, connection_id)
        schedule = connections.Schedule(every_hours=known["every_hours"], at_local=known["at_local"])
        following = schedule.following(began, workspace.zone)
        try:
            since = None if full or _full_is_due(known, began) else _since(known)
            layer = registry.load()[known["layer_id"]]
            done = import_service(
                engines,
                principal,
                ServiceRequest(
                    layer=layer,
                    url=known["url"],
                    mapping=mapping_from_json(known["mapping"], layer=layer),
                    workspace=workspace.slug,
                    where=known["condition"],
                    since=since,
                    source_name=known["source_name"],
                    is_synthetic=known["is_synthetic"],
                ),
                asking,
                progress=progress,
            )
            if done.report is not None and done.report.error is not None:
                raise DataQuality(done.report.error["code"], **done.report.error["params"])
        except QorganError as error:
            with transaction(engines.app, principal) as connection:
                connections.failed(
                    connection, connection_id, scheduled=following, now=datetime.now(UTC), error=problem(error)
                )
            raise
        found = outcome(done)
        newest_ms, newest_id = newest(done.table, since or _since(known))
        with transaction(engines.app, principal) as connection:
            connections.succeeded(
                connection,
                connection_id,
                next_run_at=following,
                result=found,
                newest_ms=newest_ms,
                newest_id=newest_id,
                full=since is None,
            )
    return found


def outcome(done: Imported) -> dict[str, Any]:
    """What became of an answer, in numbers; zeros where there was nothing new."""
    if done.report is None:
        return {
            **dict.fromkeys(_COUNTS, 0),
            "rejected_by_reason": {},
            "warnings": dict(sorted(done.noted.counts.items())),
            "batch_id": None,
            "origin": done.origin,
        }
    report = done.report.as_dict()
    return {name: report[name] for name in (*_COUNTS, "rejected_by_reason", "warnings", "batch_id", "origin")}


def _since(known: dict[str, Any]) -> Since:
    return Since(newest_ms=known["newest_ms"], newest_id=known["newest_id"], overlap_days=float(known["overlap_days"]))


def _full_is_due(known: dict[str, Any], now: datetime) -> bool:
    last = known["full_at"]
    return last is None or now - last >= timedelta(days=known["full_every_days"])


@contextmanager
def _alone(engines: Engines, connection_id: int) -> Iterator[None]:
    """Hold what tells every other machine that this connection is being refreshed; it goes with the database connection."""
    key = {"b": connection_id % 2**31}
    with border(), engines.loader.connect() as connection:
        taken = connection.execute(text(f"SELECT pg_try_advisory_lock({_LOCK}, :b)"), key).scalar_one()
        connection.commit()
        if not taken:
            raise Conflict("service-busy")
        try:
            yield
        finally:
            connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK}, :b)"), key)
            connection.commit()
