"""The layer ``calls``."""

from layers.catalog.calls.spec import LAYER

__all__ = ["LAYER"]
