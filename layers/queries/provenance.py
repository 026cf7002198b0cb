"""Where the numbers of an answer come from: it travels with them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from layers.queries.run import mappings
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo


def provenance(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> dict[str, Any]:
    """Licences, attributions, period and kind of the batches an answer stands on.

    For a derived layer those of the layers it is made from.
    """
    sources = list(layer.derivation.depends_on) if layer.derivation else [layer.id]
    row = mappings(
        connection,
        "SELECT count(*) AS batches, coalesce(bool_or(is_synthetic), false) AS is_synthetic, "
        "min(day_from) AS day_from, max(day_to) AS day_to, max(finished_at) AS last_loaded, "
        "coalesce(array_agg(DISTINCT licence) FILTER (WHERE licence <> ''), '{}') AS licences, "
        "coalesce(array_agg(DISTINCT attribution) FILTER (WHERE attribution <> ''), '{}') AS attributions "
        "FROM qorgan_loaded(%(ws)s) WHERE layer_id = ANY(%(layers)s)",
        {"ws": workspace.id, "layers": sources},
    )[0]
    return {
        **{name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()},
        "is_synthetic": bool(row["is_synthetic"] or workspace.is_synthetic),
        "layers": sources,
        "zone": workspace.zone,
        "warnings": list(layer.warnings),
    }
