"""What the layer ``roads`` is."""

from layers.catalog.roads.model import Road
from layers.catalog.roads.source import SOURCES
from layers.highway_classes import HIGHWAY_CLASSES
from layers.palettes import QUIET
from layers.spec import Codes, Field, FieldType, Layer, LayerKind, Role, Style

LAYER = Layer(
    id="roads",
    kind=LayerKind.NETWORK,
    geometry="LineString",
    model=Road,
    category_field="highway_class",
    fields=(
        Field(name="from_node", type=FieldType.INTEGER),
        Field(name="to_node", type=FieldType.INTEGER),
        Field(name="highway_class", type=FieldType.CODE, codes=HIGHWAY_CLASSES, required=True),
        Field(name="name"),
        Field(name="name_kk"),
        Field(name="name_ru"),
        Field(name="road_ref"),
        Field(name="oneway", type=FieldType.BOOLEAN),
        Field(name="is_bridge", type=FieldType.BOOLEAN),
        Field(name="is_tunnel", type=FieldType.BOOLEAN),
        Field(name="level", type=FieldType.INTEGER, minimum=-10, maximum=10, fill=True),
        Field(name="max_speed_kmh", type=FieldType.REAL, minimum=1, maximum=200, fill=True),
        Field(
            name="lit",
            type=FieldType.CODE,
            codes=Codes(
                good=("yes", "no"),
                fixable={
                    "24/7": "yes",
                    "automatic": "yes",
                    "limited": "yes",
                    "interval": "yes",
                    "disused": "no",
                    "sunset-sunrise": "yes",
                    "dusk-dawn": "yes",
                    "operating_times": "yes",
                },
            ),
        ),
    ),
    measures=(),
    style=Style(palette=QUIET, geometry_rgb=(120, 120, 120)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    min_zoom=5,
    category_min_zoom={
        **dict.fromkeys(("primary", "primary_link"), 8),
        **dict.fromkeys(("secondary", "secondary_link", "trunk_link", "motorway_link"), 10),
        **dict.fromkeys(("tertiary", "tertiary_link"), 11),
        **dict.fromkeys(("unclassified", "residential", "living_street", "road"), 12),
        **dict.fromkeys(("pedestrian", "service", "track"), 14),
        **dict.fromkeys(("footway", "cycleway", "path", "steps"), 15),
    },
    tile_fields=("name", "name_kk", "name_ru", "lit", "level"),
    order=70,
)
