"""Rows of the layer ``posts``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Boolean, Date, Double, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class Post(FeatureRow, Base):
    """One highway medical-rescue post; where only road and kilometre are published it has no position yet."""

    __tablename__ = "layer_posts"
    geom: Mapped[Any | None] = geometry_column("POINT", nullable=True)
    status: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    name_kk: Mapped[str | None] = mapped_column(Text)
    name_ru: Mapped[str | None] = mapped_column(Text)
    road_ref: Mapped[str | None] = mapped_column(Text)
    road_name: Mapped[str | None] = mapped_column(Text)
    km: Mapped[float | None] = mapped_column(Double)
    near: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(Text)
    crew_size: Mapped[int | None] = mapped_column(Integer)
    hours: Mapped[str | None] = mapped_column(Text)
    round_the_clock: Mapped[bool | None] = mapped_column(Boolean)
    ambulances: Mapped[int | None] = mapped_column(Integer)
    rescue_vehicles: Mapped[int | None] = mapped_column(Integer)
    has_cutter: Mapped[bool | None] = mapped_column(Boolean)
    has_helipad: Mapped[bool | None] = mapped_column(Boolean)
    zone_km: Mapped[float | None] = mapped_column(Double)
    opened_on: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str | None] = mapped_column(Text)
