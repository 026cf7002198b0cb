"""What an operator may set of the API, each described on its field; docs/operations.md prints the table made from here."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class ApiSettings(BaseSettings):
    """Settings of the API, read from the environment when made."""

    model_config = SettingsConfigDict(env_prefix="QORGAN_", frozen=True, extra="ignore", populate_by_name=True)

    database_url: SecretStr = Field(
        validation_alias=AliasChoices("DATABASE_URL", "database_url"),
        description="PostgreSQL with PostGIS, as a role without BYPASSRLS.",
    )
    database_loader_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_LOADER_URL", "database_loader_url"),
        description="The same database as the bulk loader; only a process that runs imports needs it.",
    )
    home: Path = Field(default=ROOT / ".qorgan", description="Folder of the private database, logs and process files.")
    uploads: Path | None = Field(
        default=None,
        description="Folder where uploaded files wait for the worker; both must see it. Unset: `uploads` in the home folder.",
    )
    mappings: Path | None = Field(
        default=None,
        description="Folder of saved mappings, one folder per workspace and layer, one JSON file per source; put it under version "
        "control. API and command line must both see it. Unset: `mappings` in the home folder.",
    )
    private_services: bool = Field(
        default=False,
        description="Whether services inside private networks (10.0.0.0/8, 192.168.0.0/16, this machine) may be connected over the API.",
    )
    host: str = Field(default="127.0.0.1", description="Address the origin listens on.")
    local_administrator: bool | None = Field(
        default=None,
        description="Whether a request without a token acts as `local-administrator`. Unset: yes while the service listens on "
        "loopback and the request comes straight from this machine (no proxy, a loopback Host).",
    )
    cookie: str = Field(default="qorgan_session", description="Name of the session cookie (HttpOnly, SameSite=Lax).")
    cookie_secure: bool = Field(
        default=False, description="Send the cookie only over TLS; set it wherever there is TLS."
    )
    principal_seconds: float = Field(
        default=2.0,
        ge=0,
        le=60,
        description="How long a token's owner is remembered; a revoked token works no longer than this.",
    )
    public_prefix: str | None = Field(
        default=None,
        description="Path under which readers reach the API when a proxy strips it, for example `/api`. Unset: as mounted.",
    )
    upload_limit_bytes: int = Field(default=2_000_000_000, gt=0, description="Largest uploaded file.")
    body_limit_bytes: int = Field(default=1_000_000, gt=0, description="Largest body of any other request.")
    query_seconds: float = Field(default=20.0, gt=0, le=600, description="Longest a single query may take.")
    database_wait_seconds: float = Field(
        default=3.0,
        gt=0,
        le=60,
        description="How long a request waits for a database connection before it is told 503.",
    )
    pool_size: int = Field(
        default=8, ge=1, le=100, description="Connections to the database, for each of the two pools."
    )
    cache_bytes: int = Field(default=128_000_000, ge=0, description="Memory for answers kept ready; 0 keeps none.")
    worker_silence_seconds: float = Field(
        default=60.0, gt=0, description="A worker silent for longer than this is reported as away by `/ready`."
    )

    @property
    def uploads_folder(self) -> Path:
        """Where uploads wait."""
        return self.uploads or self.home / "uploads"

    @property
    def mappings_folder(self) -> Path:
        """Where mappings are kept."""
        return self.mappings or self.home / "mappings"
