"""``plan``: where to put cameras, with the proof of how good that is."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.filtering import CategoryOption, FromOption, JsonOption, OutOption, ToOption, WorkspaceOption, day
from cli.speech import language, print_json, print_line
from i18n import texts


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan")(plan)


def plan(
    cameras: Annotated[int, typer.Option("--cameras")],
    demand: Annotated[str, typer.Option("--demand", metavar="events|streets")] = "events",
    layer: Annotated[str, typer.Option("--layer")] = "crimes",
    candidates: Annotated[str, typer.Option("--candidates", metavar="junctions|corners|lamps")] = "junctions",
    range_m: Annotated[float, typer.Option("--range-m")] = 38.4,
    hfov_deg: Annotated[float, typer.Option("--hfov-deg")] = 90.0,
    height_m: Annotated[float, typer.Option("--height-m")] = 5.0,
    azimuths: Annotated[int, typer.Option("--azimuths")] = 8,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    time_limit: Annotated[float, typer.Option("--time-limit")] = 60.0,
    first: FromOption = None,
    last: ToOption = None,
    category: CategoryOption = None,
    form: Annotated[str | None, typer.Option("--format", metavar="csv|geojson")] = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Choose camera sites by exact maximal covering; the plan is stored with its certificate."""
    import json as json_module

    from cli.output import ProgressLine, write_result
    from cli.session import session
    from etl.planning import PlanRequest, run_plan
    from etl.writers import tables

    wanted = PlanRequest(
        cameras=cameras,
        demand=demand,
        layer=layer,
        candidates=candidates,
        range_m=range_m,
        hfov_deg=hfov_deg,
        height_m=height_m,
        azimuths=azimuths,
        seed=seed,
        time_limit_s=time_limit,
        first_day=day("from", first),
        last_day=day("to", last),
        categories=frozenset(category) if category else None,
    )
    with session() as here:
        line = ProgressLine()
        try:
            made = run_plan(
                here.engines, here.principal, workspace=here.workspace(workspace), wanted=wanted, progress=line
            )
        finally:
            line.clear()
    shape = form or (out.suffix.lstrip(".") if out else None)
    if shape == "geojson":
        write_result(json_module.dumps(made["sites"], ensure_ascii=False).encode(), out)
    elif shape is not None:
        write_result(tables.encode(tables.site_rows(made["sites"]), shape), out)
    if json:
        print_json(made)
    elif shape is None:
        said, reader = texts(), language()
        proof, of = made["certificate"], made["certificate"]["demand"]
        print_line(
            said.text(
                "cli.plan.made",
                reader,
                plan=made["id"],
                cameras=proof["cameras"],
                before=of["share_before"],
                after=of["share_after"],
                total=round(of["total"]),
            )
        )
        key = "cli.plan.optimal" if proof["status"] == "optimal" else "cli.plan.not_proven"
        print_line(said.text(key, reader, objective=proof["objective"], bound=proof["bound"], gap=proof["gap"]))
        for row in tables.site_rows(made["sites"]):
            print_line(f"{row['number']:>4}  {row['lon']:.6f} {row['lat']:.6f}  {round(row['azimuth_deg']) % 360}°")
