"""Sources the layer ``speed_cameras`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-speed_cameras",
    columns={
        name: name
        for name in (
            "kind",
            "status",
            "azimuth_deg",
            "speed_limit_kmh",
            "road_ref",
            "road_name",
            "km",
            "section_id",
            "section_role",
            "owner",
            "installed_on",
            "verified_on",
        )
    },
    lon="lon",
    lat="lat",
    source_id="id",
    signature=frozenset({"kind", "speed_limit_kmh", "section_id"}),
)

# A public collection of fixed speed cameras: kinds and section roles under its own names.
COLLECTED = SourceMapping(
    id="collected-speed-cameras",
    columns={
        "kind": "type",
        "azimuth_deg": "bearing",
        "speed_limit_kmh": "speed_limit",
        "road_name": "description",
        "section_id": "section_id",
        "section_role": "section_role",
        "verified_on": "last_seen",
    },
    constants={"status": "unknown"},
    source_id="id",
    codes={"kind": {"fixed": "stationary", "section": "average", "tech": "other", "red_light": "red_light"}},
    signature=frozenset({"bearing", "speed_limit", "section_id", "section_role", "type"}),
)

OSM = SourceMapping(
    id="osm-speed-cameras",
    columns={"azimuth_deg": "direction", "speed_limit_kmh": "maxspeed"},
    constants={"kind": "stationary", "status": "unknown"},
    source_id="osm_id",
    where={"highway": ("speed_camera",)},
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

SOURCES = (OWN, COLLECTED, OSM)
