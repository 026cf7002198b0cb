"""Crimes of West Yorkshire: only a month is known, some have no place, some share a place and all else; none is lost or made up."""

from __future__ import annotations

import csv

from sqlalchemy import create_engine

from cli.cluster import DatabaseUrls
from tests.fixtures.commands import Run, shared_data


def test_west_yorkshire_by_the_documented_commands(qorgan: Run, fresh_database: DatabaseUrls):
    files = {month: shared_data(f"crimes/{month}-west-yorkshire-street.csv") for month in ("2016-07", "2017-07")}
    qorgan(
        "workspace", "create", "west-yorkshire", "--bbox", "-2.3,53.4,-1.1,54.1", "--zone", "Europe/London", "--json"
    ).ok()
    rows = {month: list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) for month, path in files.items()}
    batches = {}
    for month, path in files.items():
        report = qorgan("import", "crimes", path, "--json").json
        nowhere = sum(not row["Longitude"] for row in rows[month])
        assert (report["read"], report["loaded"], report["rejected"]) == (len(rows[month]), len(rows[month]), 0)
        assert report["warnings"]["no-position"] == nowhere > 0
        batches[month] = report["batch_id"]

    for month in files:
        cells = qorgan(
            "cells", "crimes", "--resolution", 9, "--from", f"{month}-01", "--to", f"{month}-31", "--json"
        ).json
        nowhere = sum(not row["Longitude"] for row in rows[month])
        assert cells["totals"] == {"count": len(rows[month]), "unknown_count": 0, "without_position": nowhere}
        assert sum(cells["measures"]["count"]) == len(rows[month]) - nowhere
        part = qorgan(
            "cells", "crimes", "--resolution", 9, "--from", f"{month}-10", "--to", f"{month}-20", "--json"
        ).json
        assert part["totals"]["count"] == 0
        assert part["totals"]["unknown_count"] == len(rows[month]), "a month is no day of it"

    night = qorgan("cells", "crimes", "--resolution", 7, "--hours", "0-5", "--json").json
    assert night["totals"]["count"] == 0
    assert night["totals"]["unknown_count"] == sum(map(len, rows.values())), "a missing hour is not midnight"

    engine = create_engine(fresh_database.owner)
    with engine.connect() as connection:
        held = connection.exec_driver_sql(
            "SELECT count(*) AS rows, count(DISTINCT source_id) AS keys, count(hour) AS hours, count(weekday) AS weekdays, "
            "count(dark) AS dark, count(*) FILTER (WHERE time_precision = 'month') AS months FROM layer_crimes"
        ).one()
    engine.dispose()
    total = sum(map(len, rows.values()))
    assert tuple(held) == (total, total, 0, 0, 0, total), "ties are kept: as many keys as rows"

    again = qorgan("import", "crimes", files["2016-07"], "--json").json
    assert (again["unchanged"], again["loaded"], again["updated"]) == (len(rows["2016-07"]), 0, 0)
    undone = qorgan("imports", "undo", batches["2017-07"], "--json").json
    assert (undone["removed"], undone["restored"]) == (len(rows["2017-07"]), 0)
    left = qorgan("cells", "crimes", "--resolution", 9, "--json").json
    assert left["totals"]["count"] == len(rows["2016-07"])
