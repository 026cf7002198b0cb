"""The columns every layer table shares: declared once, so that importer, queries and security can rely on them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables of Qorgan."""

    metadata = MetaData(naming_convention=NAMING)


def geometry_column(kind: str, *, nullable: bool) -> Mapped[Any]:
    """A WGS84 (EPSG:4326, lon/lat) geometry column; its index is declared with the table's other indexes."""
    return mapped_column(Geometry(kind, srid=4326, spatial_index=False), nullable=nullable)


class FeatureRow:
    """Columns of every layer row.

    ``workspace_id`` partitions the table. ``cell`` is the res-11 H3 cell of the point, or of a point on the
    surface of other shapes, as BIGINT; NULL where the position is unknown. ``row_hash`` is the signed 64-bit hash of
    the normalised content: equal hash = unchanged. ``version`` starts at 1 and serves optimistic locking.
    """

    workspace_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, server_default=text("qorgan_reserve_ids(1)")
    )
    # Compared byte by byte: keys have no language, and the index is built in half the time.
    source_id: Mapped[str] = mapped_column(Text(collation="C"))
    cell: Mapped[int | None] = mapped_column(BigInteger)
    territory_id: Mapped[int] = mapped_column(Integer)
    batch_id: Mapped[int] = mapped_column(BigInteger)
    row_hash: Mapped[int] = mapped_column(BigInteger)
    flags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        name = cls.__tablename__  # type: ignore[attr-defined]
        indexes = [
            Index(f"uq_{name}_source", "workspace_id", "source_id", unique=True),
            Index(f"ix_{name}_geom", "geom", postgresql_using="gist"),
            Index(f"ix_{name}_cell", "cell"),
            # Rows of a batch lie together, so block ranges are enough and cost next to nothing to build.
            Index(f"ix_{name}_batch", "batch_id", postgresql_using="brin"),
        ]
        return (*indexes, {"postgresql_partition_by": "LIST (workspace_id)"})


class EventRow(FeatureRow):
    """Columns of crimes, accidents, calls: when it happened and how well that is known.

    The half-open interval [``occurred_from``, ``occurred_to``) holds the true instant (UTC in the database).
    ``day_from``/``day_to`` are its local days, inclusive; ``hour`` and ``weekday`` (1 = Monday) are local and NULL where
    the time is too coarse; ``dark`` is NULL where the hour is.
    """

    occurred_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    occurred_to: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    time_precision: Mapped[str] = mapped_column(Text, server_default=text("'unknown'"))
    day_from: Mapped[date | None] = mapped_column(Date)
    day_to: Mapped[date | None] = mapped_column(Date)
    hour: Mapped[int | None] = mapped_column(SmallInteger)
    weekday: Mapped[int | None] = mapped_column(SmallInteger)
    dark: Mapped[bool | None] = mapped_column(Boolean)
