"""Sources the layer ``posts`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-posts",
    columns={
        name: name
        for name in (
            "status",
            "name",
            "name_kk",
            "name_ru",
            "road_ref",
            "road_name",
            "km",
            "near",
            "owner",
            "crew_size",
            "hours",
            "round_the_clock",
            "ambulances",
            "rescue_vehicles",
            "has_cutter",
            "has_helipad",
            "zone_km",
            "opened_on",
            "source",
        )
    },
    lon="lon",
    lat="lat",
    source_id="id",
    signature=frozenset({"status", "road_ref", "km", "crew_size"}),
)

# Posts as the press named them: road and kilometre, no coordinates; nothing says whether they still work.
PUBLISHED = SourceMapping(
    id="rescue-posts-published",
    columns={"name": "name", "road_name": "highway", "km": "km", "near": "near", "source": "source_url"},
    constants={"status": "unknown", "owner": "emergency_ministry"},
    signature=frozenset({"name", "oblast_at_publication", "highway", "km", "near", "source_url"}),
)

SOURCES = (OWN, PUBLISHED)
