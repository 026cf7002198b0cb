"""Finds what an import of the same file had stored before it was cut off."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from layers import loading, resuming
from layers.batches import BatchStart
from layers.engine import Engines
from layers.identity import Principal, transaction
from layers.resuming import Attempt
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo


@contextmanager
def gone_on_with(
    engines: Engines,
    principal: Principal,
    workspace: WorkspaceInfo,
    layer: Layer,
    given: BatchStart,
    path: Path,
) -> Iterator[Attempt | None]:
    """The attempt this import goes on with, its guard held; None where there is none.

    It is one of the same principal, into the same empty layer, of the same bytes, with the same mapping.
    """
    with ExitStack() as held:
        yield _free_attempt(engines, principal, workspace, layer, given, path, held)


def _free_attempt(
    engines: Engines,
    principal: Principal,
    workspace: WorkspaceInfo,
    layer: Layer,
    given: BatchStart,
    path: Path,
    held: ExitStack,
) -> Attempt | None:
    with transaction(engines.app, principal) as connection:
        if not loading.is_empty(connection, layer, workspace):
            return None
        found = resuming.attempts(connection, workspace, layer, given)
    if not found:
        return None
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    for one in found:
        if one.sha256 != sha256 or not held.enter_context(loading.guard_if_free(engines.loader, one.batch_id)):
            continue
        if resuming.is_there(engines.loader, one.batch_id):  # looked at again now that nobody can sweep it away
            return resuming.with_sums(engines.loader, layer, one)
    return None
