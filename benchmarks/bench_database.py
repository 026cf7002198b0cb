"""A private PostGIS and a workspace for a benchmark, thrown away at its end."""

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import shapely

from cli.cluster import ensure_started, stop
from layers import identity, migrate, workspaces
from layers.engine import connect
from layers.spec import Role

CITY = (71.2, 51.0, 71.7, 51.3)


@contextlib.contextmanager
def database():
    """(engines, local administrator) on a migrated database in a temporary folder."""
    home = Path(tempfile.mkdtemp(prefix="qorgan-bench-"))
    home.chmod(0o711)
    try:
        urls = ensure_started(home).urls
        migrate.upgrade(urls.owner)
        engines = connect(urls.app, loader_url=urls.loader, owner_url=urls.owner)
        with engines.owner.begin() as connection:
            principal = identity.add_principal(connection, identity.LOCAL_ADMINISTRATOR)
        yield engines, principal
        engines.dispose()
    finally:
        stop(home)
        shutil.rmtree(home, ignore_errors=True)


def workspace(engines, principal, slug, bounds=CITY):
    """A fresh workspace over ``bounds``, the principal its administrator."""
    with engines.owner.begin() as connection:
        made = workspaces.create(
            connection,
            workspaces.WorkspaceSpec(
                slug=slug, titles={"en": slug}, territory=shapely.box(*bounds), zone="Asia/Almaty"
            ),
        )
        identity.grant(connection, principal, territory_id=made.root_territory_id, role=Role.ADMINISTRATOR)
    return made


def drop(engines, slug):
    """Remove a workspace and all in it."""
    with engines.owner.begin() as connection:
        workspaces.remove(connection, slug)
