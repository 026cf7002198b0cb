"""Rows of the layer ``camera_coverage``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Double, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class CameraCoverage(FeatureRow, Base):
    """What one camera sees of the ground. Only ``state = counted`` is coverage."""

    __tablename__ = "layer_camera_coverage"
    geom: Mapped[Any | None] = geometry_column("MULTIPOLYGON", nullable=True)
    camera_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    range_m: Mapped[float | None] = mapped_column(Double)
    visible_m2: Mapped[float | None] = mapped_column(Double)
    sector_m2: Mapped[float | None] = mapped_column(Double)
    circle_m2: Mapped[float | None] = mapped_column(Double)
