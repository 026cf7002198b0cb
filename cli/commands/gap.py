"""``gap``: night events, or metres of street, that no counted camera sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.filtering import JsonOption, OutOption, WorkspaceOption, filtered
from cli.speech import language, print_json, print_line
from i18n import texts

if TYPE_CHECKING:
    from layers.queries.filters import Filter


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("gap")(gap)


@filtered(without=frozenset({"dark", "bbox"}))
def gap(
    *,
    layer: Annotated[str, typer.Option("--layer")] = "crimes",
    streets: Annotated[bool, typer.Option("--streets")] = False,
    given: Filter,
    limit: Annotated[int, typer.Option("--limit", min=1, max=50_000)] = 200,
    form: Annotated[str | None, typer.Option("--format", metavar="csv|geojson")] = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Street segments ranked by what no counted camera sees."""
    from cli.output import write_result
    from cli.session import desk
    from etl.writers import tables
    from layers import registry
    from layers.queries.gap import event_gap, street_gap

    with desk(workspace, timeout_s=120) as at:
        found = (
            street_gap(at.connection, at.workspace, limit=limit)
            if streets
            else event_gap(at.connection, at.workspace, registry.load()[layer], given=given, limit=limit)
        )
    if form is not None or out is not None:
        about = {name: found[name] for name in ("demand", "layer", "totals", "basis")}
        write_result(tables.encode(found["rows"], form or (out.suffix.lstrip(".") if out else "csv"), about=about), out)
    if json:
        print_json(found if form is None and out is None else {**found, "rows": len(found["rows"])})
    elif form is None and out is None:
        _tell(found)


def _tell(found: dict[str, Any]) -> None:
    said, reader = texts(), language()
    totals = found["totals"]
    if found["demand"] == "streets":
        print_line(said.text("cli.gap.streets", reader, **_share(totals["seen"], scale=1000)))
        print_line(said.text("cli.gap.potential", reader, **_share(totals["potential"], scale=1000)))
    else:
        print_line(said.text("cli.gap.events", reader, **_share(totals["night_seen"])))
    if found["basis"]["coverage_is_stale"]:
        print_line(said.text("cli.gap.stale", reader))
    for row in found["rows"][:20]:
        name = row.get(f"name_{reader}") or row["name"] or row["name_ru"] or row["name_kk"] or f"#{row['id']}"
        if found["demand"] == "streets":
            value = said.text(
                "cli.gap.street_row", reader, unseen_m=round(row["unseen_m"]), length_m=round(row["length_m"])
            )
        else:
            value = said.text(
                "cli.gap.event_row", reader, unseen=row["unseen_night_events"], rate=round(row["shrunk_rate_per_km"], 1)
            )
        print_line(f"{row['rank']:>4}  {name}: {value}")


def _share(part: dict[str, Any], *, scale: float = 1) -> dict[str, Any]:
    return {
        "covered": round(part["covered"] / scale, 1) if scale != 1 else int(part["covered"]),
        "total": round(part["total"] / scale, 1) if scale != 1 else int(part["total"]),
        "unknown": round(part["unknown"] / scale, 1) if scale != 1 else int(part["unknown"]),
    }
