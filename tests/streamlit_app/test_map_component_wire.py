"""The browser's decoder and classes, run by node against what Python encodes and numpy computes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import h3
import numpy as np
import pytest
from numpy.typing import NDArray

from geo_core.cell_wire import decode_cells, encode_cells
from i18n.formats import number

SOURCE = Path(__file__).parents[2] / "streamlit_app" / "map_component" / "frontend" / "src"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed: the bundle is used as it is committed")


def in_node(script: str, *, folder: Path, message: bytes = b"") -> Any:
    """Run an ES module that prints JSON; ``wire`` and ``classes`` are the bundle's own sources, ``bytes`` is the message."""
    (folder / "package.json").write_text('{"type": "module"}')
    for module in ("wire.js", "classes.js"):
        shutil.copy(SOURCE / module, folder / module)
    (folder / "message").write_bytes(message)
    head = (
        "import {readFileSync} from 'node:fs';\nimport * as wire from './wire.js';\nimport * as classes from './classes.js';\n"
        "const file = readFileSync('./message');\n"
        "const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);\n"
    )
    (folder / "script.js").write_text(head + script)
    assert NODE is not None
    done = subprocess.run([NODE, "script.js"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def cells_around(lat: float, lon: float, *, resolution: int, rings: int) -> NDArray[np.uint64]:
    names = h3.grid_disk(h3.latlng_to_cell(lat, lon, resolution), rings)
    return np.sort(np.fromiter((h3.str_to_int(name) for name in names), dtype=np.uint64))


@pytest.mark.parametrize("resolution", [0, 5, 9, 11, 15])
@pytest.mark.parametrize(
    "place", [(52.29, 76.97), (-33.9, 151.2), (64.7, 10.5)], ids=["pavlodar", "sydney", "pentagon"]
)
def test_the_browser_reads_the_cells_python_wrote(tmp_path: Path, resolution: int, place: tuple[float, float]) -> None:
    cells = cells_around(*place, resolution=resolution, rings=3)
    message = encode_cells(cells, {}, {}, resolution=resolution, units={})
    script = "const c = wire.decodeCells(bytes); console.log(JSON.stringify(Array.from({length: c.length}, (_, i) => c.name(i))))"
    assert in_node(script, folder=tmp_path, message=message) == [h3.int_to_str(int(cell)) for cell in cells]


def test_the_browser_reads_values_unknown_and_hidden_of_every_type(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    cells = cells_around(52.29, 76.97, resolution=9, rings=5)
    n = len(cells)
    measures = {
        "uint8": rng.integers(0, 200, n).astype(float),
        "uint16": rng.integers(0, 60_000, n).astype(float),
        "uint32": rng.integers(0, 4_000_000_000, n).astype(float),
        "negative": rng.integers(-90, 90, n).astype(float),
        "float32": rng.random(n).astype(np.float32).astype(float),
        "float64": rng.integers(0, 2**50, n).astype(float),
        "rounded": rng.random(n),
    }
    hidden = {name: rng.random(n) < 0.1 for name in measures}
    for values in measures.values():
        values[rng.random(n) < 0.2] = np.nan
    message = encode_cells(
        cells,
        measures,
        {},
        resolution=9,
        units=dict.fromkeys(measures, "1"),
        hidden=hidden,
        precision={"rounded": 0.001},
    )
    got = in_node(
        "const c = wire.decodeCells(bytes); console.log(JSON.stringify(Array.from({length: c.length}, (_, i) => c.row(i))))",
        folder=tmp_path,
        message=message,
    )
    table = decode_cells(message)
    assert {m["name"]: m["type"] for m in table.header["measures"]} == {
        "uint8": "uint8",
        "uint16": "uint16",
        "uint32": "uint32",
        "negative": "uint8",
        "float32": "float32",
        "float64": "float64",
        "rounded": "uint16",
    }
    for name in measures:
        for i, row in enumerate(got):
            expected = "hidden" if hidden[name][i] else "unknown" if np.isnan(measures[name][i]) else "known"
            assert row["states"][name] == expected
            if expected == "known":
                assert row["values"][name] == table.values[name][i]
            else:
                assert row["values"][name] is None


@pytest.mark.parametrize("damage", ["bytes.slice(0, -1)", "bytes.slice(0, 5)", "new ArrayBuffer(40)"])
def test_the_browser_refuses_a_damaged_message(tmp_path: Path, damage: str) -> None:
    cells = cells_around(52.29, 76.97, resolution=9, rings=1)
    script = f"try {{ wire.decodeCells({damage}); console.log('false') }} catch (e) {{ console.log('true') }}"
    message = encode_cells(cells, {"n": np.arange(7)}, {}, resolution=9, units={"n": "1"})
    assert in_node(script, folder=tmp_path, message=message) is True


def test_a_value_falls_into_the_class_numpy_says(tmp_path: Path) -> None:
    breaks = [2.0, 5.0, 15.0, 40.0]
    values = [0, 1, 2, 2.5, 5, 5.0001, 15, 40, 41, 1e9]
    script = (
        f"const k = new classes.Classes({{breaks: {breaks}, palette: [1, 2, 3, 4, 5], zeroColor: null}});"
        f"console.log(JSON.stringify({values}.map((v) => k.of(v))))"
    )
    assert in_node(script, folder=tmp_path) == np.searchsorted(breaks, values, side="left").tolist()


def test_an_observed_zero_is_a_class_of_its_own_where_it_is_asked_for(tmp_path: Path) -> None:
    script = (
        "const k = new classes.Classes({breaks: [2], palette: [1, 2], zeroColor: [9, 9, 9]});"
        "console.log(JSON.stringify([k.of(0), k.of(1), k.color(0)]))"
    )
    assert in_node(script, folder=tmp_path) == [-1, 0, [9, 9, 9]]


def test_quantile_classes_hold_about_as_many_cells_each_and_skip_zeros_drawn_apart(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    values = np.concatenate([np.zeros(500), rng.lognormal(3, 1, 2000)])
    script = (
        f"const values = Float64Array.from({values.tolist()});"
        "console.log(JSON.stringify(classes.quantileBreaks({values}, 5, true)))"
    )
    breaks = in_node(script, folder=tmp_path)
    counts = np.bincount(np.searchsorted(breaks, values[500:], side="left"), minlength=5)
    assert len(breaks) == 4
    assert counts.min() > 2000 / 5 * 0.8


@pytest.mark.parametrize(
    ("language", "percent", "labels"),
    [
        ("ru", False, ["1–2", "3–1\u202f500", "> 1\u202f500"]),
        ("kk", True, ["0–12,5\u00a0%", "12,5–50\u00a0%", "50–100\u00a0%"]),
        ("kk", False, ["1–2", "3–1\u202f500", "> 1\u202f500"]),
        ("en", True, ["0–12.5\u00a0%", "12.5–50\u00a0%", "50–100\u00a0%"]),
    ],
)
def test_classes_are_labelled_as_the_language_writes_numbers(
    tmp_path: Path,
    language: str,
    percent: bool,
    labels: list[str],
) -> None:
    told = (
        "{breaks: [0.125, 0.5], palette: [1, 2, 3], zeroColor: null, whole: false, minimum: 0, maximum: 1}"
        if percent
        else "{breaks: [2, 1500], palette: [1, 2, 3], zeroColor: [1], whole: true, minimum: 0, maximum: 1500}"
    )
    script = (
        f"const k = new classes.Classes({told});"
        f"console.log(JSON.stringify(classes.classLabels(k, {{language: '{language}', percent: {str(percent).lower()}}})))"
    )
    assert in_node(script, folder=tmp_path) == labels


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_map_writes_numbers_as_the_rest_of_the_house_does(tmp_path: Path, language: str) -> None:
    numbers = [0, 7, 1234, 9_876_543, -1500, 0.5, 0.12345, 3.14159, -2.5, 12345.678]
    script = f"const f = classes.numberFormat('{language}'); console.log(JSON.stringify({numbers}.map(f)))"
    written = in_node(script, folder=tmp_path)
    assert written == [number(value, language) for value in numbers]
