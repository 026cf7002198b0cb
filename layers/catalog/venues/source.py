"""Sources the layer ``venues`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-venues",
    columns={
        name: name
        for name in (
            "kind",
            "name",
            "name_kk",
            "name_ru",
            "capacity",
            "hours_per_week",
            "closes_hour",
            "sells_alcohol",
            "licence_until",
            "verified_on",
        )
    },
    lon="lon",
    lat="lat",
    source_id="id",
    signature=frozenset({"kind", "capacity", "hours_per_week"}),
)

OSM = SourceMapping(
    id="osm-venues",
    columns={"kind": "osm_kind", "name": "name", "name_kk": "name:kk", "name_ru": "name:ru", "capacity": "capacity"},
    source_id="osm_id",
    codes={
        "kind": {
            "amenity=bar": "bar",
            "amenity=pub": "bar",
            "amenity=biergarten": "bar",
            "amenity=nightclub": "nightclub",
            "amenity=karaoke_box": "karaoke",
            "amenity=restaurant": "restaurant",
            "amenity=cafe": "cafe",
            "tourism=hotel": "hotel",
            "leisure=stadium": "stadium",
        }
    },
    where={
        "amenity": (
            "bar",
            "pub",
            "biergarten",
            "nightclub",
            "karaoke_box",
            "restaurant",
            "cafe",
        ),
        "tourism": ("hotel",),
        "leisure": ("stadium",),
    },
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

SOURCES = (OWN, OSM)
