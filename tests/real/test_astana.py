"""All accidents of Astana 2011–2024: sums per year and district are the file's own, days are right, nothing is dropped."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, timedelta, timezone

import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine

from cli.cluster import DatabaseUrls
from geo_core.errors import DataQuality
from layers import breaks, registry
from layers.engine import connect
from layers.identity import LOCAL_ADMINISTRATOR, find_by_subject, transaction
from layers.queries.compare import Period, compare
from layers.queries.quality import quality
from layers.queries.units import areas
from layers.workspaces import find
from tests.fixtures.commands import Run, shared_data

MAPPING = {
    "id": "astana-districts-with-population",
    "columns": {
        "name_ru": "name_object",
        "name_kk": "name_object_kaz",
        "code": "kato",
        "population": "population",
        "population_date": "population_date",
    },
    "constants": {"kind": "district"},
    "source_id": "objectid",
    "licence": "ODbL-1.0",
    "attribution": "© OpenStreetMap contributors; gov.kz",
}


def file_days(table) -> list[date]:
    """The file's own days: midnight at a fixed +6, also after the country moved to +5."""
    six = timezone(timedelta(hours=6))
    return [datetime.fromtimestamp(ms / 1000, six).date() for ms in table["rta_date"].to_pylist()]


def test_astana_by_the_documented_commands(qorgan: Run, fresh_database: DatabaseUrls, tmp_path):
    accidents = shared_data("kz/astana_accidents_2011_2024.parquet")
    districts, population = shared_data("kz/astana_districts.geojson"), shared_data("kz/population.csv")
    joined, mapping = tmp_path / "districts.geojson", tmp_path / "districts.json"
    mapping.write_text(json.dumps(MAPPING))
    qorgan(
        *(
            "workspace",
            "create",
            "astana",
            "--bbox",
            "70.9,50.6,72.1,51.5",
            "--zone",
            "Asia/Almaty",
            "--title-kk",
            "Астана",
        ),
        *("--areas", districts, "--area-code", "kato", "--break", "accidents=2024-01-01", "--json"),
    ).ok()
    told = qorgan(
        *("join", districts, population, "--key", "Астана: {name_object_kaz} ауданы", "--column", "name_kk"),
        *("--take", "population", "--take", "reference_date=population_date", "--out", joined, "--json"),
    ).json
    assert (told["features"], told["matched"]) == (6, 6)
    assert qorgan("import", "areas", joined, "--mapping", mapping, "--json").json["loaded"] == 6
    report = qorgan("import", "accidents", accidents, "--json").json
    assert (report["read"], report["loaded"], report["rejected"]) == (10_252, 10_252, 0)
    assert (report["day_from"], report["day_to"]) == ("2011-12-27", "2024-12-31")

    table = pq.read_table(accidents)
    days = file_days(table)
    years, codes = table["yr"].to_pylist(), table["fd1r06p2"].to_pylist()
    assert [day.year for day in days] == years, "the file's own year says that fixed +6 is right"

    engine = create_engine(fresh_database.owner)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT source_id, day_from, day_to, district_code, killed, injured, hour FROM layer_accidents"
        ).all()
        held = connection.exec_driver_sql("SELECT name_kk, population FROM layer_areas").all()
    engine.dispose()
    by_id = {int(row.source_id): row for row in rows}
    assert len(by_id) == 10_252
    for number, day in zip(table["objectid"].to_pylist(), days, strict=True):
        assert by_id[number].day_from == day == by_id[number].day_to
    assert Counter((row.day_from.year, row.district_code) for row in rows) == Counter(zip(years, codes, strict=True))
    assert sum(row.killed for row in rows) == sum(v or 0 for v in table["fd1r13p2"].to_pylist() if v == v)
    assert sum(row.injured for row in rows) == sum(v or 0 for v in table["fd1r13p1"].to_pylist() if v == v)
    assert {row.name_kk: row.population for row in held}["Байқоңыр"] == 370_790
    assert all(row.population for row in held)

    for year in (2014, 2023, 2024):
        cells = qorgan(
            "cells", "accidents", "--resolution", 8, "--from", f"{year}-01-01", "--to", f"{year}-12-31", "--json"
        ).json
        assert sum(cells["measures"]["count"]) == cells["totals"]["count"] == years.count(year)
        assert cells["totals"]["unknown_count"] == 0

    assert qorgan("import", "accidents", accidents, "--json").json["unchanged"] == 10_252

    engines = connect(fresh_database.app)
    principal = find_by_subject(engines.app, LOCAL_ADMINISTRATOR)
    layer = registry.load()["accidents"]
    with transaction(engines.app, principal) as connection:
        info = find(connection, "astana")
        found = areas(connection, info, layer)
        counted = sum(row["count"] for row in found["rows"])
        assert counted + found["totals"]["outside"] + found["totals"]["without_position"] == 10_252
        for row in found["rows"]:
            assert row["count_per_10k"] == row["count"] * 10_000 / row["population"]
        before, after = Period(date(2022, 1, 1), date(2022, 12, 31)), Period(date(2023, 1, 1), date(2023, 12, 31))
        same = compare(connection, info, layer, before=before, after=after, resolution=8)
        assert (same.totals["before"], same.totals["after"]) == (years.count(2022), years.count(2023))
        with pytest.raises(DataQuality) as refused:
            compare(
                connection, info, layer, before=after, after=Period(date(2024, 1, 1), date(2024, 12, 31)), resolution=8
            )
        breaks.withdraw(connection, info, layer, date(2024, 1, 1))
        proposed = quality(connection, info, layer)["proposed_breaks"]
    proposal = next(row for row in proposed if row["day"] == "2024-01-01")
    # The count rose and the dead did not: the evidence of a changed registration.
    dead = [v == v and (v or 0) > 0 for v in table["fd1r13p2"].to_pylist()]
    ends = [row["day"] for row in proposed if row["day"] > proposal["day"]]
    since = [proposal["day"] <= day.isoformat() < min([*ends, "2025"]) for day in days]
    assert proposal["severe_after"] == pytest.approx(
        sum(d and s for d, s in zip(dead, since, strict=True)) / sum(since)
    )
    assert 0 < proposal["severe_after"] < proposal["severe_before"]
    assert proposal["severe_ratio"] < proposal["ratio"]
    assert (refused.value.code, refused.value.params["day"]) == ("period-crosses-registration-break", "2024-01-01")
    engines.dispose()


def test_a_district_nobody_counted_has_unknown_population(qorgan: Run, tmp_path):
    districts = shared_data("kz/astana_districts.geojson")
    table, joined, mapping = tmp_path / "some.csv", tmp_path / "districts.geojson", tmp_path / "districts.json"
    table.write_text("name_kk,population,population_date\nНұра,212490,2025-01-01\nЕсіл,,\n", encoding="utf-8")
    mapping.write_text(json.dumps(MAPPING))
    qorgan("workspace", "create", "astana", "--bbox", "70.9,50.6,72.1,51.5", "--zone", "Asia/Almaty", "--json").ok()
    told = qorgan(
        *("join", districts, table, "--key", "{name_object_kaz}", "--column", "name_kk", "--take", "population"),
        *("--take", "population_date", "--out", joined, "--json"),
    ).json
    assert told["matched"] == 2
    qorgan("import", "areas", joined, "--mapping", mapping, "--json").ok()
    out = tmp_path / "areas.geojson"
    qorgan("export", "areas", "--out", out, "--json").ok()
    held = {f["properties"]["name_kk"]: f["properties"]["population"] for f in json.loads(out.read_text())["features"]}
    assert held.pop("Нұра") == 212_490
    assert len(held) == 5
    assert set(held.values()) == {None}
