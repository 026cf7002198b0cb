"""founding: readers found workspaces of their own

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    op.get_bind().connection.cursor().execute((SQL / "0005_founding.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP FUNCTION qorgan_found_workspace(text, jsonb, text, text, jsonb, boolean, jsonb)")
    op.execute("DROP FUNCTION qorgan_may_found(boolean)")
