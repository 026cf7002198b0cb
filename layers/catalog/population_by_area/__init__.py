"""The layer ``population_by_area``."""

from layers.catalog.population_by_area.spec import LAYER

__all__ = ["LAYER"]
