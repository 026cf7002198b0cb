"""Rows of the layer ``water``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class Water(FeatureRow, Base):
    """A river, lake or stream: polygon or line."""

    __tablename__ = "layer_water"
    geom: Mapped[Any] = geometry_column("GEOMETRY", nullable=False)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
