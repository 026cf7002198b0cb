"""Query → numpy arrays through binary COPY: fixed-width columns become one structured array, no Python object per value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection

_HEADER = 19
# COPY counts from 1 January 2000; NumPy from 1970.
KINDS: Mapping[str, str] = {"int8": ">i8", "int4": ">i4", "int2": ">i2", "float8": ">f8", "bool": "u1"}


def arrays(
    connection: Connection, select: str, columns: Sequence[tuple[str, str]], params: Mapping[str, Any] | None = None
) -> dict[str, NDArray[Any]]:
    """Run ``select`` and give its columns as native arrays.

    Parameters
    ----------
    select : SQL with psycopg placeholders ``%(name)s``; its columns in the order of ``columns``, cast to their kinds and never NULL
        (coalesce a real to 'NaN', an integer to a stated sentinel).
    columns : (name, kind) with kind one of ``KINDS``.

    Raises
    ------
    ValueError : a NULL or another width came back: the query is wrong.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("psycopg connections only")
    with driver.cursor().copy(f"COPY ({select}) TO STDOUT (FORMAT binary)".encode(), dict(params or {})) as copy:
        received = b"".join(bytes(block) for block in copy)
    record = np.dtype(
        [("fields", ">i2")] + [part for name, kind in columns for part in ((f"{name}_len", ">i4"), (name, KINDS[kind]))]
    )
    body = len(received) - _HEADER - 2
    if body % record.itemsize:
        raise ValueError("the query gave NULLs or columns of another width")
    table = np.frombuffer(received, dtype=record, count=body // record.itemsize, offset=_HEADER)
    if len(table) and any((table[f"{name}_len"] != record[name].itemsize).any() for name, _ in columns):
        raise ValueError("the query gave NULLs or columns of another width")
    return {
        name: (table[name] != 0) if kind == "bool" else table[name].astype(record[name].newbyteorder("="))
        for name, kind in columns
    }
