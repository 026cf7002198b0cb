"""``edits``: who changed what; many records out into a table, changed there, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.filtering import JsonOption, WorkspaceOption, filtered
from cli.speech import language, print_json, print_line, say
from i18n import texts

if TYPE_CHECKING:
    from layers.queries.filters import Filter

LayerName = Annotated[str, typer.Argument(metavar="LAYER")]
Table = Annotated[Path, typer.Argument(metavar="TABLE.xlsx", exists=True, dir_okay=False)]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True)
    group.command("list")(listed)
    group.command("undo")(undo)
    group.command("export")(export)
    group.command("difference")(difference)
    group.command("apply")(apply)
    app.add_typer(group, name="edits")


def listed(
    layer: LayerName,
    record: Annotated[int | None, typer.Option("--record", min=1)] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500)] = 50,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Edits of a layer, newest first: who, when, why, before and after."""
    from cli.session import desk
    from layers import registry
    from layers.editing.listing import recent

    with desk(workspace) as at:
        found = recent(at.connection, at.workspace, registry.load()[layer], feature_id=record, limit=limit)
    if json:
        print_json({"layer": layer, "edits": found})
        return
    for edit in found:
        what = "; ".join(f"{name}: {pair[0]} → {pair[1]}" for name, pair in edit["changes"].items())
        print_line(
            f"{edit['id']:>8}  {edit['at']:%Y-%m-%d %H:%M}  {edit['principal'] or edit['principal_id']}  "
            f"№ {edit['row_id']}  {edit['deed']}  {edit['reason']}  {what}"
        )


def undo(
    layer: LayerName,
    edit: Annotated[int, typer.Argument(min=1)],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Take one edit back."""
    from cli.session import desk
    from layers import registry
    from layers.editing.undoing import undo_edit

    with desk(workspace) as at:
        done = undo_edit(at.connection, at.workspace, registry.load()[layer], edit)
    if json:
        print_json({"layer": layer, **done})
    else:
        say("cli.edits.undone", record=done["id"])


@filtered()
def export(
    *,
    layer: LayerName,
    out: Annotated[Path, typer.Option("--out", dir_okay=False)],
    given: Filter,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write records into a workbook for changing there."""
    from cli.session import desk
    from etl.round_trip.export import export_for_editing
    from layers import registry

    with desk(workspace) as at:
        rows = export_for_editing(
            at.connection, at.workspace, registry.load()[layer], out, language=language(), given=given
        )
    if json:
        print_json({"layer": layer, "rows": rows, "path": str(out)})
    else:
        say("cli.export.written", rows=rows, path=str(out))


def difference(layer: LayerName, table: Table, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """What a changed workbook would do; nothing is changed."""
    from cli.session import desk
    from etl.round_trip.difference import difference as compare
    from layers import registry

    with desk(workspace) as at:
        found = compare(at.connection, at.workspace, registry.load()[layer], table)
    if json:
        print_json({"layer": layer, **found.as_dict()})
        return
    for line in found.lines:
        what = "; ".join(f"{name}: {pair[0]} → {pair[1]}" for name, pair in line.changes.items())
        print_line(f"{line.row:>6}  {line.kind.value:<8}  № {line.feature_id or '—'}  {what}")
        for code, params in line.problems:
            print_line(f"        {texts().error(code, language(), params)}")
    say("cli.edits.counted", unchanged=found.unchanged, fingerprint=found.fingerprint, **found.counts)


def apply(
    layer: LayerName,
    table: Table,
    expect: Annotated[str, typer.Option("--expect", metavar="FINGERPRINT")],
    reason: Annotated[str, typer.Option("--reason")] = "",
    leave_out: Annotated[bool, typer.Option("--leave-out")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Apply a changed workbook as one batch, just as its difference was shown."""
    from cli.session import desk
    from etl.round_trip.difference import apply as apply_now
    from layers import registry

    with desk(workspace) as at:
        done: dict[str, Any] = apply_now(
            at.connection,
            at.workspace,
            registry.load()[layer],
            table,
            name=table.name,
            expected=expect,
            reason=reason,
            leave_out=leave_out,
        )
    if json:
        print_json({"layer": layer, **done})
    else:
        say("cli.edits.applied", **done)
