"""Who the command line is and where: engines, the local administrator, the workspace meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.database import database_urls
from cli.settings import Settings, load_settings
from geo_core.errors import Conflict, InvalidInput, NotFound, Unavailable
from layers.engine import Engines, connect
from layers.identity import LOCAL_ADMINISTRATOR, Principal, Purpose, find_by_subject, transaction

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from etl.saved_mappings import MappingFolder
    from layers.workspaces import WorkspaceInfo


@dataclass(frozen=True)
class Session:
    """What a command works with."""

    settings: Settings
    engines: Engines
    principal: Principal

    def mappings(self, slug: str) -> MappingFolder:
        """Mappings kept for a workspace."""
        from etl.saved_mappings import MappingFolder

        return MappingFolder(self.settings.mappings or self.settings.home / "mappings", slug)

    def workspace(self, wanted: str | None) -> str:
        """The slug of the workspace meant: the one named, else the only one.

        Raises
        ------
        NotFound : ``no-workspace`` (none yet). InvalidInput : ``workspace-needed`` (several, named in ``known``).
        """
        from layers import workspaces

        if wanted is not None:
            return wanted
        with transaction(self.engines.app, self.principal) as connection:
            known = [info.slug for info in workspaces.listed(connection)]
        if not known:
            raise NotFound("no-workspace")
        if len(known) > 1:
            raise InvalidInput("workspace-needed", known=known)
        return known[0]


@contextmanager
def open_engines(settings: Settings, *, migrated: bool = True) -> Iterator[Engines]:
    """The database's engines, closed at the end.

    Raises
    ------
    Unavailable : ``schema-missing``, when tables were never made (``migrated``).
    Conflict : ``busy-try-again``, while they are being replaced.
    """
    urls = database_urls(settings)
    engines = connect(str(urls.app), loader_url=str(urls.loader), owner_url=str(urls.owner), pool_size=3)
    try:
        if migrated:
            _require_schema(engines)
        yield engines
    finally:
        engines.dispose()


def _require_schema(engines: Engines) -> None:
    from sqlalchemy import text

    from layers.engine import border

    with border(), engines.app.connect() as connection:
        migrated, made = connection.execute(
            text("SELECT to_regclass('alembic_version') IS NOT NULL, to_regclass('workspace') IS NOT NULL")
        ).one()
    if not migrated:
        raise Unavailable("schema-missing")
    if not made:
        # A restore or a migration is under way.
        raise Conflict("busy-try-again")


@contextmanager
def session() -> Iterator[Session]:
    """A session as the local administrator.

    Raises
    ------
    NotFound : ``no-workspace``: nobody administers anything here yet.
    """
    settings = load_settings()
    with open_engines(settings) as engines:
        principal = find_by_subject(engines.app, LOCAL_ADMINISTRATOR)
        if principal is None:
            raise NotFound("no-workspace")
        yield Session(settings, engines, principal)


@dataclass(frozen=True)
class Desk:
    """A transaction in a workspace, as the principal of the session."""

    session: Session
    connection: Connection
    workspace: WorkspaceInfo


@contextmanager
def desk(workspace: str | None, *, purpose: Purpose = Purpose.RECORDS, timeout_s: float = 30.0) -> Iterator[Desk]:
    """The one transaction of a command that asks one workspace: the one named, else the only one.

    Raises
    ------
    NotFound, InvalidInput : as ``Session.workspace``, and for a workspace that is not there.
    """
    from layers.workspaces import find

    with session() as here:
        slug = here.workspace(workspace)
        with transaction(here.engines.app, here.principal, purpose=purpose, timeout_s=timeout_s) as connection:
            yield Desk(here, connection, find(connection, slug))
