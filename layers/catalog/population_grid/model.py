"""Rows of the layer ``population_grid``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, Double, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class PopulationPoint(FeatureRow, Base):
    """The residents of one block or grid cell, at a point inside it."""

    __tablename__ = "layer_population_grid"
    geom: Mapped[Any] = geometry_column("POINT", nullable=False)
    population: Mapped[float] = mapped_column(Double)
    children: Mapped[float | None] = mapped_column(Double)
    population_date: Mapped[date | None] = mapped_column(Date)
    method: Mapped[str | None] = mapped_column(Text)
