"""Sources the layer ``kato_units`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-kato_units",
    columns={name: name for name in ("code", "level", "name_ru", "name_kk", "edition")},
    source_id="code",
    signature=frozenset({"code", "level", "name_ru", "name_kk"}),
)

# The classifier as a table of the open-data collections: nine digits as text, its edition ("NK RK 11-2025") in each row.
TABLE = SourceMapping(
    id="kato-table",
    columns={"code": "kato", "level": "level", "name_ru": "name_ru", "name_kk": "name_kk", "edition": "kato_version"},
    source_id="kato",
    signature=frozenset({"kato", "kato_version", "name_ru", "name_kk"}),
    licence="CC0-1.0",
    attribution="Бюро национальной статистики, КАТО",
)

SOURCES = (OWN, TABLE)
