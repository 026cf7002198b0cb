"""Sources the layer ``areas`` knows."""

from layers.spec import How, Made, SourceMapping

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

# A border as the Nominatim service gives it.
NOMINATIM = SourceMapping(
    id="nominatim-border",
    columns={"name_en": "name"},
    constants={"kind": "city"},
    source_id="osm_id",
    signature=frozenset({"place_id", "osm_type", "osm_id", "addresstype", "display_name", "importance"}),
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

# Districts with their name in Latin letters and the whole address of OpenStreetMap, whose first part is the Kazakh name.
OSM_ADDRESSED = SourceMapping(
    id="osm-districts-addressed",
    columns={"name_en": "name", "name_kk": "@name_kk"},
    constants={"kind": "district"},
    made={"@name_kk": Made(how=How.BEFORE, of=("osm_name",), by=",")},
    source_id="osm_id",
    signature=frozenset({"name", "osm_name", "osm_id"}),
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

# Borders of OpenStreetMap by administrative level; in Kazakhstan 4 is an oblast or city of the republic, 6 a district.
OSM_LEVELS = SourceMapping(
    id="osm-admin-levels",
    columns={"kind": "admin_level", "name": "name", "name_en": "name_en"},
    source_id="osm_id",
    codes={"kind": {"4": "oblast", "6": "district", "*": "other"}},
    signature=frozenset({"osm_id", "name", "boundary", "admin_level"}),
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
)

# geoBoundaries: names in Latin letters, which several districts of different oblasts share.
GEOBOUNDARIES = SourceMapping(
    id="geoboundaries",
    columns={"kind": "shapeType", "name_en": "shapeName"},
    source_id="shapeID",
    codes={"kind": {"ADM1": "oblast", "ADM2": "district", "*": "other"}},
    signature=frozenset({"shapeName", "shapeID", "shapeGroup", "shapeType"}),
    licence="ODbL-1.0",
    attribution="geoBoundaries (www.geoboundaries.org)",
)

SOURCES = (OWN, ASTANA, NOMINATIM, OSM_ADDRESSED, OSM_LEVELS, GEOBOUNDARIES)
