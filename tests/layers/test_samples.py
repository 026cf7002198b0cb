"""Each layer's sample goes through the whole import, and what comes of it is what was once looked at and found right.

After a change that is meant: ``QORGAN_BLESS=1 python -m pytest tests/layers/test_samples.py`` writes what now comes of every sample
into its ``expected.json``; look at the difference before it is committed.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etl.importer import ImportRequest, run_import
from layers import registry
from layers.queries import features
from layers.spec import LayerKind
from tests.layers.city import City

NOW = datetime(2025, 1, 15, 12, tzinfo=UTC)
ROWS_KEPT = 8
OF_THIS_RUN = frozenset({"seconds", "batch_id", "sha256", "workspace", "dry_run", "is_synthetic"})
SOURCES = [layer for layer in registry.load().values() if layer.kind is not LayerKind.DERIVED]


def sample_of(layer) -> Path:
    (found,) = Path(layer.folder, "sample").glob("input.*")
    return found


def imported(city: City, layer, *, dry_run: bool = False):
    wanted = ImportRequest(
        layer=layer,
        path=sample_of(layer),
        mapping=layer.sources[0],
        workspace="city",
        is_synthetic=True,
        dry_run=dry_run,
        now=NOW,
    )
    return run_import(city.engines, city.people["administrator"], wanted)


def first_rows(city: City, layer) -> list[dict[str, Any]]:
    with city.as_("administrator") as connection:
        page = features.page(connection, city.workspace, layer, limit=ROWS_KEPT)
    rows = []
    for feature in page["features"]:
        told = {k: v for k, v in feature["properties"].items() if k not in {"id", "batch_id", "updated_at", "version"}}
        rows.append({"geometry": feature["geometry"], **told})
    return rows


@pytest.mark.parametrize("layer", SOURCES, ids=[layer.id for layer in SOURCES])
def test_what_comes_of_the_sample_is_what_was_blessed_and_once_only(city, layer):
    dry = imported(city, layer, dry_run=True).as_dict()
    report = imported(city, layer).as_dict()
    assert {k: v for k, v in report.items() if k not in OF_THIS_RUN} == {
        k: v for k, v in dry.items() if k not in OF_THIS_RUN
    }, "a dry run says what the import then does"
    assert report["read"] == report["loaded"] + report["rejected"]
    # through JSON, as it is written: lists for tuples
    made = json.loads(
        json.dumps(
            {
                "report": {k: v for k, v in report.items() if k not in OF_THIS_RUN},
                "first_rows": first_rows(city, layer),
            },
            default=str,
        )
    )
    path = Path(layer.folder, "sample", "expected.json")
    if os.environ.get("QORGAN_BLESS"):
        path.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert made == json.loads(path.read_text(encoding="utf-8"))
    again = imported(city, layer)
    assert (again.loaded, again.updated, again.unchanged) == (0, 0, report["loaded"])
    assert again.rejected_by_reason == report["rejected_by_reason"]


@pytest.mark.parametrize("layer", SOURCES, ids=[layer.id for layer in SOURCES])
def test_a_sample_is_small_and_has_rows_of_both_kinds(layer):
    report = json.loads(Path(layer.folder, "sample", "expected.json").read_text(encoding="utf-8"))["report"]
    assert 9 <= report["read"] <= 30
    assert report["loaded"] >= 4
    assert report["rejected"] >= 3
