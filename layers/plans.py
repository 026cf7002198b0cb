"""Stored plans with their certificates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from geo_core.errors import Forbidden, NotFound
from layers.identity import audit
from layers.queries.run import mappings
from layers.spec import Role
from layers.workspaces import WorkspaceInfo

_COLUMNS = "id, kind, params, certificate, created_at, principal_id"


def territory_for(connection: Connection, workspace: WorkspaceInfo) -> int:
    """The territory a plan of the running principal belongs to: the highest in the tree where they are an analyst.

    The root for who plans for the whole; else the territory of the grant, of several equally high ones the first made. Everybody
    with an analyst's rights there sees the plan.

    Raises
    ------
    Forbidden : the principal is nowhere an analyst in the workspace.
    """
    found = connection.execute(
        text(
            "WITH RECURSIVE tree AS ("
            "SELECT id, 0 AS depth FROM territory WHERE workspace_id = :ws AND parent_id IS NULL "
            "UNION ALL SELECT t.id, tree.depth + 1 FROM territory t JOIN tree ON t.parent_id = tree.id) "
            "SELECT id FROM tree WHERE id = ANY (qorgan_territories(:rank)) ORDER BY depth, id LIMIT 1"
        ),
        {"ws": workspace.id, "rank": Role.ANALYST.rank},
    ).scalar_one_or_none()
    if found is None:
        raise Forbidden("role-needed", role=Role.ANALYST.value)
    return int(found)


def keep(
    connection: Connection,
    workspace: WorkspaceInfo,
    *,
    kind: str,
    params: Mapping[str, Any],
    certificate: Mapping[str, Any],
    sites: Mapping[str, Any],
) -> int:
    """Store a plan for the territory of the running principal; its id.

    Raises
    ------
    Forbidden : see :func:`territory_for`.
    """
    plan_id = int(
        connection.execute(
            text(
                "INSERT INTO plan (workspace_id, territory_id, principal_id, kind, params, certificate, sites) VALUES (:ws, :territory, "
                "qorgan_principal(), :kind, cast(:params AS jsonb), cast(:certificate AS jsonb), cast(:sites AS jsonb)) RETURNING id"
            ),
            {
                "ws": workspace.id,
                "territory": territory_for(connection, workspace),
                "kind": kind,
                "params": json.dumps(dict(params)),
                "certificate": json.dumps(dict(certificate)),
                "sites": json.dumps(dict(sites)),
            },
        ).scalar_one()
    )
    audit(connection, "plan", workspace_id=workspace.id, plan=plan_id)
    return plan_id


def listed(connection: Connection, workspace: WorkspaceInfo) -> list[dict[str, Any]]:
    """Plans of a workspace without their sites, newest first."""
    return mappings(
        connection,
        f"SELECT {_COLUMNS} FROM plan WHERE workspace_id = %(ws)s ORDER BY id DESC",  # noqa: S608
        {"ws": workspace.id},
    )


def one(connection: Connection, workspace: WorkspaceInfo, plan_id: int) -> dict[str, Any]:
    """A plan with its sites as GeoJSON.

    Raises
    ------
    NotFound
    """
    found = mappings(
        connection,
        f"SELECT {_COLUMNS}, sites FROM plan WHERE workspace_id = %(ws)s AND id = %(id)s",  # noqa: S608
        {"ws": workspace.id, "id": plan_id},
    )
    if not found:
        raise NotFound("unknown-plan", plan=plan_id)
    return found[0]
