"""The layer ``cameras``."""

from layers.catalog.cameras.spec import LAYER

__all__ = ["LAYER"]
