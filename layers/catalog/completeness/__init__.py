"""The layer ``completeness``."""

from layers.catalog.completeness.spec import LAYER

__all__ = ["LAYER"]
