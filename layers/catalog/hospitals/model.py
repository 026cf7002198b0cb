"""Rows of the layer ``hospitals``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Boolean, Date, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class Hospital(FeatureRow, Base):
    """One hospital or clinic and what it can treat."""

    __tablename__ = "layer_hospitals"
    geom: Mapped[Any] = geometry_column("POINT", nullable=False)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    name_kk: Mapped[str | None] = mapped_column(Text)
    name_ru: Mapped[str | None] = mapped_column(Text)
    trauma_level: Mapped[str | None] = mapped_column(Text)
    beds: Mapped[int | None] = mapped_column(Integer)
    intensive_beds: Mapped[int | None] = mapped_column(Integer)
    has_emergency: Mapped[bool | None] = mapped_column(Boolean)
    has_ct: Mapped[bool | None] = mapped_column(Boolean)
    has_neurosurgery: Mapped[bool | None] = mapped_column(Boolean)
    has_helipad: Mapped[bool | None] = mapped_column(Boolean)
    round_the_clock: Mapped[bool | None] = mapped_column(Boolean)
    verified_on: Mapped[date | None] = mapped_column(Date)
