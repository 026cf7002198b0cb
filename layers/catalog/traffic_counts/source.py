"""Sources the layer ``traffic_counts`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-traffic_counts",
    columns={
        name: name
        for name in (
            "method",
            "aadt_veh",
            "heavy_share",
            "year",
            "counted_days",
            "direction",
            "road_ref",
            "road_name",
            "km",
        )
    },
    lon="lon",
    lat="lat",
    source_id="id",
    signature=frozenset({"aadt_veh", "year", "method"}),
)

SOURCES = (OWN,)
