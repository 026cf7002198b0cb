"""The schema goes up and down without a trace, and never drifts from the models."""

from __future__ import annotations

import threading

import psycopg
import pytest
from sqlalchemy import create_engine

from cli.cluster.urls import libpq_url
from layers import migrate, queue_schema, registry
from layers.rows import Base

# Everything of ours that a database holds: columns, indexes, constraints, policies, rights, routines, triggers.
SHAPE = """
SELECT 'column', c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' ||
       coalesce(pg_get_expr(d.adbin, d.adrelid), '')
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
UNION ALL SELECT 'relation', c.relname || ' ' || c.relkind::text || ' ' || c.relrowsecurity || ' ' ||
       coalesce((SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(c.relacl) a), '')
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S')
UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
UNION ALL SELECT 'policy', tablename || ' ' || policyname || ' ' || coalesce(qual, '') || coalesce(with_check, '') FROM pg_policies
UNION ALL SELECT 'routine', p.oid::regprocedure::text || ' ' || md5(p.prosrc) || ' ' ||
       coalesce((SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(p.proacl) a), '')
  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'qorgan%'
UNION ALL SELECT 'trigger', tgrelid::regclass || ' ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1, 2
"""


def shape(urls):
    with psycopg.connect(libpq_url(urls.owner)) as connection:
        return connection.execute(SHAPE).fetchall()


def drift(urls):
    engine = create_engine(str(urls.owner))
    try:
        with engine.connect() as connection:
            return migrate.drift(connection), migrate.current(connection)
    finally:
        engine.dispose()


def test_models_and_database_agree(fresh_database):
    assert drift(fresh_database) == ([], migrate.head())


def test_migrations_go_up_down_and_up_again_to_the_same_database(fresh_database):
    before = shape(fresh_database)
    migrate.downgrade(fresh_database.owner, revision="base")
    left = [
        line
        for line in shape(fresh_database)
        if "procrastinate" not in line[1] and "alembic_version" not in line[1] and "spatial_ref_sys" not in line[1]
    ]
    assert left == []
    migrate.upgrade(fresh_database.owner)
    assert shape(fresh_database) == before
    assert drift(fresh_database)[0] == []


def test_a_filled_database_goes_down_too(city, fresh_database):
    from tests.layers.city import crime

    city.load("crimes", [crime("a")])
    city.engines.dispose()
    migrate.downgrade(fresh_database.owner, revision="base")
    with psycopg.connect(libpq_url(fresh_database.owner)) as connection:
        left = connection.execute("SELECT count(*) FROM pg_class WHERE relname ~ '^(layer_|bulk_)'").fetchone()
    assert left == (0,)


def test_partitions_and_bulk_tables_are_no_drift(city, fresh_database):
    from tests.layers.city import crime

    city.load("crimes", [crime("a")])
    with city.engines.loader.begin() as connection:
        connection.exec_driver_sql(f"SELECT qorgan_bulk_create('layer_lamps', {city.workspace.id}, 77)")
    assert drift(fresh_database)[0] == []


def test_a_change_of_a_model_is_seen_as_drift(fresh_database):
    with psycopg.connect(libpq_url(fresh_database.owner)) as connection:
        connection.execute("ALTER TABLE layer_lamps DROP COLUMN power_w")
        connection.execute("ALTER TABLE layer_lamps ADD COLUMN colour text")
        connection.execute("DROP INDEX ix_layer_crimes_geom")
    found = {str(change[0]) for change in drift(fresh_database)[0] if isinstance(change, tuple)}
    assert found == {"add_column", "remove_column", "add_index"}


def test_upgrading_twice_and_from_two_processes_at_once_changes_nothing(fresh_database):
    migrate.downgrade(fresh_database.owner, revision="base")
    faults = []

    def up():
        try:
            migrate.upgrade(fresh_database.owner)
        except Exception as fault:  # noqa: BLE001 - shown by the assertion
            faults.append(fault)

    threads = [threading.Thread(target=up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    before = shape(fresh_database)
    migrate.upgrade(fresh_database.owner)
    assert shape(fresh_database) == before


def test_the_queue_of_an_older_version_is_brought_along(fresh_database):
    engine = create_engine(str(fresh_database.owner))
    try:
        with engine.begin() as connection:
            installed = connection.exec_driver_sql(
                "SELECT obj_description('procrastinate_jobs'::regclass)"
            ).scalar_one()
            queue_schema.ensure(connection)
            again = connection.exec_driver_sql("SELECT obj_description('procrastinate_jobs'::regclass)").scalar_one()
        assert installed == again
        assert installed.startswith("procrastinate ")
    finally:
        engine.dispose()


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_every_table_names_its_keys_and_indexes_by_the_rule(table):
    registry.load()
    model = Base.metadata.tables[table]
    for index in model.indexes:
        assert index.name.startswith(("ix_", "uq_")), index.name
        assert table in index.name
