"""What a changed workbook would do: compared with the records as they were when it was made and as they are now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from etl.round_trip.columns import ID, LAT, LON, VERSION, Column, Unreadable, columns_of
from etl.round_trip.lines import Kind, Line, LineReader
from etl.round_trip.workbook import SheetRow, read
from geo_core.errors import Conflict, InvalidInput
from layers.editing import bulk
from layers.editing.bulk import Edit
from layers.queries.features import records_of
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What the sheet does as a whole.

    Parameters
    ----------
    lines : only those that do something or cannot. unchanged : lines as they were. fingerprint : of all this; equal = the same.
    """

    lines: tuple[Line, ...]
    unchanged: int
    sha256: str
    size_bytes: int
    fingerprint: str

    @property
    def counts(self) -> dict[str, int]:
        return {kind.value: sum(line.kind is kind for line in self.lines) for kind in Kind}

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        lines = [{**asdict(line), "kind": line.kind.value} for line in self.lines]
        return {
            "lines": lines,
            "counts": self.counts,
            "unchanged": self.unchanged,
            "sha256": self.sha256,
            "fingerprint": self.fingerprint,
        }


def difference(connection: Connection, workspace: WorkspaceInfo, layer: Layer, path: Path) -> Difference:
    """Compare a workbook with the records; nothing is changed.

    A cell counts as changed where it differs from the record as it was when the workbook was made (by its version), so that what somebody
    else changed since stays, and only a field that both changed is a conflict. Lines that are missing from the sheet do nothing.

    Raises
    ------
    InvalidInput, LimitExceeded : as :func:`etl.round_trip.workbook.read`; ``workbook-other-workspace``.
    """
    about, rows = read(path, layer)
    if about.workspace != workspace.slug:
        raise InvalidInput("workbook-other-workspace", found=about.workspace, expected=workspace.slug)
    columns = {column.name: column for column in columns_of(layer, about.language)}
    ids = _ids(rows, columns)
    now = {f["id"]: f for f in records_of(connection, workspace, layer, sorted(set(ids.values())))}
    then = _former(connection, workspace, layer, rows, ids, columns)
    lines, unchanged = [], 0
    reader = LineReader(layer, columns, now, then)
    for row in rows:
        line = reader.line(row, ids.get(row.number))
        if line is None:
            unchanged += 1
        else:
            lines.append(line)
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    told = json.dumps([asdict(line) for line in lines], sort_keys=True, default=str)
    fingerprint = hashlib.sha256((sha256 + told).encode()).hexdigest()[:32]
    return Difference(
        lines=tuple(lines), unchanged=unchanged, sha256=sha256, size_bytes=len(data), fingerprint=fingerprint
    )


def apply(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    path: Path,
    *,
    name: str,
    expected: str,
    reason: str,
    leave_out: bool = False,
) -> dict[str, int]:
    """Apply a workbook as one batch, just as its difference was shown.

    Parameters
    ----------
    expected : the ``fingerprint`` that was shown. leave_out : leave out faults and conflicts instead of refusing.

    Returns
    -------
    changed, added, removed, left_out, batch_id.

    Raises
    ------
    Conflict : ``difference-changed``: somebody edited meanwhile; look again. InvalidInput : ``difference-has-problems``.
    """
    found = difference(connection, workspace, layer, path)
    if found.fingerprint != expected:
        raise Conflict("difference-changed")
    good = [line for line in found.lines if not line.problems]
    left_out = len(found.lines) - len(good)
    if left_out and not leave_out:
        raise InvalidInput("difference-has-problems", count=left_out)
    edits = [_edit(line) for line in good]
    done = bulk.apply(
        connection,
        workspace,
        layer,
        edits,
        source_name=name,
        sha256=found.sha256,
        size_bytes=found.size_bytes,
        reason=reason,
    )
    return {**done, "left_out": left_out}


def _edit(line: Line) -> Edit:
    after = {name: pair[1] for name, pair in line.changes.items()}
    place = after.pop("position", None)
    return Edit(
        feature_id=line.feature_id,
        version=line.version,
        values=after,
        position=tuple(place) if place else None,
        remove=line.kind is Kind.REMOVE,
    )


def _ids(rows: Iterable[SheetRow], columns: Mapping[str, Column]) -> dict[int, int]:
    """Line → the record it is of, where its number can be read."""
    out = {}
    for row in rows:
        try:
            known = columns[ID].read(row.cells.get(ID))
        except Unreadable:
            continue
        if known is not None and 0 < known < 2**63:
            out[row.number] = int(known)
    return out


def _former(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    rows: Iterable[SheetRow],
    ids: Mapping[int, int],
    columns: Mapping[str, Column],
) -> dict[tuple[int, int], Mapping[str, Any]]:
    """(record, version) → its values then, of the records that were changed since the workbook was made."""
    wanted = []
    for row in rows:
        try:
            version = columns[VERSION].read(row.cells.get(VERSION))
        except Unreadable:
            continue
        if row.number in ids and version is not None:
            wanted.append((ids[row.number], int(version)))
    if not wanted:
        return {}
    point = "(h.before ->> 'geom')::geometry"
    place = f"ST_X({point}) AS lon, ST_Y({point}) AS lat" if layer.geometry == "Point" else "NULL AS lon, NULL AS lat"
    found = connection.execute(
        text(
            f"SELECT h.row_id, w.version, h.before, {place} "  # noqa: S608
            "FROM unnest(cast(:ids AS bigint[]), cast(:versions AS int[])) AS w(id, version) "
            "JOIN row_history h ON h.workspace_id = :ws AND h.layer_id = :layer AND h.row_id = w.id "
            "AND (h.before ->> 'version')::int = w.version"
        ),
        {
            "ws": workspace.id,
            "layer": layer.id,
            "ids": [i for i, _ in wanted],
            "versions": [v for _, v in wanted],
        },
    )
    return {(r.row_id, r.version): {**r.before, LON: r.lon, LAT: r.lat} for r in found}
