"""The layer ``water``."""

from layers.catalog.water.spec import LAYER

__all__ = ["LAYER"]
