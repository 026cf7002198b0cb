"""``alive``: the health checks of containers, which have neither curl nor a shell to spare."""

from __future__ import annotations

from typing import Annotated

import typer

_WORKER_SILENT_S = 60  # a worker reports itself every 10 s


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("alive", hidden=True)(alive)


def _answers(url: str) -> bool:
    import httpx

    try:
        return httpx.get(url, timeout=8, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _worker_reports() -> bool:
    """Whether the worker of this installation, on the operator's database or the private cluster, showed itself lately."""
    from cli.cluster import running_urls
    from cli.database import configured_urls
    from cli.settings import load_settings
    from geo_core.errors import QorganError
    from layers.engine import border, connect
    from layers.queries.service_state import worker_silent_s

    try:
        settings = load_settings()
        # a health check starts nothing: a private cluster that does not run has no worker
        urls = configured_urls(settings) or running_urls(settings.home)
        if urls is None:
            return False
        engines = connect(str(urls.app), pool_size=1)
        try:
            with border(), engines.app.connect() as connection:
                silent_s = worker_silent_s(connection)
        finally:
            engines.dispose()
    except QorganError:
        return False
    return silent_s is not None and silent_s <= _WORKER_SILENT_S


def alive(what: Annotated[str, typer.Argument(help="An address that must answer 200, or `worker`.")]) -> None:
    """Exit code 0 when the address answers or a worker reported itself within the last minute, else 1."""
    raise typer.Exit(0 if (_worker_reports() if what == "worker" else _answers(what)) else 1)
