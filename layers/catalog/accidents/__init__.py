"""The layer ``accidents``."""

from layers.catalog.accidents.spec import LAYER

__all__ = ["LAYER"]
