"""What the layer ``posts`` is."""

from layers.catalog.posts.model import Post
from layers.catalog.posts.source import SOURCES
from layers.palettes import COVER
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Role, Style

LAYER = Layer(
    id="posts",
    kind=LayerKind.PLACE,
    geometry="Point",
    model=Post,
    category_field="status",
    fields=(
        Field(
            name="status",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "works",
                    "planned",
                    "closed",
                    "unknown",
                )
            ),
            required=True,
        ),
        Field(name="name"),
        Field(name="name_kk"),
        Field(name="name_ru"),
        Field(name="road_ref"),
        Field(name="road_name"),
        Field(name="km", type=FieldType.REAL, minimum=0, maximum=5000, fill=True),
        Field(name="near"),
        Field(
            name="owner",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "emergency_ministry",
                    "health_ministry",
                    "road_operator",
                    "akimat",
                    "other",
                    "unknown",
                )
            ),
        ),
        Field(name="crew_size", type=FieldType.INTEGER, minimum=1, maximum=50, fill=True),
        Field(name="hours"),
        Field(name="round_the_clock", type=FieldType.BOOLEAN),
        Field(name="ambulances", type=FieldType.INTEGER, minimum=0, maximum=50, fill=True),
        Field(name="rescue_vehicles", type=FieldType.INTEGER, minimum=0, maximum=50, fill=True),
        Field(name="has_cutter", type=FieldType.BOOLEAN),
        Field(name="has_helipad", type=FieldType.BOOLEAN),
        Field(name="zone_km", type=FieldType.REAL, minimum=1, maximum=300, fill=True),
        Field(name="opened_on", type=FieldType.DATE),
        Field(name="source"),
    ),
    measures=(Measure(name="count", unit="1", aggregation=Aggregation.SUM),),
    style=Style(palette=COVER, geometry_rgb=(0, 104, 136)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    warnings=("road_and_km_only",),
    min_zoom=5,
    tile_fields=(
        "name",
        "name_kk",
        "name_ru",
    ),
    position_optional=True,
    enables=True,
    order=52,
)
