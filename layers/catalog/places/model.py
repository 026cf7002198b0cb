"""Rows of the layer ``places``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class Place(FeatureRow, Base):
    """A named place of a kind: school, venue, stop, garages, wasteland."""

    __tablename__ = "layer_places"
    geom: Mapped[Any] = geometry_column("POINT", nullable=False)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    name_kk: Mapped[str | None] = mapped_column(Text)
    name_ru: Mapped[str | None] = mapped_column(Text)
