"""What the layer ``hospitals`` is."""

from layers.catalog.hospitals.model import Hospital
from layers.catalog.hospitals.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Role, Style

LAYER = Layer(
    id="hospitals",
    kind=LayerKind.PLACE,
    geometry="Point",
    model=Hospital,
    category_field="kind",
    fields=(
        Field(
            name="kind",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "hospital",
                    "clinic",
                    "emergency_room",
                    "maternity",
                    "other",
                )
            ),
            required=True,
        ),
        Field(name="name"),
        Field(name="name_kk"),
        Field(name="name_ru"),
        Field(
            name="trauma_level",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "level_1",
                    "level_2",
                    "level_3",
                    "none",
                    "unknown",
                )
            ),
        ),
        Field(name="beds", type=FieldType.INTEGER, minimum=0, maximum=10000, fill=True),
        Field(name="intensive_beds", type=FieldType.INTEGER, minimum=0, maximum=1000, fill=True),
        Field(name="has_emergency", type=FieldType.BOOLEAN),
        Field(name="has_ct", type=FieldType.BOOLEAN),
        Field(name="has_neurosurgery", type=FieldType.BOOLEAN),
        Field(name="has_helipad", type=FieldType.BOOLEAN),
        Field(name="round_the_clock", type=FieldType.BOOLEAN),
        Field(name="verified_on", type=FieldType.DATE),
    ),
    measures=(
        Measure(name="count", unit="1", aggregation=Aggregation.SUM),
        Measure(name="beds", unit="1", aggregation=Aggregation.SUM, column="beds"),
    ),
    style=Style(palette=QUIET, geometry_rgb=(192, 0, 96)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    warnings=("level_unverified",),
    min_zoom=8,
    tile_fields=(
        "name",
        "name_kk",
        "name_ru",
    ),
    enables=True,
    order=54,
)
