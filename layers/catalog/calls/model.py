"""Rows of the layer ``calls``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, EventRow, geometry_column


class Call(EventRow, Base):
    """One call to 102; never the caller, the number or the flat."""

    __tablename__ = "layer_calls"
    geom: Mapped[Any | None] = geometry_column("POINT", nullable=True)
    category: Mapped[str] = mapped_column(Text)
    priority: Mapped[int | None] = mapped_column(Integer)
    assigned_s: Mapped[int | None] = mapped_column(Integer)
    response_s: Mapped[int | None] = mapped_column(Integer)
    outcome: Mapped[str | None] = mapped_column(Text)
    public_place: Mapped[bool | None] = mapped_column(Boolean)
    caller: Mapped[str | None] = mapped_column(Text)
    venue_id: Mapped[str | None] = mapped_column(Text)
    unit: Mapped[str | None] = mapped_column(Text)
    place_text: Mapped[str | None] = mapped_column(Text)
