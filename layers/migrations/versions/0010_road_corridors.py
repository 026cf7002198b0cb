"""road corridors: ordered settlements, without a place

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

from collections.abc import Sequence

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "layer_road_corridors",
        sa.Column(
            "geom",
            geoalchemy2.types.Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("road_ref", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_kk", sa.Text(), nullable=True),
        sa.Column("name_ru", sa.Text(), nullable=True),
        sa.Column("via_settlements", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("workspace_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.BigInteger(), server_default=sa.text("qorgan_reserve_ids(1)"), autoincrement=False, nullable=False
        ),
        sa.Column("source_id", sa.Text(collation="C"), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=True),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_layer_road_corridors")),
        postgresql_partition_by="LIST (workspace_id)",
    )
    op.create_index(
        "ix_layer_road_corridors_batch", "layer_road_corridors", ["batch_id"], unique=False, postgresql_using="brin"
    )
    op.create_index("ix_layer_road_corridors_cell", "layer_road_corridors", ["cell"], unique=False)
    op.create_index(
        "ix_layer_road_corridors_geom", "layer_road_corridors", ["geom"], unique=False, postgresql_using="gist"
    )
    op.create_index(
        "uq_layer_road_corridors_source", "layer_road_corridors", ["workspace_id", "source_id"], unique=True
    )
    op.execute("SELECT qorgan_protect_layer('layer_road_corridors', 1)")


def downgrade() -> None:
    op.drop_index("uq_layer_road_corridors_source", table_name="layer_road_corridors")
    op.drop_index("ix_layer_road_corridors_geom", table_name="layer_road_corridors", postgresql_using="gist")
    op.drop_index("ix_layer_road_corridors_cell", table_name="layer_road_corridors")
    op.drop_index("ix_layer_road_corridors_batch", table_name="layer_road_corridors", postgresql_using="brin")
    op.drop_table("layer_road_corridors")
