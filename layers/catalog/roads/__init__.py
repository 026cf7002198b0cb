"""The layer ``roads``."""

from layers.catalog.roads.spec import LAYER

__all__ = ["LAYER"]
