"""``start``, ``serve``, ``stop``, ``status``: the servers of this machine."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.speech import print_json, print_line, say


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("start")(start)
    app.command("serve")(serve)
    app.command("stop")(stop)
    app.command("status")(status)


_Port = Annotated[
    int | None, typer.Option(min=1, max=65535, help="Port of the one origin; default QORGAN_PORT or 8501.")
]
_Detach = Annotated[bool, typer.Option("--detach", help="Return when everything serves; stop with `stop`.")]


def start(
    port: _Port = None,
    demo: Annotated[str | None, typer.Option(help="Demo loaded into an empty database.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="Load no demo.")] = False,
    detach: _Detach = False,
    prepare: Annotated[bool, typer.Option(hidden=True)] = True,
) -> None:
    """Start the database, migrate, load the demo, serve; what ./run does after installing."""
    from cli.settings import load_settings
    from cli.start import DEFAULT_DEMO, Wish
    from cli.start import start as start_all

    settings = load_settings()
    name = None if empty else demo or DEFAULT_DEMO
    start_all(settings, Wish(port=port or settings.port, demo=name, detach=detach, prepare=prepare))


def serve(port: _Port = None, detach: _Detach = False) -> None:
    """Serve API, interface and worker on a database that is migrated already."""
    from cli.settings import load_settings
    from cli.start import Wish
    from cli.start import start as start_all

    settings = load_settings()
    start_all(settings, Wish(port=port or settings.port, detach=detach, prepare=False))


def stop() -> None:
    """Stop the servers and the private database."""
    from cli.settings import load_settings
    from cli.start import stop_all

    say("cli.stop.stopped" if stop_all(load_settings()) else "cli.stop.nothing")


def status(json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """What runs; exit code 1 when the servers do not."""
    from cli import cluster, processes
    from cli.database import configured_urls
    from cli.settings import load_settings
    from cli.start import address
    from cli.supervisor import NAME, is_ready

    settings = load_settings()
    running = {record.name: record for record in processes.records(settings.home)}
    supervisor = running.get(NAME)
    ready = supervisor is not None and supervisor.port is not None and is_ready(supervisor.port)
    private = configured_urls(settings) is None
    database = cluster.status(settings.home)
    facts: dict[str, Any] = {
        "address": address(settings, supervisor.port) if supervisor is not None and supervisor.port else None,
        "ready": ready,
        "servers": {name: record.pid for name, record in running.items()},
        "database": {
            "private": private,
            "running": database.running if private else None,
            "port": database.port if private else None,
            "version": database.major if private else None,
            "data": str(database.data) if private and database.data else None,
        },
        "home": str(settings.home),
    }
    if json:
        print_json(facts)
    else:
        print_line(f"address    {facts['address'] or '-'}{'' if ready or not facts['address'] else ' (not ready)'}")
        for name, pid in facts["servers"].items():
            log = processes.log_file(settings.home, name)
            print_line(f"{name:<10} pid {pid}{f', {log}' if log.exists() else ''}")
        if private:
            state = f"running on port {database.port}" if database.running else "stopped"
            print_line(f"database   {state}, {database.data or '-'}")
        else:
            print_line("database   DATABASE_URL")
    raise typer.Exit(0 if ready else 1)
