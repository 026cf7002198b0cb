"""A layer of a service becomes a batch like any file's: clocks, struck-off records, refreshes, undo, kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text

from cli.cluster import DatabaseUrls
from cli.settings import ROOT
from etl.sources.service import Since, newest
from etl.sources.tabling import Table
from tests.fixtures.arcgis_service import (
    ACCIDENT_FIELDS,
    CRIME_FIELDS,
    PLACES,
    ArcgisService,
    Misbehaviour,
    accidents,
    crimes,
    serving,
)
from tests.fixtures.commands import Run

ROWS = crimes(120)
ALMATY = ZoneInfo("Asia/Almaty")
CATEGORY = {"1880": "theft", "1910": "robbery", "2930": "hooliganism", "1900": "fraud"}


@pytest.fixture
def city(qorgan: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("QORGAN_SERVICE_PAUSE_SECONDS", "0")
    qorgan("workspace", "create", "city", "--bbox", "76.9,52.2,77.1,52.4", "--zone", "Asia/Almaty").ok()
    return qorgan


@pytest.fixture
def service() -> Iterator[ArcgisService]:
    made = ArcgisService(domains={"fe1r29p1_id": PLACES})
    made.put(ROWS)
    with serving(made):
        yield made


def ask(urls: DatabaseUrls, statement: str, **given) -> list[dict]:
    engine = create_engine(urls.owner)
    try:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(statement), given).mappings()]
    finally:
        engine.dispose()


def held(urls: DatabaseUrls, layer: str = "crimes") -> list[int]:
    return [
        int(row["source_id"]) for row in ask(urls, f"SELECT source_id FROM layer_{layer} ORDER BY source_id::bigint")
    ]


def ids(rows: list[dict]) -> list[int]:
    return sorted(row["objectid"] for row in rows)


def test_crimes_come_with_their_local_time_and_nothing_of_a_person(city, service, fresh_database):
    report = city("import", "crimes", service.url, "--mapping", "kpssu-crimes", "--json").json
    assert (report["read"], report["loaded"], report["rejected"], report["struck_off"]) == (120, 120, 0, 0)
    assert report["origin"]["url"] == service.url
    assert (report["origin"]["records"], report["origin"]["counted"]) == (120, 120)
    stored = {
        int(row["source_id"]): row
        for row in ask(fresh_database, "SELECT *, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM layer_crimes")
    }
    for row in ROWS:
        kept = stored[row["objectid"]]
        at = datetime.strptime(row["dat_sover_str"], "%d.%m.%Y %H:%M").replace(tzinfo=ALMATY)
        assert kept["occurred_from"] == at
        assert (kept["hour"], kept["time_precision"], kept["day_from"]) == (at.hour, "minute", at.date())
        assert (kept["lon"], kept["lat"]) == (row["lon"], row["lat"])
        assert kept["category"] == CATEGORY[row["crime_code"]]
        assert f"{kept['registered_on']:%d.%m.%Y}" == row["dat_vozb_str"]
    assert {kept["severity"] for kept in stored.values()} == {"misdemeanour", "minor", "medium", "grave", "very_grave"}
    (batch,) = ask(fresh_database, "SELECT * FROM batch")
    assert batch["source_name"] == f"crime ({service.url})"
    assert batch["licence"] == "not stated by the source"
    assert len(batch["sha256"]) == 64
    assert batch["report"]["origin"]["layer_name"] == "crime"
    assert abs(batch["retrieved_at"] - datetime.now(UTC)) < timedelta(minutes=5)
    assert not list((Path(os.environ["QORGAN_HOME"]) / "uploads" / "services").iterdir()), (
        "nothing stays of the answers"
    )


def test_without_the_text_the_epoch_is_read_as_the_wall_clock(city, fresh_database):
    made = ArcgisService(fields={n: k for n, k in CRIME_FIELDS.items() if n not in {"dat_sover_str", "dat_vozb_str"}})
    made.put([{n: v for n, v in row.items() if n not in {"dat_sover_str", "dat_vozb_str"}} for row in ROWS])
    with serving(made):
        report = city("import", "crimes", made.url, "--json").json
    assert report["mapping"]["id"] == "kpssu-crimes", "known by its attributes"
    assert report["loaded"] == 120
    stored = {int(r["source_id"]): r["occurred_from"] for r in ask(fresh_database, "SELECT * FROM layer_crimes")}
    assert stored == {
        row["objectid"]: datetime.strptime(row["dat_sover_str"], "%d.%m.%Y %H:%M").replace(tzinfo=ALMATY)
        for row in ROWS
    }


def test_the_same_service_twice_changes_nothing_and_a_corrected_record_is_updated(city, service, fresh_database):
    city("import", "crimes", service.url, "--json").ok()
    again = city("import", "crimes", service.url, "--json").json
    assert (again["loaded"], again["updated"], again["unchanged"]) == (0, 0, 120)
    service.put([ROWS[5] | {"stat": "ст.191 ч.1", "crime_code": "1910"}])
    third = city("import", "crimes", service.url, "--json").json
    assert (third["loaded"], third["updated"], third["unchanged"]) == (0, 1, 119)


def test_the_older_service_gives_the_same_rows(city, service, fresh_database):
    city("import", "crimes", service.url).ok()
    new = ask(
        fresh_database,
        "SELECT source_id, category, severity, occurred_from, ST_AsText(geom, 6) FROM layer_crimes ORDER BY 1",
    )
    names = [name for name in CRIME_FIELDS if name != "discontinued"]
    old = ArcgisService(
        path="/arcgis/rest/services/stat/MapServer/5",
        fields={name: CRIME_FIELDS[name] for name in names},
        paging=False,
        pages_really=False,
        upper_case=True,
        ignores_out_sr=True,
        capabilities="Map,Query,Data",
    )
    old.put([{name: value for name, value in row.items() if name != "discontinued"} for row in ROWS])
    with serving(old):
        report = city("import", "crimes", old.url, "--mapping", "kpssu-crimes", "--json").json
    assert report["read"] == 120
    assert report["loaded"] == 0
    same = ask(
        fresh_database,
        "SELECT source_id, category, severity, occurred_from, ST_AsText(geom, 6) FROM layer_crimes ORDER BY 1",
    )
    assert same == new
    assert report["warnings"]["service-reference-ignored"] == 120


def test_accidents_happen_on_the_day_of_the_fixed_clock_at_the_time_that_stands_apart(city, fresh_database):
    rows = accidents(200)  # over the change of the country's clocks on 2024-03-01
    made = ArcgisService(
        path="/arcgis/rest/services/KPSSU/DTP/FeatureServer/0", fields=dict(ACCIDENT_FIELDS), name="DTP"
    )
    made.put(rows)
    with serving(made):
        report = city("import", "accidents", made.url, "--mapping", "kpssu-accidents", "--json").json
    assert (report["loaded"], report["rejected"]) == (200, 0)
    stored = {int(r["source_id"]): r for r in ask(fresh_database, "SELECT * FROM layer_accidents")}
    for i, row in enumerate(rows):
        day = datetime(2023, 12, 1, tzinfo=UTC) + timedelta(days=i)
        hour, minute = map(int, row["fd1r05p1"].split(":"))
        at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ALMATY)
        assert stored[row["objectid"]]["occurred_from"] == at
        assert stored[row["objectid"]]["day_from"] == day.date()
        assert (stored[row["objectid"]]["injured"], stored[row["objectid"]]["killed"]) == (row["fd1r13p1"] or 0, 0)
    assert {row["category"] for row in stored.values()} == {"collision", "rollover", "pedestrian"}


def test_records_struck_off_are_removed_told_and_brought_back_by_undo(city, service, fresh_database):
    city("import", "crimes", service.url).ok()
    before = ask(
        fresh_database,
        "SELECT source_id, category, occurred_from, ST_AsEWKT(geom) AS geom, row_hash FROM layer_crimes ORDER BY 1",
    )
    service.put([row | {"discontinued": 1} for row in ROWS[10:13]])
    service.put([row | {"objectid": 90_000 + i, "discontinued": 1} for i, row in enumerate(ROWS[:2])])
    report = city("import", "crimes", service.url, "--json").json
    assert (report["read"], report["unchanged"], report["struck_off"], report["removed"]) == (122, 117, 5, 3)
    assert report["read"] == sum(report[n] for n in ("loaded", "updated", "unchanged", "rejected", "struck_off"))
    assert held(fresh_database) == ids([*ROWS[:10], *ROWS[13:]])
    kept = ask(
        fresh_database,
        "SELECT before ->> 'source_id' AS key FROM row_history WHERE batch_id = :b",
        b=report["batch_id"],
    )
    assert sorted(int(row["key"]) for row in kept) == ids(ROWS[10:13])
    told = city("import", "crimes", service.url)
    assert "Struck off the register: 5" in told.out
    done = city("imports", "undo", str(report["batch_id"]), "--json").json
    assert done["restored"] == 3
    after = ask(
        fresh_database,
        "SELECT source_id, category, occurred_from, ST_AsEWKT(geom) AS geom, row_hash FROM layer_crimes ORDER BY 1",
    )
    assert after == before


def test_undo_is_refused_where_a_record_came_back_meanwhile(city, service, fresh_database):
    city("import", "crimes", service.url).ok()
    service.put([ROWS[10] | {"discontinued": 1}])
    struck = city("import", "crimes", service.url, "--json").json["batch_id"]
    service.put([ROWS[10]])
    assert city("import", "crimes", service.url, "--json").json["loaded"] == 1
    refused = city("imports", "undo", str(struck))
    assert refused.code == 6
    assert held(fresh_database) == ids(ROWS)


def test_a_dry_run_stores_nothing_and_keeps_what_came_for_the_import_after_it(city, service, fresh_database):
    report = city("import", "crimes", service.url, "--dry-run", "--json").json
    assert (report["read"], report["batch_id"]) == (120, None)
    assert held(fresh_database) == []
    asked = len(service.questions("records"))
    assert city("import", "crimes", service.url, "--json").json["loaded"] == 120
    assert len(service.questions("records")) == asked, "not asked for again"


def test_a_condition_is_kept_and_one_for_a_file_is_refused(city, service, fresh_database, tmp_path):
    report = city("import", "crimes", service.url, "--where", "city_code = '1971'", "--json").json
    assert held(fresh_database) == ids([row for row in ROWS if row["city_code"] == "1971"])
    assert report["origin"]["where"] == "city_code = '1971'"
    assert city("import", "crimes", tmp_path / "a.csv", "--where", "x = 1").code == 3
    for odd in ("x" * 3000, "a = 1; DROP", "a\nb"):
        assert city("import", "crimes", service.url, "--where", odd).code == 3


def test_nothing_for_a_condition_is_told(city, service):
    told = city("import", "crimes", service.url, "--where", "yr = 1999", "--json")
    assert told.code == 3
    assert json.loads(told.out.splitlines()[-1])["error"]["code"] == "no-rows"


def test_a_service_that_fails_leaves_the_layer_as_it_was_and_says_so(city, service, fresh_database, monkeypatch):
    city("import", "crimes", service.url).ok()
    service.misbehave(Misbehaviour("status", 404))
    service.put([ROWS[0] | {"crime_code": "1910"}])
    told = city("import", "crimes", service.url, language="ru")
    assert told.code == 3
    assert "404" in told.err
    assert held(fresh_database) == ids(ROWS)
    assert len(ask(fresh_database, "SELECT * FROM batch")) == 1


def start(url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cli", "import", "crimes", url, "--mapping", "kpssu-crimes", "--json"]
    return subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_killed_fetch_goes_on_where_it_was(city, fresh_database):
    made = ArcgisService(page_size=10)
    made.put(ROWS)
    # the sixth page never comes while the first process lives
    made.misbehave(*[Misbehaviour("ok")] * 5, Misbehaviour("stall", 20))
    with serving(made):
        process = start(made.url)
        until = time.monotonic() + 60
        while len(made.questions("records")) < 6:
            assert time.monotonic() < until
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
        assert held(fresh_database) == []
        asked = len(made.questions("records"))
        process = start(made.url)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    report = json.loads(out.decode().splitlines()[-1])
    assert (report["loaded"], report["origin"]["resumed"]) == (120, True)
    assert next(int(page["resultOffset"]) for page in made.questions("records")[asked:]) == 45
    assert held(fresh_database) == ids(ROWS)


# ---- connected services


def connected(city: Run, service: ArcgisService, *more: str) -> int:
    return city("sources", "add", "crimes", service.url, "--every", "1d", "--json", *more).json["source"]["id"]


def test_a_refresh_asks_for_what_is_new_and_finds_late_dated_back_and_struck_off_records(city, service, fresh_database):
    number = connected(city, service)
    first = city("sources", "run", number, "--json").json
    assert (first["read"], first["loaded"]) == (120, 120)
    latest = max(row["dat_vozb"] for row in ROWS)
    late = crimes(3, seed=5, first_id=5000, begin=datetime(2023, 6, 1, tzinfo=UTC))  # dated back, but new
    fresh = crimes(4, seed=6, first_id=6000, begin=datetime(2024, 2, 1, tzinfo=UTC))
    corrected = ROWS[-1] | {"crime_code": "1910", "stat": "ст.191 ч.1"}
    dropped = ROWS[7] | {"discontinued": 1}
    service.put([*late, *fresh, corrected, dropped])
    service.log.clear()
    second = city("sources", "run", number, "--json").json
    assert (second["loaded"], second["updated"], second["struck_off"], second["removed"]) == (7, 1, 1, 1)
    assert second["read"] < 60, "not everything is read again"
    since = datetime.fromtimestamp(latest / 1000, UTC) - timedelta(days=2)
    assert f"dat_vozb >= TIMESTAMP '{since:%Y-%m-%d %H:%M:%S}'" in service.questions("records")[0]["where"]
    assert held(fresh_database) == ids([*[row for row in ROWS if row is not ROWS[7]], *late, *fresh])
    third = city("sources", "run", number, "--json").json
    assert (third["loaded"], third["updated"], third["removed"]) == (0, 0, 0)
    full = city("sources", "run", number, "--full", "--json").json
    assert full["read"] == 127


def test_an_entry_dated_in_the_future_does_not_hide_what_comes_before_it(city, service):
    wrong = ROWS[0] | {"dat_vozb": int(datetime(2204, 1, 1, tzinfo=UTC).timestamp() * 1000)}
    service.put([wrong])
    number = connected(city, service)
    first = city("sources", "run", number, "--json").json
    assert first["warnings"]["service-dates-in-future"] == 1
    service.log.clear()
    city("sources", "run", number, "--json").ok()
    since = datetime.fromtimestamp(max(row["dat_vozb"] for row in ROWS[1:]) / 1000, UTC) - timedelta(days=2)
    assert f"dat_vozb >= TIMESTAMP '{since:%Y-%m-%d %H:%M:%S}'" in service.questions("records")[0]["where"]


def test_a_future_entry_met_before_is_taken_back_to_now():
    future = int(datetime(2204, 1, 1, tzinfo=UTC).timestamp() * 1000)
    table = Table(path=Path("none"), rows=0, newest_ms=None, newest_id=None)
    found, _ = newest(table, Since(newest_ms=future, newest_id=None, overlap_days=2.0))
    assert found is not None
    assert found <= datetime.now(UTC).timestamp() * 1000


def test_nothing_new_makes_no_batch(city, service, fresh_database):
    service.put([row | {"dat_vozb": 0} for row in ROWS])
    number = connected(city, service, "--overlap-days", "0")
    city("sources", "run", number, "--json").ok()
    service.put([row | {"dat_vozb": -1_000} for row in ROWS])
    again = city("sources", "run", number, "--json").json
    assert (again["read"], again["batch_id"]) == (0, None)
    assert len(ask(fresh_database, "SELECT * FROM batch")) == 1


def test_everything_is_read_again_when_its_time_has_come(city, service, fresh_database):
    number = connected(city, service, "--full-every-days", "7")
    city("sources", "run", number).ok()
    service.put([ROWS[0] | {"crime_code": "1910", "stat": "ст.191 ч.1"}])  # an old record, corrected quietly
    assert city("sources", "run", number, "--json").json["updated"] == 0
    engine = create_engine(fresh_database.owner)
    with engine.begin() as connection:
        connection.execute(text("UPDATE source_connection SET full_at = now() - interval '8 days'"))
    engine.dispose()
    assert city("sources", "run", number, "--json").json["updated"] == 1


def test_a_refresh_that_fails_is_told_and_tried_again_sooner_than_its_schedule(city, service, fresh_database):
    number = connected(city, service, "--at", "03:30")
    service.misbehave(Misbehaviour("error", {"code": 499, "message": "Token Required"}))
    assert city("sources", "run", number).code == 5
    (kept,) = city("sources", "list", "--json").json["sources"]
    assert (kept["state"], kept["failures"], kept["error"]["code"]) == ("failed", 1, "service-needs-token")
    told = city("sources", "list", language="kk").out
    assert "кіру рұқсатын сұрайды" in told
    soon = datetime.fromisoformat(kept["next_run_at"]) - datetime.now(UTC)
    assert timedelta(0) < soon < timedelta(minutes=16)
    city("sources", "run", number).ok()
    (kept,) = city("sources", "list", "--json").json["sources"]
    assert (kept["state"], kept["failures"], kept["error"]) == ("done", 0, None)
    following = datetime.fromisoformat(kept["next_run_at"]).astimezone(ALMATY)
    assert (following.hour, following.minute) == (3, 30)
    assert held(fresh_database) == ids(ROWS)


def test_connections_are_made_once_and_removed(city, service, fresh_database):
    number = connected(city, service)
    assert city("sources", "add", "crimes", service.url, "--every", "6h").code == 6
    other = connected(city, service, "--where", "city_code = '1971'")
    assert other != number
    city("sources", "run", number).ok()
    city("sources", "remove", number).ok()
    assert [one["id"] for one in city("sources", "list", "--json").json["sources"]] == [other]
    assert held(fresh_database) == ids(ROWS), "what it gave stays"
    assert city("sources", "remove", number).code == 4
    assert city("sources", "run", number).code == 4


@pytest.mark.parametrize(
    "odd",
    [("--every", "0h"), ("--every", "5x"), ("--every", "6h", "--at", "03:30"), ("--every", "1d", "--at", "25:00")],
)
def test_a_schedule_that_cannot_be_is_refused(city, service, odd):
    assert city("sources", "add", "crimes", service.url, *odd).code == 3
