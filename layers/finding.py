"""Looking something up by its name, with names brought up to date first when rows changed since."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from sqlalchemy import Connection, Engine

from geo_core.errors import QorganError
from layers import naming
from layers.identity import Principal, transaction
from layers.queries.search import search
from layers.workspaces import WorkspaceInfo, find

# While rows change all the time, questions do not wait for a refresh more often than this.
REFRESH_EVERY_S = 1.0


def look_up(
    engine: Engine,
    principal: Principal,
    slug: str,
    wanted: str,
    *,
    limit: int = 10,
    language: str = "ru",
    patience_s: float | None = None,
) -> dict[str, Any]:
    """What a text may mean in a workspace; see :func:`layers.queries.search.search`.

    A change is found by the first question after it, or after ``REFRESH_EVERY_S`` while changes keep coming: the refresh looks only at
    layers that changed.

    Parameters
    ----------
    patience_s : wait no longer for a refresh (a whole city was imported); it goes on beside, and the answer is of what is there. None =
        as long as it takes.

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
    is_fresh = _freshen(engine, workspace, patience_s)
    with transaction(engine, principal) as connection:
        return {**asked(connection, workspace), "is_fresh": is_fresh}


def _freshen(engine: Engine, workspace: WorkspaceInfo, patience_s: float | None) -> bool:
    if patience_s is None:
        return naming.freshen(engine, workspace)
    done: list[bool] = []

    def work() -> None:
        # whoever asks next tries again; the answer now says that it may lack something
        with contextlib.suppress(QorganError):
            done.append(naming.freshen(engine, workspace))

    beside = threading.Thread(target=work, name="names", daemon=True)
    beside.start()
    beside.join(patience_s)
    return bool(done and done[0])
