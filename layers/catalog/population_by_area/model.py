"""Rows of the layer ``population_by_area``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class AreaPopulation(FeatureRow, Base):
    """The published number of residents of one unit at one date; its outline, where there is one, is in the layer areas."""

    __tablename__ = "layer_population_by_area"
    geom: Mapped[Any | None] = geometry_column("POINT", nullable=True)
    level: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    name_kk: Mapped[str | None] = mapped_column(Text)
    name_ru: Mapped[str | None] = mapped_column(Text)
    population: Mapped[int] = mapped_column(Integer)
    population_date: Mapped[date | None] = mapped_column(Date)
    accuracy: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
