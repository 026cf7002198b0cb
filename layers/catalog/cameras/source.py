"""Sources the layer ``cameras`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-cameras",
    columns={
        name: name
        for name in (
            "kind",
            "status",
            "azimuth_deg",
            "hfov_deg",
            "tilt_deg",
            "height_m",
            "width_px",
            "range_m",
            "ir_range_m",
            "owner",
            "connected",
            "installed_on",
            "verified_on",
        )
    },
    lon="lon",
    lat="lat",
    source_id="id",
    signature=frozenset({"kind", "azimuth_deg", "lon", "lat"}),
)

OSM = SourceMapping(
    id="osm-cameras",
    columns={"kind": "camera:type", "azimuth_deg": "camera:direction", "height_m": "height"},
    constants={"status": "unknown", "kind": "unknown"},
    source_id="osm_id",
    codes={"kind": {"panning": "panning", "fixed": "fixed", "dome": "dome"}},
    where={"man_made": ("surveillance",)},
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

# The standard table of public cameras of Korean municipalities: what a camera looks at is often left empty, and then nobody knows.
KOREA = SourceMapping(
    id="korea-standard-cctv",
    columns={"azimuth_deg": "촬영방면정보"},
    constants={"status": "unknown", "kind": "unknown"},
    lon="WGS84경도",
    lat="WGS84위도",
    source_id="관리번호",
    signature=frozenset({"관리번호", "카메라대수", "촬영방면정보", "WGS84위도", "WGS84경도"}),
    licence="KOGL",
    attribution="공공데이터포털 (data.go.kr)",
)

SOURCES = (OWN, OSM, KOREA)
