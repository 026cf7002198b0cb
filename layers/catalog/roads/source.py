"""Sources the layer ``roads`` knows."""

from layers.highway_classes import HIGHWAY_CLASSES
from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-roads",
    columns={
        name: name
        for name in (
            "from_node",
            "to_node",
            "highway_class",
            "name",
            "name_kk",
            "name_ru",
            "road_ref",
            "oneway",
            "is_bridge",
            "is_tunnel",
            "level",
            "max_speed_kmh",
            "lit",
        )
    },
    source_id="id",
    signature=frozenset({"highway_class", "from_node", "to_node"}),
)

OSM = SourceMapping(
    id="osm-roads",
    columns={
        "from_node": "from_node",
        "to_node": "to_node",
        "highway_class": "highway",
        "name": "name",
        "name_kk": "name:kk",
        "name_ru": "name:ru",
        "road_ref": "ref",
        "oneway": "oneway",
        "is_bridge": "bridge",
        "is_tunnel": "tunnel",
        "level": "layer",
        "max_speed_kmh": "maxspeed",
        "lit": "lit",
    },
    # OSM writes these only where they hold; whether a street is lit it leaves unknown.
    constants={"oneway": False, "is_bridge": False, "is_tunnel": False},
    source_id="osm_id",
    codes={},
    where={"highway": HIGHWAY_CLASSES.good},
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

SOURCES = (OWN, OSM)
