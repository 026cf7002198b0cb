"""``search``: what a name means in a workspace."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.filtering import JsonOption, WorkspaceOption
from cli.speech import language, print_json, print_line
from i18n import texts


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("search")(search)


def search(
    wanted: Annotated[str, typer.Argument(metavar="TEXT")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=50)] = 10,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Streets, settlements, houses, roads by kilometre, areas, places and devices by name."""
    from cli.session import session
    from layers.finding import look_up

    with session() as here:
        slug = here.workspace(workspace)
        found = look_up(here.engines.app, here.principal, slug, wanted, limit=limit, language=language())
    if json:
        print_json(found)
        return
    if not found["results"]:
        print_line(texts().text("cli.search.nothing", language(), text=found["query"]))
    for one in found["results"]:
        _tell(one)


def _tell(one: dict[str, Any]) -> None:
    said, reader = texts(), language()
    lon, lat = one["position"]
    where = f", {one['territory']}" if one["territory"] else ""
    kind = said.text(f"common.search.kind.{one['kind']}", reader)
    print_line(f"{one['name']} ({kind}{where})  {lat:.5f}, {lon:.5f}")
    note = one["note"]
    if note:
        numbers = {name: "–" if one[name] is None else one[name] for name in ("km", "error_m", "length_km")}
        print_line(f"    {said.text(f'common.search.note.{note}', reader, **numbers)}")
