"""Sources the layer ``population_by_area`` knows."""

from layers.spec import How, Made, SourceMapping

OWN = SourceMapping(
    id="qorgan-population_by_area",
    columns={
        name: name
        for name in (
            "level",
            "code",
            "name",
            "name_kk",
            "name_ru",
            "population",
            "population_date",
            "accuracy",
            "source",
        )
    },
    source_id="id",
    signature=frozenset({"level", "population", "accuracy"}),
)

# Population collected from publications, each with date, precision and source.
PUBLISHED = SourceMapping(
    id="population-published",
    columns={
        "level": "level",
        "name_ru": "name_ru",
        "name_kk": "name_kk",
        "population": "population",
        "population_date": "reference_date",
        "accuracy": "precision",
        "source": "source",
    },
    signature=frozenset({"level", "name_ru", "name_kk", "population", "reference_date", "precision"}),
)

# Settlements as the Humanitarian OpenStreetMap Team exports them; most have no population, and are rejected by name.
HOT_SETTLEMENTS = SourceMapping(
    id="hotosm-settlement-population",
    columns={"name": "name", "name_kk": "name:kk", "name_ru": "name:ru", "population": "population"},
    constants={"level": "settlement", "accuracy": "unknown", "source": "OpenStreetMap"},
    made={"@id": Made(how=How.JOINED, of=("osm_type", "osm_id"), by="/")},
    source_id="@id",
    signature=frozenset({"place", "population", "is_in", "name:kk", "name:ru", "osm_id", "osm_type"}),
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors, Humanitarian OpenStreetMap Team",
)

SOURCES = (OWN, PUBLISHED, HOT_SETTLEMENTS)
