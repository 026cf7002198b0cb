"""``derive``: bring derived layers up to date."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.filtering import JsonOption, WorkspaceOption
from cli.speech import language, print_json, print_line
from i18n import texts


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("derive")(derive)


def derive(
    layer: Annotated[str, typer.Argument()],
    afresh: Annotated[bool, typer.Option("--afresh")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Derive one layer with what it depends on, or all."""
    from cli.output import ProgressLine
    from cli.session import session
    from etl.deriving import run_derive
    from geo_core.errors import InvalidInput
    from layers import registry

    if layer != "all" and registry.load()[layer].derivation is None:
        names = [one.id for one in registry.load().derived_in_order()]
        raise InvalidInput("not-derived", layer=layer, known=[*names, "all"])
    with session() as here:
        line = ProgressLine()
        try:
            reports = run_derive(
                here.engines,
                here.principal,
                workspace=here.workspace(workspace),
                layer_id=layer,
                afresh=afresh,
                progress=line,
            )
        finally:
            line.clear()
    if json:
        print_json({"derived": reports})
        return
    said, reader = texts(), language()
    for name, report in reports.items():
        key = "cli.derive.unchanged" if report["skipped"] else "cli.derive.made"
        print_line(said.text(key, reader, layer=name))
        for what, value in report.items():
            if what != "skipped":
                print_line(f"  {what}: {value}")
