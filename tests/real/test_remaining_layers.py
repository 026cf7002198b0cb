"""Real files of the remaining layers: how many rows each comes to, read as an import reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from etl.context import ImportContext
from etl.intake import read_batches
from etl.proposal import propose
from layers import registry
from layers.spec import SourceMapping

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NOW = datetime(2026, 9, 1, tzinfo=UTC)


def source(layer: str, name: str) -> SourceMapping:
    return next(one for one in registry.load()[layer].sources if one.id == name)


def read(path: str, layer: str, name: str, *, zone: str = "Asia/Almaty"):
    file = DATA / path
    if not file.exists():
        pytest.skip(f"the shared file {path} is not on this machine")
    context = ImportContext(zone=zone, now=NOW, territory=None, dark=None)
    reading = read_batches(file, layer=registry.load()[layer], mapping=source(layer, name), context=context)
    batches = list(reading)
    report = reading.report
    assert report.read == report.accepted + report.rejected
    return batches, report


def test_speed_cameras_keep_their_bearing_or_say_it_is_unknown():
    batches, report = read(
        "cameras/taiwan_speed_cameras.geojson", "speed_cameras", "collected-speed-cameras", zone="Asia/Taipei"
    )
    assert (report.read, report.accepted) == (2512, 2512)
    bearings = np.concatenate([batch.columns["azimuth_deg"].to_numpy(zero_copy_only=False) for batch in batches])
    assert np.isfinite(bearings.astype(float)).sum() == 1624
    kinds = [kind for batch in batches for kind in batch.columns["kind"].to_pylist()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "stationary": 1903,
        "red_light": 376,
        "other": 195,
        "average": 38,
    }


def test_rescue_posts_known_by_road_and_kilometre_are_kept_without_a_place():
    batches, report = read("kz/rescue_posts_known.csv", "posts", "rescue-posts-published")
    assert (report.read, report.accepted) == (6, 6)
    assert report.warnings.counts["no-position"] == 6
    km = [value for batch in batches for value in batch.columns["km"].to_pylist()]
    assert km.count(None) == 1, "one is published without a kilometre"


def test_population_is_a_table_and_what_is_missing_stays_unknown():
    batches, report = read("kz/population.csv", "population_by_area", "population-published")
    assert report.rejected == 0
    rows = {
        name: n
        for batch in batches
        for name, n in zip(batch.columns["name_ru"].to_pylist(), batch.columns["population"].to_pylist(), strict=True)
    }
    assert rows["Алматы"] == 2351424
    assert rows["Казахстан"] == 20265320


def test_memphis_blocks_sum_to_the_files_own_total():
    batches, report = read("crimes/memphis_population.csv", "population_grid", "census-points", zone="America/Chicago")
    import csv

    with (DATA / "crimes" / "memphis_population.csv").open(encoding="utf-8") as file:
        expected = sum(float(row["population"]) for row in csv.DictReader(file))
    assert sum(float(batch.columns["population"].to_numpy().sum()) for batch in batches) == pytest.approx(expected)
    assert report.rejected == 0


def test_hospitals_are_taken_out_of_all_points_of_interest_and_the_rest_is_refused_by_name():
    _, report = read("kz/astana_pois_osm.parquet", "hospitals", "osm-table-hospitals")
    assert (report.read, report.accepted) == (5883, 104)


@pytest.mark.parametrize("layer", ["hospitals", "speed_cameras", "venues"])
def test_openstreetmap_gives_what_it_has(layer):
    _, report = read("osm/almaty_2013.osm.pbf", layer, f"osm-{layer.replace('_', '-')}")
    if layer == "speed_cameras":
        assert report.accepted == 9


@pytest.mark.parametrize(
    ("path", "layer", "name"),
    [
        ("kz/rescue_posts_known.csv", "posts", "rescue-posts-published"),
        ("kz/population.csv", "population_by_area", "population-published"),
        ("crimes/memphis_population.csv", "population_grid", "census-points"),
    ],
)
def test_the_mapping_is_proposed_by_the_header(path, layer, name):
    file = DATA / path
    if not file.exists():
        pytest.skip(f"the shared file {path} is not on this machine")
    header = file.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    proposed = propose(registry.load()[layer], header, {}, territory=None)
    assert proposed.mapping.id == name
