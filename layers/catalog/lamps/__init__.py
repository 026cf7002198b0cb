"""The layer ``lamps``."""

from layers.catalog.lamps.spec import LAYER

__all__ = ["LAYER"]
