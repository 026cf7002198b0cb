"""Sources the layer ``places`` knows."""

from layers.spec import Grouping, How, Made, SourceMapping

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

# Points of interest of OpenStreetMap as a flat table: the layer's kind is told by two columns together.
OSM_TABLE = SourceMapping(
    id="osm-table-places",
    columns={"kind": "@kind", "name": "name"},
    made={
        "@kind": Made(how=How.JOINED, of=("poi_category", "amenity"), by="/"),
        "@id": Made(how=How.JOINED, of=("osm_type", "osm_id"), by="/"),
    },
    lon="longitude",
    lat="latitude",
    source_id="@id",
    codes={
        "kind": {
            "crossing": "crossing",
            "traffic_signal": "signals",
            "transit_stop": "stop",
            "education/school": "school",
            "education/kindergarten": "kindergarten",
            "healthcare/hospital": "hospital",
            "healthcare/clinic": "hospital",
            "emergency/police": "police",
            "*": "other",
        }
    },
    signature=frozenset({"osm_type", "osm_id", "poi_category", "amenity", "latitude", "longitude"}),
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

# Settlements as the Humanitarian OpenStreetMap Team exports them. Every "place" of it is a settlement, were it one dwelling.
HOT_SETTLEMENTS = SourceMapping(
    id="hotosm-settlements",
    columns={"name": "name", "name_kk": "name:kk", "name_ru": "name:ru"},
    constants={"kind": "settlement"},
    made={"@id": Made(how=How.JOINED, of=("osm_type", "osm_id"), by="/")},
    source_id="@id",
    signature=frozenset({"place", "population", "is_in", "name:kk", "name:ru", "osm_id", "osm_type"}),
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors, Humanitarian OpenStreetMap Team",
)

# Streets with where they cross others, each crossing listed under every street that meets there; unnamed ones have no name.
JUNCTIONS = SourceMapping(
    id="street-junctions",
    columns={"name": "@key"},
    constants={"kind": "junction"},
    made={"@id": Made(how=How.JOINED, of=("lat", "lng"), by=",")},
    lon="lng",
    lat="lat",
    source_id="@id",
    grouping=Grouping(key=("lat", "lng"), together={"@key": " × "}),
    signature=frozenset({"@key", "crossroad", "lat", "lng"}),
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

SOURCES = (OWN, OSM, OSM_TABLE, HOT_SETTLEMENTS, JUNCTIONS)
