"""Rows of the layer ``completeness``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class Completeness(FeatureRow, Base):
    """How much of one thing is missing in one district: ``missing`` of ``total`` rows or months."""

    __tablename__ = "layer_completeness"
    geom: Mapped[Any] = geometry_column("MULTIPOLYGON", nullable=False)
    subject: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    name_kk: Mapped[str | None] = mapped_column(Text)
    name_ru: Mapped[str | None] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    total: Mapped[int] = mapped_column(Integer)
    missing: Mapped[int | None] = mapped_column(Integer)
    missing_share: Mapped[float | None] = mapped_column(Double)
    months: Mapped[str | None] = mapped_column(Text)
