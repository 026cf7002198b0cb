"""The layer of completeness: every district's numbers equal those of pandas and shapely, and follow what changes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely

from etl.deriving import run_derive
from layers import registry
from layers.aspects import aspects_of
from layers.catalog.completeness.derive import subjects
from layers.catalog.completeness.spec import LAYER, SUBJECTS
from tests.layers.city import EAST, MIDDLE, NORTH, SOUTH, WEST
from tests.layers.events import random_events

LAYERS = registry.load()
BOXES = [shapely.box(WEST, SOUTH, MIDDLE, NORTH), shapely.box(MIDDLE + 0.01, SOUTH, EAST, NORTH)]


def cameras(count=80):
    rng = np.random.default_rng(5)
    return [
        {
            "source_id": f"c{i}",
            "lon": float(rng.uniform(WEST, EAST)),
            "lat": float(rng.uniform(SOUTH, NORTH)),
            "kind": str(rng.choice(["fixed", "ptz", "dome"])),
            "status": str(rng.choice(["works", "unknown"])),
            "azimuth_deg": None if rng.random() < 0.5 else float(rng.integers(360)),
        }
        for i in range(count)
    ]


def districts(city):
    rows = [
        {
            "source_id": f"d{i}",
            "code": f"d{i}",
            "kind": "district",
            "name": f"D{i}",
            "geom": shapely.MultiPolygon([b]).wkt,
        }
        for i, b in enumerate(BOXES)
    ]
    city.load("areas", rows)


def derived(city, who="administrator"):
    return run_derive(city.engines, city.people[who], workspace="city", layer_id="completeness")["completeness"]


def stored(city):
    with city.as_("administrator") as connection:
        found = connection.exec_driver_sql(
            "SELECT source_id, id, total, missing, missing_share, level, months, name FROM layer_completeness"
        ).mappings()
        return {row["source_id"]: dict(row) for row in found}


def inside(rows, box):
    return [r for r in rows if "lon" in r and shapely.covers(box, shapely.Point(r["lon"], r["lat"]))]


def test_what_is_measured_is_every_aspect_of_every_layer_and_all_of_it_is_depended_on():
    layers = {layer.id for layer, _ in subjects().values()}
    assert set(SUBJECTS) <= subjects().keys()
    # what a layer could lack and nobody measures would be called complete
    assert {name for name, (layer, _) in subjects().items() if layer.id in LAYER.derivation.depends_on} == set(SUBJECTS)
    assert set(LAYER.derivation.depends_on) <= layers | {"areas"}
    assert {layer.id for layer in LAYERS.values() if any(one.placed for one in aspects_of(layer))} <= layers


def test_numbers_of_districts_equal_those_of_pandas_and_shapely(city):
    devices = cameras()
    events = [e for e in random_events("crimes", 900, seed=71) if (e.get("day_from") or date(2023, 1, 1)).year == 2023]
    # the second district delivered nothing in June
    events = [e for e in events if not (e.get("day_from") and e["day_from"].month == 6 and inside([e], BOXES[1]))]
    city.load("cameras", devices)
    city.load("crimes", events, period=(date(2023, 1, 1), date(2024, 1, 31)))
    districts(city)
    report = derived(city)
    found = stored(city)
    assert report["districts"] == 2
    assert len(found) == 2 * len(SUBJECTS)
    for i, box in enumerate(BOXES):
        own = pd.DataFrame(inside(devices, box))
        fixed = own[own["kind"] != "ptz"]
        expected = {
            "cameras_direction": (len(fixed), int(fixed["azimuth_deg"].isna().sum())),
            "cameras_state": (len(own), int((own["status"] == "unknown").sum())),
        }
        crimes = pd.DataFrame(inside(events, box))
        expected["crimes_hour"] = (len(crimes), int(crimes["hour"].isna().sum()))
        for subject, (total, missing) in expected.items():
            row = found[f"{subject}:d{i}"]
            assert (row["total"], row["missing"]) == (total, missing), subject
            assert row["missing_share"] == pytest.approx(missing / total)
            wanted = "complete" if missing <= 0.05 * total else "partial" if missing <= 0.3 * total else "poor"
            assert (row["level"], row["name"]) == (wanted, f"D{i}")
        months = found[f"crimes_months:d{i}"]
        known = crimes[crimes["day_from"].notna()]
        known = known[[a.month == b.month for a, b in zip(known["day_from"], known["day_to"], strict=True)]]
        have = {f"{d:%Y-%m}" for d in known["day_from"]}
        lacking = [f"{m:%Y-%m}" for m in pd.period_range("2023-01", "2024-01", freq="M") if f"{m:%Y-%m}" not in have]
        assert (months["total"], months["months"]) == (13, ", ".join(lacking))
        assert ("2023-06" in lacking) == (i == 1)
    placed = [r for r in devices if any(inside([r], box) for box in BOXES)]
    assert report["outside"]["cameras"] == len(devices) - len(placed)


def test_a_layer_nobody_imported_is_unknown_everywhere(city):
    districts(city)
    derived(city)
    for row in stored(city).values():
        assert (row["total"], row["missing"], row["missing_share"], row["level"]) == (0, None, None, "unknown")


def test_without_districts_the_whole_workspace_is_one(city):
    devices = cameras(30)
    city.load("cameras", devices)
    report = derived(city)
    found = stored(city)
    assert report["districts"] == 0
    assert len(found) == len(SUBJECTS)
    fixed = [d for d in devices if d["kind"] != "ptz"]
    row = found["cameras_direction:"]
    assert (row["total"], row["missing"]) == (len(fixed), sum(d["azimuth_deg"] is None for d in fixed))


def test_only_what_changed_is_counted_again_and_equal_rows_are_left_alone(city):
    city.load("cameras", cameras())
    districts(city)
    derived(city)
    before = stored(city)
    assert derived(city)["skipped"]
    city.load("lamps", [{"source_id": "l", "lon": WEST + 0.001, "lat": SOUTH + 0.001, "status": "unknown"}])
    derived(city)
    after = stored(city)
    assert {name: row for name, row in after.items() if not name.startswith("lamps")} == {
        name: row for name, row in before.items() if not name.startswith("lamps")
    }
    assert (after["lamps_state:d0"]["level"], after["lamps_state:d1"]["level"]) == ("poor", "unknown")
    # what was kept is what counting afresh gives
    run_derive(city.engines, city.people["administrator"], workspace="city", layer_id="completeness", afresh=True)
    again = stored(city)
    assert {n: {k: v for k, v in r.items() if k != "id"} for n, r in again.items()} == {
        n: {k: v for k, v in r.items() if k != "id"} for n, r in after.items()
    }
