"""Running a query with psycopg placeholders on a SQLAlchemy connection, in its transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import Connection


def mappings(connection: Connection, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """All rows as dicts, in the server's binary format."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("psycopg connections only")
    with driver.cursor(row_factory=dict_row, binary=True) as cursor:
        return cursor.execute(sql.encode(), dict(params or {})).fetchall()
