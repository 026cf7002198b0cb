"""Rows of the layer ``camera_owners``."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class CameraOwner(FeatureRow, Base):
    """Who owns cameras of a group and whom to ask; the group is that of the layer cameras."""

    __tablename__ = "layer_camera_owners"
    geom: Mapped[Any | None] = geometry_column("POINT", nullable=True)
    owner: Mapped[str] = mapped_column(Text)
    organisation: Mapped[str] = mapped_column(Text)
    contact: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    cameras: Mapped[int | None] = mapped_column(Integer)
    agreement_until: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str | None] = mapped_column(Text)
