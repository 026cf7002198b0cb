"""What the layer ``venues`` is."""

from layers.catalog.venues.model import Venue
from layers.catalog.venues.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Role, Style

LAYER = Layer(
    id="venues",
    kind=LayerKind.PLACE,
    geometry="Point",
    model=Venue,
    category_field="kind",
    fields=(
        Field(
            name="kind",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "bar",
                    "nightclub",
                    "karaoke",
                    "restaurant",
                    "cafe",
                    "hotel",
                    "stadium",
                    "other",
                )
            ),
            required=True,
        ),
        Field(name="name"),
        Field(name="name_kk"),
        Field(name="name_ru"),
        Field(name="capacity", type=FieldType.INTEGER, minimum=1, maximum=200000, fill=True),
        Field(name="hours_per_week", type=FieldType.REAL, minimum=0, maximum=168, fill=True),
        Field(name="closes_hour", type=FieldType.INTEGER, minimum=0, maximum=23, fill=True),
        Field(name="sells_alcohol", type=FieldType.BOOLEAN),
        Field(name="licence_until", type=FieldType.DATE),
        Field(name="verified_on", type=FieldType.DATE),
    ),
    measures=(
        Measure(name="count", unit="1", aggregation=Aggregation.SUM),
        Measure(name="capacity", unit="1", aggregation=Aggregation.SUM, column="capacity"),
    ),
    style=Style(palette=QUIET, geometry_rgb=(136, 65, 157)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    min_zoom=13,
    tile_fields=(
        "name",
        "name_kk",
        "name_ru",
    ),
    enables=True,
    order=51,
)
