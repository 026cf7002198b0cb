"""Coordinate systems of real files are found from the coordinates and the territory alone."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from etl.coercion.numbers import as_reals
from etl.coercion.references import candidates, plausible
from etl.coercion.territory import Territory
from etl.proposal import propose
from etl.readers import open_source
from layers.registry import load
from layers.spec import TimeSource
from tests.fixtures.intake import shared

LEEDS, CHICAGO = shapely.box(-1.85, 53.69, -1.28, 53.97), shapely.box(-87.95, 41.6, -87.5, 42.05)
MONTREAL, BERLIN = shapely.box(-73.98, 45.4, -73.47, 45.72), shapely.box(13.08, 52.33, 13.77, 52.68)
ASTANA = shapely.box(71.2, 51.0, 71.8, 51.3)


@pytest.mark.parametrize(
    ("file", "x", "y", "place", "expected"),
    [
        ("crashes/leeds_2019.csv", "Grid Ref: Easting", "Grid Ref: Northing", LEEDS, "EPSG:27700"),
        ("crimes/chicago_burglaries_2016.csv", "X", "Y", CHICAGO, "EPSG:26971"),
        ("crashes/montreal/bike_accidents.csv", "x", "y", MONTREAL, "EPSG:3797"),
        ("crashes/berlin_2019.csv", "LINREFX", "LINREFY", BERLIN, "EPSG:32632"),
        ("crashes/berlin_2019.csv", "XGCSWGS84", "YGCSWGS84", BERLIN, "EPSG:4326"),
        ("kz/astana_accidents_2011_2024.parquet", "x", "y", ASTANA, "EPSG:3857"),
    ],
)
def test_the_system_of_a_real_file_is_the_only_plausible_one(file, x, y, place, expected):
    with open_source(shared(file)) as source:
        sample = source.sample(1000)
    found = candidates(as_reals(sample.columns[x])[0], as_reals(sample.columns[y])[0], Territory(place), may_turn=False)
    only = plausible(found)
    assert [c.crs for c in only] == [expected]
    assert only[0].inside_share > 0.95


def test_a_street_network_of_unknown_metres_is_asked_about_where_two_datums_fit():
    for file, expected in (("mtl_network.csv", {"EPSG:3797"}), ("small_mtl_network.csv", {"EPSG:32188", "EPSG:2014"})):
        with open_source(shared(f"crashes/montreal/{file}"), layer=load()["roads"]) as source:
            sample = source.sample(1000)
            found = propose(
                load()["roads"],
                source.header,
                sample.columns,
                has_geometry=source.has_geometry,
                shapes=sample.geometry,
                stated_crs=source.crs,
                territory=MONTREAL,
            )
        assert {c.crs for c in plausible(found.references)} == expected
        assert (len(expected) > 1) == any(d.code == "several-references" for d in found.doubts)


def test_berlin_knows_months_and_hours_and_leeds_its_grid():
    accidents = load()["accidents"]
    with open_source(shared("crashes/berlin_2019.csv")) as source:
        found = propose(accidents, source.header, source.sample().columns, territory=BERLIN)
    assert (found.mapping.lon, found.mapping.lat, found.mapping.crs) == ("XGCSWGS84", "YGCSWGS84", "EPSG:4326")
    assert found.mapping.time == TimeSource(month="@month", hour="USTUNDE")
    assert found.mapping.made["@month"].of == ("UJAHR", "UMONAT")
    with open_source(shared("crashes/leeds_2019.csv")) as source:
        found = propose(accidents, source.header, source.sample().columns, territory=LEEDS)
    assert (found.mapping.lon, found.mapping.crs) == ("Grid Ref: Easting", "EPSG:27700")
    assert np.isclose(found.confidence["@crs"], 0.95)
