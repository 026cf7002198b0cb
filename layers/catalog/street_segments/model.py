"""Rows of the layer ``street_segments``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Double, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class StreetSegment(FeatureRow, Base):
    """A street between two junctions; ``id`` is a hash of its course, so it survives a new import."""

    __tablename__ = "layer_street_segments"
    geom: Mapped[Any] = geometry_column("LINESTRING", nullable=False)
    name: Mapped[str | None] = mapped_column(Text)
    name_kk: Mapped[str | None] = mapped_column(Text)
    name_ru: Mapped[str | None] = mapped_column(Text)
    highway_class: Mapped[str] = mapped_column(Text)
    level: Mapped[int | None] = mapped_column(Integer)
    lit: Mapped[str | None] = mapped_column(Text)
    oneway: Mapped[bool | None] = mapped_column(Boolean)
    length_m: Mapped[float] = mapped_column(Double)
