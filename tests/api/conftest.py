"""A served city: two districts with crimes, streets and people of different rights, asked through the real application."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from cli.cluster import DatabaseUrls
from layers import identity
from layers.identity import LOCAL_ADMINISTRATOR
from layers.spec import Role
from tests.layers.city import EAST, MIDDLE, NORTH, SOUTH, WEST, City, crime, open_city

PERIOD = (date(2024, 1, 1), date(2024, 12, 31))


def crimes(n: int = 300, *, seed: int = 5) -> list[dict[str, Any]]:
    """Crimes all over the city: some at night, some without hour, a few without position, two known by month only."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for i in range(n):
        hour = None if i % 10 == 0 else int(rng.integers(0, 24))
        day = date(2024, int(rng.integers(1, 13)), int(rng.integers(1, 29)))
        at = None if i % 50 == 7 else (float(rng.uniform(WEST, EAST)), float(rng.uniform(SOUTH, NORTH)))
        category = ["theft", "burglary", "robbery"][int(rng.integers(0, 3))]
        rows.append(
            crime(
                i,
                at,
                category=category,
                day_from=day,
                day_to=day,
                hour=hour,
                weekday=day.isoweekday(),
                dark=None if hour is None else hour >= 20 or hour < 6,
                time_precision="day" if hour is None else "hour",
                occurred_from=None if hour is None else datetime(day.year, day.month, day.day, hour, tzinfo=UTC),
                place_text="secret of a record",
            )
        )
    return rows


def roads() -> list[dict[str, Any]]:
    """Three streets with names; every letter Kazakh has of its own."""
    lines = [
        ("Құрманғазы көшесі", "primary", f"LINESTRING({WEST} 52.28, {EAST} 52.281)"),
        ("Әл-Фараби даңғылы", "secondary", f"LINESTRING({MIDDLE} {SOUTH}, {MIDDLE} {NORTH})"),
        (None, "footway", f"LINESTRING({WEST} 52.26, {EAST} 52.30)"),
    ]
    return [
        {"source_id": i, "geom": line, "highway_class": kind, "name_kk": name, "name": name}
        for i, (name, kind, line) in enumerate(lines)
    ]


@contextmanager
def serving(city: City, urls: DatabaseUrls, home: Path, **more: Any) -> Iterator[TestClient]:
    """A client of the application on this database. Without a token it is nobody."""
    settings = ApiSettings(
        database_url=str(urls.app),
        home=home,
        **{"local_administrator": False, "principal_seconds": 0.0, "pool_size": 3} | more,
    )
    with TestClient(
        create_app(settings),
        base_url="http://127.0.0.1:8501",
        client=("127.0.0.1", 50000),
        raise_server_exceptions=False,
    ) as client:
        yield client


def token(name: str, slug: str = "city") -> dict[str, str]:
    """Headers of one of the city's people."""
    return {"Authorization": f"Bearer token of {slug} {name}"}


def tile_of(z: int, lon: float = 76.95, lat: float = 52.28) -> tuple[int, int, int]:
    """The tile a place lies in."""
    row = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return z, int((lon + 180) / 360 * 2**z), int(row * 2**z)


def tile_path(z: int, layer: str = "crimes", **place: float) -> str:
    """The address of that tile."""
    return "/w/city/tiles/{}/{}/{}/{}.mvt".format(layer, *tile_of(z, **place))


def furnish(city: City) -> None:
    """Crimes and streets, and the local administrator."""
    city.load("crimes", crimes(), period=PERIOD)
    city.load("roads", roads())
    with city.owner() as owner:
        local = identity.add_principal(owner, LOCAL_ADMINISTRATOR)
        identity.grant(owner, local, territory_id=city.workspace.root_territory_id, role=Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def city(module_database: DatabaseUrls) -> Iterator[City]:
    """One city for the tests of a module."""
    made = open_city(module_database)
    furnish(made)
    yield made
    made.engines.dispose()


@pytest.fixture(scope="module")
def client(city: City, module_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serving(city, module_database, tmp_path_factory.mktemp("home")) as made:
        yield made
