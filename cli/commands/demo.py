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
    from cli.output import ProgressLine
    from cli.session import open_engines
    from cli.settings import load_settings
    from etl.demo_load import load_demo

    settings = load_settings()
    say("cli.start.demo", name=name)
    line = ProgressLine()
    with open_engines(settings) as engines:
        loaded = load_demo(engines, name, folder=(folder or settings.home / "demo" / name).absolute(), progress=line)
    line.clear()
    if json:
        print_json({"demo": name} | loaded)
    else:
        for layer, rows in loaded["layers"].items():
            print_line(f"{layer:<16}" + "".join(f" {what} {count}" for what, count in rows.items()))
