"""The layer ``buildings``."""

from layers.catalog.buildings.spec import LAYER

__all__ = ["LAYER"]
