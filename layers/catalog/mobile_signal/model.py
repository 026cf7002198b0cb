"""Rows of the layer ``mobile_signal``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, Double, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class SignalArea(FeatureRow, Base):
    """An area where one technology of one operator is received."""

    __tablename__ = "layer_mobile_signal"
    geom: Mapped[Any] = geometry_column("MULTIPOLYGON", nullable=False)
    technology: Mapped[str] = mapped_column(Text)
    operator: Mapped[str | None] = mapped_column(Text)
    signal_dbm: Mapped[float | None] = mapped_column(Double)
    method: Mapped[str | None] = mapped_column(Text)
    measured_on: Mapped[date | None] = mapped_column(Date)
