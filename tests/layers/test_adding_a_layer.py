"""A new layer is one copied folder and one generated migration; nothing else is edited. This does what docs/adding-a-layer.md says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from i18n import checks
from layers import registry

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "adding-a-layer.md").read_text(encoding="utf-8")


@pytest.fixture
def copied(tmp_path):
    """The folder ``lamps`` copied, and in the copy the names changed that the page says to change."""
    folder = tmp_path / "catalog" / "benches"
    shutil.copytree(
        registry.load()["lamps"].folder, folder, ignore=shutil.ignore_patterns("__pycache__", "expected.json")
    )
    for path in folder.rglob("*"):
        if path.suffix in {".py", ".po"}:
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("lamps", "benches").replace("Lamp", "Bench"), encoding="utf-8")
    return folder


def test_a_layer_is_added_by_copying_one_folder(copied, tmp_path, fresh_database):
    versions = tmp_path / "versions"
    versions.mkdir()
    environment = {**os.environ, **fresh_database.as_environment(), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.layers.new_layer", str(copied.parent), str(versions)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    taken = [int(path.name[:4]) for path in ROOT.glob("layers/migrations/versions/[0-9]*.py")]
    assert told["migration"] == f"{max(taken) + 1:04d}_layer_benches.py"
    assert "qorgan_protect_layer('layer_benches', 1)" in told["statements"]
    assert len(re.findall(r"op\.create_table\(", told["statements"])) == 1, "nothing but the new table"
    assert told["drift"] == []
    assert told["at"] == told["migration"][:4]
    assert told["missing_texts"] == []
    assert set(told["texts"]) == {"kk", "ru", "en"}
    assert told["report"] == {"read": 13, "loaded": 9, "rejected": 4}
    assert told["again"] == {"loaded": 0, "unchanged": 9}
    assert told["counts"] == {"administrator": 9, "viewer": 9, "east": 0, "nobody": 0}
    assert told["status_rows"] == 9
    assert told["version"] == 2
    assert told["drawn"] == 9
    assert told["partition"] == "InsufficientPrivilege"
    assert told["left"] == []
    assert told["after"] == told["before"]
    assert not list(ROOT.glob("layers/migrations/versions/*benches*"))


def test_the_texts_of_a_copied_folder_are_whole(copied):
    assert [str(fault) for fault in checks.file_faults(copied.parent)] == []


def test_the_page_names_every_file_of_a_layer_and_no_other():
    named = {
        name.rstrip("/")
        for name in re.findall(
            r"^\| `([a-z_]+(?:\.py|/))", PAGE.replace("locales/{kk,ru,en}.po", "locales/"), re.MULTILINE
        )
    }
    there = {
        layer.id: {path.name for path in Path(layer.folder).iterdir()} - {"__pycache__"}
        for layer in registry.load().values()
    }
    assert named == {"__init__.py", "spec.py", "model.py", "source.py", "derive.py", "locales", "sample"}
    for layer in registry.load().values():
        if layer.derivation is None:
            assert there[layer.id] == named - {"derive.py"}
        else:
            assert there[layer.id] >= named - {"source.py", "sample"}


def test_no_layer_imports_another():
    names = set(registry.load())
    for layer in registry.load().values():
        for path in Path(layer.folder).glob("*.py"):
            imported = set(re.findall(r"layers\.catalog\.(\w+)", path.read_text(encoding="utf-8")))
            assert imported & names <= {layer.id}, path
