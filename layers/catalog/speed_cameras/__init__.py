"""The layer ``speed_cameras``."""

from layers.catalog.speed_cameras.spec import LAYER

__all__ = ["LAYER"]
