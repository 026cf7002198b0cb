"""The three doors of one database: application, owner, loader."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from cli.masking import SecretUrl


@dataclass(frozen=True, kw_only=True)
class DatabaseUrls:
    """URLs of one database, ``postgresql+psycopg://user:password@host:port/name``.

    Parameters
    ----------
    app : a role under row-level security; what the API, the worker and the command line use.
    owner : the role that owns the schema; migrations, backup and restore only.
    loader : a role that passes row-level security; bulk imports only.
    """

    app: SecretUrl
    owner: SecretUrl
    loader: SecretUrl

    def as_environment(self) -> dict[str, str]:
        """The same as environment variables for a child process."""
        return {
            "DATABASE_URL": str(self.app),
            "DATABASE_OWNER_URL": str(self.owner),
            "DATABASE_LOADER_URL": str(self.loader),
        }

    def with_database(self, name: str) -> DatabaseUrls:
        """The same doors of another database on the same server."""
        return DatabaseUrls(
            app=with_database(self.app, name),
            owner=with_database(self.owner, name),
            loader=with_database(self.loader, name),
        )


def make_url(*, user: str, password: str, host: str, port: int, database: str) -> SecretUrl:
    """Compose a URL; the password is percent-encoded."""
    return SecretUrl(f"postgresql+psycopg://{user}:{quote(password, safe='')}@{host}:{port}/{database}")


def with_database(url: str, name: str) -> SecretUrl:
    """The same server and user, another database."""
    return SecretUrl(urlunsplit(urlsplit(url)._replace(path=f"/{name}")))


def libpq_url(url: str) -> SecretUrl:
    """The URL as libpq and psycopg read it: without SQLAlchemy's driver name."""
    scheme, rest = url.split("://", 1)
    return SecretUrl(f"{scheme.split('+', 1)[0]}://{rest}")
