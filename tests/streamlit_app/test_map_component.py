"""The Python side of the map: what a page may ask for, what it sends, what it gets back; and the committed bundle."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pydeck as pdk
import pytest
from streamlit.testing.v1 import AppTest

from streamlit_app.map_component import MapView, cell_layer, draw_map, feature_tiles, label_layer
from streamlit_app.map_component.component import TEXT_KEYS
from streamlit_app.map_component.events import event_from

FRONTEND = Path(__file__).parents[2] / "streamlit_app" / "map_component" / "frontend"
TEXTS = dict.fromkeys(TEXT_KEYS, "…")
PALETTE = [(1, 2, 3), (4, 5, 6), (7, 8, 9)]


def as_json(layer: pdk.Layer) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(pdk.Deck(layers=[layer], map_provider=None).to_json())["layers"][0]
    return described


def page() -> None:
    import pydeck as pdk
    import streamlit as st

    from streamlit_app.map_component import TEXT_KEYS, MapView, cell_layer, draw_map

    layer = cell_layer("cells", "/api/cells", measure="crimes", palette=[(0, 0, 0), (9, 9, 9)], breaks=[1])
    event = draw_map(
        pdk.Deck(layers=[layer], map_provider=None),
        key="map",
        view=MapView(longitude=76.97, latitude=52.29, zoom=11),
        view_token=1,
        texts=dict.fromkeys(TEXT_KEYS, "…"),
        language="kk",
    )
    st.write("nothing yet" if event is None else "an event")


def test_a_page_with_the_map_runs_twice_in_runtimes_of_their_own() -> None:
    for _ in range(2):  # the second one has another registry of components
        app = AppTest.from_function(page, default_timeout=30).run()
        assert not app.exception
        assert app.markdown[0].value == "nothing yet"
        assert not app.run().exception


def test_cells_are_described_with_plain_strings_and_not_with_expressions() -> None:
    described = as_json(cell_layer("c", "/api/cells?x=1", measure="seen_share", palette=PALETTE, breaks=[1, 2]))
    assert described["@@type"] == "QorganCellLayer"
    assert described["data"] == "/api/cells?x=1"
    assert described["measure"] == "seen_share"
    assert described["breaks"] == [1, 2]
    assert described["palette"] == [list(rgb) for rgb in PALETTE]
    assert "@@=" not in json.dumps(described)


def test_zero_is_a_value_like_others_only_where_the_page_says_so() -> None:
    assert "zeroColor" in as_json(cell_layer("c", "/x", measure="m", palette=PALETTE))
    assert "zeroColor" not in as_json(cell_layer("c", "/x", measure="m", palette=PALETTE, zero_rgba=None))


def test_feature_tiles_carry_codes_and_filters_as_they_are_written() -> None:
    described = as_json(
        feature_tiles(
            "lamps",
            "/t/{z}/{x}/{y}",
            colour_field="lamp_kind",
            colours={"high_pressure": (1, 2, 3)},
            keep={"lamp_kind": ["high_pressure", None]},
        )
    )
    assert described["colorField"] == "lamp_kind"
    assert described["colors"] == [["high_pressure", [1, 2, 3]]]
    assert described["keep"] == [["lamp_kind", ["high_pressure", None]]]
    assert "@@=" not in json.dumps(described)


def test_hatches_go_to_the_map_by_code_and_plain_areas_have_none() -> None:
    described = as_json(
        feature_tiles("d", "/t/{z}/{x}/{y}", colour_field="level", hatches={"partial": "sparse", "unknown": "unknown"})
    )
    assert described["hatches"] == [["partial", "sparse"], ["unknown", "unknown"]]
    assert "hatches" not in as_json(feature_tiles("d", "/t/{z}/{x}/{y}"))


def test_labels_ask_for_every_letter() -> None:
    described = as_json(label_layer("names", [{"position": [1, 2], "name": "Ұлы"}]))
    assert described["characterSet"] == "auto"
    assert described["getText"] == "@@=name"


@pytest.mark.parametrize(
    "arguments",
    [
        {"palette": PALETTE, "breaks": [1.0]},
        {"palette": PALETTE, "breaks": [2.0, 1.0]},
        {"palette": PALETTE[:1]},
        {"palette": PALETTE * 3},
    ],
)
def test_breaks_and_colours_that_do_not_fit_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"breaks|classes"):
        cell_layer("c", "/x", measure="m", **arguments)


def test_a_missing_text_is_named() -> None:
    with pytest.raises(ValueError, match="hidden"):
        draw_map(
            pdk.Deck(map_provider=None),
            key="m",
            view=MapView(longitude=0, latitude=0, zoom=1),
            view_token=0,
            texts={**TEXTS, "hidden": ""},
            language="kk",
        )


def test_rows_by_the_megabyte_are_refused() -> None:
    rows = [{"position": [i, i], "name": "x" * 100} for i in range(9000)]
    with pytest.raises(ValueError, match="by address"):
        draw_map(
            pdk.Deck(layers=[label_layer("names", rows)], map_provider=None),
            key="m",
            view=MapView(longitude=0, latitude=0, zoom=1),
            view_token=0,
            texts=TEXTS,
            language="kk",
        )


def test_what_the_map_sends_becomes_an_event() -> None:
    assert event_from({"view": None, "click": None}) is None
    event = event_from(
        {
            "view": {"longitude": 1, "latitude": 2, "zoom": 3, "bearing": 0, "pitch": 0, "bounds": [0, 1, 2, 3]},
            "click": {"longitude": 1.5, "latitude": 2.5, "pick": {"layer_id": "cells", "object": {"cell": "88"}}},
        }
    )
    assert event is not None
    assert event.view is not None
    assert event.view.bounds == (0.0, 1.0, 2.0, 3.0)
    assert event.click is not None
    assert (event.click.longitude, event.click.latitude) == (1.5, 2.5)
    assert event.pick is not None
    assert event.pick.object == {"cell": "88"}


def test_a_click_on_empty_ground_is_a_click_without_a_pick() -> None:
    event = event_from({"click": {"longitude": 1, "latitude": 2, "pick": None}})
    assert event is not None
    assert (event.view, event.pick) == (None, None)


def test_the_lock_names_no_host_and_every_package_its_checksum() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    assert len(packages) > 50
    assert not [path for path, entry in packages.items() if "resolved" in entry]
    assert not [path for path, entry in packages.items() if not entry["integrity"].startswith("sha512-")]


def test_there_is_one_bundle_and_one_style_sheet_of_a_bearable_size() -> None:
    (script,) = (FRONTEND / "dist").glob("qorgan-map.*.js")
    (sheet,) = (FRONTEND / "dist").glob("qorgan-map.*.css")
    assert 1_000_000 < script.stat().st_size < 2_600_000
    assert not re.search(r"url\((?!\"?data:)[^)]*//", sheet.read_text(encoding="utf-8"))


def test_the_committed_bundle_is_what_its_source_builds(tmp_path: Path) -> None:
    if os.environ.get("QORGAN_REBUILD") != "1":
        pytest.skip("a rebuild downloads 350 MB of packages: asked for with QORGAN_REBUILD=1")
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    subprocess.run(["bash", "build.sh", str(tmp_path)], cwd=FRONTEND, check=True, capture_output=True, timeout=600)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in (FRONTEND / "dist").iterdir()}
    assert sorted(built) == sorted(committed)
    assert built == committed
