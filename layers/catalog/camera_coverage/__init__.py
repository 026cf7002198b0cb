"""The layer ``camera_coverage``."""

from layers.catalog.camera_coverage.spec import LAYER

__all__ = ["LAYER"]
