"""``demo``: the synthetic city, beside whatever the database holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.speech import print_json, print_line, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    name: Annotated[str, typer.Argument(help="Which demo.")] = "pavlodar",
    folder: Annotated[Path | None, typer.Option(help="Where its files are written; default the home folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="End standard output with one JSON line.")] = False,
) -> None:
    """Make the demo's files and load them into a workspace of their own; repeating it changes nothing."""
    from cli.database import database_urls
    from cli.demo import load
    from cli.settings import load_settings

    settings = load_settings()
    urls = database_urls(settings)
    say("cli.start.demo", name=name)
    counts = load(urls, name, folder=(folder or settings.home / "demo" / name).absolute())
    if json:
        print_json({"demo": name, "layers": counts})
    else:
        for layer, rows in counts.items():
            print_line(f"{layer:<16} {rows['read']:>8} {rows['loaded']:>8} {rows['rejected']:>8}")
