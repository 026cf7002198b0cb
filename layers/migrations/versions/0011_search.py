"""search: short questions in order from an index, fewer candidates for what is misspelled

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    op.create_index(
        "ix_search_name_short",
        "search_name",
        ["workspace_id", sa.text('"left"(fold, 1)'), sa.text("length(fold)"), "fold"],
        unique=False,
    )
    op.get_bind().connection.cursor().execute((SQL / "0011_search.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    # as 0003 made it
    made = (SQL / "0003_search.sql").read_text(encoding="utf-8")
    begin = made.index("CREATE FUNCTION qorgan_search(")
    body = made[begin : made.index("REVOKE EXECUTE")]
    op.get_bind().connection.cursor().execute(body.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))
    op.drop_index("ix_search_name_short", table_name="search_name")
