"""The layer ``hospitals``."""

from layers.catalog.hospitals.spec import LAYER

__all__ = ["LAYER"]
