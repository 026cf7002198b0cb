"""Rules of the interface's own house."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
APP = ROOT / "streamlit_app"


def test_no_module_beside_the_entry_shadows_a_package_of_ours():
    """Streamlit puts the folder of the entry first on the path."""
    packages = {"layers", "api", "etl", "cli", "geo_core", "i18n", "tests", "asgi", "streamlit"}
    assert packages.isdisjoint(path.stem for path in APP.iterdir())


def test_pages_are_thin():
    assert {
        path.name: len(path.read_text().splitlines())
        for path in APP.glob("views/*.py")
        if len(path.read_text().splitlines()) > 90
    } == {}


def test_services_know_neither_streamlit_nor_http():
    for path in (APP / "services").glob("*.py"):
        text = path.read_text()
        assert "import streamlit as st" not in text, path.name
        assert "httpx" not in text, path.name


def test_scripts_and_styles_name_no_address_outside():
    for path in [*APP.glob("widgets/*.js"), *APP.glob("widgets/*.css"), APP / "style.css"]:
        assert "http" not in path.read_text().replace("https", "http").replace("http://www.w3.org", ""), path.name


def test_importing_the_composition_root_starts_nothing():
    code = "import asgi; print(asgi.make_app.cache_info().currsize)"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "0"
