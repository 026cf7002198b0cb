"""Stored plans with their certificates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from geo_core.errors import NotFound
from layers.identity import audit
from layers.queries.run import mappings
from layers.workspaces import WorkspaceInfo

_COLUMNS = "id, kind, params, certificate, created_at, principal_id"


def keep(
    connection: Connection,
    workspace: WorkspaceInfo,
    *,
    kind: str,
    params: Mapping[str, Any],
    certificate: Mapping[str, Any],
    sites: Mapping[str, Any],
) -> int:
    """Store a plan; its id."""
    plan_id = int(
        connection.execute(
            text(
                "INSERT INTO plan (workspace_id, territory_id, principal_id, kind, params, certificate, sites) VALUES (:ws, :root, "
                "qorgan_principal(), :kind, cast(:params AS jsonb), cast(:certificate AS jsonb), cast(:sites AS jsonb)) RETURNING id"
            ),
            {
                "ws": workspace.id,
                "root": workspace.root_territory_id,
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
