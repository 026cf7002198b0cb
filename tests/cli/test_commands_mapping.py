"""``qorgan mapping``: proposed to standard output, checked, kept, used again by the next import."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyproj
import pytest

from tests.cli.test_commands_data import city  # noqa: F401 - the fixture
from tests.fixtures.commands import Run

N = 30


def utm(path: Path) -> Path:
    """Metres of UTM zone 43, near enough to the border of the territory that no other grid fits."""
    lon, lat = 76.95 + np.arange(N) * 1e-4, 52.2005 + np.arange(N) * 1e-5
    x, y = pyproj.Transformer.from_crs(4326, 32643, always_xy=True).transform(lon, lat)
    rows = [f"{i};{x[i]:.1f};{y[i]:.1f};ст.188 ч.3;05.03.2025" for i in range(N)]
    path.write_text("\n".join(["№ дела;X;Y;Статья УК;Дата", *rows, ""]), encoding="utf-8")
    return path


def test_a_proposal_is_a_mapping_file_that_checks_and_imports(city: Run, tmp_path: Path):  # noqa: F811
    source = utm(tmp_path / "register.csv")
    told = city("mapping", "propose", "crimes", source)
    document = json.loads(told.out)
    assert document["crs"] == "EPSG:32643"
    assert document["made"][document["columns"]["category"]] == {"how": "article-category", "of": ["Статья УК"]}
    file = tmp_path / "uvd.json"
    file.write_text(json.dumps(document | {"id": "uvd", "signature": ["X", "Y", "Статья УК"]}), encoding="utf-8")
    assert city("mapping", "check", "crimes", file).code == 0
    checked = city("mapping", "check", "crimes", file, source, "--json").json
    assert (checked["read"], checked["accepted"], checked["error"]) == (N, N, None)
    assert city("mapping", "save", "crimes", file).code == 0
    assert city("mapping", "list", "--json").json["mappings"] == [{"layer": "crimes", "id": "uvd", "fault": None}]
    assert json.loads(city("mapping", "show", "crimes", "uvd").out)["id"] == "uvd"
    report = city("import", "crimes", source, "--json").json
    assert (report["mapping"]["id"], report["loaded"]) == ("uvd", N)
    assert city("cells", "crimes", "--category", "theft", "--json").json["totals"]["count"] == N
    assert city("mapping", "remove", "crimes", "uvd").code == 0
    assert city("mapping", "remove", "crimes", "uvd").code == 4
    assert city("mapping", "list", "--json").json["mappings"] == []


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_dates_nobody_can_tell_apart_are_not_loaded_by_themselves(
    city: Run,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
):
    monkeypatch.setenv("QORGAN_LANGUAGE", language)
    source = tmp_path / "ambiguous.csv"
    rows = [f"{i},76.95,52.3,theft,0{1 + i % 3}/0{1 + i % 5}/2025" for i in range(10)]
    source.write_text("\n".join(["id,lon,lat,category,Дата", *rows, ""]), encoding="utf-8")
    told = city("import", "crimes", source, "--json")
    error = json.loads(told.out.splitlines()[-1])["error"]
    assert (told.code, error["code"], error["params"]["column"]) == (3, "dates-ambiguous", "Дата")
    proposal = city("mapping", "propose", "crimes", source)
    assert proposal.code == 3
    document = json.loads(proposal.out)
    assert document["time"]["formats"] == ["%d/%m/%Y"]
    file = tmp_path / "m.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    # somebody looked at it: by its name it is used
    assert city("import", "crimes", source, "--mapping", file, "--json").json["loaded"] == 10


def test_a_mapping_that_would_have_the_file_refused_says_so(city: Run, tmp_path: Path):  # noqa: F811
    source, file = utm(tmp_path / "register.csv"), tmp_path / "bad.json"
    document = json.loads(city("mapping", "propose", "crimes", source).out)
    file.write_text(json.dumps(document | {"crs": "EPSG:4326"}), encoding="utf-8")
    told = city("mapping", "check", "crimes", file, source, "--json")
    found = json.loads(told.out.splitlines()[-1])
    assert (told.code, found["error"]["code"], found["accepted"]) == (3, "coordinates-in-metres", 0)
    file.write_text(json.dumps(document | {"colour": 1}), encoding="utf-8")
    assert city("mapping", "check", "crimes", file).code == 3
