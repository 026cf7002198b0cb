"""What an import that was cut off had stored already, so that the next one of the same file goes on from there.

A long load is committed in parts into its table aside, which nobody reads. The rows themselves are the record of how far it came: no
note of it can be wrong. Whoever goes on reads the file again from its beginning, because duplicates and counts need every row, and
compares the rows that are stored already with the file by their sums; only what is missing is sent to the server.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine, text

from layers.batches import BatchStart
from layers.engine import Engines, border
from layers.spec import Layer
from layers.staging import Rows
from layers.workspaces import WorkspaceInfo

# A load that ends before so many rows is not worth cutting into parts: the first part is the quickest.
FIRST_PART_ROWS = 2_000_000
PART_ROWS = 1_000_000
# So long what a load left behind waits for somebody to go on with it.
KEPT_H = 24


class StoredDiffer(Exception):
    """What is stored aside is not what the file begins with; it is dropped and the load starts afresh."""


@dataclass
class Sums:
    """Rows and sums of what tells them apart; equal for the same rows in any order."""

    rows: int = 0
    row_hash: int = 0
    cell: int = 0
    territory: int = 0
    flags: int = 0
    dark: int = 0

    def add(self, batch: Rows) -> None:
        """Add rows on their way."""
        self.rows += len(batch)
        self.row_hash ^= int(np.bitwise_xor.reduce(batch.row_hash.astype(np.int64))) if len(batch) else 0
        self.cell ^= int(np.bitwise_xor.reduce(batch.cell.view(np.int64))) if len(batch) else 0
        self.territory += int(batch.territory_id.sum(dtype=np.int64))
        self.flags += int(pc.sum(pc.list_value_length(batch.flags)).as_py() or 0)
        dark = batch.columns.get("dark")
        if dark is not None and pa.types.is_boolean(dark.type):
            self.dark += int(pc.sum(dark).as_py() or 0)


@dataclass(frozen=True)
class Attempt:
    """A load that was cut off and can be gone on with.

    Parameters
    ----------
    batch_id : its batch, which is taken up again.
    now : what it took for the present: later events were refused.
    sha256 : of its file.
    stored : sums over what it stored, once they are asked for.
    """

    batch_id: int
    now: datetime
    sha256: str
    stored: Sums | None = None


def attempts(connection: Connection, workspace: WorkspaceInfo, layer: Layer, given: BatchStart) -> list[Attempt]:
    """Attempts of the running principal at what may be the same file, newest first, of which rows are stored aside."""
    found = connection.execute(
        text(
            "SELECT id, started_at, sha256 FROM batch WHERE workspace_id = :ws AND layer_id = :layer "
            "AND principal_id = qorgan_principal() AND state IN ('loading', 'failed') AND sha256 <> '' AND size_bytes = :size "
            "AND mapping = cast(:mapping AS jsonb) AND licence = :licence AND attribution = :attribution "
            "AND is_synthetic = :synthetic AND to_regclass('bulk_' || id) IS NOT NULL ORDER BY id DESC"
        ),
        {
            "ws": workspace.id,
            "layer": layer.id,
            "size": given.size_bytes,
            "mapping": json.dumps(dict(given.mapping)),
            "licence": given.licence,
            "attribution": given.attribution,
            "synthetic": given.is_synthetic,
        },
    )
    return [Attempt(row.id, row.started_at, row.sha256) for row in found]


def is_there(loader: Engine, batch_id: int) -> bool:
    """Whether the table aside of a batch still exists."""
    with border(), loader.connect() as connection:
        name = {"name": f"bulk_{int(batch_id)}"}
        return bool(connection.execute(text("SELECT to_regclass(:name) IS NOT NULL"), name).scalar_one())


def with_sums(loader: Engine, layer: Layer, attempt: Attempt) -> Attempt:
    """The attempt with the sums over the rows it stored aside."""
    dark = "count(*) FILTER (WHERE dark)" if layer.is_event else "0"
    with border(), loader.connect() as connection:
        row = connection.execute(
            text(
                "SELECT count(*), coalesce(bit_xor(row_hash), 0), coalesce(bit_xor(cell), 0), "  # noqa: S608
                "coalesce(sum(territory_id::bigint), 0)::bigint, coalesce(sum(cardinality(flags)), 0), "
                f"{dark} FROM bulk_{int(attempt.batch_id)}"
            )
        ).one()
    return replace(attempt, stored=Sums(*map(int, row)))


def is_worth_keeping(engines: Engines, batch_id: int) -> bool:
    """Whether the table aside of a dead load can be gone on with: rows of a whole part at least, not old, and its place still free."""
    with border(), engines.loader.connect() as connection:
        enough = connection.execute(
            text(
                "SELECT EXISTS (SELECT 1 FROM (SELECT updated_at FROM "  # noqa: S608
                f"bulk_{int(batch_id)} OFFSET :rows LIMIT 1) last WHERE updated_at > now() - make_interval(hours => :hours))"
            ),
            {"rows": FIRST_PART_ROWS - 1, "hours": KEPT_H},
        ).scalar_one()
        place = connection.execute(
            text("SELECT obj_description(cast(:name AS regclass))"), {"name": f"bulk_{int(batch_id)}"}
        ).scalar_one()
    if not enough or not place:
        return False
    table, workspace_id = str(place).split(" ")[:2]
    with border(), engines.app.connect() as connection:
        return bool(
            connection.execute(
                text("SELECT qorgan_layer_empty(:t, :ws)"), {"t": table, "ws": int(workspace_id)}
            ).scalar_one()
        )
