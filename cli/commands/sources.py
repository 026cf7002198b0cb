"""``sources``: services a layer is brought up to date from, by a schedule."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.filtering import JsonOption, WorkspaceOption
from cli.speech import language, print_json, print_line, say
from i18n import texts


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(listed)
    group.command("run")(run)
    group.command("remove")(remove)
    app.add_typer(group, name="sources")


def add(
    layer: Annotated[str, typer.Argument()],
    url: Annotated[str, typer.Argument()],
    mapping: Annotated[str | None, typer.Option("--mapping")] = None,
    every: Annotated[str, typer.Option("--every", metavar="6h|1d|7d")] = "1d",
    at: Annotated[str | None, typer.Option("--at", metavar="HH:MM")] = None,
    where: Annotated[str, typer.Option("--where")] = "",
    overlap_days: Annotated[float, typer.Option("--overlap-days", min=0, max=3650)] = 2.0,
    full_every_days: Annotated[int, typer.Option("--full-every-days", min=1, max=3650)] = 30,
    source_name: Annotated[str, typer.Option("--source-name")] = "",
    synthetic: Annotated[bool, typer.Option("--synthetic")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Connect a service; the worker asks it soon, and then by the schedule."""
    from cli.serving import asking, choose_for_service
    from cli.session import session
    from etl.sources.connecting import Connecting, connect
    from layers import registry

    wanted = registry.load()[layer]
    with session() as here:
        slug = here.workspace(workspace)
        how, _ = choose_for_service(here, layer=wanted, url=url, wanted=mapping)
        made = connect(
            here.engines,
            here.principal,
            slug,
            Connecting(
                layer=wanted,
                url=url,
                mapping=how,
                every=every,
                at=at,
                where=where,
                overlap_days=overlap_days,
                full_every_days=full_every_days,
                source_name=source_name,
                is_synthetic=synthetic,
            ),
            asking(here).guard,
        )
    if json:
        print_json({"workspace": slug, "source": made})
    else:
        say("cli.sources.added", connection=made["id"], url=made["url"])


def listed(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Connected services: when they were and will be asked, and what went wrong."""
    from cli.session import session
    from layers import connections
    from layers.identity import transaction
    from layers.workspaces import find

    with session() as here:
        slug = here.workspace(workspace)
        with transaction(here.engines.app, here.principal) as connection:
            found = connections.listed(connection, find(connection, slug))
    if json:
        print_json({"workspace": slug, "sources": found})
        return
    said, reader = texts(), language()
    for one in found:
        at = f" {one['at_local']}" if one["at_local"] else ""
        when = f"{one['finished_at']:%Y-%m-%d %H:%M}" if one["finished_at"] else "—"
        print_line(
            f"{one['id']:>4}  {one['layer_id']:<12} {one['every_hours']} h{at}  {when} → {one['next_run_at']:%Y-%m-%d %H:%M}  "
            f"{said.text('source.state.' + one['state'], reader)}  {one['url']} {one['condition']}".rstrip()
        )
        if one["error"]:
            print_line(f"      {said.error(one['error']['code'], reader, one['error']['params'])}")


def run(
    connection: Annotated[int, typer.Argument()],
    full: Annotated[bool, typer.Option("--full")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Ask a connected service now, and wait for it."""
    from cli.output import ProgressLine
    from cli.serving import asking
    from cli.session import session
    from etl.sources.refreshing import run_refresh
    from layers.identity import transaction
    from layers.workspaces import find

    with session() as here:
        slug = here.workspace(workspace)
        with transaction(here.engines.app, here.principal) as transacting:
            place = find(transacting, slug)
        line = ProgressLine()
        try:
            done = run_refresh(here.engines, here.principal, place, connection, asking(here), full=full, progress=line)
        finally:
            line.clear()
    if json:
        print_json(done)
        return
    _tell(done)


def _tell(done: dict[str, Any]) -> None:
    numbers = {name: done[name] for name in ("read", "loaded", "updated", "unchanged", "rejected", "removed")}
    say("cli.sources.refreshed", batch=done["batch_id"] or 0, **numbers)


def remove(
    connection: Annotated[int, typer.Argument()], workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """Ask a service no longer; what it gave stays."""
    from cli.session import session
    from layers import connections
    from layers.identity import transaction
    from layers.workspaces import find

    with session() as here:
        slug = here.workspace(workspace)
        with transaction(here.engines.app, here.principal) as transacting:
            connections.remove(transacting, find(transacting, slug), connection)
    if json:
        print_json({"removed": connection})
    else:
        say("cli.sources.removed", connection=connection)
