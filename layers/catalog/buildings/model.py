"""Rows of the layer ``buildings``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class Building(FeatureRow, Base):
    """One building footprint; a height that is not known is NULL, the default is stated where it is used."""

    __tablename__ = "layer_buildings"
    geom: Mapped[Any] = geometry_column("MULTIPOLYGON", nullable=False)
    height_m: Mapped[float | None] = mapped_column(Double)
    levels: Mapped[float | None] = mapped_column(Double)
    use: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    street: Mapped[str | None] = mapped_column(Text)
    house_number: Mapped[str | None] = mapped_column(Text)
    addresses: Mapped[int | None] = mapped_column(Integer)
