"""Rows of the layer ``roads``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Double, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base, FeatureRow, geometry_column


class Road(FeatureRow, Base):
    """One edge of the road network between two nodes; level keeps a bridge off the road below."""

    __tablename__ = "layer_roads"
    geom: Mapped[Any] = geometry_column("LINESTRING", nullable=False)
    from_node: Mapped[int | None] = mapped_column(BigInteger)
    to_node: Mapped[int | None] = mapped_column(BigInteger)
    highway_class: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    name_kk: Mapped[str | None] = mapped_column(Text)
    name_ru: Mapped[str | None] = mapped_column(Text)
    road_ref: Mapped[str | None] = mapped_column(Text)
    oneway: Mapped[bool | None] = mapped_column(Boolean)
    is_bridge: Mapped[bool | None] = mapped_column(Boolean)
    is_tunnel: Mapped[bool | None] = mapped_column(Boolean)
    level: Mapped[int | None] = mapped_column(Integer)
    max_speed_kmh: Mapped[float | None] = mapped_column(Double)
    lit: Mapped[str | None] = mapped_column(Text)


# A place given by road and kilometre is looked up by the road's number.
Index("ix_layer_roads_road_ref", Road.road_ref, postgresql_where=Road.road_ref.is_not(None))
