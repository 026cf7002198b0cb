"""The layer ``areas``."""

from layers.catalog.areas.spec import LAYER

__all__ = ["LAYER"]
