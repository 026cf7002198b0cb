"""``cells``: a layer on H3 cells, as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.filtering import JsonOption, OutOption, WorkspaceOption, filtered
from cli.speech import print_json, say

if TYPE_CHECKING:
    from layers.queries.filters import Filter


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cells")(cells)


@filtered()
def cells(
    *,
    layer: Annotated[str, typer.Argument()],
    resolution: Annotated[int, typer.Option("--resolution")] = 9,
    form: Annotated[str | None, typer.Option("--format", metavar="csv|geojson|parquet|arrow|json")] = None,
    given: Filter,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """A layer's counts and measures on cells of a resolution."""
    from cli.output import write_result
    from cli.session import desk
    from etl.writers import cells as writer
    from layers import registry
    from layers.identity import Purpose
    from layers.queries.cells import cells as ask

    wanted = registry.load()[layer]
    with desk(workspace, purpose=Purpose.AGGREGATE, timeout_s=120) as at:
        answer = ask(at.connection, at.workspace, wanted, resolution=resolution, given=given)
    columns = writer.as_columns(answer)
    if out is not None or not json:
        write_result(writer.encode(answer, form or (out.suffix.lstrip(".") if out else "csv")), out)
    if json and out is None:
        print_json(columns)
    elif json:
        kept = {name: columns[name] for name in ("layer", "resolution", "totals")}
        print_json({**kept, "cells": len(answer.cells), "path": str(out)})
    elif out is not None:
        say("cli.cells.written", cells=len(answer.cells), path=str(out))
    if not json and answer.totals.get("without_position"):
        say("cli.cells.without_position", count=int(answer.totals["without_position"]))
    if not json and answer.totals.get("unknown_count"):
        say("cli.cells.unknown", count=int(answer.totals["unknown_count"]))
