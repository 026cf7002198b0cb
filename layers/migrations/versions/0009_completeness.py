"""completeness as a layer

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

from collections.abc import Sequence

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

__all__ = ["downgrade", "geoalchemy2", "postgresql", "sa", "upgrade"]


def upgrade() -> None:
    op.create_table(
        "layer_completeness",
        sa.Column(
            "geom",
            geoalchemy2.types.Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_kk", sa.Text(), nullable=True),
        sa.Column("name_ru", sa.Text(), nullable=True),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=True),
        sa.Column("missing_share", sa.Double(), nullable=True),
        sa.Column("months", sa.Text(), nullable=True),
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
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_layer_completeness")),
        postgresql_partition_by="LIST (workspace_id)",
    )
    op.create_index(
        "ix_layer_completeness_batch", "layer_completeness", ["batch_id"], unique=False, postgresql_using="brin"
    )
    op.create_index("ix_layer_completeness_cell", "layer_completeness", ["cell"], unique=False)
    op.create_index("ix_layer_completeness_geom", "layer_completeness", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("uq_layer_completeness_source", "layer_completeness", ["workspace_id", "source_id"], unique=True)
    op.execute("SELECT qorgan_protect_layer('layer_completeness', 1, true)")


def downgrade() -> None:
    op.drop_index("uq_layer_completeness_source", table_name="layer_completeness")
    op.drop_index("ix_layer_completeness_geom", table_name="layer_completeness", postgresql_using="gist")
    op.drop_index("ix_layer_completeness_cell", table_name="layer_completeness")
    op.drop_index("ix_layer_completeness_batch", table_name="layer_completeness", postgresql_using="brin")
    op.drop_table("layer_completeness")
