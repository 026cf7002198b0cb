"""The demo loaded as at a first start: the same twice, taken up after a kill, honest about what it is; and one number everywhere."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from cli.cluster import Cluster, DatabaseUrls
from cli.settings import ROOT
from etl.demo_load import load_demo
from geo_core.errors import NotFound, Unavailable
from layers import registry
from layers.engine import Engines, connect
from layers.identity import LOCAL_ADMINISTRATOR, find_by_subject, transaction
from layers.plans import one as stored_plan
from layers.queries.cells import cells
from layers.queries.gap import event_gap, street_gap
from layers.queries.status import status
from layers.workspaces import find
from tests.fixtures.commands import Told, run_command
from tests.fixtures.database import _copy

# What a district has; highway posts, calls, prices and the like stay empty and say what they would make possible.
TOWN = {"crimes", "accidents", "cameras", "lamps", "places", "areas", "roads", "buildings", "water"}
SEED = 20260601
DEMO = "pavlodar-demo"


@pytest.fixture(scope="module")
def urls(cluster_home: Path, test_cluster: Cluster, _migrated_template: str) -> Iterator[DatabaseUrls]:
    with _copy(cluster_home, test_cluster, _migrated_template, "qorgan_demo_load") as made:
        yield made


@pytest.fixture(scope="module")
def engines(urls: DatabaseUrls) -> Iterator[Engines]:
    made = connect(urls.app, loader_url=urls.loader, owner_url=urls.owner, pool_size=3)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def killed(urls: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A first load, killed somewhere in its importing or deriving; how it ended."""
    environment = {**os.environ, **urls.as_environment(), "QORGAN_HOME": str(tmp_path_factory.mktemp("home"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "demo", "load", "--json"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    engine = create_engine(urls.owner)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        with engine.connect() as connection:
            if connection.exec_driver_sql("SELECT count(*) FROM batch WHERE state = 'loaded'").scalar_one() >= 4:
                break
        time.sleep(0.1)
    engine.dispose()
    time.sleep(random.Random(SEED).uniform(0, 1.5))
    process.send_signal(signal.SIGKILL)
    return process.wait()


@pytest.fixture(scope="module")
def loaded(engines: Engines, killed: int, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    assert killed == -signal.SIGKILL
    heard: list[float] = []
    found = load_demo(
        engines, "pavlodar", folder=tmp_path_factory.mktemp("demo"), progress=lambda share, _doing: heard.append(share)
    )
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    return found


@pytest.fixture
def on_demo(loaded, urls: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QORGAN_HOME", str(tmp_path))
    for name, value in urls.as_environment().items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object) -> Told:
        return run_command(*arguments, "--json")

    return run


@pytest.fixture
def client(loaded, urls: DatabaseUrls, tmp_path: Path) -> Iterator[TestClient]:
    settings = ApiSettings(database_url=str(urls.app), home=tmp_path, local_administrator=True, pool_size=2)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8501", client=("127.0.0.1", 50000)) as made:
        yield made


def administrator(engines: Engines):
    found = find_by_subject(engines.app, LOCAL_ADMINISTRATOR)
    assert found is not None
    return found


def test_a_killed_load_is_taken_up_and_holds_every_row(loaded, engines):
    assert loaded["workspace"] == DEMO
    assert set(loaded["layers"]) == TOWN
    for counts in loaded["layers"].values():
        assert counts["read"] == counts["loaded"] + counts["updated"] + counts["unchanged"] + counts["rejected"]
    taken_over = [layer for layer, counts in loaded["layers"].items() if counts["unchanged"]]
    assert len(taken_over) >= 4, "what the killed load had finished is not loaded again"
    with transaction(engines.app, administrator(engines)) as connection:
        info = find(connection, DEMO)
        assert info.is_synthetic
        for layer in registry.load().values():
            told = status(connection, info, layer)
            if layer.derivation is None and layer.id not in TOWN:
                assert told["rows"] == 0, layer.id
                continue
            assert told["is_synthetic"], layer.id
            assert told["rows"] > 0, layer.id
            if layer.derivation is None:
                counts = loaded["layers"][layer.id]
                assert told["rows"] == counts["read"] - counts["rejected"], layer.id
            else:
                assert not told["derived"]["is_stale"]


def test_a_second_load_changes_nothing(loaded, engines, tmp_path):
    again = load_demo(engines, "pavlodar", folder=tmp_path)
    for counts in again["layers"].values():
        assert (counts["loaded"], counts["updated"]) == (0, 0)
        assert counts["unchanged"] == counts["read"] - counts["rejected"]
    assert all(report["skipped"] for report in again["derived"].values())


def test_the_gap_finds_the_street_the_city_was_built_with(loaded, on_demo):
    answer = loaded["answers"]["most_dangerous_unlit_unseen_street"]
    first = on_demo("gap").json["rows"][0]
    assert answer["name_ru"] in (first["name_ru"], first["name"])


def test_an_unknown_demo_and_a_missing_owner_are_told(engines, tmp_path):
    with pytest.raises(NotFound, match="unknown-demo"):
        load_demo(engines, "atlantis", folder=tmp_path)
    with pytest.raises(Unavailable, match="owner-needed"):
        load_demo(Engines(engines.app, engines.loader), "pavlodar", folder=tmp_path)


@pytest.mark.parametrize(
    ("layer", "resolution", "options", "query"),
    [
        ("crimes", 8, [], {}),
        (
            "crimes",
            9,
            ["--from", "2025-01-01", "--hours", "22-5"],
            {"from": "2025-01-01", "hours": "22,23,0,1,2,3,4,5"},
        ),
        ("crimes", 10, ["--dark", "--category", "theft"], {"dark": "true", "category": "theft"}),
        ("accidents", 7, ["--weekdays", "6,7"], {"weekdays": "6,7"}),
        ("lamps", 9, [], {}),
        ("camera_coverage", 9, [], {}),
    ],
)
def test_cells_are_the_same_from_the_query_the_command_and_the_service(
    engines, on_demo, client, layer, resolution, options, query
):
    said = on_demo("cells", layer, "--resolution", resolution, *options).json
    served = client.get(f"/w/{DEMO}/layers/{layer}/cells", params={"resolution": resolution, **query})
    assert served.status_code == 200, served.text[:500]
    answer = served.json()
    assert said["cells"] == answer["cells"]
    assert said["totals"] == answer["totals"]
    assert set(said["measures"]) == set(answer["measures"])
    for name, values in said["measures"].items():
        assert answer["measures"][name] == pytest.approx(values, rel=1e-12, nan_ok=True), name
    if not options:
        with transaction(engines.app, administrator(engines)) as connection:
            asked = cells(connection, find(connection, DEMO), registry.load()[layer], resolution=resolution)
        assert [f"{cell:x}" for cell in asked.cells.tolist()] == said["cells"]


@pytest.mark.parametrize("demand", ["events", "streets"])
def test_the_gap_is_the_same_from_the_query_the_command_and_the_service(engines, on_demo, client, demand):
    said = on_demo("gap", *(["--streets"] if demand == "streets" else [])).json
    served = client.get(f"/w/{DEMO}/gap", params={"demand": demand}).json()
    with transaction(engines.app, administrator(engines)) as connection:
        info = find(connection, DEMO)
        asked = (
            street_gap(connection, info)
            if demand == "streets"
            else event_gap(connection, info, registry.load()["crimes"])
        )
    asked = json.loads(json.dumps(asked, default=str))
    assert said["totals"] == asked["totals"] == served["totals"]
    assert said["rows"] == asked["rows"] == served["rows"]
    assert len(said["rows"]) > 20


def test_a_plan_is_the_same_kept_told_and_served_and_again_with_the_same_seed(engines, on_demo, client):
    made = on_demo("plan", "--cameras", 6, "--seed", 3).json
    served = client.get(f"/w/{DEMO}/plans/{made['id']}").json()
    with transaction(engines.app, administrator(engines)) as connection:
        kept = stored_plan(connection, find(connection, DEMO), made["id"])
    assert kept["certificate"] == made["certificate"] == served["certificate"]
    assert kept["sites"] == made["sites"] == served["sites"]
    again = on_demo("plan", "--cameras", 6, "--seed", 3).json
    assert again["sites"] == made["sites"]
    for name in ("objective", "bound", "gap", "status", "digest", "snapshot_id"):
        assert again["certificate"][name] == made["certificate"][name], name
