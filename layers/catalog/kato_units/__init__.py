"""The classifier of administrative units (KATO)."""

from layers.catalog.kato_units.spec import LAYER

__all__ = ["LAYER"]
