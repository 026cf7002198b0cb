"""Roles, database and extensions of a new cluster. Every step may be repeated after a kill."""

from __future__ import annotations

import psycopg
from psycopg import sql

from cli.cluster.state import APP, DATABASE, LOADER, OWNER, SUPERUSER, State

EXTENSIONS = ("postgis", "pg_trgm", "btree_gist")

# Under row-level security an index serves only operators that cannot tell a stranger anything by failing. Comparing two boxes cannot
# fail; without this mark every tile would read all rows.
LEAKPROOF = "ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF"

# What each role may do beyond logging in. Only the loader passes row-level security; nobody makes roles or databases.
RIGHTS = {
    OWNER: "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
    APP: "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
    LOADER: "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS",
}


def superuser_connection(
    state: State, *, host: str, database: str = "postgres"
) -> psycopg.Connection[tuple[object, ...]]:
    """A connection that may do everything: creation of databases and extensions, and counting who is connected."""
    return psycopg.connect(
        host=host,
        port=state.port,
        user=SUPERUSER,
        password=state.passwords[SUPERUSER],
        dbname=database,
        autocommit=True,
        connect_timeout=10,
    )


def _make_roles(connection: psycopg.Connection[tuple[object, ...]], passwords: dict[str, str]) -> None:
    for role, rights in RIGHTS.items():
        there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        # The server is given the verifier, never the password: it can stand in no log.
        verifier = connection.pgconn.encrypt_password(passwords[role].encode(), role.encode(), b"scram-sha-256")
        connection.execute(
            sql.SQL("{verb} ROLE {role} LOGIN {rights} PASSWORD {verifier}").format(
                verb=sql.SQL("ALTER" if there else "CREATE"),
                role=sql.Identifier(role),
                rights=sql.SQL(rights),
                verifier=sql.Literal(verifier.decode()),
            )
        )


def prepare_database(state: State, *, host: str, name: str) -> None:
    """Make the database, give its schema to the owner, and install the extensions."""
    with superuser_connection(state, host=host) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                    sql.Identifier(name), sql.Identifier(OWNER)
                )
            )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}, {}").format(
                sql.Identifier(name), sql.Identifier(APP), sql.Identifier(LOADER)
            )
        )
    with superuser_connection(state, host=host, database=name) as connection:
        connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(OWNER)))
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        connection.execute(
            sql.SQL("GRANT USAGE ON SCHEMA public TO {}, {}").format(sql.Identifier(APP), sql.Identifier(LOADER))
        )
        for extension in EXTENSIONS:
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        connection.execute(LEAKPROOF)


def provision(state: State, *, host: str) -> None:
    """Roles first, then the database with its extensions."""
    with superuser_connection(state, host=host) as connection:
        _make_roles(connection, state.passwords)
    prepare_database(state, host=host, name=DATABASE)
