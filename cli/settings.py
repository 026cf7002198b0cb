"""What an operator may set, each described on its field; docs/operations.md prints the table made from here."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from geo_core.errors import InvalidInput

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8501


class Settings(BaseSettings):
    """Settings of the command line, the supervisor and the worker, read from the environment when made."""

    model_config = SettingsConfigDict(
        env_prefix="QORGAN_", frozen=True, extra="ignore", populate_by_name=True, env_ignore_empty=True
    )

    database_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_URL"),
        description="PostgreSQL with PostGIS used by the API, the worker and the command line, as a role without BYPASSRLS, "
        "for example `postgresql+psycopg://qorgan_app:…@host:5432/qorgan`. Unset: a private cluster is started.",
    )
    database_owner_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_OWNER_URL"),
        description="The same database as the role that owns the schema: migrations, backup, restore. Unset: DATABASE_URL.",
    )
    database_loader_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_LOADER_URL"),
        description="The same database as a role with BYPASSRLS, used by bulk imports only. Unset: DATABASE_URL.",
    )
    home: Path = Field(
        default=ROOT / ".qorgan",
        description="Folder of the private database, logs and process files.",
    )
    uploads: Path | None = Field(
        default=None,
        description="Folder where uploaded files wait for the worker; API and worker must both see it. Unset: `uploads` in the home "
        "folder.",
    )
    mappings: Path | None = Field(
        default=None,
        description="Folder of saved mappings, one folder per workspace and layer, one JSON file per source; put it under version "
        "control. API and command line must both see it. Unset: `mappings` in the home folder.",
    )
    pg_bindir: Path | None = Field(
        default=None,
        description="Folder of `initdb` and `postgres`. Unset: the newest installed PostgreSQL that has PostGIS.",
    )
    port: int = Field(
        default=DEFAULT_PORT,
        ge=1,
        le=65535,
        description="Port of the one origin (interface and API) when started by `./run` or `qorgan serve`.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="Address the one origin listens on. Anything but loopback needs a reverse proxy with TLS in front.",
    )
    private_services: bool = Field(
        default=False,
        description="Whether scheduled refreshes may ask services inside private networks (10.0.0.0/8, 192.168.0.0/16, this machine). The "
        "command line may always.",
    )
    service_pause_seconds: float = Field(
        default=1.2, ge=0, le=3600, description="Pause between two questions to a service that is asked for records."
    )
    language: str | None = Field(
        default=None,
        pattern="^(kk|ru|en)$",
        description="Language of the command line: kk, ru or en. Unset: from LC_ALL, LC_MESSAGES, LANG; else en.",
    )


def load_settings() -> Settings:
    """Read the environment now; a relative home is taken from the tree's root, not from the current folder.

    Raises
    ------
    InvalidInput : ``setting-invalid`` with every variable that cannot be used; never with its value.
    """
    try:
        settings = Settings()
    except ValidationError as fault:
        faults = {str(found["loc"][0]): str(found["msg"]) for found in fault.errors(include_input=False)}
        variables = [name if name.isupper() else f"QORGAN_{name.upper()}" for name in faults]
        raise InvalidInput("setting-invalid", variable=variables, expected=list(faults.values())) from None
    if not settings.home.is_absolute():
        settings = settings.model_copy(update={"home": ROOT / settings.home})
    return settings
