"""What has an area in the results of overlays."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

Geometries = NDArray[np.object_]


def only_area(geometries: Geometries) -> Geometries:
    """The polygonal part of each geometry (object[n], a copy); without one an empty polygon.

    Overlays leave lines and points where areas merely touch; such mixtures cannot be overlaid again.
    """
    out = np.array(geometries, dtype=object)
    kind = shapely.get_type_id(out)
    for i in np.flatnonzero((kind != 3) & (kind != 6)):
        parts = [p for p in shapely.get_parts(shapely.get_parts(out[i])) if p.geom_type == "Polygon"]
        out[i] = parts[0] if len(parts) == 1 else shapely.union_all(parts) if parts else shapely.Polygon()
    return out
