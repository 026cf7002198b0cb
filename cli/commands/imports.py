"""``import`` and ``imports``: a file into a layer; what was imported, what was rejected and why, taking it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.filtering import JsonOption, WorkspaceOption
from cli.speech import language, print_json, print_line, say, tell_error
from geo_core.errors import DataQuality, InvalidInput
from i18n import texts

# The exit code of data that cannot be used, as ``cli.main`` has it for refused files.
REFUSED = 3


def register(app: typer.Typer) -> None:
    """Add the command and the group."""
    app.command("import")(import_file)
    group = typer.Typer(no_args_is_help=True)
    group.command("list")(listed)
    group.command("show")(show)
    group.command("rejected")(rejected)
    group.command("undo")(undo)
    app.add_typer(group, name="imports")


def import_file(
    layer: Annotated[str, typer.Argument()],
    source: Annotated[str, typer.Argument()],
    mapping: Annotated[str | None, typer.Option("--mapping")] = None,
    save_mapping: Annotated[Path | None, typer.Option("--save-mapping", dir_okay=False)] = None,
    workspace: WorkspaceOption = None,
    source_name: Annotated[str, typer.Option("--source-name")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    synthetic: Annotated[bool, typer.Option("--synthetic")] = False,
    where: Annotated[str, typer.Option("--where")] = "",
    json: JsonOption = False,
) -> None:
    """Import a file, or a layer of a service, into a layer as one batch: all of it, or nothing.

    Exit code 3 when every row was rejected: the report is told all the same.
    """
    from cli.mappings import choose
    from cli.output import ProgressLine
    from cli.serving import asking, choose_for_service, imported
    from cli.session import session
    from etl.importer import ImportRequest, run_import
    from etl.mapping import dump_mapping, to_json
    from etl.sources.addresses import is_service_url
    from etl.sources.service import ServiceRequest
    from layers import registry

    wanted = registry.load()[layer]
    with session() as here:
        slug = here.workspace(workspace)
        is_service = is_service_url(source)
        if where and not is_service:
            raise InvalidInput("where-needs-service")
        if is_service:
            how, proposal = choose_for_service(here, layer=wanted, url=source, wanted=mapping)
        else:
            how, proposal = choose(
                here.engines,
                here.principal,
                layer=wanted,
                path=Path(source),
                workspace=slug,
                wanted=mapping,
                saved=here.mappings(slug),
            )
        if proposal is not None and not json:
            _tell_proposal(proposal)
        if save_mapping is not None:
            save_mapping.write_text(dump_mapping(how), encoding="utf-8")
            say("cli.import.mapping_saved", path=str(save_mapping))
        line = ProgressLine()
        given: dict[str, Any] = {
            "layer": wanted,
            "mapping": how,
            "workspace": slug,
            "source_name": source_name,
            "is_synthetic": synthetic,
            "dry_run": dry_run,
        }
        try:
            if is_service:
                asked = ServiceRequest(url=source, where=where, **given)
                report = imported(here, asked, asking(here), progress=line)
            else:
                request = ImportRequest(path=Path(source), **given)
                report = run_import(here.engines, here.principal, request, progress=line).as_dict()
        finally:
            line.clear()
    if json:
        print_json(report | {"mapping": to_json(how)})
    else:
        _tell_report(report)
    if report["error"] is not None:
        # told after the report, which says why of each row
        refused = DataQuality(report["error"]["code"], **report["error"]["params"])
        tell_error(refused)
        raise typer.Exit(REFUSED)


def _tell_proposal(proposal: Any) -> None:
    columns = dict(proposal.mapping.columns)
    columns |= {"lon": proposal.mapping.lon, "lat": proposal.mapping.lat, "id": proposal.mapping.source_id}
    if proposal.reasons and all(reason in {"by-signature", "by-saved"} for reason in proposal.reasons.values()):
        say("cli.import.recognised", source=proposal.mapping.id)
        return
    say("cli.import.proposed", crs=proposal.mapping.crs)
    for target, confidence in proposal.confidence.items():
        name = target.removeprefix("@")
        if columns.get(name):
            say("cli.import.proposed_column", target=name, column=columns[name], confidence=confidence)
    for doubt in proposal.doubts:
        print_line(texts().text(f"doubt.{doubt.code}", language(), **doubt.params))
    if proposal.mapping.time is not None:
        given = {name: value for name, value in vars(proposal.mapping.time).items() if isinstance(value, str)}
        say("cli.import.proposed_time", columns=", ".join(f"{name}: {value}" for name, value in given.items()))
    if proposal.unmapped:
        say("cli.import.unmapped", columns=", ".join(proposal.unmapped))


def _tell_report(report: dict[str, Any]) -> None:
    said, reader = texts(), language()
    counts = {name: report[name] for name in ("read", "loaded", "updated", "unchanged", "rejected")}
    key = "cli.import.checked" if report["dry_run"] else "cli.import.loaded"
    print_line(said.text(key, reader, layer=report["layer"], batch=report["batch_id"] or 0, **counts))
    if report["struck_off"]:
        print_line(said.text("cli.import.struck_off", reader, count=report["struck_off"], removed=report["removed"]))
    if report["origin"]:
        print_line(said.text("cli.import.origin", reader, **_numbers(report["origin"])))
    if report["merged"]:
        print_line(said.text("cli.import.merged", reader, count=report["merged"]))
    samples = {reason[0]: reason[1] for row in report["rejected_samples"] for reason in row["reasons"]}
    for code, count in report["rejected_by_reason"].items():
        sentence = said.reason(code, reader, samples.get(code, {}), layer=report["layer"])
        print_line(said.text("cli.import.rejected_line", reader, count=count, reason=sentence))
    for code, count in {**report["warnings"], **report["flagged"]}.items():
        examples = report["warning_samples"].get(code) or [{}]
        sentence = said.note(code, reader, examples[0], layer=report["layer"])
        print_line(said.text("cli.import.warning_line", reader, count=count, note=sentence))
    if report["rejected"] and report["batch_id"]:
        print_line(said.text("cli.import.see_rejected", reader, batch=report["batch_id"]))


def _numbers(origin: dict[str, Any]) -> dict[str, Any]:
    faults = sum(origin["faults"].values())
    return {name: origin[name] for name in ("url", "records", "requests")} | {"faults": faults}


def listed(
    layer: Annotated[str | None, typer.Option("--layer")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Batches, newest first."""
    from cli.session import desk
    from layers import batches

    with desk(workspace) as at:
        found = batches.listed(at.connection, at.workspace, layer_id=layer)
    if json:
        print_json({"workspace": at.workspace.slug, "batches": found})
        return
    for batch in found:
        report = batch["report"]
        numbers = " ".join(f"{name} {report[name]}" for name in ("loaded", "updated", "rejected") if name in report)
        when = batch["finished_at"] or batch["started_at"]
        print_line(
            f"{batch['id']:>6}  {batch['state']:<8} {batch['layer_id']:<14} {when:%Y-%m-%d %H:%M}  "
            f"{batch['source_name']}  {numbers}"
        )


def show(batch: Annotated[int, typer.Argument()], workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Everything known of a batch."""
    from cli.session import desk
    from layers import batches

    with desk(workspace) as at:
        found = batches.one(at.connection, at.workspace, batch)
    if json:
        print_json(found)
        return
    for name, value in found.items():
        if name != "report":
            print_line(f"{name:<14} {value}")
    for name, value in found["report"].items():
        print_line(f"{name:<20} {value}")


def rejected(
    batch: Annotated[int, typer.Argument()],
    after: Annotated[int, typer.Option("--after", min=0)] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 200,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Rejected rows of a batch with every reason."""
    from cli.session import desk
    from layers import batches

    with desk(workspace) as at:
        of_batch = batches.one(at.connection, at.workspace, batch)
        found = batches.rejected(at.connection, batch, after=after, limit=limit)
    said, reader = texts(), language()
    rows = [
        row
        | {
            "sentences": [
                said.reason(code, reader, params, layer=of_batch["layer_id"]) for code, params in row["reasons"]
            ]
        }
        for row in found
    ]
    if json:
        print_json({"batch": batch, "rows": rows})
        return
    for row in rows:
        print_line(f"{row['row_number']:>8}  {'; '.join(row['sentences'])}  {row['raw']}")


def undo(batch: Annotated[int, typer.Argument()], workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Take a batch back: rows it added go, rows it changed are as before it."""
    from cli.session import desk
    from layers import batches
    from layers.loading import LOAD_TIMEOUT_S

    with desk(workspace, timeout_s=LOAD_TIMEOUT_S) as at:
        done = batches.undo(at.connection, at.workspace, batch)
    if json:
        print_json({"batch": batch, **done})
    else:
        print_line(texts().text("cli.imports.undone", language(), batch=batch, **done))
