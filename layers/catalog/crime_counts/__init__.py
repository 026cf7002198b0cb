"""Counts of registered offences by article: form 1-M."""

from layers.catalog.crime_counts.spec import LAYER

__all__ = ["LAYER"]
