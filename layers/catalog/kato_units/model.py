"""Rows of the layer ``kato_units``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class KatoUnit(FeatureRow, Base):
    """One unit of the classifier: an oblast, a district, a rural district or a settlement, by its nine digits."""

    __tablename__ = "layer_kato_units"
    geom: Mapped[Any | None] = geometry_column("POINT", nullable=True)
    code: Mapped[str] = mapped_column(Text)
    level: Mapped[str | None] = mapped_column(Text)
    name_ru: Mapped[str | None] = mapped_column(Text)
    name_kk: Mapped[str | None] = mapped_column(Text)
    edition: Mapped[str | None] = mapped_column(Text)
