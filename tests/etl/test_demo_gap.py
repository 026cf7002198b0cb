"""Rule 12 of the interface, through the whole system: import, derive, rank the gap; the answer stands first."""

from __future__ import annotations

import pytest

from etl.demo.names import GARAGE_NAME
from etl.demo_load import load_demo
from layers import registry
from layers.engine import connect
from layers.identity import LOCAL_ADMINISTRATOR, Purpose, find_by_subject, transaction
from layers.queries.gap import event_gap
from layers.workspaces import find


@pytest.fixture
def loaded(fresh_database, tmp_path):
    urls = fresh_database
    engines = connect(urls.app, loader_url=urls.loader, owner_url=urls.owner, pool_size=2)
    yield load_demo(engines, "pavlodar", folder=tmp_path), engines
    engines.dispose()


def test_the_product_ranks_garage_street_first_and_clearly(loaded):
    report, engines = loaded
    assert all(count["loaded"] == count["read"] for count in report["layers"].values()), report["layers"]
    principal = find_by_subject(engines.app, LOCAL_ADMINISTRATOR)
    with transaction(engines.app, principal, purpose=Purpose.AGGREGATE, timeout_s=120) as connection:
        found = event_gap(connection, find(connection, "pavlodar-demo"), registry.load()["crimes"], limit=10)
    first, *others = found["rows"]
    assert first["name_ru"] == GARAGE_NAME.ru
    assert first["lit"] == "no"
    assert first["covered_share"] == 0
    assert first["class"] == "above"
    rest = [row for row in others if row["name_ru"] != GARAGE_NAME.ru]
    assert first["low_per_km"] > max(row["shrunk_rate_per_km"] for row in rest)
    assert first["unseen_night_events"] > 1.4 * max(row["unseen_night_events"] for row in rest)
