"""Rows of the layer ``venues``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Boolean, Date, Double, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class Venue(FeatureRow, Base):
    """One venue: how many people it holds and how long it is open, so that its calls can be compared fairly."""

    __tablename__ = "layer_venues"
    geom: Mapped[Any] = geometry_column("POINT", nullable=False)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    name_kk: Mapped[str | None] = mapped_column(Text)
    name_ru: Mapped[str | None] = mapped_column(Text)
    capacity: Mapped[int | None] = mapped_column(Integer)
    hours_per_week: Mapped[float | None] = mapped_column(Double)
    closes_hour: Mapped[int | None] = mapped_column(Integer)
    sells_alcohol: Mapped[bool | None] = mapped_column(Boolean)
    licence_until: Mapped[date | None] = mapped_column(Date)
    verified_on: Mapped[date | None] = mapped_column(Date)
