"""quality: rejected rows are mended and say by whom; originals behind pseudonyms for administrators

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Administrators of the whole mend what others brought; what was mended by a batch is its maker's to take back.
POLICIES = """
CREATE POLICY mending ON rejected_row FOR UPDATE TO qorgan_app
  USING (workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]))
  WITH CHECK (workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]));
ALTER TABLE identity_original ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, DELETE ON identity_original TO qorgan_app;
CREATE POLICY owning ON identity_original FOR ALL TO qorgan_app
  USING (workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]))
  WITH CHECK (workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]));
"""


def upgrade() -> None:
    op.add_column("rejected_row", sa.Column("mended_batch_id", sa.BigInteger(), nullable=True))
    op.add_column("rejected_row", sa.Column("mended_by", sa.Integer(), nullable=True))
    op.add_column("rejected_row", sa.Column("mended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("rejected_row", sa.Column("mended_reason", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("rejected_row", sa.Column("mended_raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.create_index(
        "ix_rejected_row_mended",
        "rejected_row",
        ["mended_batch_id"],
        unique=False,
        postgresql_where=sa.text("mended_batch_id IS NOT NULL"),
    )
    op.create_table(
        "identity_original",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("layer_id", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_identity_original_batch_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_identity_original_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "layer_id", "target", "pseudonym", name=op.f("pk_identity_original")),
    )
    op.execute(POLICIES)


def downgrade() -> None:
    op.drop_table("identity_original")
    op.execute("DROP POLICY mending ON rejected_row")
    op.drop_index("ix_rejected_row_mended", table_name="rejected_row")
    for name in ("mended_raw", "mended_reason", "mended_at", "mended_by", "mended_batch_id"):
        op.drop_column("rejected_row", name)
