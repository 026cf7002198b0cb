"""What an operator may set of the interface, each described on its field; docs/operations.md prints the table made from here."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class UiSettings(BaseSettings):
    """Settings of the interface, read from the environment when made."""

    model_config = SettingsConfigDict(env_prefix="QORGAN_", frozen=True, extra="ignore")

    api_url: str | None = Field(
        default=None,
        description="Address of the API as the interface's server reaches it. Unset: `/api` of the origin it is served on.",
    )
    host: str = Field(default="127.0.0.1", description="Address the origin listens on.")
    port: int = Field(default=8501, ge=1, le=65535, description="Port of the origin.")
    cookie: str = Field(
        default="qorgan_session", description="Name of the session cookie that is handed on to the API."
    )
    api_seconds: float = Field(
        default=25.0, gt=0, le=600, description="Longest the interface waits for an answer of the API."
    )

    @property
    def server_url(self) -> str:
        """Address of the API without a slash at the end."""
        if self.api_url:
            return self.api_url.rstrip("/")
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://{host}:{self.port}/api"
