"""Rows of the layer ``road_corridors``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class RoadCorridor(FeatureRow, Base):
    """A road of the republic as the settlements it passes, in their order; its course and length are not in it."""

    __tablename__ = "layer_road_corridors"
    geom: Mapped[Any | None] = geometry_column("POINT", nullable=True)
    road_ref: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    name_kk: Mapped[str | None] = mapped_column(Text)
    name_ru: Mapped[str | None] = mapped_column(Text)
    via_settlements: Mapped[str] = mapped_column(Text)
    status: Mapped[str | None] = mapped_column(Text)
