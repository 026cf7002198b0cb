"""``mapping``: how a file becomes rows: proposed, checked, kept for the workspace."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.filtering import JsonOption, WorkspaceOption
from cli.speech import language, print_json, print_line, say
from i18n import texts

# The exit code of a mapping or a file that cannot be used, as ``cli.main`` has it.
REFUSED = 3
_SURE, _LIKELY = 0.9, 0.6


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True)
    group.command("propose")(propose)
    group.command("check")(check)
    group.command("list")(listed)
    group.command("show")(show)
    group.command("save")(save)
    group.command("remove")(remove)
    app.add_typer(group, name="mapping")


def propose(
    layer: Annotated[str, typer.Argument()],
    source: Annotated[Path, typer.Argument()],
    workspace: WorkspaceOption = None,
) -> None:
    """Write the proposed mapping to standard output and what is doubtful about it to standard error.

    Exit code 3 when nothing can be loaded by it before somebody has filled in what is missing.
    """
    from cli.mappings import suggest
    from cli.session import session
    from etl.mapping import dump_mapping
    from geo_core.errors import InvalidInput
    from layers import registry

    wanted = registry.load()[layer]
    with session() as here:
        slug = here.workspace(workspace)
        proposal, mapping = suggest(
            here.engines, here.principal, layer=wanted, path=source, workspace=slug, saved=here.mappings(slug)
        )
    sys.stdout.write(dump_mapping(proposal.mapping))
    sys.stdout.flush()
    for target, confidence in sorted(proposal.confidence.items(), key=lambda item: item[1]):
        if confidence < _SURE:
            level = "likely" if confidence >= _LIKELY else "doubtful"
            _tell(texts().text(f"cli.mapping.{level}", language(), target=target))
    for doubt in proposal.doubts:
        _tell(texts().text(f"doubt.{doubt.code}", language(), **doubt.params))
    if isinstance(mapping, InvalidInput):
        _tell(texts().error(mapping.code, language(), mapping.params))
        raise typer.Exit(REFUSED)


def check(
    layer: Annotated[str, typer.Argument()],
    mapping: Annotated[Path, typer.Argument(dir_okay=False)],
    source: Annotated[Path | None, typer.Argument()] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Check a mapping against its layer, and with a file against the first 2,000 rows of it; nothing is stored.

    Exit code 3 when the file would be refused.
    """
    from datetime import UTC, datetime

    from cli.session import session
    from etl.context import ImportContext
    from etl.mapping import load_mapping
    from etl.trying import try_mapping
    from geo_core.errors import NotFound
    from layers import registry, workspaces
    from layers.identity import transaction
    from layers.placing import placing

    wanted = registry.load()[layer]
    if not mapping.is_file():
        raise NotFound("no-such-file", name=mapping.name)
    how = load_mapping(mapping, layer=wanted)
    if source is None:
        if json:
            print_json({"mapping": how.id, "layer": wanted.id})
        else:
            say("cli.mapping.fits", mapping=how.id, layer=wanted.id)
        return
    with session() as here, transaction(here.engines.app, here.principal) as connection:
        info = workspaces.find(connection, here.workspace(workspace))
        _, whole = placing(connection, info)
        context = ImportContext(zone=info.zone, now=datetime.now(UTC), territory=whole)
        trial = try_mapping(source, layer=wanted, mapping=how, context=context)
    good = len(trial.batch) if trial.batch is not None else 0
    bad = len(trial.batch.rejected) if trial.batch is not None else 0
    if json:
        fault = None if trial.fault is None else {"code": trial.fault.code, "params": trial.fault.params}
        counts = {"read": good + bad, "accepted": good, "rejected": bad}
        print_json({**counts, "rejected_by_reason": dict(trial.reasons), "unseen": _unseen(trial), "error": fault})
    else:
        say("cli.mapping.tried", read=good + bad, accepted=good, rejected=bad)
        for code, count in trial.reasons.items():
            sentence = texts().reason(code, language(), {}, layer=wanted.id)
            print_line(texts().text("cli.import.rejected_line", language(), count=count, reason=sentence))
        for one in _unseen(trial):
            say("cli.mapping.unseen", field=one["field"], value=one["value"], count=one["count"])
        if trial.fault is not None:
            _tell(texts().error(trial.fault.code, language(), trial.fault.params))
    if trial.fault is not None:
        raise typer.Exit(REFUSED)


def listed(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Mappings kept for the workspace."""
    from cli.session import session
    from layers import registry

    with session() as here:
        kept = here.mappings(here.workspace(workspace))
    found = [saved for layer in registry.load().values() for saved in kept.listed(layer)]
    if json:
        print_json(
            {
                "mappings": [
                    {"layer": one.layer_id, "id": one.id, "fault": one.fault.code if one.fault else None}
                    for one in found
                ]
            }
        )
        return
    for one in found:
        print_line(f"{one.layer_id}\t{one.id}")
        if one.fault is not None:
            print_line(texts().error(one.fault.code, language(), one.fault.params))


def show(
    layer: Annotated[str, typer.Argument()],
    name: Annotated[str, typer.Argument()],
    workspace: WorkspaceOption = None,
) -> None:
    """Write a kept mapping to standard output."""
    from cli.session import session
    from etl.mapping import dump_mapping
    from layers import registry

    with session() as here:
        kept = here.mappings(here.workspace(workspace))
    sys.stdout.write(dump_mapping(kept.one(registry.load()[layer], name)))


def save(
    layer: Annotated[str, typer.Argument()],
    mapping: Annotated[Path, typer.Argument(dir_okay=False)],
    workspace: WorkspaceOption = None,
) -> None:
    """Keep a mapping for the workspace: files that have all columns of its signature are proposed it from now on."""
    from cli.session import session
    from etl.mapping import load_mapping
    from geo_core.errors import NotFound
    from layers import registry, workspaces
    from layers.identity import audit, require, transaction
    from layers.spec import Role

    wanted = registry.load()[layer]
    if not mapping.is_file():
        raise NotFound("no-such-file", name=mapping.name)
    how = load_mapping(mapping, layer=wanted)
    with session() as here, transaction(here.engines.app, here.principal) as connection:
        info = workspaces.find(connection, here.workspace(workspace))
        require(connection, info.id, Role.EDITOR)
        is_new = here.mappings(info.slug).save(wanted, how)
        audit(connection, "keep-mapping", workspace_id=info.id, layer_id=wanted.id, mapping=how.id, is_new=is_new)
    say("cli.mapping.kept", mapping=how.id, layer=wanted.id)


def remove(
    layer: Annotated[str, typer.Argument()],
    name: Annotated[str, typer.Argument()],
    workspace: WorkspaceOption = None,
) -> None:
    """Forget a kept mapping; rows imported by it stay."""
    from cli.session import session
    from layers import registry, workspaces
    from layers.identity import audit, require, transaction
    from layers.spec import Role

    wanted = registry.load()[layer]
    with session() as here, transaction(here.engines.app, here.principal) as connection:
        info = workspaces.find(connection, here.workspace(workspace))
        require(connection, info.id, Role.EDITOR)
        here.mappings(info.slug).remove(wanted, name)
        audit(connection, "forget-mapping", workspace_id=info.id, layer_id=wanted.id, mapping=name)
    say("cli.mapping.forgotten", mapping=name, layer=wanted.id)


def _tell(line: str) -> None:
    """One line beside the result."""
    sys.stderr.write(line + "\n")


def _unseen(trial: Any) -> list[dict[str, Any]]:
    return [{"field": field, "value": value, "count": count} for (field, value), count in trial.unseen.items()]
