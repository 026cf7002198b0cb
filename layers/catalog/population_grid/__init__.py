"""The layer ``population_grid``."""

from layers.catalog.population_grid.spec import LAYER

__all__ = ["LAYER"]
