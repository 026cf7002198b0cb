"""``quality``: an import beside what was there, its quarantine mended, breaks of registration, originals behind pseudonyms."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.filtering import JsonOption, WorkspaceOption
from cli.speech import language, print_json, print_line, say
from geo_core.errors import InvalidInput
from i18n import texts


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True)
    group.command("show")(show)
    group.command("export")(export)
    group.command("mend")(mend_rows)
    group.command("accept-break")(accept_break)
    group.command("withdraw-break")(withdraw_break)
    group.command("original")(original)
    app.add_typer(group, name="quality")


def show(
    layer: Annotated[str, typer.Argument()],
    batch: Annotated[int | None, typer.Option("--batch")] = None,
    by_district: Annotated[bool, typer.Option("--by-district")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Months against the same months of earlier years, and breaks of registration to judge."""
    from cli.session import session
    from layers import registry
    from layers.identity import transaction
    from layers.queries.quality import quality
    from layers.workspaces import find

    wanted = registry.load()[layer]
    if not wanted.is_event:
        raise InvalidInput("layer-without-time", layer=layer)
    with session() as here, transaction(here.engines.app, here.principal) as connection:
        found = quality(
            connection, find(connection, here.workspace(workspace)), wanted, batch_id=batch, by_district=by_district
        )
    if json:
        print_json(found)
        return
    for month in found["months"]:
        expected = "" if month["expected"] is None else f"{month['low']:.0f}–{month['high']:.0f}"
        marks = [name for name in ("is_missing", "is_suspicious") if month[name]]
        told = ", ".join(texts().text(f"cli.quality.{mark}", language()) for mark in marks)
        print_line(f"{month['month'][:7]}  {month['count']:>8}  {expected:>15}  {told}".rstrip())
    for proposal in found["proposed_breaks"]:
        say("cli.quality.break", day=proposal["day"], ratio=round(proposal["ratio"] or 0.0, 2), layer=layer)


def export(
    batch: Annotated[int, typer.Argument()],
    target: Annotated[Path, typer.Argument(dir_okay=False)],
    workspace: WorkspaceOption = None,
) -> None:
    """Write rejected rows that wait into a file (CSV, or XLSX by its ending) to be mended there."""
    from cli.session import session
    from etl.quarantine_files import as_csv, as_xlsx
    from layers import batches, quarantine
    from layers.identity import transaction
    from layers.workspaces import find

    with session() as here, transaction(here.engines.app, here.principal) as connection:
        of_batch = batches.one(connection, find(connection, here.workspace(workspace)), batch)
        rows = quarantine.listed(connection, batch, mended=False, limit=100_000)

    def sentence(reasons: Any) -> str:
        return "; ".join(
            texts().reason(str(code), language(), params, layer=of_batch["layer_id"]) for code, params in reasons
        )

    write = as_xlsx if target.suffix.lower() == ".xlsx" else as_csv
    target.write_bytes(write(rows, sentence))
    say("cli.quality.exported", count=len(rows), path=str(target))


def mend_rows(
    batch: Annotated[int, typer.Argument()],
    file: Annotated[Path | None, typer.Option("--file", dir_okay=False)] = None,
    row: Annotated[int | None, typer.Option("--row")] = None,
    change: Annotated[list[str] | None, typer.Option("--set")] = None,
    reason: Annotated[str, typer.Option("--reason")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Mend rejected rows: one by ``--row`` and ``--set column=value``, or many by a changed file of ``quality export``."""
    from cli.session import session
    from etl.mending import mend
    from etl.quarantine_files import changes_in, read_mended
    from layers import quarantine
    from layers.identity import transaction

    if (file is None) == (row is None):
        raise InvalidInput("mend-what")
    with session() as here:
        slug = here.workspace(workspace)
        if row is not None:
            changes: dict[int, dict[str, str | None]] = {row: dict(_pair(one) for one in change or ())}
        else:
            assert file is not None
            given = read_mended(file)
            with transaction(here.engines.app, here.principal) as connection:
                kept = quarantine.listed(connection, batch, mended=False, limit=1_000_000)
            changes = changes_in(given, {one["row_number"]: one["raw"] for one in kept})
        done = mend(
            here.engines,
            here.principal,
            workspace=slug,
            batch_id=batch,
            changes=changes,
            reason=reason,
            dry_run=dry_run,
        )
    if json:
        print_json(done.as_dict())
        return
    say("cli.quality.mended", tried=done.tried, mended=done.mended)
    for number, reasons in done.left.items():
        told = "; ".join(texts().reason(code, language(), params) for code, params in reasons)
        print_line(f"{number:>8}  {told}")


def _pair(given: str) -> tuple[str, str | None]:
    name, separator, value = given.partition("=")
    if not separator or not name:
        raise InvalidInput("mend-set", given=given)
    return name, value or None


def accept_break(
    layer: Annotated[str, typer.Argument()],
    day: Annotated[str, typer.Argument()],
    reason: Annotated[str, typer.Option("--reason")] = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Hold a day as a break of registration: comparisons across it are marked."""
    from cli.session import session
    from layers import breaks, registry
    from layers.identity import transaction
    from layers.workspaces import find

    with session() as here, transaction(here.engines.app, here.principal) as connection:
        space = find(connection, here.workspace(workspace))
        breaks.accept(connection, space, registry.load()[layer], _day(day), reason=reason)
    say("cli.quality.accepted", day=day, layer=layer)


def withdraw_break(
    layer: Annotated[str, typer.Argument()], day: Annotated[str, typer.Argument()], workspace: WorkspaceOption = None
) -> None:
    """Hold a day as a break no longer."""
    from cli.session import session
    from layers import breaks, registry
    from layers.identity import transaction
    from layers.workspaces import find

    with session() as here, transaction(here.engines.app, here.principal) as connection:
        breaks.withdraw(connection, find(connection, here.workspace(workspace)), registry.load()[layer], _day(day))
    say("cli.quality.withdrawn", day=day, layer=layer)


def _day(given: str) -> date:
    try:
        return datetime.strptime(given, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise InvalidInput("bad-parameter", name="day", value=given[:50], expected="YYYY-MM-DD") from None


def original(
    layer: Annotated[str, typer.Argument()],
    pseudonym: Annotated[str, typer.Argument()],
    reason: Annotated[str, typer.Option("--reason")] = "",
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """What a pseudonym stands for; the reading and its reason are audited."""
    from cli.session import session
    from layers import registry
    from layers.originals import original_of

    if not reason.strip():
        raise InvalidInput("reason-needed")
    with session() as here:
        found = original_of(
            here.engines.app,
            here.principal,
            here.workspace(workspace),
            registry.load()[layer],
            pseudonym,
            reason=reason,
        )
    if json:
        print_json(found)
        return
    print_line(str(found["original"]))
