from __future__ import annotations

import hashlib
from pathlib import Path

import psycopg
import pytest

from cli.backup import backup
from cli.cluster import DatabaseUrls
from cli.cluster.urls import libpq_url
from cli.restore import restore
from geo_core.errors import Conflict, InvalidInput, NotFound, Unavailable


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(libpq_url(url)) as connection:
        return connection.execute(query).fetchall()


def change(url: str, *statements: str) -> None:
    with psycopg.connect(libpq_url(url)) as connection:
        for statement in statements:
            connection.execute(statement)


# What makes a database what it is: relations with owners and rights, policies, routines, constraints.
FINGERPRINT = """
SELECT 'relation', c.relname || ' ' || c.relkind::text || ' ' || pg_get_userbyid(c.relowner) || ' ' || c.relrowsecurity || ' ' ||
       coalesce((SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(c.relacl) a), '')
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S', 'i', 'I')
UNION ALL SELECT 'policy', tablename || ' ' || policyname || ' ' || coalesce(qual, '') || coalesce(with_check, '') FROM pg_policies
UNION ALL SELECT 'routine', p.oid::regprocedure::text || ' ' || p.prosecdef FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
UNION ALL SELECT 'constraint', conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
UNION ALL SELECT 'trigger', tgrelid::regclass || ' ' || tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'extension', extname FROM pg_extension
ORDER BY 1, 2
"""


def test_a_backup_restores_schema_rights_and_rows_and_removes_what_came_later(
    fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    owner = fresh_database.owner
    change(
        owner,
        "CREATE TYPE mood AS ENUM ('calm', 'alert')",
        "CREATE TABLE noted (id int GENERATED ALWAYS AS IDENTITY, place geometry(Point, 4326), name text, mood mood)",
        "GRANT SELECT ON noted TO qorgan_app",
        "INSERT INTO noted (place, name, mood) VALUES (ST_Point(76.95, 52.28, 4326), 'Қорған', 'calm'), (NULL, NULL, NULL)",
    )
    before = ask(owner, FINGERPRINT)
    rows = ask(owner, "SELECT id, ST_AsEWKT(place), name, mood::text FROM noted ORDER BY id")
    written = backup(owner, tmp_path / "all.backup")
    assert written.sha256 == hashlib.sha256(written.path.read_bytes()).hexdigest()

    change(owner, "DELETE FROM noted", "CREATE TABLE later (x int)", "CREATE FUNCTION later() RETURNS int RETURN 1")
    restore(owner, written.path, sha256=written.sha256)

    assert ask(owner, FINGERPRINT) == before
    assert ask(fresh_database.app, "SELECT id, ST_AsEWKT(place), name, mood::text FROM noted ORDER BY id") == rows
    assert ask(owner, "SELECT nextval(pg_get_serial_sequence('noted', 'id'))") == [(3,)]


def test_a_cut_backup_leaves_the_old_data_whole(fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    owner = fresh_database.owner
    change(owner, "CREATE TABLE noted AS SELECT g AS x, md5(g::text) AS y FROM generate_series(1, 20000) g")
    written = backup(owner, tmp_path / "all.backup")
    cut = tmp_path / "cut.backup"
    cut.write_bytes(written.path.read_bytes()[: written.size - 40_000])
    change(owner, "CREATE TABLE later (x int)")
    before = ask(owner, FINGERPRINT)
    with pytest.raises((Unavailable, InvalidInput)) as told:
        restore(owner, cut)
    assert told.value.code in ("restore-failed", "backup-unreadable")
    assert ask(owner, FINGERPRINT) == before
    assert ask(owner, "SELECT count(*) FROM noted") == [(20000,)]


def test_an_altered_a_foreign_and_a_missing_file_are_refused(fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_text("SELECT 1")
    written = backup(fresh_database.owner, tmp_path / "all.backup")
    with pytest.raises(InvalidInput) as told:
        restore(fresh_database.owner, foreign)
    assert told.value.code == "backup-unreadable"
    with pytest.raises(InvalidInput) as told:
        restore(fresh_database.owner, written.path, sha256="0" * 64)
    assert told.value.code == "backup-altered"
    with pytest.raises(NotFound):
        restore(fresh_database.owner, tmp_path / "nothing")


def test_a_backup_never_overwrites_and_a_failed_one_leaves_no_file(
    fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("precious")
    with pytest.raises(Conflict):
        backup(fresh_database.owner, taken)
    assert taken.read_text() == "precious"
    with pytest.raises(Unavailable) as told:
        backup(fresh_database.app, tmp_path / "forbidden")  # the application may not read everything
    assert told.value.code == "backup-failed"
    assert list(tmp_path.iterdir()) == [taken]
