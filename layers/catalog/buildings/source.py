"""Sources the layer ``buildings`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-buildings",
    columns={name: name for name in ("height_m", "levels", "use", "name", "street", "house_number", "addresses")},
    source_id="id",
    signature=frozenset({"levels", "use"}),
)

OSM = SourceMapping(
    id="osm-buildings",
    columns={
        "height_m": "height",
        "levels": "building:levels",
        "use": "building",
        "name": "name",
        "street": "addr:street",
        "house_number": "addr:housenumber",
    },
    constants={},
    source_id="osm_id",
    codes={
        "use": {
            "apartments": "apartments",
            "residential": "apartments",
            "dormitory": "apartments",
            "house": "house",
            "detached": "house",
            "terrace": "house",
            "school": "school",
            "kindergarten": "school",
            "university": "school",
            "industrial": "industrial",
            "warehouse": "industrial",
            "garage": "garage",
            "garages": "garage",
            "retail": "retail",
            "commercial": "retail",
            "supermarket": "retail",
            "yes": "",
            "*": "other",
        }
    },
    where={"building": ()},
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

SOURCES = (OWN, OSM)
