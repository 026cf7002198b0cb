"""Rejected rows: kept as they were read, looked at by reason, mended. What is mended stays with its original, by whom, when and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from geo_core.errors import Conflict, Forbidden, NotFound
from layers.identity import audit
from layers.workspaces import WorkspaceInfo

_COLUMNS = (
    "row_number, raw, reasons, mended_batch_id, mended_at, mended_reason, mended_raw, "
    "(mended_batch_id IS NOT NULL) AS is_mended"
)


def listed(
    connection: Connection,
    batch_id: int,
    *,
    reason: str | None = None,
    mended: bool | None = None,
    after: int = 0,
    limit: int = 200,
) -> list[dict[str, Any]]:
    """Rejected rows of a batch by row number.

    Parameters
    ----------
    reason : only rows rejected for it, perhaps among others.
    mended : True only mended ones, False only those still waiting, None all.
    after, limit : a page.
    """
    found = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM rejected_row WHERE batch_id = :id AND row_number > :after "  # noqa: S608
            "AND (cast(:reason AS jsonb) IS NULL OR reasons @> cast(:reason AS jsonb)) "
            "AND (cast(:mended AS boolean) IS NULL OR (mended_batch_id IS NOT NULL) = :mended) "
            "ORDER BY row_number LIMIT :limit"
        ),
        {
            "id": batch_id,
            "after": after,
            "reason": None if reason is None else json.dumps([[reason]]),
            "mended": mended,
            "limit": limit,
        },
    )
    return [dict(row) for row in found.mappings()]


def counted(connection: Connection, batch_id: int) -> dict[str, dict[str, int]]:
    """Reason → rows still ``waiting`` and rows ``mended``, as far as rows were kept and the principal sees them."""
    found = connection.execute(
        text(
            "SELECT reason ->> 0 AS code, count(DISTINCT row_number) FILTER (WHERE mended_batch_id IS NULL) AS waiting, "
            "count(DISTINCT row_number) FILTER (WHERE mended_batch_id IS NOT NULL) AS mended "
            "FROM rejected_row, jsonb_array_elements(reasons) reason WHERE batch_id = :id GROUP BY 1 ORDER BY 2 DESC, 1"
        ),
        {"id": batch_id},
    )
    return {str(row.code): {"waiting": int(row.waiting), "mended": int(row.mended)} for row in found}


def waiting(connection: Connection, batch_id: int, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Rows that wait to be mended, by number, held against others who mend them now.

    Raises
    ------
    NotFound : ``unknown-rejected-row``. Conflict : ``already-mended``.
    """
    found = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM rejected_row WHERE batch_id = :id AND row_number = ANY (cast(:numbers AS bigint[])) "  # noqa: S608
            "ORDER BY row_number"
        ),
        {"id": batch_id, "numbers": list(numbers)},
    )
    rows = {int(row["row_number"]): dict(row) for row in found.mappings()}
    for number in numbers:
        if number not in rows:
            raise NotFound("unknown-rejected-row", batch=batch_id, row=number)
        if rows[number]["is_mended"]:
            raise Conflict("already-mended", batch=batch_id, row=number)
    return rows


def mark_mended(
    connection: Connection,
    workspace: WorkspaceInfo,
    batch_id: int,
    *,
    by_batch: int,
    rows: Mapping[int, Mapping[str, Any]],
    reason: str,
) -> None:
    """Write which rows of a batch were mended by another, as what, by whom and why; its report counts them.

    Raises
    ------
    Conflict : ``already-mended``: somebody else was first. Forbidden : the batch is not the principal's to mend.
    """
    done = connection.execute(
        text(
            "UPDATE rejected_row r SET mended_batch_id = :by, mended_by = qorgan_principal(), mended_at = clock_timestamp(), "
            "mended_reason = :reason, mended_raw = n.raw "
            "FROM unnest(cast(:numbers AS bigint[]), cast(:raws AS jsonb[])) n (number, raw) "
            "WHERE r.batch_id = :id AND r.row_number = n.number AND r.mended_batch_id IS NULL"
        ),
        {
            "by": by_batch,
            "reason": reason,
            "id": batch_id,
            "numbers": list(rows),
            "raws": [json.dumps(dict(raw), default=str).replace("\\u0000", "") for raw in rows.values()],
        },
    ).rowcount
    if done != len(rows):
        raise Conflict("already-mended", batch=batch_id, row=min(rows))
    _count(connection, batch_id)
    audit(
        connection,
        "mend",
        workspace_id=workspace.id,
        batch=batch_id,
        by_batch=by_batch,
        rows=sorted(rows)[:1000],
        reason=reason,
    )


def unmend(connection: Connection, by_batch: int) -> int:
    """Rows a batch mended wait again, when that batch is taken back; how many."""
    batches = connection.execute(
        text("SELECT DISTINCT batch_id FROM rejected_row WHERE mended_batch_id = :by"), {"by": by_batch}
    ).scalars()
    touched = [int(one) for one in batches]
    done = connection.execute(
        text(
            "UPDATE rejected_row SET mended_batch_id = NULL, mended_by = NULL, mended_at = NULL, mended_reason = '', "
            "mended_raw = NULL WHERE mended_batch_id = :by"
        ),
        {"by": by_batch},
    ).rowcount
    for batch_id in touched:
        _count(connection, batch_id)
    return int(done)


def _count(connection: Connection, batch_id: int) -> None:
    changed = connection.execute(
        text(
            "UPDATE batch SET report = jsonb_set(report, '{mended}', (SELECT to_jsonb(count(*)) FROM rejected_row "
            "WHERE batch_id = :id AND mended_batch_id IS NOT NULL)) WHERE id = :id"
        ),
        {"id": batch_id},
    ).rowcount
    if not changed:
        raise Forbidden("mend-not-yours", batch=batch_id)
