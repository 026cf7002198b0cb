"""Rows of the layer ``areas``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class Area(FeatureRow, Base):
    """A district, microdistrict or beat, with its residents where known."""

    __tablename__ = "layer_areas"
    geom: Mapped[Any] = geometry_column("MULTIPOLYGON", nullable=False)
    kind: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    name_kk: Mapped[str | None] = mapped_column(Text)
    name_ru: Mapped[str | None] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    population: Mapped[int | None] = mapped_column(Integer)
    population_date: Mapped[date | None] = mapped_column(Date)
