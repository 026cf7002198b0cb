"""Records that pass a filter into a workbook for changing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from etl.round_trip.workbook import write
from geo_core.errors import InvalidInput
from layers.identity import require
from layers.queries.features import page
from layers.queries.filters import Filter, Place
from layers.spec import Layer, LayerKind, Role
from layers.workspaces import WorkspaceInfo

PAGE = 5000


def export_for_editing(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    out: Path,
    *,
    language: str,
    given: Filter | None = None,
    place: Place | None = None,
    now: datetime | None = None,
) -> int:
    """Write the records that pass the filter into ``out`` for changing there; how many.

    Raises
    ------
    Forbidden : the principal edits nowhere. InvalidInput : ``derived-is-computed``. LimitExceeded : ``too-many-records``.
    """
    if layer.kind is LayerKind.DERIVED:
        raise InvalidInput("derived-is-computed", layer=layer.id)
    require(connection, workspace.id, Role.EDITOR)

    def records() -> Iterator[Mapping[str, Any]]:
        after: int | None = 0
        while after is not None:
            found = page(connection, workspace, layer, given=given, place=place, limit=PAGE, after_id=after)
            yield from found["features"]
            after = found["next_after"]

    when = now or datetime.now(UTC)
    return write(out, layer, records(), workspace=workspace.slug, language=language, now=when)
