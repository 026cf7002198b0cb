"""Bringing derived layers up to date, in the order of their dependencies."""

from __future__ import annotations

from typing import Any

from layers import registry
from layers.derivation import Progress, derive
from layers.engine import Engines
from layers.identity import Principal, audit, derivation_principal, require, transaction
from layers.loading import LOAD_TIMEOUT_S
from layers.spec import Role
from layers.workspaces import find


def run_derive(
    engines: Engines,
    principal: Principal,
    *,
    workspace: str,
    layer_id: str = "all",
    afresh: bool = False,
    progress: Progress | None = None,
) -> dict[str, dict[str, Any]]:
    """Derive one layer with what it depends on, or all; each in a transaction of its own.

    The asker must be an editor somewhere in the workspace. The work itself sees the whole workspace: what is derived for a
    district depends on its neighbours, and must not depend on who asked.

    Returns
    -------
    Report by layer id; ``skipped`` where nothing had changed.

    Raises
    ------
    NotFound : no such workspace or derived layer. Forbidden : not an editor of the workspace.
    """
    every = registry.load().derived_in_order()
    if layer_id != "all":
        wanted = {layer_id}
        registry.load()[layer_id]
        for layer in reversed(every):
            if layer.id in wanted and layer.derivation:
                wanted |= set(layer.derivation.depends_on)
        every = [layer for layer in every if layer.id in wanted]
    tell = progress or (lambda _share, _doing: None)
    reports: dict[str, dict[str, Any]] = {}
    with transaction(engines.app, principal) as connection:
        info = find(connection, workspace)
        require(connection, info.id, Role.EDITOR)
    deriving = derivation_principal(engines.app)
    for done, layer in enumerate(every):
        with transaction(engines.app, deriving, timeout_s=LOAD_TIMEOUT_S) as connection:

            def part(share: float, doing: str, done: int = done) -> None:
                tell((done + share) / len(every), doing)

            reports[layer.id] = derive(connection, info, layer, tell=part, afresh=afresh)
            if not reports[layer.id]["skipped"]:
                audit(connection, "derive", workspace_id=info.id, layer_id=layer.id, asked_by=principal.subject)
    return reports
