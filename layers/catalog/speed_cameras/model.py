"""Rows of the layer ``speed_cameras``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, Double, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class SpeedCamera(FeatureRow, Base):
    """One place where speed is measured, or one car that measures it."""

    __tablename__ = "layer_speed_cameras"
    geom: Mapped[Any | None] = geometry_column("POINT", nullable=True)
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    azimuth_deg: Mapped[float | None] = mapped_column(Double)
    speed_limit_kmh: Mapped[float | None] = mapped_column(Double)
    road_ref: Mapped[str | None] = mapped_column(Text)
    road_name: Mapped[str | None] = mapped_column(Text)
    km: Mapped[float | None] = mapped_column(Double)
    section_id: Mapped[str | None] = mapped_column(Text)
    section_role: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(Text)
    installed_on: Mapped[date | None] = mapped_column(Date)
    verified_on: Mapped[date | None] = mapped_column(Date)
