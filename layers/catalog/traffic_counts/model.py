"""Rows of the layer ``traffic_counts``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class TrafficCount(FeatureRow, Base):
    """The average daily traffic at one point of a road in one year."""

    __tablename__ = "layer_traffic_counts"
    geom: Mapped[Any | None] = geometry_column("POINT", nullable=True)
    method: Mapped[str] = mapped_column(Text)
    aadt_veh: Mapped[float] = mapped_column(Double)
    heavy_share: Mapped[float | None] = mapped_column(Double)
    year: Mapped[int] = mapped_column(Integer)
    counted_days: Mapped[int | None] = mapped_column(Integer)
    direction: Mapped[str | None] = mapped_column(Text)
    road_ref: Mapped[str | None] = mapped_column(Text)
    road_name: Mapped[str | None] = mapped_column(Text)
    km: Mapped[float | None] = mapped_column(Double)
