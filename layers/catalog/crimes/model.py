"""Rows of the layer ``crimes``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Boolean, Date, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, EventRow, geometry_column


class Crime(EventRow, Base):
    """One registered offence; never a person, a case number or a house number."""

    __tablename__ = "layer_crimes"
    geom: Mapped[Any | None] = geometry_column("POINT", nullable=True)
    category: Mapped[str] = mapped_column(Text)
    severity: Mapped[str | None] = mapped_column(Text)
    article: Mapped[str | None] = mapped_column(Text)
    public_place: Mapped[bool | None] = mapped_column(Boolean)
    registered_on: Mapped[date | None] = mapped_column(Date)
    place_text: Mapped[str | None] = mapped_column(Text)
