"""Which database the command line, the worker and the servers use: the operator's, or the private cluster."""

from __future__ import annotations

from cli.cluster import DatabaseUrls, ensure_started
from cli.masking import SecretUrl
from cli.settings import Settings
from geo_core.errors import InvalidInput


def configured_urls(settings: Settings) -> DatabaseUrls | None:
    """The operator's database, None when there is none and the private cluster serves.

    Raises
    ------
    InvalidInput : ``database-url-invalid`` naming the variable, never its value.
    """
    if settings.database_url is None:
        return None
    app = _checked("DATABASE_URL", settings.database_url.get_secret_value())
    owner, loader = settings.database_owner_url, settings.database_loader_url
    return DatabaseUrls(
        app=app,
        owner=app if owner is None else _checked("DATABASE_OWNER_URL", owner.get_secret_value()),
        loader=app if loader is None else _checked("DATABASE_LOADER_URL", loader.get_secret_value()),
    )


def _checked(variable: str, value: str) -> SecretUrl:
    for scheme in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if value.startswith(scheme) and len(value) > len(scheme):
            return SecretUrl("postgresql+psycopg://" + value.removeprefix(scheme))
    raise InvalidInput("database-url-invalid", variable=variable)


def database_urls(settings: Settings) -> DatabaseUrls:
    """The database to use now; starts the private cluster when nothing else is configured."""
    configured = configured_urls(settings)
    if configured is not None:
        return configured
    return ensure_started(settings.home, bindir=settings.pg_bindir).urls
