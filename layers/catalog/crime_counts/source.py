"""Sources the layer ``crime_counts`` knows."""

from layers.spec import SourceMapping

_SAME = (
    "area_code",
    "area_name",
    "period_from",
    "period_to",
    "section",
    "line_code",
    "indicator",
    "article",
    "in_production",
    "registered",
    "registered_women",
    "registered_minors",
    "closed",
    "sent_to_court",
)

OWN = SourceMapping(
    id="qorgan-crime_counts",
    columns={name: name for name in _SAME},
    source_id="id",
    signature=frozenset({"indicator", "registered", "line_code"}),
)

SOURCES = (OWN,)
