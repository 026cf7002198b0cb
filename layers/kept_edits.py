"""What people did to single rows, kept when their source is imported again.

Where a source says just what it said before, the edit stays and a row taken away stays away. Where it says something new, the source
wins, and the edit is in the history.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from layers.history import STRUCK_OFF
from layers.spec import Layer

EDITED: Final = "edited"
PLACED_BY_HAND: Final = "position-by-hand"

# Only where the removal is the last that was done to the record: one that was taken back keeps nothing away.
_REMOVED = (
    "FROM row_history h WHERE h.workspace_id = :ws AND h.layer_id = :layer AND h.deed = 'removed' AND h.reason <> :struck_off "
    "AND NOT EXISTS (SELECT 1 FROM row_history l WHERE l.workspace_id = h.workspace_id AND l.layer_id = h.layer_id "
    "AND l.row_id = h.row_id AND l.id > h.id)"
)


def any_removed(connection: Connection, layer: Layer, workspace_id: int) -> bool:
    """Whether somebody ever took a row of the layer away by hand."""
    return bool(
        connection.execute(text(f"SELECT EXISTS (SELECT 1 {_REMOVED})"), _key(layer, workspace_id)).scalar_one()
    )


def keep_away(connection: Connection, layer: Layer, workspace_id: int) -> int:
    """Drop rows of the temporary table ``incoming`` that say just what was known when somebody took the record away; how many."""
    if not any_removed(connection, layer, workspace_id):
        return 0
    return connection.execute(
        text(
            f"DELETE FROM incoming s USING (SELECT h.before ->> 'source_id' AS source_id, (h.before ->> 'row_hash')::bigint AS row_hash {_REMOVED}) r "  # noqa: S608
            "WHERE s.source_id = r.source_id AND s.row_hash = r.row_hash "
            f"AND NOT EXISTS (SELECT 1 FROM {layer.table} t WHERE t.workspace_id = :ws AND t.source_id = s.source_id)"
        ),
        _key(layer, workspace_id),
    ).rowcount


def overwritten(connection: Connection, layer: Layer, workspace_id: int) -> int:
    """How many edited rows the temporary table ``incoming`` says something new of."""
    return int(
        connection.execute(
            text(
                f"SELECT count(*) FROM {layer.table} t JOIN incoming s ON s.source_id = t.source_id "  # noqa: S608
                "WHERE t.workspace_id = :ws AND s.row_hash <> t.row_hash AND t.flags && cast(:flags AS text[])"
            ),
            {"ws": workspace_id, "flags": [EDITED, PLACED_BY_HAND]},
        ).scalar_one()
    )


def _key(layer: Layer, workspace_id: int) -> dict[str, object]:
    return {"ws": workspace_id, "layer": layer.id, "struck_off": STRUCK_OFF}
