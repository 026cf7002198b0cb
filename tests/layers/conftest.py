"""A city per test that writes, and one per module for tests that only read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from cli.cluster import Cluster, DatabaseUrls
from tests.fixtures.database import _copy
from tests.layers.city import City, open_city


@pytest.fixture
def city(fresh_database: DatabaseUrls) -> Iterator[City]:
    """A city in a database of its own."""
    made = open_city(fresh_database)
    yield made
    made.engines.dispose()


@pytest.fixture(scope="module")
def module_database(
    request: pytest.FixtureRequest, cluster_home, test_cluster: Cluster, _migrated_template: str
) -> Iterator[DatabaseUrls]:
    """A migrated database for one module, whose tests do not disturb each other."""
    name = "qorgan_module_" + hashlib.sha256(request.module.__name__.encode()).hexdigest()[:8]
    with _copy(cluster_home, test_cluster, _migrated_template, name) as urls:
        yield urls
