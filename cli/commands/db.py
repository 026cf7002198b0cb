"""``db``: the private database, migrations, backup and restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.speech import print_json, print_line, say

_Json = Annotated[bool, typer.Option("--json", help="End standard output with one JSON line.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The database: private cluster, migrations, backup, restore.")
    group.command("start")(start)
    group.command("stop")(stop)
    group.command("status")(status)
    group.command("migrate")(migrate)
    group.command("revision")(revision)
    group.command("backup")(backup)
    group.command("restore")(restore)
    app.add_typer(group, name="db")


def start(json: _Json = False) -> None:
    """Start the private database; nothing to do with a configured DATABASE_URL."""
    from cli import cluster
    from cli.database import configured_urls
    from cli.settings import load_settings

    settings = load_settings()
    if configured_urls(settings) is not None:
        say("cli.db.configured")
        return
    running = cluster.ensure_started(settings.home, bindir=settings.pg_bindir)
    if json:
        print_json(
            {"port": running.port, "data": str(running.data), "version": running.major, "started": running.started}
        )
    else:
        say("cli.db.running", port=running.port, data=str(running.data))


def stop() -> None:
    """Stop the private database, ending its sessions."""
    from cli import cluster
    from cli.settings import load_settings

    settings = load_settings()
    say("cli.stop.stopped" if cluster.stop(settings.home, bindir=settings.pg_bindir) else "cli.stop.nothing")


def status(json: _Json = False) -> None:
    """Where the private database is and whether it runs; exit code 1 when it does not."""
    from cli import cluster
    from cli.settings import load_settings

    known = cluster.status(load_settings().home)
    if json:
        data = None if known.data is None else str(known.data)
        print_json(
            {"running": known.running, "port": known.port, "data": data, "version": known.major, "pid": known.pid}
        )
    elif known.running:
        say("cli.db.running", port=known.port, data=str(known.data))
    else:
        say("cli.db.stopped", data=str(known.data or "-"))
    raise typer.Exit(0 if known.running else 1)


def migrate(json: _Json = False) -> None:
    """Bring the schema to the newest revision; repeating it changes nothing."""
    from cli.database import database_urls
    from cli.settings import load_settings
    from cli.start import migrate as migrate_now
    from layers import migrate as migrations

    migrate_now(database_urls(load_settings()))
    if json:
        print_json({"revision": migrations.head()})
    else:
        say("cli.db.migrated", revision=migrations.head())


def revision(
    message: Annotated[str, typer.Argument(help="What changes, in a few words; it names the file.")],
    json: _Json = False,
) -> None:
    """Write the next migration: what brings the database to the models of the code."""
    from cli.database import database_urls
    from cli.settings import load_settings
    from cli.start import migrate as migrate_now
    from layers import migrate as migrations

    urls = database_urls(load_settings())
    migrate_now(urls)  # differences are taken from the newest revision
    path = migrations.new_revision(urls.owner, message)
    if json:
        print_json({"revision": path.name.partition("_")[0], "path": str(path)})
    else:
        say("cli.db.revision", path=str(path))


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")], json: _Json = False
) -> None:
    """Write schema and data to one file and print its SHA-256."""
    from cli.backup import backup as write_backup
    from cli.database import database_urls
    from cli.settings import load_settings

    settings = load_settings()
    written = write_backup(database_urls(settings).owner, file.absolute(), bindir=settings.pg_bindir)
    if json:
        print_json({"path": str(written.path), "bytes": written.size, "sha256": written.sha256})
    else:
        print_line(f"{written.sha256}  {written.path}")


def restore(
    file: Annotated[Path, typer.Argument(help="A file written by `db backup`.")],
    sha256: Annotated[str | None, typer.Option(help="Refuse the file unless it has this digest.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: _Json = False,
) -> None:
    """Replace everything in the database by a backup; all or nothing."""
    from cli.database import database_urls
    from cli.restore import restore as restore_now
    from cli.settings import load_settings
    from cli.speech import language
    from cli.start import migrate as migrate_now
    from i18n import texts

    settings = load_settings()
    urls = database_urls(settings)
    if not yes:
        typer.confirm(texts().text("cli.db.restore_ask", language(), path=str(file)), abort=True, err=True)
    restore_now(urls.owner, file.absolute(), sha256=sha256, bindir=settings.pg_bindir)
    migrate_now(urls)  # an older backup is brought to the schema this version reads
    if json:
        print_json({"restored": str(file)})
    else:
        say("cli.db.restored", path=str(file))
