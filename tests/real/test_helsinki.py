"""The centre of Helsinki from OpenStreetMap, by the documented commands: cameras without direction are potential, never coverage."""

from __future__ import annotations

import json

import pytest

from tests.fixtures.commands import Run, shared_data

LAYERS = ("roads", "buildings", "water", "lamps", "cameras", "places")


def test_helsinki_runs_from_an_extract_to_a_gap_and_an_optimal_plan(qorgan: Run, tmp_path):
    extract = shared_data("osm/helsinki_centre.osm.pbf")
    qorgan(
        "workspace", "create", "helsinki", "--bbox", "24.92,60.15,24.97,60.18", "--zone", "Europe/Helsinki", "--json"
    ).ok()
    reports = {layer: qorgan("import", layer, extract, "--json").json for layer in LAYERS}
    for report in reports.values():
        assert report["read"] == report["loaded"] + report["rejected"]
        assert (report["updated"], report["unchanged"], report["is_synthetic"]) == (0, 0, False)
        assert report["mapping"]["licence"] == "ODbL-1.0"
    assert (reports["lamps"]["loaded"], reports["cameras"]["loaded"]) == (586, 221)
    assert set(reports["roads"]["rejected_by_reason"]) == {"outside-extract"}

    derived = qorgan("derive", "all", "--json").json["derived"]
    coverage = derived["camera_coverage"]
    kinds = ("cameras", "counted", "potential", "blind")
    # 35 are mapped inside a building: what they look at lies behind its walls.
    assert tuple(coverage[kind] for kind in kinds) == (221, 0, 186, 35)
    assert derived["street_segments"]["segments"] > 3000

    gap = qorgan("gap", "--streets", "--json").json
    seen, potential = gap["totals"]["seen"], gap["totals"]["potential"]
    assert seen["covered"] == 0
    assert seen["total"] == pytest.approx(derived["street_segments"]["length_m"], rel=1e-3)
    assert 0 < potential["covered"] < seen["total"]
    assert all(row["covered_share"] == 0 and row["unseen_m"] == row["length_m"] for row in gap["rows"])

    out = tmp_path / "plan.geojson"
    made = qorgan("plan", "--cameras", 10, "--demand", "streets", "--seed", 7, "--out", out, "--json").json
    proof = made["certificate"]
    assert (proof["cameras"], proof["status"], proof["gap"], proof["seed"]) == (10, "optimal", 0.0, 7)
    assert proof["demand"]["share_before"] == 0 < proof["demand"]["share_after"] < 1
    sites = json.loads(out.read_text())["features"]
    assert [site["properties"]["number"] for site in sites] == list(range(1, 11))
    assert all(24.92 < site["geometry"]["coordinates"][0] < 24.97 for site in sites)
