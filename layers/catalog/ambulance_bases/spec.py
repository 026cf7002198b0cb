"""What the layer ``ambulance_bases`` is."""

from layers.catalog.ambulance_bases.model import AmbulanceBase
from layers.catalog.ambulance_bases.source import SOURCES
from layers.palettes import COVER
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Role, Style

LAYER = Layer(
    id="ambulance_bases",
    kind=LayerKind.PLACE,
    geometry="Point",
    model=AmbulanceBase,
    category_field="kind",
    fields=(
        Field(
            name="kind",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "station",
                    "substation",
                    "standby",
                    "air",
                )
            ),
            required=True,
        ),
        Field(name="name"),
        Field(name="name_kk"),
        Field(name="name_ru"),
        Field(name="ambulances", type=FieldType.INTEGER, minimum=0, maximum=500, fill=True),
        Field(name="crews_day", type=FieldType.INTEGER, minimum=0, maximum=500, fill=True),
        Field(name="crews_night", type=FieldType.INTEGER, minimum=0, maximum=500, fill=True),
        Field(name="round_the_clock", type=FieldType.BOOLEAN),
        Field(name="verified_on", type=FieldType.DATE),
    ),
    measures=(
        Measure(name="count", unit="1", aggregation=Aggregation.SUM),
        Measure(name="ambulances", unit="1", aggregation=Aggregation.SUM, column="ambulances"),
    ),
    style=Style(palette=COVER, geometry_rgb=(0, 128, 128)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    min_zoom=8,
    tile_fields=(
        "name",
        "name_kk",
        "name_ru",
    ),
    enables=True,
    order=53,
)
