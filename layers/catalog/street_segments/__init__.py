"""The layer ``street_segments``."""

from layers.catalog.street_segments.spec import LAYER

__all__ = ["LAYER"]
