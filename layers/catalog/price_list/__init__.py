"""The layer ``price_list``."""

from layers.catalog.price_list.spec import LAYER

__all__ = ["LAYER"]
