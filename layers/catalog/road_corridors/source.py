"""Sources the layer ``road_corridors`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-road_corridors",
    columns={name: name for name in ("road_ref", "name", "name_kk", "name_ru", "via_settlements", "status")},
    source_id="id",
    signature=frozenset({"id", "road_ref", "via_settlements", "status"}),
)

# A list of roads, each a row with its settlements parted by semicolons; its number is its key.
LISTED = SourceMapping(
    id="corridors-listed",
    columns={name: name for name in ("road_ref", "name_ru", "via_settlements", "status")},
    source_id="road_ref",
    signature=frozenset({"road_ref", "name_ru", "via_settlements"}),
)

SOURCES = (OWN, LISTED)
