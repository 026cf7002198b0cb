"""Rows of the layer ``price_list``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Boolean, Date, Double, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class Price(FeatureRow, Base):
    """What one thing costs, from which day and who says so."""

    __tablename__ = "layer_price_list"
    geom: Mapped[Any | None] = geometry_column("POINT", nullable=True)
    item: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    price_kzt: Mapped[float] = mapped_column(Double)
    yearly_cost_kzt: Mapped[float | None] = mapped_column(Double)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str] = mapped_column(Text)
    is_verified: Mapped[bool | None] = mapped_column(Boolean)
    note: Mapped[str | None] = mapped_column(Text)
