"""``db revision``: the next migration from what the models say and the database does not."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import psycopg
import pytest

from cli.cluster import DatabaseUrls
from cli.cluster.urls import libpq_url
from layers import migrate
from tests.fixtures.commands import Run


def test_there_is_no_revision_while_models_and_database_agree(qorgan: Run) -> None:
    told = qorgan("db", "revision", "nothing at all")
    assert told.code != 0
    assert "nothing to migrate" in told.err


def test_a_revision_holds_what_the_database_lacks(
    qorgan: Run, fresh_database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(libpq_url(fresh_database.owner)) as connection:
        connection.execute("ALTER TABLE plan DROP COLUMN certificate")
    monkeypatch.setattr(migrate, "new_revision", partial(migrate.new_revision, versions=tmp_path))
    before = migrate.head()
    told = qorgan("db", "revision", "certificates", "--json").json
    path = Path(told["path"])
    assert path.parent == tmp_path
    assert told["revision"] == path.name.split("_")[0] > str(before)
    written = path.read_text(encoding="utf-8")
    assert 'op.add_column("plan"' in written.replace("'", '"')
    assert f"Revises: {before}" in written
