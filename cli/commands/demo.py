"""``demo``: the synthetic city."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli.filtering import JsonOption
from cli.speech import language, print_json, print_line
from i18n import texts


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True)
    group.command("list")(listed)
    group.command("load")(load)
    app.add_typer(group, name="demo")


def listed(json: JsonOption = False) -> None:
    """Demos there are."""
    from etl.demo_load import DEMOS

    if json:
        print_json({"demos": [{"name": name, "seed": seed} for name, seed in DEMOS.items()]})
        return
    for name, seed in DEMOS.items():
        print_line(f"{name}  seed {seed}")


def load(
    name: Annotated[str, typer.Argument()] = "pavlodar",
    seed: Annotated[int | None, typer.Option("--seed", min=0)] = None,
    json: JsonOption = False,
) -> None:
    """Make the synthetic city, import and derive it; repeating it changes nothing."""
    from cli.database import database_urls
    from cli.output import ProgressLine
    from cli.session import open_engines
    from cli.settings import load_settings
    from cli.start import migrate
    from etl.demo_load import load_demo

    settings = load_settings()
    migrate(database_urls(settings))
    with tempfile.TemporaryDirectory(prefix="qorgan-demo-") as folder, open_engines(settings) as engines:
        line = ProgressLine()
        try:
            found = load_demo(engines, name, folder=Path(folder), seed=seed, progress=line)
        finally:
            line.clear()
    if json:
        print_json(found)
        return
    said, reader = texts(), language()
    for layer, counts in found["layers"].items():
        print_line(said.text("cli.demo.layer", reader, layer=layer, **counts))
    print_line(said.text("cli.demo.loaded", reader, workspace=found["workspace"]))
