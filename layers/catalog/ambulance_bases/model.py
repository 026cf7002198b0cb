"""Rows of the layer ``ambulance_bases``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Boolean, Date, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class AmbulanceBase(FeatureRow, Base):
    """One place where ambulances stand ready."""

    __tablename__ = "layer_ambulance_bases"
    geom: Mapped[Any] = geometry_column("POINT", nullable=False)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    name_kk: Mapped[str | None] = mapped_column(Text)
    name_ru: Mapped[str | None] = mapped_column(Text)
    ambulances: Mapped[int | None] = mapped_column(Integer)
    crews_day: Mapped[int | None] = mapped_column(Integer)
    crews_night: Mapped[int | None] = mapped_column(Integer)
    round_the_clock: Mapped[bool | None] = mapped_column(Boolean)
    verified_on: Mapped[date | None] = mapped_column(Date)
