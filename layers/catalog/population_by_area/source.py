"""Sources the layer ``population_by_area`` knows."""

from layers.spec import SourceMapping

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

SOURCES = (OWN, PUBLISHED)
