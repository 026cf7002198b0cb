"""The layer ``venues``."""

from layers.catalog.venues.spec import LAYER

__all__ = ["LAYER"]
