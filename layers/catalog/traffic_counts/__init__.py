"""The layer ``traffic_counts``."""

from layers.catalog.traffic_counts.spec import LAYER

__all__ = ["LAYER"]
