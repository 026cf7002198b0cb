"""Where a chosen name leads, and what the browser may tell."""

from __future__ import annotations

import pytest

from streamlit_app.address import PlaceKind, Selection
from streamlit_app.services import hits, levels
from streamlit_app.widgets.search_box import hit_of

GIVEN = {"kind": "street", "layer": "roads", "id": "7", "position": [76.95, 52.28], "bbox": [76.9, 52.28, 77.0, 52.29]}


def test_what_the_browser_tells_becomes_a_hit():
    hit = hit_of({**GIVEN, "segment": "-5577006791947779410"})
    assert hit is not None
    assert (hit.id, hit.segment, hit.position) == ("7", "-5577006791947779410", (76.95, 52.28))


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "x"},
        {"id": -1},
        {"position": [1]},
        {"bbox": None},
        {"bbox": [5, 0, 4, 1]},
        {"position": [500, 0]},
        {"segment": "x"},
    ],
)
def test_what_is_no_hit_counts_as_none(changed):
    assert hit_of({**GIVEN, **changed}) is None
    assert hit_of("street") is None


@pytest.mark.parametrize(
    ("kind", "layer", "segment", "expected"),
    [
        ("area", "areas", "", Selection(kind=PlaceKind.AREA, id="7")),
        ("street", "roads", "12", Selection(kind=PlaceKind.SEGMENT, id="12")),
        ("street", "roads", "", Selection(kind=PlaceKind.FEATURE, layer="roads", id="7")),
        ("device", "cameras", "", Selection(kind=PlaceKind.FEATURE, layer="cameras", id="7")),
    ],
)
def test_each_kind_is_selected_as_what_it_is(kind, layer, segment, expected):
    assert hits.selection_for(kind, layer, "7", (76.95, 52.28), {"roads", "cameras"}, segment=segment) == expected


def test_a_kilometre_of_a_road_selects_the_ground():
    chosen = hits.selection_for("road-kilometre", "roads", "7", (76.95, 52.28), {"roads"})
    assert chosen.kind is PlaceKind.CELL


def test_a_point_is_not_looked_at_from_nearer_than_a_quarter_and_a_street_is_seen_whole():
    point = hits.camera_for((76.95, 52.28), (76.95, 52.28, 76.95, 52.28))
    assert (point.zoom, point.longitude, point.latitude) == (hits.NEAREST_ZOOM, 76.95, 52.28)
    box = (76.9, 52.28, 77.0, 52.29)
    assert hits.camera_for((76.95, 52.28), box) == levels.camera_over(box)
