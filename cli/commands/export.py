"""``export`` and ``join``: records of a layer as a file; a table's numbers beside polygons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.filtering import JsonOption, WorkspaceOption, filtered
from cli.speech import print_json, say

if TYPE_CHECKING:
    from layers.queries.filters import Filter


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("export")(export)
    app.command("join")(join)


@filtered()
def export(
    *,
    layer: Annotated[str, typer.Argument()],
    out: Annotated[Path, typer.Option("--out", dir_okay=False)],
    form: Annotated[str | None, typer.Option("--format", metavar="csv|geojson|geopackage|parquet|arrow")] = None,
    restricted: Annotated[bool, typer.Option("--restricted")] = False,
    given: Filter,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write the records of a layer to a file that the importer reads back."""
    from cli.session import session
    from etl.writers.records import Wanted, write_records
    from layers import registry

    shape = form or {".gpkg": "geopackage"}.get(out.suffix.lower(), out.suffix.lower().lstrip("."))
    with session() as here:
        wanted = Wanted(
            layer=registry.load()[layer], workspace=here.workspace(workspace), given=given, restricted=restricted
        )
        rows = write_records(here.engines, here.principal, wanted, form=shape, out=out)
    if json:
        print_json({"layer": layer, "rows": rows, "format": shape, "path": str(out)})
    else:
        say("cli.export.written", rows=rows, path=str(out))


def join(
    polygons: Annotated[Path, typer.Argument()],
    table: Annotated[Path, typer.Argument()],
    key: Annotated[str, typer.Option("--key")],
    column: Annotated[str, typer.Option("--column")],
    take: Annotated[list[str], typer.Option("--take", metavar="COLUMN[=PROPERTY]")],
    out: Annotated[Path, typer.Option("--out", dir_okay=False)],
    json: JsonOption = False,
) -> None:
    """Put columns of a table beside the polygons of a file."""
    from etl.joining import join as join_now

    pairs = [one.split("=", 1) for one in take]
    found = join_now(polygons, table, key=key, column=column, take={pair[0]: pair[-1] for pair in pairs}, out=out)
    if json:
        print_json({**vars(found), "path": str(out)})
        return
    say("cli.join.written", matched=found.matched, features=found.features, path=str(out))
    if found.without_row:
        say("cli.join.without_row", keys="; ".join(found.without_row))
