"""``solve`` against brute force and a geodesy library; ``join``; and that every command and option helps in three languages."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import typer.main
from pyproj import Geod

from cli.main import build_app
from etl.covering import great_circle_m
from etl.joining import join
from geo_core.errors import DataQuality, InvalidInput
from tests.fixtures.commands import run_command

SEED = 20260401


def table(path: Path, header: list[str], rows) -> Path:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def test_distances_are_those_of_a_sphere_of_6371_km():
    rng = np.random.default_rng(SEED)
    lon, lat = rng.uniform(-180, 180, (2, 500)), rng.uniform(-89, 89, (2, 500))
    _, _, expected = Geod(a=6_371_000, b=6_371_000).inv(lon[0], lat[0], lon[1], lat[1])
    assert np.allclose(great_circle_m(lon[0], lat[0], lon[1], lat[1]), expected, rtol=1e-9, atol=1e-3)


@pytest.fixture
def tables(tmp_path: Path):
    rng = np.random.default_rng(SEED)
    demand = [(f"d{i}", *rng.uniform((76.9, 52.2), (77.0, 52.3)).round(6), int(rng.integers(1, 9))) for i in range(40)]
    sites = [(f"s{i}", *rng.uniform((76.9, 52.2), (77.0, 52.3)).round(6), int(rng.integers(1, 5))) for i in range(12)]
    return (
        table(tmp_path / "demand.csv", ["id", "lon", "lat", "weight"], demand),
        table(tmp_path / "sites.csv", ["id", "lon", "lat", "cost"], sites),
        demand,
        sites,
    )


def covered(demand, sites, chosen, radius_m: float) -> int:
    geod = Geod(a=6_371_000, b=6_371_000)
    near = {s: [geod.inv(s[1], s[2], d[1], d[2])[2] <= radius_m for d in demand] for s in sites if s[0] in chosen}
    return sum(d[3] for i, d in enumerate(demand) if any(reach[i] for reach in near.values()))


def test_the_choice_is_the_best_of_all_choices(tables, tmp_path: Path):
    demand_file, sites_file, demand, sites = tables
    ids = [site[0] for site in sites]
    told = run_command(
        *(
            "solve",
            "mclp",
            "--demand",
            demand_file,
            "--sites",
            sites_file,
            "--radius-m",
            1500,
            "--p",
            3,
            "--seed",
            5,
            "--json",
        )
    ).json
    best = max(covered(demand, sites, chosen, 1500) for chosen in itertools.combinations(ids, 3))
    assert told["objective"] == told["bound"] == best == covered(demand, sites, told["chosen"], 1500)
    assert (told["status"], told["gap"], told["seed"], len(told["chosen"])) == ("optimal", 0.0, 5, 3)
    assert told["total_weight"] == sum(d[3] for d in demand)

    cost = {site[0]: site[3] for site in sites}
    told = run_command(
        *("solve", "mclp", "--demand", demand_file, "--sites", sites_file, "--radius-m", 1500, "--budget", 6, "--json")
    ).json
    subsets = (c for n in range(1, 7) for c in itertools.combinations(ids, n) if sum(cost[s] for s in c) <= 6)
    assert told["objective"] == max(covered(demand, sites, chosen, 1500) for chosen in subsets)
    assert told["cost"] == sum(cost[s] for s in told["chosen"]) <= 6

    standing = table(tmp_path / "standing.csv", ["id", "lon", "lat"], [("old", sites[0][1], sites[0][2])])
    told = run_command(
        *("solve", "mclp", "--demand", demand_file, "--sites", sites_file, "--existing", standing, "--radius-m", 1500),
        *("--p", 2, "--json"),
    ).json
    with_old = [*sites, ("old", sites[0][1], sites[0][2], 0)]
    assert "old" in told["chosen"]
    assert told["objective"] == max(
        covered(demand, with_old, (*chosen, "old"), 1500) for chosen in itertools.combinations(ids, 2)
    )


def test_a_table_of_pairs_is_the_same_problem(tables, tmp_path: Path):
    demand_file, sites_file, demand, sites = tables
    geod = Geod(a=6_371_000, b=6_371_000)
    pairs = [(d[0], s[0], d[3]) for d in demand for s in sites if geod.inv(s[1], s[2], d[1], d[2])[2] <= 1500]
    pairs += [(d[0], "", d[3]) for d in demand if d[0] not in {pair[0] for pair in pairs}]
    cover = table(tmp_path / "cover.csv", ["demand", "site", "weight"], pairs)
    one = run_command("solve", "mclp", "--cover", cover, "--p", 3, "--json").json
    two = run_command(
        *("solve", "mclp", "--demand", demand_file, "--sites", sites_file, "--radius-m", 1500, "--p", 3, "--json")
    ).json
    assert (one["objective"], one["total_weight"]) == (two["objective"], two["total_weight"])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("id,lon,lat\n1,x,52\n", "bad-value"),
        ("id,lon,lat\n", "no-rows"),
        ("id,lon\n1,2\n", "missing-columns"),
        ("id,lon,lat\n1,nan,52\n", "bad-value"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tables, tmp_path: Path, content: str, code: str):
    bad = tmp_path / "bad.csv"
    bad.write_text(content)
    told = run_command("solve", "mclp", "--demand", bad, "--sites", tables[1], "--radius-m", 10, "--p", 1, "--json")
    assert (told.code, json.loads(told.out)["error"]["code"]) == (3, code)


def test_a_budget_without_costs_and_a_cover_that_disagrees_are_refused(tmp_path: Path):
    free = table(tmp_path / "free.csv", ["id", "lon", "lat"], [("a", 1, 1)])
    told = run_command("solve", "mclp", "--demand", free, "--sites", free, "--radius-m", 10, "--budget", 1, "--json")
    assert json.loads(told.out)["error"]["code"] == "budget-without-cost"
    cover = table(tmp_path / "cover.csv", ["demand", "site", "weight"], [("d", "s", 1), ("d", "t", 2)])
    told = run_command("solve", "mclp", "--cover", cover, "--p", 1, "--json")
    assert json.loads(told.out)["error"]["code"] == "cover-disagrees"


def test_a_join_never_guesses(tmp_path: Path):
    shape = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    features = [{"type": "Feature", "geometry": shape, "properties": {"name": name}} for name in ("A", "B", None)]
    polygons, rows, out = tmp_path / "p.geojson", tmp_path / "t.csv", tmp_path / "out.geojson"
    polygons.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    rows.write_text("city,n\nArea A,5\nArea B,\n")
    how = {"key": "Area {name}", "column": "city", "out": out}
    told = join(polygons, rows, take={"n": "population"}, **how)
    assert (told.matched, told.without_row) == (2, ("Area ",))
    found = [f["properties"]["population"] for f in json.loads(out.read_text())["features"]]
    assert found == ["5", None, None]
    for text, code, error in (
        ("city,n\nArea A,5\nArea A,6\n", "join-key-repeats", DataQuality),
        ("city,n\nelsewhere,5\n", "join-matches-nothing", InvalidInput),
        ("town,n\nArea A,5\n", "missing-columns", InvalidInput),
    ):
        rows.write_text(text)
        with pytest.raises(error) as refused:
            join(polygons, rows, take={"n": "population"}, **how)
        assert refused.value.code == code
    with pytest.raises(InvalidInput, match="join-without-property"):
        join(polygons, rows, take={"n": "n"}, **(how | {"key": "{district}", "column": "town"}))


OURS = {"import", "imports", "derive", "cells", "gap", "plan", "solve", "export", "join", "demo", "jobs", "workspace"}


def commands(group, path=()):
    for name, command in group.commands.items():
        yield (*path, name), command
        yield from commands(command, (*path, name)) if hasattr(command, "commands") else ()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_command_and_option_is_explained_in_the_readers_language(monkeypatch: pytest.MonkeyPatch, language: str):
    monkeypatch.setenv("QORGAN_LANGUAGE", language)
    found = [(path, c) for path, c in commands(typer.main.get_command(build_app())) if path[0] in OURS]
    assert {path[0] for path, _ in found} == OURS
    silent = []
    for path, command in found:
        texts = [(command.name, command.help), *((p.name, p.help) for p in command.params if p.name != "help")]
        for name, said in texts:
            cyrillic = any("а" <= letter <= "я" for letter in (said or "").lower())
            if not said or (cyrillic != (language != "en")):
                silent.append(" ".join((*path, name)))
    assert silent == []
