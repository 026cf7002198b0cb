"""edits: what was done to a row, so that edits can be told apart and taken back

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


# Editors of a workspace see who edits there, by name; nothing else of other people.
EDITORS = """
CREATE FUNCTION qorgan_editors(of_workspace integer) RETURNS TABLE (id integer, display_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
  SELECT p.id, p.display_name FROM principal p
  WHERE of_workspace = ANY (qorgan_workspaces(3))
    AND EXISTS (SELECT 1 FROM row_history h WHERE h.workspace_id = of_workspace AND h.principal_id = p.id)
$$
"""


def upgrade() -> None:
    op.execute(EDITORS)
    op.execute("REVOKE EXECUTE ON FUNCTION qorgan_editors(integer) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION qorgan_editors(integer) TO qorgan_app")
    op.add_column(
        "row_history",
        sa.Column(
            "deed", sa.Text(), server_default=sa.text("'changed'"), nullable=False, comment="changed | added | removed"
        ),
    )
    op.execute("UPDATE row_history SET deed = 'removed' WHERE reason = 'struck-off'")
    op.create_index(
        "ix_row_history_removed",
        "row_history",
        ["workspace_id", "layer_id"],
        unique=False,
        postgresql_where=sa.text("deed = 'removed'"),
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION qorgan_editors(integer)")
    op.drop_index("ix_row_history_removed", table_name="row_history")
    op.drop_column("row_history", "deed")
