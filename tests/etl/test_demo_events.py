"""The demo's crimes and accidents against what they are calibrated on; figures as measured from the files."""

from __future__ import annotations

import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.spatial import cKDTree

from etl.demo import DemoManifest, build
from etl.demo.calibration import GRAVITY_SHARES, KINDS, PUBLIC_SHARE, hour_weights, quotas
from etl.demo.frame import M_PER_DEG_LAT, M_PER_DEG_LON, ORIGIN_LAT, ORIGIN_LON
from etl.demo.sun import altitude_deg
from geo_core.sun import solar_elevation_deg

SEED = 20260101
DARK_DEG = -6.0


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoManifest:
    return build(SEED, tmp_path_factory.mktemp("demo"))


def _metres(lon, lat) -> np.ndarray:
    return np.stack(
        [(np.asarray(lon) - ORIGIN_LON) * M_PER_DEG_LON, (np.asarray(lat) - ORIGIN_LAT) * M_PER_DEG_LAT], -1
    )


@pytest.fixture(scope="module")
def crimes(demo: DemoManifest) -> pd.DataFrame:
    found = pd.read_csv(demo.file_of("crimes"))
    found["x"], found["y"] = _metres(found.lon, found.lat).T
    found["placed"] = found[["x", "y"]].abs().max(axis=1) < 4000
    exact = found.occurred_local.str.len().eq(16) & found.occurred_local_to.isna()
    found["moment"] = pd.to_datetime(found.occurred_local.where(exact))
    found["night"] = (found.moment.dt.hour >= 22) | (found.moment.dt.hour < 6)
    altitude = np.full(len(found), np.nan)
    altitude[exact] = altitude_deg(found.moment[exact].to_numpy().astype("datetime64[m]"))
    found["dark"] = altitude < DARK_DEG
    found["exact"] = exact
    return found


@pytest.fixture(scope="module")
def roads(demo: DemoManifest) -> pd.DataFrame:
    features = json.loads(demo.file_of("roads").read_text(encoding="utf-8"))["features"]
    table = pd.DataFrame([feature["properties"] for feature in features])
    table["line"] = [
        shapely.LineString(_metres(*np.array(feature["geometry"]["coordinates"]).T)) for feature in features
    ]
    return table


@pytest.fixture(scope="module")
def segment(crimes: pd.DataFrame, roads: pd.DataFrame) -> pd.Series:
    """Row of ``roads`` nearest to each crime that has a place in the city."""
    there = crimes[crimes.placed]
    nearest = shapely.STRtree(roads.line.to_numpy()).nearest(shapely.points(there[["x", "y"]].to_numpy()))
    return pd.Series(nearest, index=there.index)


def test_there_are_nine_thousand_crimes_over_four_years_with_fewer_each_year(crimes):
    years = pd.to_datetime(crimes.registered_on).dt.year.clip(2022, 2025).value_counts().sort_index()
    assert len(crimes) == 9000
    assert list(years.index) == [2022, 2023, 2024, 2025]
    assert years[2022] > 1.05 * years[2025]


def test_the_calibration_is_a_whole():
    assert sum(kind.share for kind in KINDS.values()) == pytest.approx(1.0, abs=0.001)
    public = sum(kind.share * kind.public_share for kind in KINDS.values())
    assert public == pytest.approx(PUBLIC_SHARE, abs=0.002)
    for name, kind in KINDS.items():
        assert sum(share for *_, share in kind.articles) == pytest.approx(1.0), name
        assert hour_weights(kind.profile).sum() == pytest.approx(1.0), name
    assert sum(quotas(9001).values()) == 9001


def test_categories_gravity_and_public_places_follow_form_1m(crimes):
    shares = crimes.category.value_counts(normalize=True)
    for name, kind in KINDS.items():
        assert shares.get(name, 0.0) == pytest.approx(kind.share, abs=0.001), name
    gravity = crimes.severity.value_counts(normalize=True)
    for name, share in GRAVITY_SHARES.items():
        assert gravity[name] == pytest.approx(share, abs=0.025), name
    assert crimes.public_place.mean() == pytest.approx(PUBLIC_SHARE, abs=0.005)
    by_category = crimes.groupby("category").public_place.mean()
    for name in ("theft", "fraud", "robbery", "hooliganism", "bodily_harm", "murder"):
        assert by_category[name] == pytest.approx(KINDS[name].public_share, abs=0.04), name


SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FORM = "kz/crime_form_1m/Almaty.XLSX"


def _form_1m() -> dict[int, tuple[int, int]]:
    """Line of section 1 → offences registered (column 2), of them in public places (column 26)."""
    root = Path(os.environ.get("QORGAN_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    if not (root / FORM).is_file():
        pytest.skip(f"shared data absent: {FORM}")
    with zipfile.ZipFile(root / FORM) as book:
        strings = [
            "".join(text.text or "" for text in item.iter(SHEET + "t"))
            for item in ET.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    lines: dict[int, tuple[int, int]] = {}
    for row in sheet.iter(SHEET + "row"):
        cells = {}
        for cell in row:
            value = cell.find(SHEET + "v")
            if value is not None and value.text is not None:
                column = (cell.get("r") or "").rstrip("0123456789")
                cells[column] = strings[int(value.text)] if cell.get("t") == "s" else value.text
        if all(cells.get(column, "").strip().isdigit() for column in ("D", "F", "AD")):
            lines[int(cells["D"])] = (int(cells["F"]), int(cells["AD"]))
    return lines


def test_the_shares_in_the_code_are_those_of_the_form():
    lines = _form_1m()
    total, public = lines[1]
    assert public / total == pytest.approx(PUBLIC_SHARE, abs=5e-4)
    for name, added, removed in (
        ("theft", (108, 109), (111, 113)),  # articles 187 and 188, without flats and vehicles
        ("burglary", (111,), ()),
        ("fraud", (119,), ()),
        ("robbery", (127,), ()),
        ("assault_robbery", (128,), ()),
        ("livestock_theft", (117,), ()),
        ("vehicle_crime", (113, 136), ()),
        ("vandalism", (138, 139, 140), ()),
        ("hooliganism", (234,), ()),
        ("weapons", (228, 229, 232), ()),
    ):
        count = sum(lines[k][0] for k in added) - sum(lines[k][0] for k in removed)
        outside = sum(lines[k][1] for k in added) - sum(lines[k][1] for k in removed)
        assert KINDS[name].share == pytest.approx(count / total, abs=6e-5), name
        assert KINDS[name].public_share == pytest.approx(outside / count, abs=1e-3), name
    for line, gravity in ((2, "misdemeanour"), (4, "minor"), (5, "medium"), (6, "grave"), (7, "very_grave")):
        assert GRAVITY_SHARES[gravity] == pytest.approx(lines[line][0] / total, abs=6e-5)


def test_violence_is_nocturnal_and_theft_is_not(crimes):
    known = crimes[crimes.exact]
    assert known.night.mean() == pytest.approx(0.19, abs=0.03)
    violent = known[known.category.isin(["robbery", "bodily_harm", "hooliganism"])]
    assert violent.night.mean() == pytest.approx(0.50, abs=0.06)
    assert 1 - known[known.category == "theft"].night.mean() > 0.70
    assert known[known.category == "fraud"].night.mean() < 0.05


def test_weekends_and_summers_are_rougher(crimes):
    days = pd.to_datetime(crimes.registered_on)
    happened = pd.to_datetime(crimes.occurred_local.str.slice(0, 10))
    rough = crimes.category.isin(["bodily_harm", "hooliganism"])
    weekend = happened[rough].dt.day_of_week.ge(4)
    assert weekend.mean() > 3 / 7 + 0.05
    summer = happened[crimes.category == "theft"].dt.month.between(5, 9)
    assert summer.mean() > 5 / 12
    assert (days >= happened).mean() > 0.99


def test_crime_is_concentrated_on_a_few_streets(segment, roads):
    counts = np.sort(np.bincount(segment, minlength=len(roads)))[::-1]
    top = counts[: round(0.05 * len(counts))].sum() / counts.sum()
    half = (np.searchsorted(np.cumsum(counts), counts.sum() / 2) + 1) / len(counts)
    assert 0.35 <= top <= 0.60
    assert 0.02 <= half <= 0.085
    assert counts[0] < 0.03 * counts.sum()  # and yet no single street is absurd


def _knox_ratio(
    crimes: pd.DataFrame, category: str, *, metres: float = 200, days: int = 14, rounds: int = 199
) -> float:
    """Pairs near in space and time / their mean when the dates are shuffled (Knox 1964)."""
    rows = crimes[(crimes.category == category) & crimes.placed]
    when = pd.to_datetime(rows.occurred_local.str.slice(0, 10)).to_numpy().astype("datetime64[D]").astype(int)
    pairs = cKDTree(rows[["x", "y"]].to_numpy()).query_pairs(metres, output_type="ndarray")

    def near(dates) -> int:
        return int((np.abs(dates[pairs[:, 0]] - dates[pairs[:, 1]]) <= days).sum())

    rng = np.random.default_rng(5)
    return near(when) / float(np.mean([near(rng.permutation(when)) for _ in range(rounds)]))


def test_burglaries_come_in_near_repeats_and_frauds_do_not(crimes):
    assert _knox_ratio(crimes, "burglary") > 1.2
    assert _knox_ratio(crimes, "fraud") == pytest.approx(1.0, abs=0.08)


def test_the_register_has_the_dirt_of_a_real_one(crimes):
    assert crimes.lon.isna().mean() == pytest.approx(0.04, abs=0.002)
    outside = crimes.lon.notna() & ~crimes.placed
    assert 5 <= outside.sum() <= 60
    date_only = crimes.occurred_local.str.len() == 10
    assert 0.05 < date_only.mean() < 0.15
    intervals = crimes.occurred_local_to.notna()
    assert 0.05 < intervals.mean() < 0.15
    assert (crimes.occurred_local_to[intervals] > crimes.occurred_local[intervals]).all()
    sharp = crimes[crimes.exact]
    assert (sharp.moment.dt.minute == 0).mean() > 0.25
    early = pd.to_datetime(crimes.registered_on) < pd.to_datetime(crimes.occurred_local.str.slice(0, 10))
    assert 1 <= early.sum() <= 60
    assert crimes.id.is_unique


def _seen_share(line, cameras: pd.DataFrame) -> float:
    """Share of a street within range and opening of a directed working camera, walls ignored: never too little."""
    points = np.array([line.interpolate(s, normalized=True).coords[0] for s in np.linspace(0.05, 0.95, 15)])
    delta = points[:, None] - cameras[["x", "y"]].to_numpy()[None]
    bearing = np.degrees(np.arctan2(delta[..., 0], delta[..., 1]))
    azimuth = cameras.azimuth_deg.fillna(0).to_numpy()
    turn = np.abs((bearing - azimuth + 180) % 360 - 180)
    opening = np.where(cameras.kind == "ptz", 360, cameras.hfov_deg.fillna(80)) / 2
    return float(
        ((np.hypot(*delta.transpose(2, 0, 1)) <= cameras.range_m.fillna(50).to_numpy()) & (turn <= opening))
        .any(1)
        .mean()
    )


def test_one_street_is_clearly_the_most_dangerous_of_the_unlit_and_unseen(demo, crimes, roads, segment):
    cameras = pd.read_csv(demo.file_of("cameras"))
    cameras["x"], cameras["y"] = _metres(cameras.lon, cameras.lat).T
    cameras = cameras[(cameras.status == "works") & (cameras.azimuth_deg.notna() | (cameras.kind == "ptz"))]
    dark = segment[crimes.dark[segment.index]]
    public = crimes.public_place[dark.index]
    inside = np.bincount(dark[~public], minlength=len(roads))
    street = np.bincount(dark[public], minlength=len(roads))
    unseen = 1 - np.array([_seen_share(line, cameras) for line in roads.line])
    gap = inside + street * unseen
    length_km = roads.line.map(lambda line: line.length).to_numpy() / 1000
    # a light shrinkage, so that a crime on ten metres is no hot street: half an event more on the mean street
    rate = (gap + 0.5) / (length_km + 0.5 * length_km.sum() / gap.sum())
    answer = demo.answers["most_dangerous_unlit_unseen_street"]
    named = roads.id.isin(answer["roads"]).to_numpy()
    for measure in (gap, rate):
        best = int(np.argmax(measure))
        assert named[best]
        assert measure[best] > 1.4 * measure[~named].max()
    assert (roads.lit[named] == "no").all()
    assert (roads.name_ru[named] == answer["name_ru"]).all()
    assert (unseen[named] == 1).all()


@pytest.fixture(scope="module")
def accidents(demo: DemoManifest) -> pd.DataFrame:
    found = pd.read_csv(demo.file_of("accidents"))
    found["moment"] = pd.to_datetime(found.occurred_local)
    found["x"], found["y"] = _metres(found.lon, found.lat).T
    return found


def test_accidents_more_than_double_at_the_registration_break_while_deaths_do_not(accidents):
    years = accidents.groupby(accidents.moment.dt.year)
    rows, killed = years.size(), years.killed.sum()
    assert 1150 <= len(accidents) <= 1250
    assert 2.0 < rows[2024] / rows[2023] < 2.5
    before, after = killed[[2022, 2023]].sum(), killed[[2024, 2025]].sum()
    assert 0.5 < after / before < 2.0
    assert (accidents.severity[accidents.moment < "2024-01-01"] != "damage").all()


def test_killed_and_injured_agree_with_the_gravity(accidents):
    assert ((accidents.severity == "fatal") == (accidents.killed > 0)).all()
    nobody = (accidents.killed == 0) & (accidents.injured == 0)
    assert ((accidents.severity == "damage") == nobody).all()
    casualty = accidents[accidents.severity != "damage"]
    assert 0.04 < (casualty.killed > 0).mean() < 0.10
    assert 0.75 < (casualty.injured == 1).mean() < 0.92
    assert (casualty.category == "pedestrian").mean() == pytest.approx(0.45, abs=0.06)


def test_light_is_that_of_the_sun_and_street_lighting_is_empty_by_day(accidents):
    altitude = altitude_deg(accidents.moment.to_numpy().astype("datetime64[m]"))
    assert (altitude[accidents.light == "day"] > -1).all()
    assert (altitude[accidents.light == "night"] <= -6).all()
    assert accidents.street_light[accidents.light == "day"].isna().all()
    assert accidents.street_light[accidents.light != "day"].notna().all()


def test_accidents_lie_on_the_network_and_gather_at_junctions_and_three_bad_places(demo, accidents, roads):
    points = shapely.points(accidents[["x", "y"]].to_numpy())
    drive = roads[~roads.highway_class.isin(["footway", "path", "pedestrian"])]
    lines = drive.line.to_numpy()
    nearest = shapely.STRtree(lines).nearest(points)
    distance = shapely.distance(points, lines[nearest])
    assert np.quantile(distance, 0.99) < 20
    ends = np.array([line.coords[i] for line in lines for i in (0, -1)])
    at_node = cKDTree(ends).query(accidents[["x", "y"]].to_numpy())[0] < 20
    assert 0.4 < at_node.mean() < 0.8
    tree = cKDTree(accidents[["x", "y"]].to_numpy())
    around = np.array([len(found) for found in tree.query_ball_point(accidents[["x", "y"]].to_numpy(), 100)])
    for section in demo.answers["hot_accident_sections"]:
        middle = _metres(*section["middle"])
        inside = tree.query_ball_point(middle, 100)
        assert len(inside) > 6 * np.median(around), section["key"]
        rows = accidents.iloc[inside]
        casualty = rows[rows.severity != "damage"]
        assert casualty.category.mode()[0] == section["type"]


@pytest.mark.parametrize("moment", ["2022-07-01T12:00", "2024-02-29T12:00", "2024-03-01T12:00", "2025-12-31T12:00"])
def test_the_wall_clock_of_the_demo_is_that_of_almaty(moment):
    utc = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Asia/Almaty")).astimezone(UTC)
    expected = solar_elevation_deg(ORIGIN_LON, ORIGIN_LAT, np.array([utc.replace(tzinfo=None)], dtype="datetime64[m]"))
    assert altitude_deg(np.array([moment], dtype="datetime64[m]")) == pytest.approx(expected, abs=1e-9)
