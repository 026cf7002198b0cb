"""Sources the layer ``places`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-places",
    columns={name: name for name in ("kind", "name", "name_kk", "name_ru")},
    lon="lon",
    lat="lat",
    source_id="id",
    signature=frozenset({"kind", "name_kk", "name_ru", "lon", "lat"}),
)

OSM = SourceMapping(
    id="osm-places",
    columns={"kind": "osm_kind", "name": "name", "name_kk": "name:kk", "name_ru": "name:ru"},
    constants={},
    source_id="osm_id",
    codes={
        "kind": {
            "amenity=school": "school",
            "amenity=kindergarten": "kindergarten",
            "amenity=bar": "venue",
            "amenity=pub": "venue",
            "amenity=nightclub": "venue",
            "amenity=restaurant": "venue",
            "amenity=cafe": "venue",
            "amenity=hospital": "hospital",
            "amenity=clinic": "hospital",
            "amenity=police": "police",
            "amenity=marketplace": "market",
            "amenity=parking": "parking",
            "shop=alcohol": "alcohol_shop",
            "shop=supermarket": "shop",
            "shop=convenience": "shop",
            "highway=bus_stop": "stop",
            "highway=crossing": "crossing",
            "highway=traffic_signals": "signals",
            "leisure=playground": "playground",
            "leisure=park": "park",
        }
    },
    where={
        "amenity": (
            "school",
            "kindergarten",
            "bar",
            "pub",
            "nightclub",
            "restaurant",
            "cafe",
            "hospital",
            "clinic",
            "police",
            "marketplace",
            "parking",
        ),
        "shop": ("alcohol", "supermarket", "convenience"),
        "highway": ("bus_stop", "crossing", "traffic_signals"),
        "leisure": ("playground", "park"),
    },
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

SOURCES = (OWN, OSM)
