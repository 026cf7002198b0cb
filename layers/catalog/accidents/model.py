"""Rows of the layer ``accidents``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, EventRow, geometry_column


class Accident(EventRow, Base):
    """One road accident; victims are counts, never people."""

    __tablename__ = "layer_accidents"
    geom: Mapped[Any | None] = geometry_column("POINT", nullable=True)
    category: Mapped[str] = mapped_column(Text)
    severity: Mapped[str | None] = mapped_column(Text)
    killed: Mapped[int | None] = mapped_column(Integer)
    injured: Mapped[int | None] = mapped_column(Integer)
    light: Mapped[str | None] = mapped_column(Text)
    street_light: Mapped[str | None] = mapped_column(Text)
    surface: Mapped[str | None] = mapped_column(Text)
    weather: Mapped[str | None] = mapped_column(Text)
    defects: Mapped[str | None] = mapped_column(Text)
    setting: Mapped[str | None] = mapped_column(Text)
    road_ref: Mapped[str | None] = mapped_column(Text)
    km: Mapped[float | None] = mapped_column(Double)
    district_code: Mapped[str | None] = mapped_column(Text)
    settlement: Mapped[str | None] = mapped_column(Text)
    settlement_kato: Mapped[str | None] = mapped_column(Text)
