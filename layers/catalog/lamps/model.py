"""Rows of the layer ``lamps``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Double, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class Lamp(FeatureRow, Base):
    """One street lamp. An unknown state is not a lit street."""

    __tablename__ = "layer_lamps"
    geom: Mapped[Any] = geometry_column("POINT", nullable=False)
    status: Mapped[str] = mapped_column(Text)
    height_m: Mapped[float | None] = mapped_column(Double)
    power_w: Mapped[float | None] = mapped_column(Double)
    flux_lm: Mapped[float | None] = mapped_column(Double)
    light_source: Mapped[str | None] = mapped_column(Text)
    part_night: Mapped[bool | None] = mapped_column(Boolean)
