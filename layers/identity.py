"""Who asks. Every query runs in a transaction that carries the principal; without one, row-level security shows nothing.

The identity is set with SET LOCAL semantics inside an explicit transaction and so never stays on a pooled connection.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, text

from geo_core.errors import Forbidden
from layers.engine import border
from layers.spec import Role

LOCAL_ADMINISTRATOR = "local-administrator"
# Derivations run as this one: nobody signs in under this name (see ``qorgan_deriving`` of the policies).
DERIVATION = "qorgan-derivation"


@dataclass(frozen=True)
class Principal:
    """Somebody or something that asks."""

    id: int
    subject: str
    display_name: str = ""


class Purpose(StrEnum):
    """What the rows are read for: single records, or only sums over them."""

    RECORDS = "records"
    AGGREGATE = "aggregate"


def begin_statement(principal_id: int, *, purpose: Purpose = Purpose.RECORDS, timeout_s: float = 30.0) -> str:
    """The statement that gives the running transaction its identity (all values are numbers or our own words)."""
    return (
        "SET LOCAL ROLE qorgan_app; "
        f"SELECT set_config('qorgan.principal', '{int(principal_id)}', true), "
        f"set_config('qorgan.purpose', '{purpose.value}', true), "
        f"set_config('statement_timeout', '{int(timeout_s * 1000)}', true)"
    )


# As ``begin_statement`` for the extended protocol, so that it can be prepared and pipelined, and reading only.
# Parameters: principal id, purpose, milliseconds, each as text.
PIPELINED_IDENTITY = (
    "SELECT set_config('role', 'qorgan_app', true), set_config('qorgan.principal', %s, true), "
    "set_config('qorgan.purpose', %s, true), set_config('statement_timeout', %s, true), "
    "set_config('transaction_read_only', 'on', true)"
)


@contextmanager
def transaction(
    engine: Engine,
    principal: Principal,
    *,
    purpose: Purpose = Purpose.RECORDS,
    timeout_s: float = 30.0,
) -> Iterator[Connection]:
    """A connection that sees what ``principal`` may see; committed at the end, rolled back on an error.

    Raises
    ------
    Unavailable : the database is away or busy.
    LimitExceeded : a statement took longer than ``timeout_s``.
    Forbidden : a right is not held.
    """
    with border(), engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(begin_statement(principal.id, purpose=purpose, timeout_s=timeout_s))
        yield connection


def find_by_subject(engine: Engine, subject: str) -> Principal | None:
    """The principal with this subject, if somebody may ask under it."""
    if subject == DERIVATION:
        return None
    return _find(engine, "SELECT * FROM qorgan_principal_of_subject(:given)", subject)


def derivation_principal(engine: Engine) -> Principal:
    """Who derives: sees the whole of every workspace, so that what is derived does not depend on who asked for it.

    Raises
    ------
    Forbidden : ``derivation-not-prepared``: the database was migrated by an older version.
    """
    found = _find(engine, "SELECT * FROM qorgan_principal_of_subject(:given)", DERIVATION)
    if found is None:
        raise Forbidden("derivation-not-prepared")
    return found


def admit_derivations(owner: Connection) -> None:
    """Let derivations work in the whole of every workspace; safe to repeat. Needs the owner's connection."""
    principal = add_principal(owner, DERIVATION)
    owner.execute(
        text(
            "INSERT INTO role_grant (principal_id, territory_id, workspace_id, rank) "
            "SELECT :principal, root_territory_id, id, :rank FROM workspace WHERE root_territory_id IS NOT NULL "
            "ON CONFLICT (principal_id, territory_id) DO UPDATE SET rank = excluded.rank"
        ),
        {"principal": principal.id, "rank": Role.EDITOR.rank},
    )


def find_by_token(engine: Engine, token: str) -> Principal | None:
    """The principal a session token belongs to; only the token's hash is stored."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    return _find(engine, "SELECT * FROM qorgan_principal_of_token(:given)", digest)


def _find(engine: Engine, statement: str, given: str) -> Principal | None:
    with border(), engine.connect() as connection:
        row = connection.execute(text(statement), {"given": given}).first()
    return Principal(row.id, row.subject, row.display_name) if row else None


def add_principal(owner: Connection, subject: str, *, display_name: str = "", token: str | None = None) -> Principal:
    """Create the principal, or bring its name and token up to date. Needs the owner's connection."""
    digest = hashlib.sha256(token.encode()).hexdigest() if token else None
    row = owner.execute(
        text(
            "INSERT INTO principal (subject, display_name, token_sha256) VALUES (:subject, :name, :digest) "
            "ON CONFLICT (subject) DO UPDATE SET display_name = excluded.display_name, "
            "token_sha256 = coalesce(excluded.token_sha256, principal.token_sha256) RETURNING id"
        ),
        {"subject": subject, "name": display_name or subject, "digest": digest},
    ).one()
    return Principal(row.id, subject, display_name or subject)


def grant(owner: Connection, principal: Principal, *, territory_id: int, role: Role) -> None:
    """Give a role in a territory and all it contains; a second grant there replaces the first."""
    owner.execute(
        text(
            "INSERT INTO role_grant (principal_id, territory_id, workspace_id, rank) "
            "SELECT :principal, id, workspace_id, :rank FROM territory WHERE id = :territory "
            "ON CONFLICT (principal_id, territory_id) DO UPDATE SET rank = excluded.rank"
        ),
        {"principal": principal.id, "territory": territory_id, "rank": role.rank},
    )


def territories(connection: Connection, role: Role) -> frozenset[int]:
    """Territories where the running principal holds at least ``role``."""
    held = connection.execute(text("SELECT qorgan_territories(:rank)"), {"rank": role.rank}).scalar_one()
    return frozenset(held)


def require(connection: Connection, workspace_id: int, role: Role) -> None:
    """Refuse unless the running principal holds ``role`` somewhere in the workspace.

    Raises
    ------
    Forbidden
    """
    held = connection.execute(
        text("SELECT :ws = ANY (qorgan_workspaces(:rank))"), {"ws": workspace_id, "rank": role.rank}
    )
    if not held.scalar_one():
        raise Forbidden("role-needed", role=role.value)


def highest_role(connection: Connection, workspace_id: int) -> Role | None:
    """The highest role the running principal holds anywhere in the workspace; None = none."""
    held = text("SELECT :ws = ANY (qorgan_workspaces(:rank))")
    for role in reversed(Role):
        if connection.execute(held, {"ws": workspace_id, "rank": role.rank}).scalar_one():
            return role
    return None


def fingerprint(connection: Connection) -> str:
    """Equal for equal rights: part of every cache key and ETag."""
    return str(connection.execute(text("SELECT qorgan_fingerprint()")).scalar_one())


def audit(
    connection: Connection,
    action: str,
    *,
    workspace_id: int | None = None,
    layer_id: str | None = None,
    **detail: Any,
) -> None:
    """Write one line into the append-only audit, in the running transaction."""
    connection.execute(
        text(
            "INSERT INTO audit (principal_id, workspace_id, action, layer_id, detail) "
            "VALUES (qorgan_principal(), :ws, :action, :layer, cast(:detail AS jsonb))"
        ),
        {"ws": workspace_id, "action": action, "layer": layer_id, "detail": json.dumps(detail, default=str)},
    )
