"""Parts of a territory from a file of polygons: codes and titles."""

from __future__ import annotations

import json
from pathlib import Path

from cli.territories import read_parts

RING = [[76.95, 52.3], [76.96, 52.3], [76.96, 52.31], [76.95, 52.3]]


def test_a_district_without_an_english_name_keeps_its_own_and_not_the_word_for_district(tmp_path: Path):
    own = [
        {"kato": "71", "name": "Район", "name_object": "Байконыр", "name_object_kaz": "Байқоңыр"},
        {"kato": "72", "name": "Район", "name_object": "Есиль", "name_object_kaz": "Есіл", "name_en": "Yesil"},
        {"kato": "73", "name": "Север"},
    ]
    features = [
        {"type": "Feature", "properties": one, "geometry": {"type": "Polygon", "coordinates": [RING]}} for one in own
    ]
    path = tmp_path / "districts.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    parts = {part.code: dict(part.titles) for part in read_parts(path, "kato")}
    assert parts["71"] == {"kk": "Байқоңыр", "ru": "Байконыр", "en": "Байконыр"}
    assert parts["72"]["en"] == "Yesil"
    assert parts["73"] == {"kk": "73", "ru": "Север", "en": "Север"}
