"""Which H3 resolution a zoom is read at."""

from __future__ import annotations

from streamlit_app.address import Camera

LEVELS = (7, 8, 9, 10, 11)
# A cell should be some 15–40 pixels wide: at 52° north a res-9 cell (edge 0.2 km) is that at zoom 12.
_FROM_ZOOM = ((14.6, 11), (13.2, 10), (11.7, 9), (10.2, 8))
LARGEST_ZOOM_OF_WORKSPACE = 13.0
# MapLibre shows 512 pixels of world at zoom 0; a map of ours is about this wide.
_MAP_WIDTH_PX, _MAP_HEIGHT_PX, _WORLD_PX = 800, 560, 512


def level_for(zoom: float) -> int:
    """The resolution for a zoom."""
    return next((level for least, level in _FROM_ZOOM if zoom >= least), LEVELS[0])


def camera_over(bounds: tuple[float, float, float, float]) -> Camera:
    """A camera that shows a box (west, south, east, north, degrees)."""
    from math import asinh, log2, pi, radians, tan

    west, south, east, north = bounds

    def y(latitude: float) -> float:
        return asinh(tan(radians(min(max(latitude, -85.0), 85.0)))) / (2 * pi)

    wide = max((east - west) / 360, 1e-6)
    high = max(y(north) - y(south), 1e-6)
    zoom = min(log2(_MAP_WIDTH_PX / _WORLD_PX / wide), log2(_MAP_HEIGHT_PX / _WORLD_PX / high))
    return Camera(
        longitude=(west + east) / 2,
        latitude=(south + north) / 2,
        zoom=round(min(max(zoom, 2.0), LARGEST_ZOOM_OF_WORKSPACE), 2),
    )


def place_zoom(level: int) -> float:
    """A zoom from which a cell of this resolution is looked at."""
    return {7: 10.5, 8: 11.8, 9: 13.0, 10: 14.2, 11: 15.4}[level]
