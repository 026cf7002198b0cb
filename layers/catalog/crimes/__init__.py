"""The layer ``crimes``."""

from layers.catalog.crimes.spec import LAYER

__all__ = ["LAYER"]
