"""source connections: services asked by a schedule

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


# Seen by analysts, made by editors in their own name, changed and removed by whoever made them and by administrators of the whole:
# a refresh runs with the rights of its maker.
POLICIES = """
ALTER TABLE source_connection ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON source_connection TO qorgan_app;
CREATE POLICY reading ON source_connection FOR SELECT TO qorgan_app
  USING (workspace_id = ANY ((SELECT qorgan_workspaces(2))::int[]));
CREATE POLICY adding ON source_connection FOR INSERT TO qorgan_app
  WITH CHECK (principal_id = (SELECT qorgan_principal()) AND workspace_id = ANY ((SELECT qorgan_workspaces(3))::int[]));
CREATE POLICY changing ON source_connection FOR UPDATE TO qorgan_app
  USING ((principal_id = (SELECT qorgan_principal()) AND workspace_id = ANY ((SELECT qorgan_workspaces(3))::int[]))
    OR workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]))
  WITH CHECK ((principal_id = (SELECT qorgan_principal()) AND workspace_id = ANY ((SELECT qorgan_workspaces(3))::int[]))
    OR workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]));
CREATE POLICY removing ON source_connection FOR DELETE TO qorgan_app
  USING ((principal_id = (SELECT qorgan_principal()) AND workspace_id = ANY ((SELECT qorgan_workspaces(3))::int[]))
    OR workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]));
"""
# The worker knows no rights of its own: it learns which connections are due and whose they are, and asks as them. One whose last
# job still waits or runs is not due.
DUE = """
CREATE FUNCTION qorgan_due_sources() RETURNS TABLE (id bigint, workspace_id integer, principal_id integer, subject text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
  SELECT s.id, s.workspace_id, p.id, p.subject FROM source_connection s JOIN principal p ON p.id = s.principal_id
  WHERE s.next_run_at <= now()
    AND NOT EXISTS (SELECT 1 FROM job j WHERE j.id = s.job_id AND j.state IN ('queued', 'running'))
  ORDER BY s.next_run_at, s.id
$$
"""


def upgrade() -> None:
    op.create_table(
        "source_connection",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("layer_id", sa.Text(), nullable=False),
        sa.Column("principal_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("source_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_synthetic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("every_hours", sa.Integer(), nullable=False),
        sa.Column("at_local", sa.Text(), nullable=True, comment="HH:MM in the workspace's zone; NULL = whenever"),
        sa.Column("overlap_days", sa.Double(), nullable=False),
        sa.Column("full_every_days", sa.Integer(), nullable=False),
        sa.Column("next_run_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Text(),
            server_default=sa.text("'waiting'"),
            nullable=False,
            comment="waiting | queued | running | done | failed",
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=True, comment="when everything was last read"),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="in a row"),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "newest_ms", sa.BigInteger(), nullable=True, comment="greatest date of entry met, as the service counts"
        ),
        sa.Column("newest_id", sa.BigInteger(), nullable=True, comment="greatest object id met"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_source_connection_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_connection")),
        sa.UniqueConstraint(
            "workspace_id",
            "layer_id",
            "url",
            "condition",
            name=op.f("uq_source_connection_workspace_id_layer_id_url_condition"),
        ),
    )
    op.execute(POLICIES)
    op.execute(DUE)
    op.execute("REVOKE EXECUTE ON FUNCTION qorgan_due_sources() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION qorgan_due_sources() TO qorgan_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION qorgan_due_sources()")
    op.drop_table("source_connection")
