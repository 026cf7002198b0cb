"""The layer ``posts``."""

from layers.catalog.posts.spec import LAYER

__all__ = ["LAYER"]
