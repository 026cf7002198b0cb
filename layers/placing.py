"""Which territory, and so whose, each row is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from geo_core.linking import points_in_areas
from layers.identity import territories
from layers.spec import Role
from layers.workspaces import WorkspaceInfo, territory_polygons


@dataclass(frozen=True, eq=False)
class Placing:
    """The territories of a workspace, innermost first, and those the importing principal may write to."""

    root_id: int
    ids: NDArray[np.int32]
    shapes: NDArray[np.object_]
    editable: frozenset[int]

    def territory_of(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int32]:
        """The innermost territory that covers each point; the root for points outside all, or without position."""
        if not len(self.ids):
            return np.full(len(lon), self.root_id, dtype=np.int32)
        found = points_in_areas(lon, lat, self.shapes)
        return np.where(found >= 0, self.ids[np.maximum(found, 0)], self.root_id).astype(np.int32)

    def may_write(self, territory_id: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether the principal may put rows there."""
        return np.isin(territory_id, np.fromiter(self.editable, dtype=np.int32, count=len(self.editable)))


def placing(connection: Connection, workspace: WorkspaceInfo) -> tuple[Placing, BaseGeometry]:
    """The workspace's territories as the running principal may use them, and the outline of the whole."""
    rows = territory_polygons(connection, workspace.id)
    whole = next(shape for id_, _, shape in rows if id_ == workspace.root_territory_id)
    parts = sorted(
        ((shape.area, id_, shape) for id_, _, shape in rows if id_ != workspace.root_territory_id), key=lambda r: r[:2]
    )
    shapes = np.empty(len(parts), dtype=object)
    shapes[:] = [shape for _, _, shape in parts]
    return (
        Placing(
            root_id=workspace.root_territory_id,
            ids=np.array([id_ for _, id_, _ in parts], dtype=np.int32),
            shapes=shapes,
            editable=territories(connection, Role.EDITOR),
        ),
        whole,
    )
