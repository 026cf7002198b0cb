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

SOURCES = (OWN, OSM)
