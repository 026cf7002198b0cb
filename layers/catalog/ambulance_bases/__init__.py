"""The layer ``ambulance_bases``."""

from layers.catalog.ambulance_bases.spec import LAYER

__all__ = ["LAYER"]
