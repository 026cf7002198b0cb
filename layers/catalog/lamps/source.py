"""Sources the layer ``lamps`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-lamps",
    columns={name: name for name in ("status", "height_m", "power_w", "flux_lm", "light_source", "part_night")},
    lon="lon",
    lat="lat",
    source_id="id",
    signature=frozenset({"status", "light_source", "lon", "lat"}),
)

OSM = SourceMapping(
    id="osm-lamps",
    columns={"height_m": "height"},
    constants={"status": "unknown"},
    source_id="osm_id",
    codes={},
    where={"highway": ("street_lamp",)},
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

# The standard table of security lights of Korean municipalities: whether a lamp works is not in it.
KOREA = SourceMapping(
    id="korea-standard-lamps",
    constants={"status": "unknown"},
    lon="경도",
    lat="위도",
    source_id="보안등위치명",
    signature=frozenset({"보안등위치명", "설치개수", "위도", "경도"}),
    licence="KOGL",
    attribution="공공데이터포털 (data.go.kr)",
)

SOURCES = (OWN, OSM, KOREA)
