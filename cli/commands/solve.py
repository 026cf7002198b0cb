"""``solve``: placement problems from plain tables, without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.filtering import JsonOption
from cli.speech import language, print_json, print_line
from i18n import texts


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True)
    group.command("mclp")(mclp)
    group.callback()(_about)
    app.add_typer(group, name="solve")


def _about() -> None:
    """Placement problems from plain tables."""


def mclp(
    cover: Annotated[Path | None, typer.Option("--cover", dir_okay=False)] = None,
    demand: Annotated[Path | None, typer.Option("--demand", dir_okay=False)] = None,
    sites: Annotated[Path | None, typer.Option("--sites", dir_okay=False)] = None,
    radius_m: Annotated[float | None, typer.Option("--radius-m")] = None,
    existing: Annotated[Path | None, typer.Option("--existing", dir_okay=False)] = None,
    p: Annotated[int | None, typer.Option("--p", min=0)] = None,
    budget: Annotated[float | None, typer.Option("--budget", min=0)] = None,
    time_limit: Annotated[float, typer.Option("--time-limit")] = 60.0,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    json: JsonOption = False,
) -> None:
    """Maximal covering: the sites that cover most weight, with bound and gap."""
    from etl import covering
    from geo_core.errors import InvalidInput
    from geo_core.placement import PlacementProblem, solve_max_cover

    if cover is not None:
        if demand or sites or existing:
            raise InvalidInput("solve-inputs")
        matrix, weights, ids, costs, has_cost = covering.read_cover(cover)
        if budget is not None and not has_cost:
            raise InvalidInput("budget-without-cost")
        problem = PlacementProblem(
            cover=matrix, weights=weights, p=p, cost=costs if budget is not None else None, budget=budget
        )
    else:
        if demand is None or sites is None or radius_m is None:
            raise InvalidInput("solve-inputs")
        candidates = covering.read_points(sites)
        if budget is not None and not candidates.has_cost:
            raise InvalidInput("budget-without-cost")
        problem, ids = covering.problem_of(
            covering.read_points(demand),
            candidates,
            radius_m=radius_m,
            existing=covering.read_points(existing) if existing is not None else None,
            p=p,
            budget=budget,
        )
    found = covering.as_dict(solve_max_cover(problem, time_limit_s=time_limit, seed=seed), ids)
    if json:
        print_json(found)
        return
    said, reader = texts(), language()
    print_line(
        said.text(
            "cli.solve.covered",
            reader,
            covered=found["covered_weight"],
            total=found["total_weight"],
            share=found["covered_share"],
        )
    )
    key = "cli.plan.optimal" if found["status"] == "optimal" else "cli.plan.not_proven"
    print_line(said.text(key, reader, objective=found["objective"], bound=found["bound"], gap=found["gap"]))
    for site in found["chosen"]:
        print_line(site)
