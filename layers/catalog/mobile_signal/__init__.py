"""The layer ``mobile_signal``."""

from layers.catalog.mobile_signal.spec import LAYER

__all__ = ["LAYER"]
