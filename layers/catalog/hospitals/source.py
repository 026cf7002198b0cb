"""Sources the layer ``hospitals`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-hospitals",
    columns={
        name: name
        for name in (
            "kind",
            "name",
            "name_kk",
            "name_ru",
            "trauma_level",
            "beds",
            "intensive_beds",
            "has_emergency",
            "has_ct",
            "has_neurosurgery",
            "has_helipad",
            "round_the_clock",
            "verified_on",
        )
    },
    lon="lon",
    lat="lat",
    source_id="id",
    signature=frozenset({"kind", "trauma_level", "beds"}),
)

OSM = SourceMapping(
    id="osm-hospitals",
    columns={
        "kind": "osm_kind",
        "name": "name",
        "name_kk": "name:kk",
        "name_ru": "name:ru",
        "beds": "beds",
        "has_emergency": "emergency",
    },
    source_id="osm_id",
    codes={"kind": {"amenity=hospital": "hospital", "amenity=clinic": "clinic"}},
    where={
        "amenity": (
            "hospital",
            "clinic",
        )
    },
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

# Points of interest of OpenStreetMap as a flat table: rows that are no hospital are refused by name.
OSM_TABLE = SourceMapping(
    id="osm-table-hospitals",
    columns={"kind": "amenity", "name": "name"},
    lon="longitude",
    lat="latitude",
    source_id="osm_id",
    codes={"kind": {"hospital": "hospital", "clinic": "clinic"}},
    signature=frozenset({"osm_type", "osm_id", "poi_category", "amenity", "latitude", "longitude"}),
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

SOURCES = (OWN, OSM, OSM_TABLE)
