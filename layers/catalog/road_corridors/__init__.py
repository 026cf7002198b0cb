"""The layer ``road_corridors``."""

from layers.catalog.road_corridors.spec import LAYER

__all__ = ["LAYER"]
