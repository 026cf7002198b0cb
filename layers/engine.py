"""Engines: how the application, the owner and the bulk loader reach the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from geo_core.errors import Conflict, Forbidden, InvalidInput, LimitExceeded, QorganError, Unavailable

# What PostgreSQL says of a partition that went away under a statement.
_GONE = re.compile(
    r'could not open relation|relation with OID \d+ does not exist|relation "layer_\w+_w\d+" does not exist'
)


@dataclass(frozen=True)
class Engines:
    """The three ways in.

    Parameters
    ----------
    app : everything a reader or editor does, under row-level security.
    loader : COPY into tables built aside, nothing else.
    owner : migrations, workspaces, grants; None where only the application's rights are given.
    """

    app: Engine
    loader: Engine
    owner: Engine | None = None

    def dispose(self) -> None:
        """Close every connection."""
        for engine in (self.app, self.loader, self.owner):
            if engine is not None:
                engine.dispose()


def connect(
    app_url: str, *, loader_url: str | None = None, owner_url: str | None = None, pool_size: int = 10
) -> Engines:
    """Engines for these addresses; nothing is opened yet.

    A connection that the server dropped is replaced when it is next taken (pre-ping), so the service recovers by itself.
    """

    def make(url: str, size: int) -> Engine:
        return create_engine(
            url,
            pool_size=size,
            max_overflow=size,
            pool_timeout=5,
            pool_pre_ping=True,
            hide_parameters=True,  # what rows hold never goes into a log
            connect_args={"connect_timeout": 3, "application_name": "qorgan"},
        )

    return Engines(
        app=make(app_url, pool_size),
        loader=make(loader_url or app_url, 2),
        owner=make(owner_url, 2) if owner_url else None,
    )


def translated(error: Exception) -> QorganError | None:
    """Our error for a driver's, or None where it is a fault of ours.

    A lost or refused connection → Unavailable; a statement over its time → LimitExceeded; a right not held → Forbidden;
    a repeated key → Conflict; a full disk → Unavailable with its own code.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, PoolTimeout):
        return Unavailable("database-busy")
    match cause:
        case psycopg.errors.QueryCanceled():
            return LimitExceeded("query-too-slow")
        case psycopg.errors.InsufficientPrivilege():
            return Forbidden()
        case psycopg.errors.UniqueViolation():
            return Conflict("already-exists")
        case psycopg.errors.DiskFull() | psycopg.errors.OutOfMemory():
            return Unavailable("disk-full")
        case psycopg.errors.InvalidParameterValue() | psycopg.errors.InternalError_() if (
            "geometry" in str(cause).lower()
        ):
            return InvalidInput("bad-geometry")
        case (
            psycopg.errors.LockNotAvailable()
            | psycopg.errors.ObjectInUse()
            | psycopg.errors.DeadlockDetected()
            | psycopg.errors.SerializationFailure()
        ):
            return Conflict("busy-try-again")
        case psycopg.errors.UndefinedTable() | psycopg.errors.InternalError_() if _GONE.search(str(cause)):
            # A partition that was dropped or put in another's place while the statement was on its way to it.
            return Conflict("busy-try-again")
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return Unavailable("database-away")
        case _:
            return None


@contextmanager
def border() -> Iterator[None]:
    """Translate the driver's errors once, with the cause kept."""
    try:
        yield
    except (DBAPIError, psycopg.Error, PoolTimeout) as error:
        ours = translated(error)
        if ours is None:
            raise
        raise ours from error
