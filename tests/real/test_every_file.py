"""Every real file by the command that the guide names for it: what comes of each, against another reader; nothing is dropped in silence.

The commands are read out of ``docs/importing-your-city.md``, so that the guide and what is tested cannot differ. They run once, in their
order, on one database.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from sqlalchemy import Engine, create_engine, text

from cli.cluster import DatabaseUrls
from i18n import LANGUAGES, texts
from layers import registry
from layers.engine import connect
from layers.identity import LOCAL_ADMINISTRATOR, find_by_subject, transaction
from layers.queries.filters import Filter, Place
from layers.queries.profile import profile
from layers.workspaces import find
from tests.fixtures.commands import SHARED_ABSENT, run_command

CHECKOUT = Path(__file__).parents[2]
DATA = Path(os.environ.get("QORGAN_SHARED_DATA", CHECKOUT.parent / "shared" / "data"))
FOLDERS = ("kz", "crimes", "crashes", "cameras", "lamps", "osm")
GUIDE = (CHECKOUT / "docs" / "importing-your-city.md").read_text(encoding="utf-8")
SECTION = GUIDE.split("## Every real file that is tested")[1]
CREATED = re.findall(r"^\| \S+ \| `\./run qorgan (workspace create [^`]+)` \|$", SECTION, re.MULTILINE)
PROMISED = re.findall(r"^\| (\S+) \| (\w+) \| `\./run qorgan (import [^`]+)` \| (.+?) \|$", SECTION, re.MULTILINE)

pytestmark = pytest.mark.skipif(not (DATA / "kz").is_dir(), reason=f"{SHARED_ABSENT}: {DATA.name}")


@dataclass
class Imported:
    """What all commands made: reports by command, the database, and how to ask it."""

    reports: dict[str, dict[str, Any]]
    owner: Engine
    urls: DatabaseUrls

    def rows(self, layer: str, workspace: str, columns: str, more: str = "") -> pd.DataFrame:
        """Columns of a layer's rows in a workspace, in the order they were loaded."""
        question = (
            f"SELECT {columns} FROM layer_{layer} t JOIN workspace w ON w.id = t.workspace_id "
            f"WHERE w.slug = :slug {more} ORDER BY t.id"
        )
        with self.owner.connect() as connection:
            return pd.DataFrame(connection.execute(text(question), {"slug": workspace}).mappings().all())

    def report(self, file: str, layer: str) -> dict[str, Any]:
        """The report of the first import of a file into a layer."""
        return next(self.reports[c] for f, one, c, _ in PROMISED if (f, one) == (file, layer))


def arguments(command: str) -> list[str]:
    """The words of a documented command; mappings of the guide lie in the checkout, data where the command runs."""
    return [str(CHECKOUT / word) if word.startswith("docs/") else word for word in shlex.split(command)]


@pytest.fixture(scope="module")
def imported(module_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QORGAN_HOME", str(tmp_path_factory.mktemp("home")))
        for name, value in module_database.as_environment().items():
            patch.setenv(name, value)
        patch.chdir(DATA)
        for command in CREATED:
            run_command(*arguments(command), "--json").ok()
        reports = {command: run_command(*arguments(command), "--json").json for _, _, command, _ in PROMISED}
        owner = create_engine(module_database.owner)
        yield Imported(reports, owner, module_database)
        owner.dispose()


def test_the_guide_names_every_file_and_every_mapping():
    there = {
        path.relative_to(DATA).as_posix()
        for folder in FOLDERS
        for path in (DATA / folder).rglob("*")
        if path.is_file() and path.suffix != ".md"
    }
    assert {file for file, *_ in PROMISED} == there
    assert all(f" {layer} {file} " in f"{command} " for file, layer, command, _ in PROMISED)
    named = {word for *_, command, _ in PROMISED for word in command.split() if word.startswith("docs/mappings/")}
    kept = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "docs" / "mappings").glob("*.json")}
    assert kept - named == {"docs/mappings/astana-districts.json"}, (
        "used by the walk through Astana, on joined polygons"
    )
    assert named <= kept


def outcome(report: dict[str, Any]) -> str:
    """A report as the guide writes it."""
    told = f"loaded {report['loaded']}"
    if report["merged"]:
        told += f", merged {report['merged']}"
    if report["rejected"]:
        reasons = ", ".join(f"`{code}` {count}" for code, count in sorted(report["rejected_by_reason"].items()))
        told += f", rejected {report['rejected']}: {reasons}"
    return told


def test_what_comes_of_each_file_is_what_the_guide_says_and_every_row_is_accounted_for(imported):
    for _, layer, command, promised in PROMISED:
        report = imported.reports[command]
        assert outcome(report) == promised, command
        assert report["read"] == sum(
            report[part] for part in ("loaded", "updated", "unchanged", "rejected", "merged", "struck_off")
        ), command
        assert not report["is_synthetic"]
        assert report["mapping"].get("licence", "not stated"), command
        for language in LANGUAGES:
            said = texts()
            for code in report["rejected_by_reason"]:
                params = next((p for row in report["rejected_samples"] for c, p in row["reasons"] if c == code), {})
                sentence = said.reason(code, language, params, layer=layer)
                assert sentence, (code, language)
                assert not re.search(r"[{}]|reject\.|^\W*$", sentence), sentence
            for code in {**report["warnings"], **report["flagged"]}:
                params = (report["warning_samples"].get(code) or [{}])[0]
                sentence = said.note(code, language, params, layer=layer)
                assert sentence, (code, language)
                assert not re.search(r"[{}]|warning\.|^\W*$", sentence), sentence


def test_the_same_command_twice_changes_nothing(imported, monkeypatch):
    monkeypatch.chdir(DATA)
    again = ("kz/astana_districts.geojson", "kz/astana_intersections.json", "kz/crime_form_1m/Almaty.XLSX")
    for file, _, command, _ in PROMISED:
        if file in again or "berlin" in file:
            report = run_command(*arguments(command), "--json").json
            stored = imported.reports[command]["loaded"]
            assert (report["unchanged"], report["loaded"], report["updated"]) == (stored, 0, 0), command


# rows another reader finds, for every file that is no OSM extract
def _rows_elsewhere(file: str) -> int:
    path = DATA / file
    if file.endswith(".geojson"):
        return len(gpd.read_file(path))
    if file.endswith(".parquet"):
        return len(pd.read_parquet(path))
    if file == "kz/astana_streets.json":
        return sum(len(street["points"]) for street in json.loads(path.read_text())["streets"])
    if file == "kz/astana_intersections.json":
        return sum(map(len, json.loads(path.read_text()).values()))
    encoding = {"crashes/berlin_2019.csv": "latin-1", "cameras/gyeongsan_cctv.csv": "cp949"}.get(file, "utf-8-sig")
    return len(pd.read_csv(path, sep=";" if "berlin" in file else ",", encoding=encoding, dtype=str))


def test_as_many_rows_are_read_as_pandas_and_geopandas_find(imported):
    for file, _, command, _ in PROMISED:
        if not file.startswith("osm/") and not file.endswith(".XLSX"):
            assert imported.reports[command]["read"] == _rows_elsewhere(file), file


def test_openstreetmap_gives_the_objects_gdal_finds(imported):
    for name, workspace, layer, tag in (
        ("almaty_2013", "almaty", "speed_cameras", '"highway"=>"speed_camera"|highway=speed_camera'),
        ("helsinki_centre", "helsinki", "cameras", '"man_made"=>"surveillance"|man_made=surveillance'),
        ("helsinki_centre", "helsinki", "lamps", "highway=street_lamp"),
    ):
        points = gpd.read_file(DATA / "osm" / f"{name}.osm.pbf", layer="points")
        key, value = tag.split("|")[-1].split("=")
        own = points[key] == value if key in points else pd.Series(False, index=points.index)
        other = points["other_tags"].fillna("").str.contains(f'"{key}"=>"{value}"', regex=False)
        found = set("n" + points.loc[own | other, "osm_id"].astype(str))
        stored = set(imported.rows(layer, workspace, "t.source_id")["source_id"])
        assert {key for key in stored if key.startswith("n")} == found, layer
    kinds = imported.rows("places", "almaty", "t.kind")["kind"].value_counts()
    assert kinds["signals"] == 242


def test_thefts_of_new_york_spread_over_the_hours_they_may_have_happened_in(imported):
    zone = ZoneInfo("America/New_York")
    frame = pd.read_csv(DATA / "crimes/nyc_vehicle_thefts_2014_2017.csv.gz", dtype=str)
    minutes = np.zeros(168)
    exact = spread = 0
    for start_text, end_text in zip(frame["date_start"], frame["date_end"].fillna(frame["date_start"]), strict=True):
        begin, last = datetime.fromisoformat(start_text), datetime.fromisoformat(end_text)
        # the earliest and the latest instant these wall clocks may mean; the last minute belongs to the interval
        first = begin.replace(tzinfo=zone, fold=0).astimezone(UTC)
        until = last.replace(tzinfo=zone, fold=1).astimezone(UTC)
        length = int((until - first).total_seconds() // 60) + 1
        if length >= 24 * 60:
            continue
        if (begin.date(), begin.hour) == (last.date(), last.hour):
            # also where that hour came twice
            minutes[begin.weekday() * 24 + begin.hour] += 1
            exact += 1
            continue
        at = (begin.weekday() * 24 + begin.hour) * 60 + begin.minute
        hours = np.bincount((np.arange(at, at + length) // 60) % 168, minlength=168)
        minutes += hours / length
        spread += 1

    engines = connect(imported.urls.app)
    with transaction(engines.app, find_by_subject(engines.app, LOCAL_ADMINISTRATOR)) as connection:
        told = profile(
            connection, find(connection, "new-york"), registry.load()["crimes"], place=Place(), given=Filter()
        )
    engines.dispose()
    assert told["count"] == len(frame)
    assert told["spread_count"] == spread > 18_000
    assert np.sum(told["hours"]) == exact
    assert np.abs(np.array(told["hours_spread"]).ravel() - minutes).max() < 1e-3
    assert np.sum(told["hours_spread"]) == pytest.approx(exact + spread, abs=0.02)
    # more than half could not be put into any hour before; those of a day and more still are in none
    assert told["hour_unknown"] == len(frame) - exact


def test_settlements_of_astana_have_their_code_or_say_why_not(imported):
    table = pd.read_parquet(DATA / "kz/astana_accidents_2011_2024.parquet")
    units = pd.read_csv(DATA / "kz/kato_2025.csv", dtype=str).set_index("kato")
    rows = imported.rows("accidents", "astana", "t.source_id, t.settlement, t.settlement_kato, t.flags")
    spelled = rows[rows["settlement"].notna()]
    assert len(spelled) == table["fd1r06p3"].notna().sum()
    unresolved = spelled["settlement_kato"].isna()
    flagged = spelled["flags"].map(lambda flags: bool({"settlement-not-found", "settlement-ambiguous"} & set(flags)))
    assert (unresolved == flagged).all(), "a spelling has a code, or a flag that says why not; never both or neither"
    assert rows.loc[rows["settlement"].isna(), "settlement_kato"].isna().all()
    codes = spelled.loc[~unresolved, "settlement_kato"]
    assert set(codes) <= set(units.index)
    area = table.set_index(table["objectid"].astype(str))["area_code"].str[-2:]
    assert (codes.str[:2].to_numpy() == area.loc[spelled.loc[~unresolved, "source_id"]].to_numpy()).all()
    assert len(codes) / len(spelled) > 0.98
    # however the city is written, it is the city
    written = spelled["settlement"].str.casefold().str.replace(r"[\s.]", "", regex=True).isin(["гастана", "астана"])
    city = spelled.loc[written & (spelled["settlement_kato"].notna()), "settlement_kato"]
    assert len(city) > 3000
    assert set(city) == {"710000000"}


def test_accidents_of_astana_sum_to_the_files_own_and_fall_on_its_weekdays(imported):
    table = pd.read_parquet(DATA / "kz/astana_accidents_2011_2024.parquet")
    table.index = table["objectid"].astype(str)
    rows = imported.rows("accidents", "astana", "t.source_id, t.day_from, t.killed, t.injured, t.weekday, t.hour")
    rows.index = rows["source_id"]
    year = pd.to_datetime(rows["day_from"]).dt.year
    assert year.value_counts().to_dict() == table["yr"].value_counts().to_dict()
    assert (
        rows["killed"].groupby(year).sum().to_dict() == table["fd1r13p2"].fillna(0).groupby(table["yr"]).sum().to_dict()
    )
    assert rows["injured"].sum() == table["fd1r13p1"].sum()
    own = table["fd1r041p1"].dropna()  # 1 = Monday … 7 = Sunday; 1,991 rows have none
    assert len(own) == 8261
    assert (rows.loc[own.index, "weekday"] == own.astype(int)).all()
    clock = table["fd1r05p1"].str.extract(r"^(\d{1,2}):\d{2}$")[0]
    known = clock.notna()
    assert (
        rows.loc[table.index[known], "hour"].astype(float).to_numpy() == clock[known].astype(float).to_numpy()
    ).all()


def test_form_1m_is_a_table_of_counts_by_article(imported):
    book = openpyxl.load_workbook(DATA / "kz/crime_form_1m/Almaty.XLSX", data_only=True, read_only=True)
    rows = imported.rows(
        "crime_counts",
        "almaty",
        "t.section, t.line_code, t.indicator, t.article, t.area_code, t.in_production, t.registered, t.registered_women, "
        "t.registered_minors, t.closed, t.sent_to_court",
    )
    assert rows["area_code"].unique().tolist() == ["750000000"]
    ours = ["in_production", "registered", "registered_women", "registered_minors", "closed", "sent_to_court"]
    for section, at, sheet_columns in (
        ("R1", 3, dict(zip(ours, (4, 5, 7, 8, 9, 10), strict=True))),
        ("R1-1", 3, dict(zip(ours[1:], (4, 8, 9, 10, 11), strict=True))),
        ("R11", 3, None),
    ):
        lines = [
            row for row in book[section].iter_rows(values_only=True) if any(isinstance(v, int | float) for v in row)
        ]
        got = rows[rows["section"] == section].reset_index(drop=True)
        if sheet_columns is None:  # one column less of names, and the sheet begins at column B
            assert len(got) == 21
            continue
        lines = [row for row in lines if isinstance(row[at], int | float | str) and str(row[at]).isdigit()]
        lines = [row for row in lines if row[0] != "А"]
        assert got["line_code"].tolist() == [int(row[at]) for row in lines]
        for name, column in sheet_columns.items():
            assert got[name].tolist() == [int(row[column]) for row in lines], (section, name)
        names = [next(v for v in reversed(row[:at]) if v and str(v).strip()).strip() for row in lines]
        assert [re.sub(r"\s+", " ", n) for n in got["indicator"]] == [re.sub(r"\s+", " ", n) for n in names]
        # the article as it stands in brackets, and nothing where a line names none
        bracket = [re.search(r"\(\s*ст\.?\s*([1-9]\d{1,2}(?:-\d)?)\.?\s*\)$", name) for name in names]
        assert [a if isinstance(a, str) else None for a in got["article"]] == [m[1] if m else None for m in bracket]
    first = rows[rows["section"] == "R1"].set_index("article")
    assert first.loc["188", "registered"] == next(
        row[5]
        for row in book["R1"].iter_rows(values_only=True)
        if row[2] and "(ст.188)" in str(row[2]).replace(" )", ")")
    )
    totals = imported.rows("crime_counts", "kazakhstan", "t.area_name, t.in_production").set_index("area_name")
    assert (
        totals["in_production"].to_dict()
        == pd.read_csv(DATA / "kz/crime_form_1m/comb.csv").set_index("Region")["Value"].to_dict()
    )
    assert (
        totals.loc["Almaty city", "in_production"] == rows.loc[rows["line_code"] == 1, "in_production"].max() == 39_928
    )


def test_areas_whose_names_or_codes_are_not_theirs_alone_are_flagged(imported):
    names = gpd.read_file(DATA / "kz/districts_geoboundaries.geojson")["shapeName"]
    rows = imported.rows("areas", "kazakhstan", "t.name_en, t.flags, t.source_id", "AND t.name IS NULL")
    flagged = rows[rows["flags"].map(lambda flags: "name-repeated" in flags)]
    assert sorted(flagged["name_en"]) == sorted(names[names.duplicated(keep=False)])
    districts = imported.rows("areas", "astana", "t.name_ru, t.code, t.flags", "AND t.code IS NOT NULL").set_index(
        "name_ru"
    )
    has = {flag: set(districts.index[districts["flags"].map(lambda f, flag=flag: flag in f)]) for flag in
           ("code-repeated", "code-of-another-name")}  # fmt: skip
    assert has["code-of-another-name"] == {"Нура", "Сарайшык"}
    assert has["code-repeated"] == {"Нура", "Сарайшык", "Алматы", "Есиль"}


def test_settlements_keep_those_without_a_name_and_population_only_where_it_is_known(imported):
    frame = gpd.read_file(DATA / "kz/populated_places_hotosm.geojson")
    places = imported.rows("places", "kazakhstan", "t.name, t.flags")
    assert places["name"].isna().sum() == frame["name"].isna().sum() == 1340
    borders = gpd.read_file(DATA / "kz/districts_geoboundaries.geojson").union_all()
    outside = ~shapely.covers(borders, frame.geometry.to_numpy())
    flagged = places["flags"].map(lambda flags: "outside-territory" in flags)
    assert abs(flagged.sum() - outside.sum()) <= 2, "borders of districts that do not quite meet"
    people = imported.rows("population_by_area", "kazakhstan", "t.population, t.source", "AND t.level = 'settlement'")
    assert (
        people.loc[people["source"] == "OpenStreetMap", "population"].sum()
        == frame["population"].dropna().astype(int).sum()
    )


def test_points_of_interest_streets_and_junctions_of_astana_are_places(imported, monkeypatch):
    table = pd.read_parquet(DATA / "kz/astana_pois_osm.parquet")
    kinds = imported.rows("places", "astana", "t.kind")["kind"].value_counts()
    assert (kinds["crossing"], kinds["stop"], kinds["signals"]) == tuple(
        (table["poi_category"] == kind).sum() for kind in ("crossing", "transit_stop", "traffic_signal")
    )
    assert kinds["school"] == (table["amenity"] == "school").sum()
    assert kinds["hospital"] == table["amenity"].isin(["hospital", "clinic"]).sum()
    streets = json.loads((DATA / "kz/astana_streets.json").read_text())["streets"]
    stored = imported.rows("places", "astana", "t.name, ST_X(geom) x, ST_Y(geom) y", "AND t.kind = 'street'")
    first = {s["name"]: (s["points"][0]["lng"], s["points"][0]["lat"]) for s in streets}
    assert {row.name_: (row.x, row.y) for row in stored.rename(columns={"name": "name_"}).itertuples()} == first
    meeting: dict[tuple[float, float], set[str]] = defaultdict(set)
    for street, crossings in json.loads((DATA / "kz/astana_intersections.json").read_text()).items():
        for crossing in crossings:
            meeting[(crossing["lng"], crossing["lat"])] |= {street.strip()} - {""}
    found = imported.rows("places", "astana", "t.name, ST_X(geom) x, ST_Y(geom) y", "AND t.kind = 'junction'")
    assert {(row[2], row[3]): set((row[1] or "").split(" × ")) - {""} for row in found.itertuples()} == meeting
    told = run_command("search", "Бөгенбай Батыр даңғылы", "--workspace", "astana", "--json").json
    assert any("Бөгенбай Батыр" in json.dumps(hit, ensure_ascii=False) for hit in told["results"])


def test_projected_metres_lie_where_another_projection_library_call_puts_them(imported):
    chicago = pd.read_csv(DATA / "crimes/chicago_burglaries_2016.csv")
    lon, lat = Transformer.from_crs("EPSG:26971", "EPSG:4326", always_xy=True).transform(chicago["X"], chicago["Y"])
    rows = imported.rows("crimes", "chicago", "ST_X(geom) x, ST_Y(geom) y, t.flags")
    assert np.allclose(np.sort(rows["x"]), np.sort(lon), atol=1e-6)
    assert np.allclose(np.sort(rows["y"]), np.sort(lat), atol=1e-6)
    assert rows["flags"].map(lambda flags: "no-time" in flags).sum() == chicago["date"].isna().sum() == 1
    for file, workspace in (("mtl_network", "montreal"), ("small_mtl_network", "montreal-small")):
        frame = pd.read_csv(DATA / f"crashes/montreal/{file}.csv")
        planar = shapely.length(shapely.from_wkt(frame["wkt"])).sum()
        ours = imported.rows("roads", workspace, "t.highway_class, ST_Length(geom::geography) AS metres")
        assert ours["metres"].sum() == pytest.approx(planar, rel=1e-3)
        assert (ours["highway_class"] == "residential").sum() == (frame["ClsRte"] == "Locale").sum()
    # accidents of bicycles lie on the network they happened on
    distance = imported.rows(
        "accidents",
        "montreal",
        "(SELECT min(ST_Distance(r.geom::geography, t.geom::geography)) FROM layer_roads r "
        "WHERE r.workspace_id = t.workspace_id AND r.geom && ST_Expand(t.geom, 0.002)) AS metres",
    )["metres"]
    assert distance.median() < 1


def test_berlin_keeps_month_hour_and_gravity_and_rejects_the_shifted_row(imported):
    frame = pd.read_csv(DATA / "crashes/berlin_2019.csv", sep=";", encoding="latin-1", dtype=str)
    shifted = frame["USTRZUSTAND"].str.len() > 1
    report = imported.report("crashes/berlin_2019.csv", "accidents")
    (row,) = report["rejected_samples"]
    # what is kept of a rejected row is what the mapping reads
    assert row["raw"]["OBJECTID"] == frame.loc[shifted, "OBJECTID"].item()
    whole = frame[~shifted]
    rows = imported.rows(
        "accidents", "berlin", "t.hour, t.severity, t.category, t.light, t.day_from, t.day_to, t.weekday"
    )
    months = pd.to_datetime(rows["day_from"]).dt.month
    assert Counter(zip(months, rows["hour"], strict=True)) == Counter(
        zip(whole["UMONAT"].astype(int), whole["USTUNDE"].astype(int), strict=True)
    )
    assert (pd.to_datetime(rows["day_to"]).dt.month == months).all()
    assert rows["weekday"].isna().all(), "the day is not known"
    assert (rows["severity"] == "fatal").sum() == (whole["UKATEGORIE"] == "1").sum()
    assert (rows["category"] == "pedestrian").sum() == (whole["UART"] == "6").sum()
    assert (rows["light"] == "night").sum() == (whole["ULICHTVERH"] == "2").sum()


def test_crashes_of_leeds_keep_their_hour_though_no_day_is_known(imported):
    frame = pd.read_csv(DATA / "crashes/leeds_2019.csv", encoding="latin-1")
    key = list(frame.columns[:8])
    oracle = (frame.drop_duplicates(key)["Time (24hr)"] // 100).value_counts().to_dict()
    rows = imported.rows("accidents", "leeds", "t.hour, t.day_from, t.killed, t.injured")
    assert rows["hour"].value_counts().to_dict() == oracle
    assert rows["day_from"].isna().all()
    assert rows["killed"].sum() + rows["injured"].sum() == len(frame)


def test_what_gyeongsans_cameras_look_at_is_unknown_and_never_coverage(imported):
    frame = pd.read_csv(DATA / "cameras/gyeongsan_cctv.csv", encoding="cp949", dtype=str)
    cameras = imported.rows(
        "cameras", "gyeongsan", "t.source_id, t.azimuth_deg, t.status, t.kind, ST_AsText(geom) AS place"
    )
    assert set(cameras["source_id"]) == set(frame["관리번호"])
    assert cameras["azimuth_deg"].isna().all()
    assert set(cameras["status"]) == set(cameras["kind"]) == {"unknown"}
    assert cameras.duplicated("place").sum() == frame.duplicated(["WGS84위도", "WGS84경도"]).sum() == 3040


@pytest.mark.full
def test_cameras_whose_direction_is_unknown_are_potential_and_count_for_nothing(imported):
    derived = run_command("derive", "all", "--workspace", "gyeongsan", "--json").json["derived"]["camera_coverage"]
    assert (derived["cameras"], derived["counted"], derived["potential"]) == (3538, 0, 3538)


def test_lamps_without_a_state_are_unknown_and_lines_without_a_class_say_so(imported):
    lights = gpd.read_file(DATA / "lamps/cambridge_ma_street_lights.geojson")
    rows = imported.rows("lamps", "cambridge", "t.status, t.light_source, t.power_w, t.height_m")
    assert set(rows["status"]) == {"unknown"}
    assert (rows["light_source"] == "led").sum() == (lights["LEDchk"] == "Yes").sum()
    assert rows["power_w"].isna().all()
    assert rows["height_m"].isna().all()
    lines = gpd.read_file(DATA / "lamps/cambridge_ma_centrelines.geojson")
    roads = imported.rows("roads", "cambridge", "t.highway_class, t.name, ST_Length(geom::geography) AS metres")
    assert set(roads["highway_class"]) == {"road"}
    assert roads["metres"].sum() == pytest.approx(lines.to_crs(32619).length.sum(), rel=1e-3)
    speed = gpd.read_file(DATA / "cameras/taiwan_speed_cameras.geojson")
    assert (
        imported.rows("speed_cameras", "taiwan", "t.azimuth_deg")["azimuth_deg"].notna().sum()
        == speed["bearing"].notna().sum()
    )
    people = pd.read_csv(DATA / "crimes/memphis_population.csv")
    assert imported.rows("population_grid", "memphis", "t.population")["population"].sum() == people["population"].sum()
