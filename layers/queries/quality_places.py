"""Shapes of other layers against which positions of records are judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from layers.workspaces import WorkspaceInfo

MOST_ROADS = 400_000  # of more, the distance to roads is left to the derivation of streets


@dataclass(frozen=True, eq=False)
class PlacesNearby:
    """Shapes in lon/lat (EPSG:4326) of one workspace.

    Parameters
    ----------
    roads : lines. water : polygons. districts : polygons that carry a code, with ``district_codes`` beside them.
    """

    roads: NDArray[np.object_]
    water: NDArray[np.object_]
    districts: NDArray[np.object_]
    district_codes: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to judge by."""
        return not (len(self.roads) or len(self.water) or len(self.districts))


def places_nearby(connection: Connection, workspace: WorkspaceInfo) -> PlacesNearby:
    """What the running principal may see of the workspace's roads, water areas and districts."""
    districts = connection.execute(
        text(
            "SELECT code, ST_AsBinary(geom) AS wkb FROM layer_areas WHERE workspace_id = :ws AND kind = 'district' "
            "AND code IS NOT NULL AND geom IS NOT NULL ORDER BY id"
        ),
        {"ws": workspace.id},
    ).all()
    return PlacesNearby(
        roads=_shapes(connection, workspace, "layer_roads", "true", MOST_ROADS),
        water=_shapes(connection, workspace, "layer_water", "ST_Dimension(geom) = 2", MOST_ROADS),
        districts=shapely.from_wkb([bytes(row.wkb) for row in districts]),
        district_codes=tuple(str(row.code) for row in districts),
    )


def _shapes(connection: Connection, workspace: WorkspaceInfo, table: str, where: str, most: int) -> NDArray[np.object_]:
    found = (
        connection.execute(
            text(
                f"SELECT ST_AsBinary(geom) FROM {table} WHERE workspace_id = :ws AND geom IS NOT NULL AND {where} LIMIT :most"  # noqa: S608
            ),
            {"ws": workspace.id, "most": most + 1},
        )
        .scalars()
        .all()
    )
    shapes: NDArray[np.object_] = shapely.from_wkb([bytes(wkb) for wkb in found])
    return shapes if len(found) <= most else np.empty(0, dtype=object)
