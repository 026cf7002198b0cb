"""Looking something up by its name, with names brought up to date first when rows changed since."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine

from layers import naming
from layers.identity import Principal, transaction
from layers.queries.search import search
from layers.workspaces import WorkspaceInfo, find

# While rows change all the time, questions do not wait for a refresh more often than this.
REFRESH_EVERY_S = 1.0


def look_up(
    engine: Engine, principal: Principal, slug: str, wanted: str, *, limit: int = 10, language: str = "ru"
) -> dict[str, Any]:
    """What a text may mean in a workspace; see :func:`layers.queries.search.search`.

    A change is found by the first question after it, or after ``REFRESH_EVERY_S`` while changes keep coming: the refresh looks only at
    layers that changed.

    Returns
    -------
    ``query``, ``results``, and ``is_fresh``: whether every change is in the names.

    Raises
    ------
    NotFound : no such workspace for this principal. InvalidInput : nothing to look for.
    """

    def asked(connection: Connection, workspace: WorkspaceInfo) -> dict[str, Any]:
        return search(connection, workspace, wanted, limit=limit, language=language)

    with transaction(engine, principal) as connection:
        workspace = find(connection, slug)
        if naming.is_fresh(connection, workspace):
            return {**asked(connection, workspace), "is_fresh": True}
        if naming.was_refreshed_within(connection, workspace, seconds=REFRESH_EVERY_S):
            return {**asked(connection, workspace), "is_fresh": False}
    is_fresh = naming.freshen(engine, workspace)
    with transaction(engine, principal) as connection:
        return {**asked(connection, workspace), "is_fresh": is_fresh}
