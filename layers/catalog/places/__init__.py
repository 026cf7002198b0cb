"""The layer ``places``."""

from layers.catalog.places.spec import LAYER

__all__ = ["LAYER"]
