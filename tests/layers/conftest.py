"""A city per test that writes, and one per module for tests that only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.cluster import DatabaseUrls
from tests.layers.city import City, open_city


@pytest.fixture
def city(fresh_database: DatabaseUrls) -> Iterator[City]:
    """A city in a database of its own."""
    made = open_city(fresh_database)
    yield made
    made.engines.dispose()
