"""What the layer ``calls`` is."""

from layers.catalog.calls.model import Call
from layers.catalog.calls.source import SOURCES
from layers.palettes import HARM
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Style

LAYER = Layer(
    id="calls",
    kind=LayerKind.EVENT,
    geometry="Point",
    model=Call,
    category_field="category",
    fields=(
        Field(
            name="category",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "theft",
                    "robbery",
                    "fight",
                    "domestic",
                    "disorder",
                    "drunk",
                    "noise",
                    "traffic",
                    "suspicious",
                    "missing",
                    "help",
                    "false",
                    "other",
                )
            ),
            required=True,
        ),
        Field(name="priority", type=FieldType.INTEGER, minimum=1, maximum=4, fill=True),
        Field(name="assigned_s", type=FieldType.INTEGER, minimum=0, maximum=604800, fill=True),
        Field(name="response_s", type=FieldType.INTEGER, minimum=0, maximum=604800, fill=True),
        Field(
            name="outcome",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "registered",
                    "settled",
                    "not_confirmed",
                    "passed_on",
                    "unknown",
                )
            ),
        ),
        Field(name="public_place", type=FieldType.BOOLEAN),
        Field(
            name="caller",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "citizen",
                    "venue",
                    "patrol",
                    "alarm",
                    "other",
                    "unknown",
                )
            ),
            restricted=True,
        ),
        Field(name="venue_id", restricted=True),
        Field(name="unit", restricted=True),
        Field(name="place_text", restricted=True),
    ),
    measures=(
        Measure(name="count", unit="1", aggregation=Aggregation.SUM),
        Measure(name="count_per_km2", unit="1/km2", aggregation=Aggregation.DENSITY),
    ),
    style=Style(palette=HARM, geometry_rgb=(166, 54, 3)),
    sources=SOURCES,
    warnings=("call_is_not_crime",),
    enables=True,
    order=15,
)
