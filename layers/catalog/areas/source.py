"""Sources the layer ``areas`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-areas",
    columns={
        name: name
        for name in ("kind", "code", "name", "name_kk", "name_ru", "name_en", "population", "population_date")
    },
    source_id="id",
    signature=frozenset({"kind", "population"}),
)

# The districts of Astana as published by the city: Russian and Kazakh names, KATO codes of which two are stale.
ASTANA = SourceMapping(
    id="astana-districts",
    columns={"name_ru": "name_object", "name_kk": "name_object_kaz", "code": "kato"},
    constants={"kind": "district"},
    source_id="objectid",
    signature=frozenset({"name_object", "name_object_kaz", "kato"}),
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

SOURCES = (OWN, ASTANA)
