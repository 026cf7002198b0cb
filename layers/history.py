"""What rows were before a change: kept by imports and edits, used by undo."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Connection, text

from geo_core.errors import Conflict
from layers.spec import Layer

# The reason kept with a row that was removed because the register struck it off.
STRUCK_OFF = "struck-off"


def _image(layer: Layer) -> str:
    """SQL of the state of row ``t`` as JSON.

    PostGIS writes geometries into JSON slowly and with rounded coordinates, so they are kept as hexadecimal EWKB instead.
    """
    names = [column.name for column in layer.model.__table__.columns if column.name != "geom"]
    listed = ", ".join(f't."{name}"' for name in names)
    return f"(SELECT to_jsonb(x) FROM (SELECT {listed}, encode(ST_AsEWKB(t.geom), 'hex') AS geom) x)"  # noqa: S608


class Deed(StrEnum):
    """What was done to a row."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


def hold(connection: Connection, layer: Layer, workspace_id: int, ids_query: str) -> int:
    """Lock the rows whose ids ``ids_query`` (our own SQL) gives until the transaction ends; how many the principal may change.

    What is remembered of a row and what is then written over it are two statements: without the lock somebody's edit between them
    would be lost and nowhere kept. In the order of the ids, so that two who hold many do not wait for each other.
    """
    return int(
        connection.execute(
            text(
                f"SELECT count(*) FROM (SELECT t.id FROM {layer.table} t WHERE t.workspace_id = :ws "  # noqa: S608
                f"AND t.id IN ({ids_query}) ORDER BY t.id FOR UPDATE) held"
            ),
            {"ws": workspace_id},
        ).scalar_one()
    )


def remember(
    connection: Connection,
    layer: Layer,
    workspace_id: int,
    ids_query: str,
    *,
    batch_id: int | None,
    reason: str = "",
    deed: Deed = Deed.CHANGED,
) -> None:
    """Keep the present state of the rows whose ids ``ids_query`` (our own SQL) gives, before they are changed or removed."""
    connection.execute(
        text(
            "INSERT INTO row_history (workspace_id, layer_id, row_id, territory_id, batch_id, principal_id, reason, deed, before) "  # noqa: S608
            f"SELECT t.workspace_id, :layer, t.id, t.territory_id, :batch, qorgan_principal(), :reason, :deed, {_image(layer)} "
            f"FROM {layer.table} t WHERE t.workspace_id = :ws AND t.id IN ({ids_query})"
        ),
        {"layer": layer.id, "batch": batch_id, "reason": reason, "deed": deed.value, "ws": workspace_id},
    )


def remember_added(
    connection: Connection,
    layer: Layer,
    workspace_id: int,
    row_id: int,
    territory_id: int,
    *,
    batch_id: int | None,
    reason: str = "",
) -> None:
    """Keep that a row was added by hand: before it there was none."""
    connection.execute(
        text(
            "INSERT INTO row_history (workspace_id, layer_id, row_id, territory_id, batch_id, principal_id, reason, deed) "
            "VALUES (:ws, :layer, :row, :territory, :batch, qorgan_principal(), :reason, :deed)"
        ),
        {
            "ws": workspace_id,
            "layer": layer.id,
            "row": row_id,
            "territory": territory_id,
            "batch": batch_id,
            "reason": reason,
            "deed": Deed.ADDED.value,
        },
    )


def columns_from_image(layer: Layer) -> list[str]:
    """Columns a kept state gives back; the version goes on instead of back."""
    kept = {"workspace_id", "id", "version", "updated_at"}
    return [column.name for column in layer.model.__table__.columns if column.name not in kept]


def changed_since(connection: Connection, layer: Layer, workspace_id: int, batch_id: int) -> int:
    """How many rows are no longer as a batch left them. What was edited and taken back again is as it was.

    The state a batch left is the ``before`` of the first change after it; versions go on and are not compared.
    """
    return int(
        connection.execute(
            text(
                "SELECT count(*) FROM (SELECT DISTINCT ON (h.row_id) h.row_id, h.before FROM row_history h "  # noqa: S608
                "WHERE h.workspace_id = :ws AND h.layer_id = :layer AND (h.batch_id IS NULL OR h.batch_id > :batch) "
                "AND (h.before ->> 'batch_id')::bigint = :batch ORDER BY h.row_id, h.id) f "
                f"LEFT JOIN {layer.table} t ON t.workspace_id = :ws AND t.id = f.row_id "
                f"WHERE t.id IS NULL OR {_image(layer)} - cast(:apart AS text[]) <> f.before - cast(:apart AS text[])"
            ),
            {"ws": workspace_id, "layer": layer.id, "batch": batch_id, "apart": ["version", "updated_at"]},
        ).scalar_one()
    )


def restore(connection: Connection, layer: Layer, workspace_id: int, batch_id: int) -> int:
    """Bring back the rows a batch changed or removed; how many.

    The version goes on instead of back: whoever has seen the row since must not take the restored one for theirs.
    """
    names = columns_from_image(layer)
    sets = ", ".join([*(f'"{name}" = o."{name}"' for name in names), "version = t.version + 1", "updated_at = now()"])
    done = connection.execute(
        text(
            f"UPDATE {layer.table} t SET {sets} FROM row_history h, "  # noqa: S608
            f"LATERAL jsonb_populate_record(NULL::{layer.table}, h.before) o "
            "WHERE h.workspace_id = :ws AND h.layer_id = :layer AND h.batch_id = :batch "
            "AND h.deed = :changed AND t.workspace_id = :ws AND t.id = h.row_id"
        ),
        {"ws": workspace_id, "layer": layer.id, "batch": batch_id, "changed": Deed.CHANGED.value},
    ).rowcount
    done += _bring_back(connection, layer, workspace_id, batch_id)
    connection.execute(
        text("DELETE FROM row_history WHERE workspace_id = :ws AND layer_id = :layer AND batch_id = :batch"),
        {"ws": workspace_id, "layer": layer.id, "batch": batch_id},
    )
    return int(done)


def _bring_back(connection: Connection, layer: Layer, workspace_id: int, batch_id: int) -> int:
    """Insert again what a batch removed.

    Raises
    ------
    Conflict : ``batch-changed-since``: a record of the same key was loaded again meanwhile.
    """
    names = [column.name for column in layer.model.__table__.columns]
    values = {"version": "o.version + 1", "updated_at": "now()"}
    listed = ", ".join(f'"{name}"' for name in names)
    chosen = ", ".join(values.get(name, f'o."{name}"') for name in names)
    gone = (
        f"FROM row_history h, LATERAL jsonb_populate_record(NULL::{layer.table}, h.before) o "
        "WHERE h.workspace_id = :ws AND h.layer_id = :layer AND h.batch_id = :batch AND h.deed = :removed"
    )
    key = {"ws": workspace_id, "layer": layer.id, "batch": batch_id, "removed": Deed.REMOVED.value}
    again = connection.execute(
        text(
            f"SELECT count(*) {gone} AND EXISTS (SELECT 1 FROM {layer.table} t "  # noqa: S608
            "WHERE t.workspace_id = :ws AND t.source_id = o.source_id)"
        ),
        key,
    ).scalar_one()
    if again:
        raise Conflict("batch-changed-since", batch=batch_id, later=again)
    return connection.execute(
        text(f"INSERT INTO {layer.table} ({listed}) SELECT {chosen} {gone}"),
        key,
    ).rowcount
