"""Sources the layer ``calls`` knows."""

from layers.spec import SourceMapping, TimeSource

OWN = SourceMapping(
    id="qorgan-calls",
    columns={
        name: name
        for name in (
            "category",
            "priority",
            "assigned_s",
            "response_s",
            "outcome",
            "public_place",
            "caller",
            "venue_id",
            "unit",
            "place_text",
        )
    },
    lon="lon",
    lat="lat",
    source_id="id",
    time=TimeSource(local="occurred_local", end="occurred_local_to"),
    signature=frozenset({"category", "occurred_local", "priority", "response_s"}),
)

SOURCES = (OWN,)
