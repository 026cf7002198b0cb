"""``jobs``: long work, how far it is, and stopping it."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.filtering import JsonOption, WorkspaceOption
from cli.speech import language, print_json, print_line
from i18n import texts


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True)
    group.command("list")(listed)
    group.command("cancel")(cancel)
    app.add_typer(group, name="jobs")


def listed(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 20,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Jobs, newest first."""
    from cli.session import desk
    from layers import jobs

    with desk(workspace) as at:
        found = jobs.listed(at.connection, at.workspace, limit=limit)
    if json:
        print_json({"workspace": at.workspace.slug, "jobs": found})
        return
    said, reader = texts(), language()
    for job in found:
        why = said.error(job["error"]["code"], reader, job["error"].get("params", {})) if job["error"] else ""
        print_line(
            f"{job['id']:>6}  {job['state']:<10} {job['kind']:<8} {job['progress']:>4.0%}  "
            f"{job['created_at']:%Y-%m-%d %H:%M}  {why}"
        )


def cancel(job: Annotated[int, typer.Argument()], json: JsonOption = False) -> None:
    """Stop a job: a queued one at once, a running one within a second."""
    from cli.session import session
    from layers import jobs
    from layers.identity import transaction

    with session() as here, transaction(here.engines.app, here.principal) as connection:
        found = jobs.request_cancel(connection, job)
    if json:
        print_json(found)
    else:
        print_line(texts().text("cli.jobs.cancelling", language(), job=job))
