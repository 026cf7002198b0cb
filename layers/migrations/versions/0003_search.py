"""search: names of every layer, and houses and roads by their numbers

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    # Trusted since PostgreSQL 13: the owner of the database may install it. It stays on the way down: others may use it.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "search_name",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("layer_id", sa.Text(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("nth", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("fold", sa.Text(collation="C"), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("west", sa.Double(), nullable=False),
        sa.Column("south", sa.Double(), nullable=False),
        sa.Column("east", sa.Double(), nullable=False),
        sa.Column("north", sa.Double(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_search_name_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "layer_id", "part", "row_id", "nth", name=op.f("pk_search_name")),
    )
    op.create_index("ix_search_name_start", "search_name", ["workspace_id", "fold"], unique=False)
    op.create_index(
        "ix_search_name_fold",
        "search_name",
        ["fold"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"fold": "gin_trgm_ops"},
    )
    op.add_column("layer_buildings", sa.Column("street", sa.Text(), nullable=True))
    op.add_column("layer_buildings", sa.Column("house_number", sa.Text(), nullable=True))
    op.create_index(
        "ix_layer_roads_road_ref",
        "layer_roads",
        ["road_ref"],
        unique=False,
        postgresql_where=sa.text("road_ref IS NOT NULL"),
    )
    op.get_bind().connection.cursor().execute((SQL / "0003_search.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP FUNCTION qorgan_search(integer, text, text, text[], text[], integer)")
    op.drop_table("search_name")
    op.execute("DROP FUNCTION qorgan_may_find(smallint, integer, integer[], integer[], integer[], integer[])")
    op.drop_index("ix_layer_roads_road_ref", table_name="layer_roads")
    op.drop_column("layer_buildings", "house_number")
    op.drop_column("layer_buildings", "street")
