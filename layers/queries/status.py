"""How a layer stands in a workspace: rows, revision, freshness, completeness, licence, synthetic or not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from layers.queries.run import mappings
from layers.spec import Layer, LayerKind
from layers.workspaces import WorkspaceInfo


@dataclass(frozen=True)
class Version:
    """What a cached answer depends on: equal version = equal answer for this reader.

    Parameters
    ----------
    revision : the newest revision among the layers; 0 = never changed. To be shown, never to be compared: two loads that overlap
        may commit in either order.
    stamp : every layer's own revision.
    fingerprint : of the reader's rights.
    """

    revision: int
    stamp: str
    fingerprint: str

    @property
    def etag(self) -> str:
        return hashlib.blake2b(f"{self.stamp}|{self.fingerprint}".encode(), digest_size=12).hexdigest()


def version(connection: Connection, workspace: WorkspaceInfo, *layers: Layer) -> Version:
    """The layers' revisions and the reader's rights."""
    row = connection.execute(
        text(
            "SELECT coalesce(max(revision), 0) AS revision, qorgan_fingerprint() AS fingerprint, "
            "coalesce(string_agg(layer_id || ':' || revision, ',' ORDER BY layer_id), '') AS stamp FROM layer_revision "
            "WHERE workspace_id = :ws AND layer_id = ANY(:layers)"
        ),
        {"ws": workspace.id, "layers": [layer.id for layer in layers]},
    ).one()
    return Version(int(row.revision), str(row.stamp), str(row.fingerprint))


def status(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> dict[str, Any]:
    """Everything the Data page shows of a layer.

    Returns
    -------
    rows, without_position : counts. missing : field → rows where it is unknown.
    batches : loaded batches; licences, attributions, is_synthetic (True if any batch is), last_loaded.
    day_from, day_to : first and last local day of the batches' contents.
    derived : for derived layers when and from which revisions, and whether that is stale.
    """
    fields = "".join(f', count(*) FILTER (WHERE t."{f.name}" IS NULL) AS "missing.{f.name}"' for f in layer.fields)
    counted = mappings(
        connection,
        f"SELECT count(*) AS rows, count(*) FILTER (WHERE t.geom IS NULL) AS without_position{fields} "  # noqa: S608
        f"FROM {layer.table} t WHERE t.workspace_id = %(ws)s",
        {"ws": workspace.id},
    )[0]
    batches = mappings(
        connection,
        "SELECT count(*) AS batches, coalesce(bool_or(is_synthetic), false) AS is_synthetic, max(finished_at) AS last_loaded, "
        "min(day_from) AS day_from, max(day_to) AS day_to, array_remove(array_agg(DISTINCT licence), NULL) AS licences, "
        "array_remove(array_agg(DISTINCT nullif(attribution, '')), NULL) AS attributions "
        "FROM qorgan_loaded(%(ws)s) WHERE layer_id = %(layer)s",
        {"ws": workspace.id, "layer": layer.id},
    )[0]
    missing = {name.removeprefix("missing."): n for name, n in counted.items() if name.startswith("missing.")}
    return {
        "id": layer.id,
        "rows": counted["rows"],
        "without_position": counted["without_position"],
        "missing": missing,
        "revision": version(connection, workspace, layer).revision,
        **batches,
        "is_synthetic": batches["is_synthetic"] or (layer.kind is LayerKind.DERIVED and workspace.is_synthetic),
        "derived": _derived(connection, workspace, layer) if layer.derivation else None,
    }


def _derived(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> dict[str, Any]:
    found = mappings(
        connection,
        "SELECT inputs, report, made_at FROM derived WHERE workspace_id = %(ws)s AND layer_id = %(layer)s",
        {"ws": workspace.id, "layer": layer.id},
    )
    now = revisions(connection, workspace, layer.derivation.depends_on if layer.derivation else ())
    if not found:
        return {"made_at": None, "inputs": {}, "report": {}, "is_stale": bool(now)}
    return {**found[0], "is_stale": any(found[0]["inputs"].get(name, 0) != revision for name, revision in now.items())}


def revisions(connection: Connection, workspace: WorkspaceInfo, layer_ids: tuple[str, ...]) -> dict[str, int]:
    """Present revision of each of these layers; absent = never changed."""
    rows = connection.execute(
        text("SELECT layer_id, revision FROM layer_revision WHERE workspace_id = :ws AND layer_id = ANY(:ids)"),
        {"ws": workspace.id, "ids": list(layer_ids)},
    )
    return {row.layer_id: int(row.revision) for row in rows}
