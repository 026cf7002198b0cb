"""Sources the layer ``water`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-water",
    columns={name: name for name in ("kind", "name")},
    source_id="id",
    signature=frozenset({"kind"}),
)

OSM = SourceMapping(
    id="osm-water",
    columns={"kind": "osm_kind", "name": "name"},
    constants={},
    source_id="osm_id",
    codes={
        "kind": {
            "natural=water": "lake",
            "waterway=riverbank": "river",
            "waterway=river": "river",
            "waterway=stream": "stream",
            "waterway=drain": "canal",
            "waterway=ditch": "canal",
            "waterway=canal": "canal",
            "natural=coastline": "coast",
        }
    },
    where={
        "natural": ("water", "coastline"),
        "waterway": ("river", "riverbank", "stream", "canal", "drain", "ditch"),
    },
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

SOURCES = (OWN, OSM)
