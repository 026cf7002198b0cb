"""Rows of the layer ``cameras``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Boolean, Date, Double, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class Camera(FeatureRow, Base):
    """One camera: pose, optics, state. Unknown pose is NULL and makes it potential, never coverage."""

    __tablename__ = "layer_cameras"
    geom: Mapped[Any] = geometry_column("POINT", nullable=False)
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    azimuth_deg: Mapped[float | None] = mapped_column(Double)
    hfov_deg: Mapped[float | None] = mapped_column(Double)
    tilt_deg: Mapped[float | None] = mapped_column(Double)
    height_m: Mapped[float | None] = mapped_column(Double)
    width_px: Mapped[int | None] = mapped_column(Integer)
    range_m: Mapped[float | None] = mapped_column(Double)
    ir_range_m: Mapped[float | None] = mapped_column(Double)
    owner: Mapped[str | None] = mapped_column(Text)
    connected: Mapped[bool | None] = mapped_column(Boolean)
    installed_on: Mapped[date | None] = mapped_column(Date)
    verified_on: Mapped[date | None] = mapped_column(Date)
