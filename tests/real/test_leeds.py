"""Leeds 2019: a row per casualty, metres of the British grid, clocks like 915 for 09:15: crashes, against pandas."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from sqlalchemy import create_engine, text

from cli.cluster import DatabaseUrls
from tests.fixtures.commands import Run, shared_data

KEY = [
    "Grid Ref: Easting",
    "Grid Ref: Northing",
    "Number of Vehicles",
    "Time (24hr)",
    "1st Road Class",
    "Road Surface",
    "Lighting Conditions",
    "Weather Conditions",
]
MAPPING = {
    "id": "leeds-casualties",
    "columns": {"severity": "Casualty Severity", "category": "Casualty Class", "light": "Lighting Conditions"},
    "lon": "Grid Ref: Easting",
    "lat": "Grid Ref: Northing",
    "crs": "EPSG:27700",
    "time": {"clock": "Time (24hr)"},
    "codes": {
        "severity": {"1": "fatal", "*": "injury"},
        "category": {"3": "pedestrian", "*": "other"},
        "light": {"1": "day", "*": "night"},
    },
    "grouping": {
        "key": KEY,
        "counts": {
            "killed": {"Casualty Severity": ["1"]},
            "injured": {"Casualty Severity": ["2", "3"]},
        },
        "worst": {"severity": ["1", "2", "3"], "category": ["3"]},
    },
    "licence": "OGL v3",
    "attribution": "Leeds City Council",
}


def test_casualties_become_crashes(qorgan: Run, fresh_database: DatabaseUrls, tmp_path: Path):
    source = shared_data("crashes/leeds_2019.csv")
    qorgan("workspace", "create", "leeds", "--bbox", "-1.9,53.6,-1.2,54.0", "--zone", "Europe/London", "--json").ok()
    mapping = tmp_path / "leeds.json"
    mapping.write_text(json.dumps(MAPPING), encoding="utf-8")
    report = qorgan("import", "accidents", source, "--mapping", mapping, "--json").json

    frame = pd.read_csv(source, encoding="latin-1")
    severity = frame["Casualty Severity"]
    oracle = (
        frame.assign(killed=severity == 1, injured=severity > 1, on_foot=frame["Casualty Class"] == 3)
        .groupby(KEY, dropna=False)
        .agg(
            killed=("killed", "sum"),
            injured=("injured", "sum"),
            worst=("Casualty Severity", "min"),
            on_foot=("on_foot", "any"),
        )
    )
    assert report["read"] == len(frame)
    assert report["merged"] == len(frame) - len(oracle) > 0
    assert report["read"] == (
        report["loaded"] + report["updated"] + report["unchanged"] + report["rejected"] + report["merged"]
    )
    assert (report["loaded"], report["rejected"]) == (len(oracle), 0)

    engine = create_engine(fresh_database.owner)
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT round(ST_X(ST_Transform(geom, 27700))) AS x, round(ST_Y(ST_Transform(geom, 27700))) AS y, "
                "killed, injured, severity, category FROM layer_accidents"
            )
        ).all()
    engine.dispose()
    found = sorted(
        (int(r.x), int(r.y), r.killed, r.injured, r.severity == "fatal", r.category == "pedestrian") for r in rows
    )
    expected = sorted(
        (int(key[0]), int(key[1]), int(row.killed), int(row.injured), bool(row.worst == 1), bool(row.on_foot))
        for key, row in zip(oracle.index, oracle.itertuples(), strict=True)
    )
    assert found == expected
    assert sum(r.killed for r in rows) == (severity == 1).sum()
    assert sum(r.killed + r.injured for r in rows) == len(frame)
