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
    import psycopg

    from cli.cluster.urls import libpq_url
    from cli.database import configured_urls
    from cli.settings import load_settings

    urls = configured_urls(load_settings())
    if urls is None:
        return False
    try:
        with psycopg.connect(libpq_url(urls.app), connect_timeout=5) as connection:
            row = connection.execute(
                "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)",
                [_WORKER_SILENT_S],
            ).fetchone()
    except psycopg.Error:
        return False
    return row is not None and row[0] > 0


def alive(what: Annotated[str, typer.Argument(help="An address that must answer 200, or `worker`.")]) -> None:
    """Exit code 0 when the address answers or a worker reported itself within the last minute, else 1."""
    raise typer.Exit(0 if (_worker_reports() if what == "worker" else _answers(what)) else 1)
