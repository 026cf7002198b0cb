"""Rows of the layer ``crime_counts``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class CrimeCount(FeatureRow, Base):
    """One line of a statistical form: how many offences of an article, or of a heading, an area registered in a period."""

    __tablename__ = "layer_crime_counts"
    geom: Mapped[Any | None] = geometry_column("POINT", nullable=True)
    area_code: Mapped[str | None] = mapped_column(Text)
    area_name: Mapped[str | None] = mapped_column(Text)
    period_from: Mapped[date | None] = mapped_column(Date)
    period_to: Mapped[date | None] = mapped_column(Date)
    section: Mapped[str | None] = mapped_column(Text)
    line_code: Mapped[int | None] = mapped_column(Integer)
    indicator: Mapped[str] = mapped_column(Text)
    article: Mapped[str | None] = mapped_column(Text)
    in_production: Mapped[int | None] = mapped_column(Integer)
    registered: Mapped[int | None] = mapped_column(Integer)
    registered_women: Mapped[int | None] = mapped_column(Integer)
    registered_minors: Mapped[int | None] = mapped_column(Integer)
    closed: Mapped[int | None] = mapped_column(Integer)
    sent_to_court: Mapped[int | None] = mapped_column(Integer)
