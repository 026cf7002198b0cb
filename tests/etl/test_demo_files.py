"""The demo as files: the same bytes each time, labelled synthetic, readable by the ordinary importer."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from shapely.geometry import shape

from etl.context import ImportContext
from etl.demo import DemoManifest, build
from etl.demo.workspace import specification
from etl.intake import read_batches
from etl.mapping import load_mapping
from geo_core.errors import InvalidInput
from layers import registry

SEED = 20260101
ROOT = Path(__file__).resolve().parents[2]
LAYERS = {"areas", "water", "roads", "places", "buildings", "cameras", "lamps", "crimes", "accidents"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoManifest:
    return build(SEED, tmp_path_factory.mktemp("demo"), scale=0.2)


@pytest.fixture(scope="module")
def workspace(demo: DemoManifest) -> dict:
    return json.loads((demo.directory / demo.workspace).read_text(encoding="utf-8"))


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes_in_another_process_with_another_hash_seed(demo, tmp_path):
    script = f"from pathlib import Path; from etl.demo import build; build({SEED}, Path({str(tmp_path)!r}), scale=0.2)"
    environment = {**os.environ, "PYTHONHASHSEED": "4242", "TZ": "Pacific/Auckland", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, env=environment)
    assert _digests(tmp_path) == _digests(demo.directory)


def test_another_seed_gives_another_city(demo, tmp_path):
    other = build(SEED + 1, tmp_path, scale=0.05)
    same = {file.layer for file in demo.files} & {f.layer for f in other.files if f.sha256 == _sha(demo, f.layer)}
    assert not same - {"water"}  # the river does not move; everything built beside it does


def _sha(demo: DemoManifest, layer: str) -> str:
    return next(file.sha256 for file in demo.files if file.layer == layer)


def test_the_manifest_names_every_file_with_its_rows_and_digest(demo):
    assert {file.layer for file in demo.files} == LAYERS
    digests = _digests(demo.directory)
    for file in demo.files:
        assert file.sha256 == digests[file.path]
        assert (demo.directory / file.mapping).is_file()
    saved = json.loads((demo.directory / "manifest.json").read_text(encoding="utf-8"))
    assert [entry["sha256"] for entry in saved["files"]] == [file.sha256 for file in demo.files]
    with demo.file_of("crimes").open(encoding="utf-8", newline="") as stream:
        assert sum(1 for _ in csv.DictReader(stream)) == 1800


def test_everything_says_that_it_is_synthetic(demo, workspace):
    saved = json.loads((demo.directory / "manifest.json").read_text(encoding="utf-8"))
    assert saved["is_synthetic"] is True
    assert (saved["licence"], saved["attribution"]) == ("CC0 synthetic", "Qorgan synthetic demo")
    assert workspace["is_synthetic"] is True
    for file in demo.files:
        mapping = load_mapping(demo.directory / file.mapping, layer=registry.load()[file.layer])
        assert (mapping.licence, mapping.attribution) == ("CC0 synthetic", "Qorgan synthetic demo")


def test_the_workspace_has_names_in_three_languages_districts_and_the_registration_break(workspace):
    spec = specification(workspace)
    assert (spec.slug, spec.zone, spec.is_synthetic) == ("pavlodar-demo", "Asia/Almaty", True)
    assert set(spec.titles) == {"kk", "ru", "en"}
    assert [(change.layer_id, change.day.isoformat()) for change in spec.breaks] == [("accidents", "2024-01-01")]
    assert spec.territory.is_valid
    assert len(spec.territories) == 3
    for part in spec.territories:
        assert set(part.titles) == {"kk", "ru", "en"}
        assert part.geometry.is_valid
        assert spec.territory.buffer(1e-7).contains(part.geometry)
    together = sum(part.geometry.area for part in spec.territories)
    assert together == pytest.approx(spec.territory.area, rel=1e-6)


@pytest.mark.parametrize("layer_id", sorted(LAYERS))
def test_the_importer_takes_every_file_and_notes_rounded_times_and_crimes_without_or_far_from_a_place(
    demo, workspace, layer_id
):
    layer = registry.load()[layer_id]
    context = ImportContext(
        zone=workspace["zone"], now=datetime(2026, 6, 1, tzinfo=UTC), territory=shape(workspace["territory"])
    )
    mapping = load_mapping(demo.mapping_of(layer_id), layer=layer)
    reading = read_batches(demo.file_of(layer_id), layer=layer, mapping=mapping, context=context)
    accepted = sum(len(batch) for batch in reading)
    report = reading.report
    assert report.read == next(file.rows for file in demo.files if file.layer == layer_id)
    assert accepted == report.accepted == report.read
    noted = dict(report.warnings.counts)
    # clerks round, and the demonstration's do as well
    rounded = noted.pop("time-rounded", 0)
    assert (rounded > 0) == (layer_id in {"crimes", "accidents"})
    if layer_id == "crimes":
        assert set(noted) == {"no-position", "outside-territory"}
        assert noted["no-position"] == round(0.04 * report.read)
        assert 0 < noted["outside-territory"] <= 0.005 * report.read
    else:
        assert not noted


@pytest.mark.parametrize(
    ("seed", "scale", "code"), [(1, 0.0, "demo-scale"), (1, 1e9, "demo-scale"), (-1, 1.0, "demo-seed")]
)
def test_a_silly_seed_or_scale_is_refused_by_name(tmp_path, seed, scale, code):
    with pytest.raises(InvalidInput) as refused:
        build(seed, tmp_path, scale=scale)
    assert refused.value.code == code
