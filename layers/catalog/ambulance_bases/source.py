"""Sources the layer ``ambulance_bases`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-ambulance_bases",
    columns={
        name: name
        for name in (
            "kind",
            "name",
            "name_kk",
            "name_ru",
            "ambulances",
            "crews_day",
            "crews_night",
            "round_the_clock",
            "verified_on",
        )
    },
    lon="lon",
    lat="lat",
    source_id="id",
    signature=frozenset({"kind", "ambulances", "crews_day", "crews_night"}),
)

OSM = SourceMapping(
    id="osm-ambulance-bases",
    columns={"kind": "osm_kind", "name": "name", "name_kk": "name:kk", "name_ru": "name:ru"},
    source_id="osm_id",
    codes={"kind": {"emergency=ambulance_station": "station", "emergency=air_rescue_service": "air"}},
    where={
        "emergency": (
            "ambulance_station",
            "air_rescue_service",
        )
    },
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

SOURCES = (OWN, OSM)
